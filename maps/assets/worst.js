/* The worst cells of the hour as a table, for those who do not see the map. */
(function () {
  "use strict";

  const { node } = muster;
  const LISTED = 10;

  const brightness = (colour) =>
    [1, 3, 5].reduce((sum, at) => sum + parseInt(colour.slice(at, at + 2), 16), 0);

  /** Middle of a cell of the grid. */
  function middleOf(cells, cell) {
    const at = cells.position[cell];
    const [col, row] = [(at % cells.cols) + 0.5, Math.floor(at / cells.cols) + 0.5];
    const [x, y] = cells.valuesOf(cells.places, col, row, ["x", "y"]);
    return L.CRS.EPSG3857.pointToLatLng(L.point(x, y), 0);
  }

  /** Cells of the hour from the worst on: dark classes are bad, and out of reach is worst. */
  function worstCells(cells, metric, name, hour) {
    const codes = cells.codes(metric, name);
    if (!codes) return [];
    const demand = cells.codes(cells.metrics.find((one) => one.key === "demand"), "plan");
    const highIsBad = brightness(metric.palette.at(-1)) < brightness(metric.palette[0]);
    const first = hour * cells.cells;
    const badness = (code) => (code === cells.outOfReach ? 1000 : highIsBad ? code : 500 - code);
    const found = [];
    let least = -1;
    for (let cell = 0; cell < cells.cells; cell++) {
      const code = codes[first + cell];
      if (code === cells.noData) continue;
      const rank = badness(code) * 256 + (demand ? demand[first + cell] : 0);
      if (found.length === LISTED && rank <= least) continue;
      found.push({ cell, rank });
      found.sort((one, other) => other.rank - one.rank || one.cell - other.cell);
      found.length = Math.min(found.length, LISTED);
      least = found.at(-1).rank;
    }
    return found.map(({ cell }) => cell);
  }

  /** A table that is always there for screen readers, and in sight when opened or focused. */
  muster.worstSection = function (page, store, map) {
    const caption = node("caption", {});
    const body = node("tbody", {});
    const head = node("tr", {}, [
      ...["cell", "district", "zone"].map((word) => node("th", { scope: "col", word })),
      node("th", { scope: "col" }),
      node("th", { scope: "col", word: "demand_row" }),
    ]);
    const close = node("button", { type: "button", word: "less" });
    close.addEventListener("click", () => {
      store.set({ table: false });
      document.getElementById("muster-table").focus();
    });
    const section = node("section", { id: "muster-worst", wordLabel: "table" }, [
      close,
      node("table", {}, [caption, node("thead", {}, [head]), body]),
    ]);
    const show = (cell) => {
      const at = middleOf(muster.layers.cells, cell);
      store.set({ table: false });
      map.setView(at, Math.max(map.getZoom(), 12), { animate: false });
      muster.inspect("cell", cell, at);
    };
    const line = (cell, metric, name, state, words) => {
      const { cells } = muster.layers;
      const button = node("button", { type: "button", class: "muster-link", text: cells.about.id[cell] });
      button.addEventListener("click", () => show(cell));
      const demand = cells.metrics.find((one) => one.key === "demand");
      return node("tr", {}, [
        node("th", { scope: "row" }, [button]),
        node("td", { text: page.districts[cells.about.district[cell]][state.language] }),
        node("td", { text: page.zones[cells.about.zone[cell]][state.language] }),
        node("td", { text: cells.valueText(metric, name, cell, words) }),
        node("td", { text: cells.valueText(demand, "plan", cell, words) }),
      ]);
    };
    const fill = (state) => {
      const { cells } = muster.layers;
      const words = page.words[state.language];
      const { metric } = cells;
      const name = state.view === "baseline" ? "baseline" : "plan";
      const figure = metric.key === "demand" ? "" : words[name] + ", ";
      caption.textContent = words.worst + ": " + figure + words[metric.key + "_unit"] + ", " + page.hours[state.hour][state.language];
      head.children[3].textContent = words[metric.key];
      muster.keepFocus(body, () => {
        const worst = worstCells(cells, metric, name, state.hour);
        body.replaceChildren(...worst.map((cell) => line(cell, metric, name, state, words)));
      });
    };
    /* A table that nobody sees can wait until the hours stand still. */
    const fillLater = muster.whenQuiet(() => fill(store.state));
    store.watch((state) => {
      section.classList.toggle("open", state.table);
      if (state.playing) return;
      if (state.table || !body.children.length) fill(state);
      else fillLater();
    });
    return section;
  };
})();
