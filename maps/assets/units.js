/* Units per place and hour, gathered into clusters when the map is zoomed out. */
(function () {
  "use strict";

  /* Zoom from which places stand far enough apart for larger discs. */
  const NEAR = 12;

  /* Discs below this radius are too small for a number. */
  const NUMBERED = 7.5;

  const Units = muster.Drawing.extend({
    hour: 0,

    initialize(content, places, counts, busy) {
      Object.assign(this, { places, counts, busyShares: busy });
      this.types = content.types;
      this.typeColours = content.colours;
      this.noUnits = content.noUnits;
    },

    show(state) {
      this.hour = state.hour;
      this.side = state.view === "compare" ? "right" : null;
      this.divider = state.divider;
    },

    index(hour, type, place) {
      return (hour * this.types.length + type) * this.places.length + place;
    },

    countAt(hour, type, place) {
      return this.counts[this.index(hour, type, place)];
    },

    /** Busy share 0..1 of the units of a type at a place, null where there are none. */
    busyAt(hour, type, place) {
      const percent = this.busyShares[this.index(hour, type, place)];
      return percent === this.noUnits ? null : percent / 100;
    },

    count(type, place) {
      return this.countAt(this.hour, type, place);
    },

    busy(type, place) {
      return this.busyAt(this.hour, type, place);
    },

    /** Stations that the units of some places come from in the hour, with units, most first. */
    originsOf(places) {
      const wanted = new Set(places);
      const { type, place, station, counts } = this.origins;
      const first = this.hour * type.length;
      const found = new Map();
      for (let way = 0; way < type.length; way++) {
        const count = counts[first + way];
        if (!count || !wanted.has(place[way])) continue;
        found.set(station[way], (found.get(station[way]) || 0) + count);
      }
      return [...found].sort((one, other) => other[1] - one[1] || one[0] - other[0]);
    },

    /** Radius of a disc, pixels: small over the whole city, with a number in it close by. */
    radiusOf(count) {
      const near = this._map.getZoom() >= NEAR;
      return near ? 7 + Math.min(7, 0.9 * Math.sqrt(count)) : 2.5 + Math.min(10.5, 0.8 * Math.sqrt(count));
    },

    /** Side of the squares within which units are counted together, pixels; 0 for none. */
    binSide() {
      const zoom = this._map.getZoom();
      return zoom < NEAR ? 30 : zoom < 14 ? 34 : 0;
    },

    /** Places that are counted together at this zoom. Squares are fixed to the world, not the view. */
    groups() {
      if (this.grouped && this.grouped.scale === this.scale) return this.grouped.groups;
      const side = this.binSide();
      const found = new Map();
      this.places.forEach(({ world: { x, y } }, number) => {
        const key = side
          ? Math.floor((x * this.scale) / side) + ":" + Math.floor((y * this.scale) / side)
          : String(number);
        if (!found.has(key)) found.set(key, []);
        found.get(key).push(number);
      });
      this.grouped = { scale: this.scale, groups: [...found.values()] };
      return this.grouped.groups;
    },

    /** Clusters of the hour in canvas pixels, each at the middle of its units. */
    clusters() {
      const found = [];
      for (const group of this.groups()) {
        const perType = new Array(this.types.length).fill(0);
        const places = [];
        let [east, south, total] = [0, 0, 0];
        for (const place of group) {
          let here = 0;
          for (let type = 0; type < perType.length; type++) {
            const count = this.count(type, place);
            perType[type] += count;
            here += count;
          }
          if (!here) continue;
          places.push(place);
          const { world } = this.places[place];
          east += here * world.x;
          south += here * world.y;
          total += here;
        }
        if (!total) continue;
        const [x, y] = [this.x({ x: east / total }), this.y({ y: south / total })];
        found.push({ x, y, total, perType, places });
      }
      return found;
    },

    paint(context) {
      this.drawn = this.clusters();
      for (const cluster of this.drawn) {
        if (this.sees(cluster.x, cluster.y, 20)) this.paintCluster(context, cluster);
      }
    },

    paintCluster(context, { x, y, total, perType }) {
      this.paintDisc(context, x, y, this.radiusOf(total), total, perType);
    },

    paintDisc(context, x, y, radius, total, perType) {
      const sum = perType.reduce((all, count) => all + count, 0);
      const disc = (size, colour) => {
        context.beginPath();
        context.arc(x, y, size, 0, 2 * Math.PI);
        context.fillStyle = colour;
        context.fill();
      };
      disc(radius + 3, "rgba(255, 255, 255, 0.85)");
      let angle = -Math.PI / 2;
      perType.forEach((count, type) => {
        const next = angle + (2 * Math.PI * count) / sum;
        context.beginPath();
        context.arc(x, y, radius + 1, angle, next);
        context.strokeStyle = this.typeColours[type];
        context.lineWidth = 2;
        context.stroke();
        angle = next;
      });
      disc(radius, "#12284f");
      if (radius < NUMBERED) return;
      context.fillStyle = "#ffffff";
      context.font = "600 " + (radius > 10 ? 10.5 : 9) + "px " + muster.FONT;
      context.textAlign = "center";
      context.textBaseline = "middle";
      context.fillText(total, x, y + 0.5);
    },

    /** Boxes around the clusters, in canvas pixels. */
    boxes() {
      return this.drawn.map(({ x, y, total }) => {
        const reach = this.radiusOf(total) + 3;
        return { left: x - reach, right: x + reach, top: y - reach, bottom: y + reach };
      });
    },

    /** The cluster under a position of the map. */
    nearest(point) {
      const corner = this._map.layerPointToContainerPoint(this.topLeft);
      if (this.side && point.x < this.divider) return null;
      const [x, y] = [point.x - corner.x, point.y - corner.y];
      let best = null;
      let least = Infinity;
      for (const cluster of this.drawn) {
        const away = Math.hypot(cluster.x - x, cluster.y - y);
        if (away <= this.radiusOf(cluster.total) + 4 && away < least) {
          least = away;
          best = cluster;
        }
      }
      return best;
    },
  });

  /** Ways of units from their stations: type, place and station of each, and units by hour. */
  async function originsOf(content) {
    const steps = new Int16Array((await muster.unpack(content.ways)).buffer);
    const count = steps.length / 3;
    const column = (number) => {
      let sum = 0;
      return Array.from(steps.subarray(number * count, (number + 1) * count), (step) => (sum += step));
    };
    const counts = muster.addUp(await muster.unpack(content.counts), count);
    return { type: column(0), place: column(1), station: column(2), counts };
  }

  muster.loadUnits = async function (content, places) {
    const counts = new Uint16Array((await muster.unpack(content.counts)).buffer);
    const busy = await muster.unpack(content.busy);
    muster.layers.units = new Units(content, places, counts, busy);
    muster.layers.units.origins = await originsOf(content.origins);
  };
})();
