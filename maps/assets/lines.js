/* Land, borders, river, crossings, expressways and metro. */
(function () {
  "use strict";

  const UNITS_PER_DEG = 100000;
  const EARTH_M = 40075016.7;
  const SMALLEST_PX = 6;
  const DISTRICT_SPOTS = [[0, 0], [0, 16], [0, -16]];
  const POINT_SPOTS = [[0, -12], [0, 13]];

  /** Reader of whole numbers: seven bits a byte, the sign in the lowest bit. */
  function readerOf(bytes) {
    let at = 0;
    return () => {
      let rest = 0;
      let bits = 0;
      let byte;
      do {
        byte = bytes[at++];
        rest |= (byte & 127) << bits;
        bits += 7;
      } while (byte > 127);
      return rest & 1 ? -((rest + 1) >> 1) : rest >> 1;
    };
  }

  /** Path of world positions from whole 1e-5 degrees: first vertex, then differences. */
  muster.pathOf = function (next, vertices) {
    const path = [];
    let lon = 0;
    let lat = 0;
    for (let vertex = 0; vertex < vertices; vertex++) {
      lon += next();
      lat += next();
      path.push(muster.world(lat / UNITS_PER_DEG, lon / UNITS_PER_DEG));
    }
    return path;
  };

  /** The same from a list of numbers. */
  muster.pathOfSteps = (steps) => {
    let at = 0;
    return muster.pathOf(() => steps[at++], steps.length / 2);
  };

  function boundsOf(path) {
    const bounds = L.bounds(path);
    return { low: bounds.min, high: bounds.max };
  }

  /** What land and lines have in common: colours of a theme, and paths. */
  const PATHS = {
    theme: "light",

    colours() {
      return this.content.colours[this.theme];
    },

    /** Is any of it in view, and large enough to be more than a speck. */
    visible({ low, high }) {
      const [left, top] = [this.x(low), this.y(low)];
      const [right, bottom] = [this.x(high), this.y(high)];
      const large = right - left + bottom - top > SMALLEST_PX;
      return large && right > 0 && bottom > 0 && left < this.size.x && top < this.size.y;
    },

    trace(context, path) {
      context.moveTo(this.x(path[0]), this.y(path[0]));
      for (let i = 1; i < path.length; i++) context.lineTo(this.x(path[i]), this.y(path[i]));
    },

    stroke(context, lines, colour, width) {
      context.beginPath();
      for (const line of lines) if (this.visible(line.bounds)) this.trace(context, line.path);
      context.lineJoin = context.lineCap = "round";
      context.strokeStyle = colour;
      context.lineWidth = width;
      context.stroke();
    },
  };

  /** The land under the cells, on a canvas of its own: the hour changes nothing there. */
  const LandLayer = muster.CanvasLayer.extend({
    includes: PATHS,

    initialize(content) {
      L.setOptions(this, { pane: "land" });
      this.content = content;
    },

    show(state) {
      const theme = state.dark ? "dark" : "light";
      if (theme === this.theme) return;
      this.theme = theme;
      this.draw();
    },

    paint(context) {
      context.beginPath();
      for (const district of this.content.districts) {
        for (const ring of district.rings) this.trace(context, ring.path);
      }
      context.fillStyle = this.colours().land;
      context.fill("evenodd");
    },
  });

  /** Everything drawn over the cells, the river above all other lines but its crossings. */
  const Lines = muster.Drawing.extend({
    includes: PATHS,

    initialize(content) {
      this.content = content;
    },

    show(state) {
      this.theme = state.dark ? "dark" : "light";
      this.shown = state.layers;
    },

    paint(context) {
      const { lines, districts } = this.content;
      const colours = this.colours();
      const zoom = this._map.getZoom();
      if (this.shown.districts) {
        const rings = districts.flatMap((district) => district.rings);
        context.setLineDash([5, 3]);
        this.stroke(context, rings, colours.district, zoom < 11 ? 0.8 : 1.3);
        context.setLineDash([]);
      }
      if (this.shown.expressways) {
        const width = zoom < 11 ? 1 : 2;
        this.stroke(context, lines.expressway || [], colours.casing, width + 1.5);
        this.stroke(context, lines.expressway || [], colours.expressway, width);
      }
      if (this.shown.metro) this.paintMetro(context, lines, colours, zoom);
      if (this.shown.river) this.paintRiver(context, lines, colours);
      if (this.shown.crossings) this.paintCrossings(context, lines, colours, zoom);
    },

    paintRiver(context, lines, colours) {
      const latitude = (this._map.getCenter().lat * Math.PI) / 180;
      const pixelsPerM = (256 * this.scale) / (EARTH_M * Math.cos(latitude));
      const width = Math.max(5, this.content.riverWidthM * pixelsPerM);
      this.stroke(context, lines.river || [], colours.casing, width + 3);
      this.stroke(context, lines.river || [], colours.river, width);
    },

    paintMetro(context, lines, colours, zoom) {
      const width = zoom < 11 ? 1.2 : 2;
      this.stroke(context, lines.metro || [], colours.casing, width + 1.5);
      this.stroke(context, lines.metro || [], colours.metro, width);
      if (zoom < 11) return;
      for (const station of lines.metro_station || []) {
        this.dot(context, station.path[0], colours.casing, colours.metro, 2.5);
      }
    },

    paintCrossings(context, lines, colours, zoom) {
      this.stroke(context, lines.link || [], colours.casing, 4.5);
      this.stroke(context, lines.link || [], colours.link, 2.2);
      const paths = (lines.crossing || []).filter((line) => line.path.length > 1);
      this.stroke(context, paths, colours.casing, 5);
      this.stroke(context, paths, colours.crossing, 2.5);
      for (const line of (lines.crossing || []).concat(lines.link || [])) {
        if (line.path.length === 1) {
          this.dot(context, line.path[0], colours.casing, colours.crossing, zoom < 11 ? 2.5 : 4);
        }
      }
    },

    dot(context, place, fill, line, radius) {
      const [x, y] = [this.x(place), this.y(place)];
      if (!this.sees(x, y, radius)) return;
      context.beginPath();
      context.arc(x, y, radius, 0, 2 * Math.PI);
      context.fillStyle = fill;
      context.fill();
      context.strokeStyle = line;
      context.lineWidth = 1.6;
      context.stroke();
    },

    /** Names of districts, and of crossings and metro stations when zoomed in. */
    names(zoom, language) {
      const { lines, districts } = this.content;
      const offered = [];
      if (this.shown.districts && zoom >= 8.5) {
        for (const district of districts) {
          offered.push({ text: district[language], world: district.place, size: 12, spots: DISTRICT_SPOTS });
        }
      }
      const pointNames = (kind, size) => {
        for (const line of lines[kind] || []) {
          offered.push({ text: line[language], world: line.path[0], size, spots: POINT_SPOTS });
        }
      };
      if (this.shown.crossings && zoom >= 12.5) pointNames("crossing", 11);
      if (this.shown.metro && zoom >= 13.5) pointNames("metro_station", 10);
      return offered;
    },
  });

  async function load(content) {
    const { districts, lines, vertices } = await muster.unpackJson(content.packed);
    const next = readerOf(await muster.unpack(content.steps));
    let number = 0;
    const withBounds = () => {
      const path = muster.pathOf(next, vertices[number++]);
      return { path, bounds: boundsOf(path) };
    };
    content.districts = districts.map((district) => ({
      ...district,
      place: muster.world(...district.label),
      rings: Array.from({ length: district.rings }, withBounds),
    }));
    content.lines = {};
    for (const line of lines) {
      (content.lines[line.kind] = content.lines[line.kind] || []).push({ ...line, ...withBounds() });
    }
  }

  muster.lines = function (map) {
    const content = muster.content("lines");
    muster.layers.land = new LandLayer(content);
    muster.layers.lines = new Lines(content);
    muster.loading.push(load(content));
  };
})();
