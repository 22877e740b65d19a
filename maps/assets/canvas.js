/* Leaflet layers that are one canvas each, and drawings that share one. */
(function () {
  "use strict";

  const PADDING = 0.1;

  /** Position on the map at zoom 0, in unrounded pixels of a 256-pixel world. */
  muster.world = function (lat, lon) {
    return L.CRS.EPSG3857.latLngToPoint(L.latLng(lat, lon), 0);
  };

  /**
   * Where things lie on a canvas over the view: `x(world)` and `y(world)` give unrounded pixels.
   * `side` (null, "left" or "right") and `divider` (pixels of the map) cut off what is painted.
   */
  const PLACED = {
    side: null,
    divider: 0,

    x(world) {
      return world.x * this.scale - this.origin.x;
    },

    y(world) {
      return world.y * this.scale - this.origin.y;
    },

    /** Is a canvas position within the canvas, give or take a margin in pixels. */
    sees(x, y, margin) {
      return x > -margin && y > -margin && x < this.size.x + margin && y < this.size.y + margin;
    },

    /** Pixels of the canvas from the map's left edge to the divider. */
    cut() {
      const moved = this._map.layerPointToContainerPoint(this.topLeft).x;
      return this.divider - moved;
    },

    clip(context, side) {
      const cut = this.cut();
      context.beginPath();
      if (side === "left") context.rect(0, 0, cut, this.size.y);
      else context.rect(cut, 0, this.size.x - cut, this.size.y);
      context.clip();
    },

    /** Paint what lies on the side that is shown, and leave the context as it was. */
    paintSide(context) {
      context.save();
      if (this.side) this.clip(context, this.side);
      this.paint(context);
      context.restore();
    },
  };

  /**
   * Base of the layers with a canvas of their own. It keeps the canvas over the view and calls
   * `paint(context)` with the origin at the canvas's corner.
   */
  muster.CanvasLayer = L.Layer.extend({
    includes: PLACED,

    onAdd(map) {
      this.getPane().appendChild(this.newCanvas());
      this.reset();
    },

    newCanvas() {
      this.canvas = L.DomUtil.create("canvas", "leaflet-zoom-animated muster-canvas");
      return this.canvas;
    },

    /* Browsers print a canvas that was drawn once as shapes, and what was cleared as white. */
    renew() {
      this.canvas.replaceWith(this.newCanvas());
      this.reset();
    },

    onRemove() {
      this.canvas.remove();
    },

    getEvents() {
      return { moveend: this.reset, resize: this.reset, zoomanim: this.followZoom };
    },

    reset() {
      const map = this._map;
      const size = map.getSize();
      const ratio = muster.printRatio || window.devicePixelRatio || 1;
      this.corner = size.multiplyBy(-PADDING).round();
      this.size = size.subtract(this.corner.multiplyBy(2));
      this.topLeft = map.containerPointToLayerPoint(this.corner);
      this.scale = map.getZoomScale(map.getZoom(), 0);
      this.origin = map.getPixelOrigin().add(this.topLeft);
      this.northWest = map.layerPointToLatLng(this.topLeft);
      this.canvas.width = Math.round(this.size.x * ratio);
      this.canvas.height = Math.round(this.size.y * ratio);
      this.canvas.style.width = this.size.x + "px";
      this.canvas.style.height = this.size.y + "px";
      this.ratio = ratio;
      L.DomUtil.setTransform(this.canvas, this.topLeft, 1);
      this.draw();
    },

    followZoom(event) {
      const map = this._map;
      const scale = map.getZoomScale(event.zoom);
      const topLeft = map._latLngToNewLayerPoint(this.northWest, event.zoom, event.center);
      L.DomUtil.setTransform(this.canvas, topLeft, scale);
    },

    draw() {
      if (!this._map) return;
      const context = this.canvas.getContext("2d");
      if (!muster.printRatio) {
        context.setTransform(1, 0, 0, 1, 0, 0);
        context.clearRect(0, 0, this.canvas.width, this.canvas.height);
      }
      context.setTransform(this.ratio, 0, 0, this.ratio, 0, 0);
      this.paintSide(context);
    },
  });

  /** Base of what is painted on a canvas that it shares with others; `picture` says how it is printed. */
  muster.Drawing = L.Class.extend({
    includes: PLACED,
    picture: false,

    /** Take over where the canvas lies. */
    placeOn({ _map, canvas, size, topLeft, scale, origin, ratio }) {
      Object.assign(this, { _map, canvas, size, topLeft, scale, origin, ratio });
    },
  });

  /**
   * One canvas for all drawings from the cells up: each canvas that changes with the hour takes
   * tens of megabytes. Those that are shown are painted in the order in which they were put in.
   */
  muster.SharedLayer = muster.CanvasLayer.extend({
    initialize(pane, drawings) {
      L.setOptions(this, { pane });
      this.drawings = new Map(drawings);
      this.shown = new Set();
    },

    shows(key) {
      return this.shown.has(key);
    },

    choose(key, chosen) {
      if (chosen) this.shown.add(key);
      else this.shown.delete(key);
    },

    draw() {
      if (!this._map) return;
      for (const drawing of this.drawings.values()) drawing.placeOn(this);
      muster.CanvasLayer.prototype.draw.call(this);
    },

    paint(context) {
      for (const [key, drawing] of this.drawings) {
        if (!this.shows(key)) continue;
        if (muster.printRatio && drawing.picture) this.paste(context, drawing);
        else drawing.paintSide(context);
      }
    },

    /* Small pictures are blurred by readers of PDF files, so this is one of the final size. */
    paste(context, drawing) {
      const sheet = document.createElement("canvas");
      sheet.width = this.canvas.width;
      sheet.height = this.canvas.height;
      const over = sheet.getContext("2d");
      over.setTransform(this.ratio, 0, 0, this.ratio, 0, 0);
      drawing.paintSide(over);
      context.drawImage(sheet, 0, 0, this.size.x, this.size.y);
    },
  });

  muster.FONT =
    '"Noto Sans CJK SC","Noto Sans SC","PingFang SC","Microsoft YaHei",system-ui,sans-serif';
})();
