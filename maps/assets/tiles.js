/* Tiles of an intranet server under the cells, where the page has one. */
(function () {
  "use strict";

  const PANE = { name: "tiles", level: 275 };

  muster.tiles = function (map) {
    const content = muster.content("tiles");
    if (!content) return;
    const pane = map.createPane(PANE.name);
    pane.style.zIndex = PANE.level;
    pane.style.pointerEvents = "none";
    const layer = L.tileLayer(content.url, {
      pane: PANE.name,
      maxZoom: map.getMaxZoom(),
      referrerPolicy: "no-referrer",
    });
    muster.layers.tiles = layer;
    /* Not before the map shows the city: the first view is a place nobody looks at. */
    map.once("moveend", () => layer.addTo(map));
  };
})();
