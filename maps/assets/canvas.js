/* A Leaflet layer that is one canvas. */
(function () {
  "use strict";

  const PADDING = 0.15;

  /** Position on the map at zoom 0, in unrounded pixels of a 256-pixel world. */
  muster.world = function (lat, lon) {
    return L.CRS.EPSG3857.latLngToPoint(L.latLng(lat, lon), 0);
  };

  /**
   * Base of all layers of the page. It keeps the canvas over the view and calls `paint(context)`
   * with the origin at the canvas's corner; `x(world)` and `y(world)` give unrounded pixels.
   * `side` (null, "left" or "right") and `divider` (pixels of the map) cut the layer off.
   */
  muster.CanvasLayer = L.Layer.extend({
    side: null,
    divider: 0,

    onAdd(map) {
      this.getPane().appendChild(this.newCanvas());
      this.reset();
    },

    newCanvas() {
      this.canvas = L.DomUtil.create("canvas", "leaflet-zoom-animated muster-canvas");
      this.canvas.style.opacity = this.options.opacity || 1;
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

    draw() {
      if (!this._map) return;
      const context = this.canvas.getContext("2d");
      if (muster.printRatio) return this.drawForPrint(context);
      context.setTransform(1, 0, 0, 1, 0, 0);
      context.clearRect(0, 0, this.canvas.width, this.canvas.height);
      this.fill(context);
    },

    /* The cells go to paper as one picture of the final size: readers of PDF files blur small ones. */
    drawForPrint(context) {
      if (this.options.pane !== "cells") return this.fill(context);
      const sheet = document.createElement("canvas");
      sheet.width = this.canvas.width;
      sheet.height = this.canvas.height;
      this.fill(sheet.getContext("2d"));
      context.setTransform(1, 0, 0, 1, 0, 0);
      context.drawImage(sheet, 0, 0);
    },

    fill(context) {
      context.setTransform(this.ratio, 0, 0, this.ratio, 0, 0);
      context.save();
      if (this.side) this.clip(context, this.side);
      this.paint(context);
      context.restore();
    },
  });

  muster.FONT =
    '"Noto Sans CJK SC","Noto Sans SC","PingFang SC","Microsoft YaHei",system-ui,sans-serif';
})();
