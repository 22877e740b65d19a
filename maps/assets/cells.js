/* The cells: one byte per value, painted pixel by pixel and laid over the map in blocks. */
(function () {
  "use strict";

  const rgba = (colour) => {
    const [red, green, blue] = [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16));
    return ((255 << 24) | (blue << 16) | (green << 8) | red) >>> 0;
  };

  /** Colour of every code: the class of its step, a grey out of reach, nothing without data. */
  function colourTable(metric, content) {
    const table = new Uint32Array(256);
    metric.classOfCode.forEach((number, code) => {
      table[code] = rgba(metric.palette[number]);
    });
    table[content.outOfReach] = rgba(content.unreachedColour);
    return table;
  }

  const CellLayer = muster.CanvasLayer.extend({
    initialize(content) {
      L.setOptions(this, { pane: "cells", opacity: content.opacity });
      Object.assign(this, content);
      this.hour = 0;
      this.view = "plan";
      this.image = { plan: document.createElement("canvas") };
      this.image.baseline = document.createElement("canvas");
      for (const image of Object.values(this.image)) {
        image.width = this.cols;
        image.height = this.rows;
      }
    },

    async load() {
      this.about = await muster.unpackJson(this.about);
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
      for (const metric of this.metrics) {
        metric.colours = colourTable(metric, this);
        metric.codes = {};
        for (const [name, text] of Object.entries(metric.frames)) {
          metric.codes[name] = muster.addUp(await muster.unpack(text), this.cells);
        }
        metric.codes.baseline = metric.codes.baseline || metric.codes.plan;
        delete metric.frames;
      }
      this.metric = this.metrics[0];
      this.blocks = this.blocksOfMesh();
    },

    blocksOfMesh() {
      const across = Math.ceil(this.cols / this.block);
      const up = Math.ceil(this.rows / this.block);
      const corners = [];
      for (let i = 0; i < this.mesh.length; i += 2) {
        corners.push(muster.world(this.mesh[i], this.mesh[i + 1]));
      }
      const blocks = [];
      for (let row = 0; row < up; row++) {
        for (let col = 0; col < across; col++) {
          const southWest = row * (across + 1) + col;
          blocks.push({
            col: col * this.block,
            row: row * this.block,
            wide: Math.min(this.block, this.cols - col * this.block),
            high: Math.min(this.block, this.rows - row * this.block),
            southWest: corners[southWest],
            southEast: corners[southWest + 1],
            northWest: corners[southWest + across + 1],
          });
        }
      }
      return blocks;
    },

    show(state) {
      this.hour = state.hour;
      this.view = state.view;
      this.metric = this.metrics.find((metric) => metric.key === state.metric);
      this.divider = state.divider;
      for (const name of this.names()) this.colour(name);
      this.draw();
    },

    names() {
      return this.view === "compare" ? ["baseline", "plan"] : [this.view];
    },

    /** Paint the values of the hour, one pixel per cell. */
    colour(name) {
      const pixels = new ImageData(this.cols, this.rows);
      const words = new Uint32Array(pixels.data.buffer);
      const codes = this.metric.codes[name];
      const first = this.hour * this.cells;
      for (let cell = 0; cell < this.cells; cell++) {
        words[this.position[cell]] = this.metric.colours[codes[first + cell]];
      }
      this.image[name].getContext("2d").putImageData(pixels, 0, 0);
    },

    paint(context) {
      context.imageSmoothingEnabled = false;
      for (const name of this.names()) {
        context.save();
        if (this.view === "compare") this.clip(context, name === "plan" ? "right" : "left");
        this.lay(context, this.image[name]);
        context.restore();
      }
    },

    /** Lay the blocks side by side, each one cell larger than it is so that no seam shows. */
    lay(context, image) {
      const base = context.getTransform();
      for (const block of this.blocks) {
        const x = this.x(block.southWest);
        const y = this.y(block.southWest);
        const wide = Math.min(block.wide + 1, this.cols - block.col);
        const high = Math.min(block.high + 1, this.rows - block.row);
        context.setTransform(base);
        context.transform(
          (this.x(block.southEast) - x) / block.wide,
          (this.y(block.southEast) - y) / block.wide,
          (this.x(block.northWest) - x) / block.high,
          (this.y(block.northWest) - y) / block.high,
          x,
          y,
        );
        context.drawImage(image, block.col, block.row, wide, high, 0, 0, wide, high);
      }
    },

    /** Number of the cell that holds a position, -1 where there is none. */
    cellAt(latlng) {
      const { middle, half, powers } = this.locator;
      const u = (latlng.lng - middle[0]) / half[0];
      const v = (latlng.lat - middle[1]) / half[1];
      if (Math.abs(u) > 1.1 || Math.abs(v) > 1.1) return -1;
      let col = 0;
      let row = 0;
      powers.forEach(([i, j], term) => {
        const power = u ** i * v ** j;
        col += this.locator.col[term] * power;
        row += this.locator.row[term] * power;
      });
      col = Math.floor(col);
      row = Math.floor(row);
      if (col < 0 || row < 0 || col >= this.cols || row >= this.rows) return -1;
      return this.cellAtPosition[row * this.cols + col];
    },

    /** Code of a value as text; `words` for the two codes that are not values. */
    valueText(metric, name, cell, words) {
      const code = metric.codes[name][this.hour * this.cells + cell];
      if (code === this.noData) return words.no_data;
      if (code === this.outOfReach) return words["unreached_" + metric.key];
      const lower = metric.edges[code];
      const last = code === metric.edges.length - 1;
      const factor = metric.percent ? 100 : 1;
      const [, digits] = metric.digits.find(([upTo]) => lower < upTo) || metric.digits.at(-1);
      if (last) return metric.percent ? "100%" : "≥ " + lower;
      const middle = ((lower + metric.edges[code + 1]) / 2) * factor;
      return middle.toFixed(digits) + (metric.percent ? "%" : "");
    },
  });

  muster.cells = function (map) {
    const layer = new CellLayer(muster.content("cells"));
    muster.layers.cells = layer;
    muster.loading.push(layer.load());
  };
})();
