/* The reserve: minutes from its units to the top sites in the hour. */
(function () {
  "use strict";

  const { node } = muster;

  /** Minutes as text, a dash where nobody comes. */
  muster.minutesText = (minutes) => (minutes === null || minutes === undefined ? "–" : minutes.toFixed(1));

  /** Minutes beside the limit that they keep or not. */
  muster.limitText = (minutes, limit) =>
    muster.minutesText(minutes) + (minutes !== null && minutes <= limit ? "\u00a0(≤\u00a0" : "\u00a0(>\u00a0") + limit + ")";

  function siteLine(row, state) {
    const at = state.hour - row.from;
    const [own, next] = [row.own[at], row.next[at]];
    const late = own === null || own > row.limit;
    return node("tr", {}, [
      node("th", { scope: "row", text: row.site[state.language] }),
      node("td", { class: late ? "muster-short" : "" }, [node(late ? "strong" : "span", { text: muster.minutesText(own) })]),
      node("td", { text: muster.minutesText(next) }),
    ]);
  }

  const kindLine = (kind) =>
    node("tr", { class: "muster-kind" }, [node("th", { scope: "rowgroup", colspan: 3, text: kind })]);

  /** Table of the sites of the hour; no section where the plan has no reserve. */
  muster.reserveSection = function (page, store) {
    const sites = muster.reserveSites;
    if (!sites.length) return [];
    const body = node("tbody", {});
    const none = node("p", { word: "no_reserve" });
    const table = node("table", {}, [
      node("thead", {}, [
        node("tr", {}, ["site", "own_unit", "next_best"].map((word) => node("th", { scope: "col", word }))),
      ]),
      body,
    ]);
    const redraw = (state) => {
      const rows = sites.filter((row) => row.from <= state.hour && state.hour < row.to);
      const lines = rows.map((row, number) => {
        const kind = row.kind[state.language];
        const first = !number || rows[number - 1].kind[state.language] !== kind;
        return first ? [kindLine(kind), siteLine(row, state)] : [siteLine(row, state)];
      });
      body.replaceChildren(...lines.flat());
      table.hidden = !rows.length;
      none.hidden = !table.hidden;
    };
    const details = node("details", { class: "muster-list muster-extra muster-reserve" }, [
      node("summary", { word: "reserve_minutes" }),
      node("p", { class: "muster-note", word: "reserve_note" }),
      table,
      none,
    ]);
    muster.whenOpen(details, store, redraw);
    return [details];
  };
})();
