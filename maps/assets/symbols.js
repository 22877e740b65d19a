/* What the symbols of the map mean. */
(function () {
  "use strict";

  const { node } = muster;
  const WIDE = 48;
  const HIGH = 30;
  const FINER = 2;
  const EAST = [1, 0];
  const WAYS = ["i", "o", "b", "c", "s"];

  const row = (ringRank, missing) => ({ from: 0, to: 1, required: missing, have: 0, ringRank });
  const unit = (have) => ({ from: 0, to: 1, required: 1, have, kindRank: 0 });
  const marked = (kind, mark) => (context, x, y) => muster.MARKS[kind](context, x, y, mark, 0);
  const passage = (kind, state) => (context, x, y) => muster.paintPassage(context, x, y, kind, EAST, state);

  function rings(context, x, y) {
    muster.layers.sites.colours.forEach((colour, ring) => {
      context.strokeStyle = colour;
      context.lineWidth = 2;
      context.strokeRect(x - 6 - 6 * ring, y - 3 - 4 * ring, 12 + 12 * ring, 6 + 8 * ring);
    });
  }

  function densities(context, x, y) {
    muster.CROWD_FILLS.filter(Boolean).forEach((fill, number) => {
      context.fillStyle = fill;
      context.fillRect(x - 20 + 14 * number, y - 7, 13, 14);
    });
  }

  const atSites = () => muster.layers.sites.sites.length > 0;
  const withReserve = () => muster.layers.reserve.marks.length > 0;

  /** Word, how it is drawn around a place, and whether this map has it. */
  const SYMBOLS = [
    ["symbol_units", (context, x, y) => muster.layers.units.paintDisc(context, x, y, 10, 12, [2, 1])],
    ["stations", marked("stations", { branch: false })],
    ["symbol_branch", marked("stations", { branch: true })],
    ["visits", marked("visits", {})],
    ["symbol_reserve", marked("reserve", { rows: [unit(1), unit(1)] }), withReserve],
    ["symbol_reserve_short", marked("reserve", { rows: [unit(1), unit(0)] }), withReserve],
    ["symbol_posts", marked("posts", { rows: [row(0, 0), row(1, 0), row(2, 0)] })],
    ["symbol_short", marked("posts", { rows: [row(0, 3), row(1, 0), row(2, 0)] })],
    ["symbol_no_posts", marked("posts", { rows: [] })],
    ["symbol_rings", rings, atSites],
    ["symbol_density", densities, atSites],
    ...["gate", "stairs", "crossing", "metro"].map((kind) => ["passage_" + kind, passage(kind, null), atSites]),
    ...WAYS.map((state) => ["way_" + state, passage(state === "s" ? "metro" : "gate", state), atSites]),
    ["symbol_queue", (context, x, y) => muster.paintHatched(context, x, y, 9), atSites],
  ];

  function icon(draw) {
    const canvas = node("canvas", { width: WIDE * FINER, height: HIGH * FINER, "aria-hidden": "true" });
    const context = canvas.getContext("2d");
    context.scale(FINER, FINER);
    draw(context, WIDE / 2 - 4, HIGH / 2);
    return canvas;
  }

  /** A closed list; its icons are drawn when it is first opened. */
  muster.symbolSection = function () {
    const shown = SYMBOLS.filter(([, , there]) => !there || there());
    const lines = shown.map(([word]) => node("li", {}, [node("span", { word })]));
    const details = node("details", { class: "muster-list muster-extra muster-symbols" }, [
      node("summary", { word: "symbols" }),
      node("ul", {}, lines),
    ]);
    const draw = () => shown.forEach(([, how], number) => lines[number].prepend(icon(how)));
    details.addEventListener("toggle", draw, { once: true });
    return details;
  };
})();
