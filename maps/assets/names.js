/* Names on the map: all layers offer theirs, and those that fit are written. */
(function () {
  "use strict";

  /** Layers by precedence: the first to ask for a spot gets it. */
  const ORDER = ["posts", "sites", "lines", "stations", "visits"];

  const overlap = (one, other) =>
    one.left < other.right && one.right > other.left && one.top < other.bottom && one.bottom > other.top;

  const Names = muster.Drawing.extend({
    show(state) {
      this.language = state.language;
    },

    /** Boxes that no name may cover: the clusters of units. */
    obstacles() {
      return muster.drawings.shows("units") ? muster.layers.units.boxes() : [];
    },

    paint(context) {
      const taken = this.obstacles();
      const colours = muster.layers.lines.colours();
      context.textBaseline = "middle";
      for (const key of ORDER) {
        if (!muster.drawings.shows(key)) continue;
        for (const name of muster.layers[key].names(this._map.getZoom(), this.language)) {
          this.write(context, name, taken, colours);
        }
      }
    },

    /**
     * Write a name at the first of its `spots` (offsets in pixels) that is free. Names beside a
     * mark start at the spot, others are centred on it.
     */
    write(context, { text, world, size, spots, beside }, taken, colours) {
      const [x, y] = [this.x(world), this.y(world)];
      if (!this.sees(x, y, 60)) return;
      context.font = "600 " + size + "px " + muster.FONT;
      const wide = context.measureText(text).width;
      for (const [right, down] of spots) {
        const left = x + right - (beside ? 0 : wide / 2);
        const middle = y + down;
        const box = { left: left - 3, right: left + wide + 3, top: middle - size * 0.7, bottom: middle + size * 0.7 };
        if (taken.some((other) => overlap(box, other))) continue;
        taken.push(box);
        context.textAlign = "left";
        context.lineJoin = "round";
        context.lineWidth = 3.5;
        context.strokeStyle = colours.halo;
        context.strokeText(text, left, middle);
        context.fillStyle = colours.text;
        context.fillText(text, left, middle);
        return;
      }
    },
  });

  muster.names = () => new Names();
})();
