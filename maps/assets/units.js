/* Units per place and hour, gathered into clusters when the map is zoomed out. */
(function () {
  "use strict";

  /* Zoom from which places stand far enough apart for larger discs. */
  const NEAR = 12;

  /* Discs below this radius are too small for a number. */
  const NUMBERED = 7.5;

  const UnitLayer = muster.CanvasLayer.extend({
    hour: 0,

    initialize(content, places, counts, busy) {
      L.setOptions(this, { pane: "units" });
      Object.assign(this, { places, counts, busyShares: busy });
      this.types = content.types;
      this.typeColours = content.colours;
      this.noUnits = content.noUnits;
    },

    show(state) {
      this.hour = state.hour;
      this.side = state.view === "compare" ? "right" : null;
      this.divider = state.divider;
      this.draw();
    },

    at(type, place) {
      return (this.hour * this.types.length + type) * this.places.length + place;
    },

    count(type, place) {
      return this.counts[this.at(type, place)];
    },

    /** Busy share 0..1 of the units of a type at a place, null where there are none. */
    busy(type, place) {
      const percent = this.busyShares[this.at(type, place)];
      return percent === this.noUnits ? null : percent / 100;
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

    /** Clusters of the hour in canvas pixels. Squares are fixed to the world, not to the view. */
    clusters() {
      const side = this.binSide();
      const found = new Map();
      this.places.forEach((place, number) => {
        const perType = this.types.map((_, type) => this.count(type, number));
        const total = perType.reduce((sum, count) => sum + count, 0);
        if (!total) return;
        const { x, y } = place.world;
        const key = side
          ? Math.floor((x * this.scale) / side) + ":" + Math.floor((y * this.scale) / side)
          : String(number);
        const empty = { x: 0, y: 0, total: 0, perType: perType.map(() => 0), places: [] };
        const one = found.get(key) || empty;
        one.x += total * x;
        one.y += total * y;
        one.total += total;
        one.places.push(number);
        perType.forEach((count, type) => (one.perType[type] += count));
        found.set(key, one);
      });
      return [...found.values()].map((one) => {
        const world = { x: one.x / one.total, y: one.y / one.total };
        return { ...one, x: this.x(world), y: this.y(world) };
      });
    },

    paint(context) {
      context.textAlign = "center";
      context.textBaseline = "middle";
      this.drawn = this.clusters();
      for (const cluster of this.drawn) {
        if (this.sees(cluster.x, cluster.y, 20)) this.paintCluster(context, cluster);
      }
    },

    paintCluster(context, { x, y, total, perType }) {
      const radius = this.radiusOf(total);
      const disc = (size, colour) => {
        context.beginPath();
        context.arc(x, y, size, 0, 2 * Math.PI);
        context.fillStyle = colour;
        context.fill();
      };
      disc(radius + 3, "rgba(255, 255, 255, 0.85)");
      let angle = -Math.PI / 2;
      perType.forEach((count, type) => {
        const next = angle + (2 * Math.PI * count) / total;
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

  muster.loadUnits = async function (content, places) {
    const counts = new Uint16Array((await muster.unpack(content.counts)).buffer);
    const busy = await muster.unpack(content.busy);
    muster.layers.units = new UnitLayer(content, places, counts, busy);
  };
})();
