/* Cells of any shape, drawn as outlines in place of the grid. */
(function () {
  "use strict";

  const BINS = 256;
  const SEAM_PX = 0.8;

  /** Whole numbers that were written seven bits a byte, the sign in the lowest bit. */
  function numbersOf(bytes) {
    let count = 0;
    for (const byte of bytes) if (byte < 128) count++;
    const numbers = new Float64Array(count);
    let at = 0;
    let value = 0;
    let factor = 1;
    for (const byte of bytes) {
      value += (byte & 127) * factor;
      factor *= 128;
      if (byte >= 128) continue;
      numbers[at++] = value % 2 ? -(value + 1) / 2 : value / 2;
      value = 0;
      factor = 1;
    }
    return numbers;
  }

  /** Starts of runs of the given lengths, and where the last one ends. */
  function startsOf(lengths) {
    const starts = new Uint32Array(lengths.length + 1);
    for (let i = 0; i < lengths.length; i++) starts[i + 1] = starts[i] + lengths[i];
    return starts;
  }

  const PolygonLayer = muster.ValueLayer.extend({
    async loadPlaces() {
      const texts = [this.vertices, this.ringSizes, this.ringsOf];
      const [steps, sizes, rings] = (await Promise.all(texts.map(muster.unpack))).map(numbersOf);
      this.ringStart = startsOf(sizes);
      this.firstRing = startsOf(rings);
      this.worldX = new Float64Array(steps.length / 2);
      this.worldY = new Float64Array(steps.length / 2);
      let lon = 0;
      let lat = 0;
      for (let i = 0; i < this.worldX.length; i++) {
        lon += steps[2 * i];
        lat += steps[2 * i + 1];
        const world = muster.world(lat / this.unitsPerDeg, lon / this.unitsPerDeg);
        this.worldX[i] = world.x;
        this.worldY[i] = world.y;
      }
      this.boxes = this.boxesOfCells();
      this.bins = this.binsOfCells();
    },

    /** Left, top, right and bottom of each cell, in pixels of the world. */
    boxesOfCells() {
      const boxes = new Float64Array(4 * this.cells);
      for (let cell = 0; cell < this.cells; cell++) {
        const box = [Infinity, Infinity, -Infinity, -Infinity];
        const end = this.ringStart[this.firstRing[cell + 1]];
        for (let i = this.ringStart[this.firstRing[cell]]; i < end; i++) {
          box[0] = Math.min(box[0], this.worldX[i]);
          box[1] = Math.min(box[1], this.worldY[i]);
          box[2] = Math.max(box[2], this.worldX[i]);
          box[3] = Math.max(box[3], this.worldY[i]);
        }
        boxes.set(box, 4 * cell);
      }
      return boxes;
    },

    /** Cells by columns of equal width, for looking up the one at a place. */
    binsOfCells() {
      const [south, west, north, east] = this.bounds;
      const left = muster.world(south, west).x;
      const width = (muster.world(north, east).x - left) / BINS || 1;
      const cells = Array.from({ length: BINS }, () => []);
      const bin = (x) => Math.max(0, Math.min(BINS - 1, Math.floor((x - left) / width)));
      for (let cell = 0; cell < this.cells; cell++) {
        const last = bin(this.boxes[4 * cell + 2]);
        for (let at = bin(this.boxes[4 * cell]); at <= last; at++) cells[at].push(cell);
      }
      return { cells, bin };
    },

    /** The outlines need no colouring before they are drawn, but their values do. */
    colour(name) {
      this.codes(this.metric, name);
    },

    /** Cells in view by colour. */
    cellsByColour(name) {
      const codes = this.codes(this.metric, name);
      const { colours } = this.coloursOf(name);
      const found = new Map();
      if (!codes) return found;
      for (let cell = 0; cell < this.cells; cell++) {
        const colour = colours[codes[this.hour * this.cells + cell]];
        if (!colour || !this.inView(cell)) continue;
        if (!found.has(colour)) found.set(colour, []);
        found.get(colour).push(cell);
      }
      return found;
    },

    inView(cell) {
      const [left, top, right, bottom] = this.boxes.subarray(4 * cell, 4 * cell + 4);
      const { x, y } = this.size;
      const { scale, origin } = this;
      return (
        right * scale > origin.x &&
        bottom * scale > origin.y &&
        left * scale < origin.x + x &&
        top * scale < origin.y + y
      );
    },

    /** Fill the cells; an edge of their own colour covers the seams between them. */
    lay(context, name) {
      context.lineWidth = SEAM_PX;
      context.lineJoin = "round";
      for (const [colour, cells] of this.cellsByColour(name)) {
        context.beginPath();
        for (const cell of cells) this.trace(context, cell);
        context.fillStyle = context.strokeStyle = colour;
        context.fill("evenodd");
        context.stroke();
      }
    },

    trace(context, cell) {
      for (let ring = this.firstRing[cell]; ring < this.firstRing[cell + 1]; ring++) {
        const start = this.ringStart[ring];
        for (let i = start; i < this.ringStart[ring + 1]; i++) {
          const x = this.worldX[i] * this.scale - this.origin.x;
          const y = this.worldY[i] * this.scale - this.origin.y;
          if (i === start) context.moveTo(x, y);
          else context.lineTo(x, y);
        }
        context.closePath();
      }
    },

    /** Is a place of the world inside a cell: a line to the right crosses its rings oddly often. */
    holds(cell, x, y) {
      let inside = false;
      for (let ring = this.firstRing[cell]; ring < this.firstRing[cell + 1]; ring++) {
        const end = this.ringStart[ring + 1];
        for (let i = this.ringStart[ring], j = end - 1; i < end; j = i++) {
          const [x1, y1, x2, y2] = [this.worldX[i], this.worldY[i], this.worldX[j], this.worldY[j]];
          if (y1 > y !== y2 > y && x < ((x2 - x1) * (y - y1)) / (y2 - y1) + x1) inside = !inside;
        }
      }
      return inside;
    },

    /** Number of the cell that holds a position, -1 where there is none. */
    cellAt(latlng) {
      const { x, y } = muster.world(latlng.lat, latlng.lng);
      const found = this.bins.cells[this.bins.bin(x)].find((cell) => {
        const [left, top, right, bottom] = this.boxes.subarray(4 * cell, 4 * cell + 4);
        return x >= left && x <= right && y >= top && y <= bottom && this.holds(cell, x, y);
      });
      return found === undefined ? -1 : found;
    },
  });

  muster.polygons = function () {
    const layer = new PolygonLayer(muster.content("polygons"));
    muster.layers.cells = layer;
    muster.loading.push(layer.load());
  };
})();
