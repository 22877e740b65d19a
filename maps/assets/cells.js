/* The cells of a grid: painted pixel by pixel and laid over the map in blocks. */
(function () {
  "use strict";

  const MOST_BENT_PX = 1 / 3;

  const CellLayer = muster.ValueLayer.extend({
    initialize(content) {
      muster.ValueLayer.prototype.initialize.call(this, content);
      this.pixels = new ImageData(this.cols, this.rows);
      this.image = {};
      for (const name of ["plan", "baseline", "difference"]) {
        const image = document.createElement("canvas");
        image.width = this.cols;
        image.height = this.rows;
        this.image[name] = image;
      }
    },

    async loadPlaces() {
      const bits = await muster.unpack(this.mask);
      this.position = new Uint32Array(this.cells);
      this.cellAtPosition = new Int32Array(this.cols * this.rows).fill(-1);
      let cell = 0;
      for (let at = 0; at < this.cols * this.rows; at++) {
        if ((bits[at >> 3] >> (7 - (at & 7))) & 1) {
          this.position[cell] = at;
          this.cellAtPosition[at] = cell++;
        }
      }
      this.blocks = {};
    },

    /** Value of the polynomials `names` of two coordinates. */
    valuesOf({ middle, half, powers, ...factors }, first, second, names) {
      const u = (first - middle[0]) / half[0];
      const v = (second - middle[1]) / half[1];
      const sums = names.map(() => 0);
      powers.forEach(([i, j], term) => {
        const power = u ** i * v ** j;
        names.forEach((name, at) => (sums[at] += factors[name][term] * power));
      });
      return sums;
    },

    /** Place of a corner of the grid, in pixels of the world. */
    cornerAt(col, row) {
      const [x, y] = this.valuesOf(this.places, col, row, ["x", "y"]);
      return { x, y };
    },

    /** Cells on each side of a block that is straight to a fraction of a pixel at this zoom. */
    blockSize() {
      const size = Math.floor(Math.sqrt(MOST_BENT_PX / (this.scale * this.places.bend)));
      const most = Math.max(this.cols, this.rows);
      return Math.max(1, Math.min(most, 2 ** Math.floor(Math.log2(Math.max(1, size)))));
    },

    /** Blocks of a size that hold a cell, with the places of three corners; made once. */
    blocksOf(size) {
      if (this.blocks[size]) return this.blocks[size];
      const blocks = [];
      for (let row = 0; row < this.rows; row += size) {
        for (let col = 0; col < this.cols; col += size) {
          const wide = Math.min(size, this.cols - col);
          const high = Math.min(size, this.rows - row);
          const block = { col, row, wide, high };
          if (!this.hasCells(block)) continue;
          block.southWest = this.cornerAt(col, row);
          block.southEast = this.cornerAt(col + wide, row);
          block.northWest = this.cornerAt(col, row + high);
          blocks.push(block);
        }
      }
      this.blocks[size] = blocks;
      return blocks;
    },

    hasCells(block) {
      for (let row = block.row; row < block.row + block.high; row++) {
        const first = row * this.cols + block.col;
        for (let at = first; at < first + block.wide; at++) {
          if (this.cellAtPosition[at] >= 0) return true;
        }
      }
      return false;
    },

    /** Paint the values of the hour, one pixel per cell. */
    colour(name) {
      const codes = this.codes(this.metric, name);
      const words = new Uint32Array(this.pixels.data.buffer);
      if (codes) {
        const table = this.coloursOf(name).pixels;
        const first = this.hour * this.cells;
        for (let cell = 0; cell < this.cells; cell++) {
          words[this.position[cell]] = table[codes[first + cell]];
        }
      } else {
        words.fill(0);
      }
      this.image[name].getContext("2d").putImageData(this.pixels, 0, 0);
    },

    /** Column and row, in cells, to pixels of the canvas: a, b, c, d, e, f of the transform. */
    placeOf(block) {
      const x = this.x(block.southWest);
      const y = this.y(block.southWest);
      return [
        (this.x(block.southEast) - x) / block.wide,
        (this.y(block.southEast) - y) / block.wide,
        (this.x(block.northWest) - x) / block.high,
        (this.y(block.northWest) - y) / block.high,
        x,
        y,
      ];
    },

    /** Lay the blocks side by side, each one cell larger than it is so that no seam shows. */
    lay(context, name) {
      context.imageSmoothingEnabled = false;
      const base = context.getTransform();
      for (const block of this.blocksOf(this.blockSize())) {
        const place = this.placeOf(block);
        const wide = Math.min(block.wide + 1, this.cols - block.col);
        const high = Math.min(block.high + 1, this.rows - block.row);
        if (!this.inView(place, wide, high)) continue;
        context.setTransform(base);
        context.transform(...place);
        context.drawImage(this.image[name], block.col, block.row, wide, high, 0, 0, wide, high);
      }
    },

    /** Is any of a block that is so many cells large on the canvas. */
    inView([a, b, c, d, x, y], wide, high) {
      const left = x + Math.min(0, a * wide) + Math.min(0, c * high);
      const right = x + Math.max(0, a * wide) + Math.max(0, c * high);
      const top = y + Math.min(0, b * wide) + Math.min(0, d * high);
      const bottom = y + Math.max(0, b * wide) + Math.max(0, d * high);
      return right > 0 && bottom > 0 && left < this.size.x && top < this.size.y;
    },

    /** Number of the cell that holds a position, -1 where there is none. */
    cellAt(latlng) {
      const { middle, half } = this.locator;
      const away = [latlng.lng - middle[0], latlng.lat - middle[1]];
      if (away.some((far, axis) => Math.abs(far) > 1.1 * half[axis])) return -1;
      const [col, row] = this.valuesOf(this.locator, latlng.lng, latlng.lat, ["col", "row"]).map(Math.floor);
      if (col < 0 || row < 0 || col >= this.cols || row >= this.rows) return -1;
      return this.cellAtPosition[row * this.cols + col];
    },
  });

  muster.cells = function (map) {
    const layer = new CellLayer(muster.content("cells"));
    muster.layers.cells = layer;
    muster.loading.push(layer.load());
  };
})();
