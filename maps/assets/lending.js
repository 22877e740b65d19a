/* Commands that lend: who is away in the hour, and what that leaves at home. */
(function () {
  "use strict";

  const { node } = muster;

  /** Two rows: figures of the lender, and who borrows. */
  function lenderLine(lender, state, page) {
    const words = page.words[state.language];
    const name = (command) => page.commands[command][state.language];
    const hour = state.hour;
    const away = lender.to
      .map((command, number) => [command, lender.lent[number][hour]])
      .filter(([, officers]) => officers > 0)
      .sort((one, other) => other[1] - one[1]);
    const text = (key) =>
      lender[key].map((series) => muster.figureText(key, series[hour], words)).join(" / ");
    const borrowers = away.map(([command, officers]) => name(command) + " " + officers).join(", ");
    return [
      node("tr", {}, [
        node("th", { scope: "row", text: name(lender.command) }),
        node("td", { text: away.reduce((sum, [, officers]) => sum + officers, 0) }),
        node("td", { text: text("coverage") }),
        node("td", { text: text("p90") }),
      ]),
      node("tr", { class: "muster-more-row" }, [node("td", { colspan: 4 }, [node("small", { text: "→ " + borrowers })])]),
    ];
  }

  /** Table of the commands that lend in the hour; none where nobody lends in the plan. */
  muster.lendingSection = function (page, store) {
    if (!page.lenders.length) return [];
    const body = node("tbody", {});
    const none = node("p", { word: "no_lenders" });
    const table = node("table", {}, [
      node("thead", {}, [
        node("tr", {}, ["lender", "officers_away", "coverage_both", "p90_both"].map((word) => node("th", { scope: "col", word }))),
      ]),
      body,
    ]);
    const redraw = (state) => {
      const away = (lender) => lender.lent.reduce((sum, series) => sum + series[state.hour], 0);
      const lending = page.lenders.filter(away).sort((one, other) => away(other) - away(one));
      body.replaceChildren(...lending.flatMap((lender) => lenderLine(lender, state, page)));
      table.hidden = !lending.length;
      none.hidden = !table.hidden;
    };
    const details = node("details", { class: "muster-list muster-extra muster-lending" }, [
      node("summary", { word: "lending" }),
      node("p", { class: "muster-note", word: "lending_note" }),
      table,
      none,
    ]);
    muster.whenOpen(details, store, redraw);
    return [details];
  };
})();
