/* The panel: figures of the hour, choice of metric and view, legend, layers, sources. */
(function () {
  "use strict";

  const { node } = muster;
  const ROWS = ["calls", "units", "coverage", "mean", "p90", "unserved"];
  const LAYERS = [
    "units", "posts", "reserve", "sites", "stations", "visits", "river", "crossings", "expressways", "metro", "districts",
  ];
  const SHARES = ["coverage", "unserved", "within1", "within3", "within5", "utilisation"];

  /** A figure as text: a dash where there is none, words where nobody arrives. */
  muster.figureText = function (key, value, words) {
    if (value === null || value === undefined) return "–";
    if (value === "unreached") return words["unreached_" + key];
    if (SHARES.includes(key)) return (100 * value).toFixed(1) + "%";
    return key === "calls" || key === "units" ? Math.round(value).toString() : value.toFixed(1);
  };

  function figureSection(page, store) {
    const time = node("p", { class: "muster-when" });
    const cells = {};
    const lines = ROWS.map((key) => {
      cells[key] = [node("td", { "data-figure": "plan-" + key }), node("td", { "data-figure": "baseline-" + key })];
      const name = node("th", { scope: "row", word: key + "_row" });
      return node("tr", { class: "muster-figure-" + key }, [name, ...cells[key]]);
    });
    const head = node("tr", {}, [
      node("td", {}),
      node("th", { scope: "col", word: "plan" }),
      node("th", { scope: "col", word: "baseline" }),
    ]);
    store.watch((state) => {
      time.textContent = page.hours[state.hour][state.language];
      for (const key of ROWS) {
        ["plan", "baseline"].forEach((name, column) => {
          const series = page.figures[name][key];
          cells[key][column].textContent = muster.figureText(key, series && series[state.hour], page.words[state.language]);
        });
      }
    });
    return node("section", { class: "muster-figures", wordLabel: "figures" }, [
      time,
      node("table", {}, [node("thead", {}, [head]), node("tbody", {}, lines)]),
    ]);
  }

  /** Whether an option makes sense: there is no difference of what plan and baseline share. */
  muster.canShow = function (key, option, state) {
    if (key !== "view" || option !== "difference") return true;
    return Boolean(muster.layers.cells.metrics.find((one) => one.key === state.metric).difference);
  };

  /** A group of radio buttons that look like one bar. */
  function choice(store, key, options, className) {
    const buttons = options.map((option) => {
      const input = node("input", { type: "radio", name: "muster-" + key, value: option });
      input.addEventListener("change", () => store.set({ [key]: option }));
      store.watch((state) => {
        input.checked = state[key] === option;
        input.disabled = !muster.canShow(key, option, state);
      });
      return node("label", {}, [input, node("span", { word: option })]);
    });
    return node("fieldset", { class: "muster-choice muster-extra " + className }, [
      node("legend", { word: key }),
      node("div", {}, buttons),
    ]);
  }

  /** Limits of a class; those of a difference carry their sign. */
  function classText(shown, number) {
    const unit = shown.percent ? "%" : "";
    const [lower, upper] = [shown.breaks[number - 1], shown.breaks[number]].map((edge) => {
      if (edge === undefined) return undefined;
      const value = +(edge * (shown.percent ? 100 : 1)).toFixed(4);
      return shown.signed && value > 0 ? "+" + value : String(value).replace("-", "−");
    });
    if (lower === undefined) return "< " + upper + unit;
    if (upper === undefined) return "≥ " + lower + unit;
    return lower + (shown.signed ? " … " : "–") + upper + unit;
  }

  /** Which of the outer classes of a difference is the better one. */
  function sideText(shown, number, words) {
    const last = shown.palette.length - 1;
    if (!shown.signed || (number !== 0 && number !== last)) return "";
    return " " + words[(number === 0) === shown.lowerIsBetter ? "difference_better" : "difference_worse"];
  }

  /** A patch of colour over the land, as the cells lie over it. */
  function swatch(colour, content) {
    const patch = node("i", {});
    if (colour) {
      patch.style.background = colour;
      patch.style.opacity = content.opacity;
    }
    return node("span", { class: "muster-swatch", "aria-hidden": "true" }, [patch]);
  }

  /** Cells outside the classes: colour, words and place among the shares of calls. */
  function specialLines(shown, cells, words) {
    const { length } = shown.palette;
    if (shown.signed) {
      return [
        [cells.onlyPlanColour, words.only_plan, length],
        [cells.onlyBaselineColour, words.only_baseline, length + 1],
        [cells.unreachedColour, words.neither_reached, length + 2],
      ];
    }
    const unreached = words["unreached_" + shown.key];
    return unreached ? [[cells.unreachedColour, unreached, length]] : [];
  }

  function legendSection(page, store) {
    const title = node("h2", {});
    const list = node("table", {});
    const { cells } = muster.layers;
    store.watch((state) => {
      const words = page.words[state.language];
      const shown = cells.shownMetric(state);
      const name = shown.signed ? "difference" : state.view === "baseline" ? "baseline" : "plan";
      const shares = page.classShares[name][shown.key][state.hour];
      title.textContent = words[shown.key + "_unit"] + (shown.signed ? ": " + words.difference_unit : "");
      const line = (colour, text, share, side) => {
        const bar = node("span", { class: "muster-bar" }, [node("i", {})]);
        bar.firstChild.style.width = 100 * (share || 0) + "%";
        const known = share === undefined ? "" : Math.round(100 * share) + "%";
        const parts = side ? [document.createTextNode(text), node("small", { text: side })] : [document.createTextNode(text)];
        return node("tr", {}, [
          node("td", {}, [swatch(colour, cells)]),
          node("th", { scope: "row" }, parts),
          node("td", { class: "muster-share" }, [bar, node("span", { text: known })]),
        ]);
      };
      const lines = shown.palette.map((colour, number) =>
        line(colour, classText(shown, number), shares[number], sideText(shown, number, words)),
      );
      for (const [colour, text, number] of specialLines(shown, cells, words)) {
        if (!shown.signed || shares[number]) lines.push(line(colour, text, shares[number]));
      }
      lines.push(line(null, words.no_data));
      const head = node("tr", { class: "muster-legend-head" }, [
        node("td", {}),
        node("td", {}),
        node("td", { text: words.demand_share }),
      ]);
      list.replaceChildren(head, ...lines);
    });
    return node("section", { class: "muster-legend muster-extra", wordLabel: "legend" }, [title, list]);
  }

  /** The legend in one line, for narrow screens. */
  muster.legendStrip = function (page, store) {
    const strip = node("div", { class: "muster-strip", "aria-hidden": "true" });
    store.watch((state) => {
      const { cells } = muster.layers;
      const shown = cells.shownMetric(state);
      const words = page.words[state.language];
      const parts = shown.palette.map((colour, number) =>
        node("span", {}, [swatch(colour, cells), node("small", { text: classText(shown, number) })]),
      );
      strip.replaceChildren(node("b", { text: shown.signed ? words.difference : words[shown.key] }), ...parts);
    });
    return strip;
  };

  const LINE_MARKS = { river: "river", expressways: "expressway", metro: "metro", districts: "district", crossings: "crossing" };

  const ICON_MARK = { rows: [0, 1, 2].map((ringRank) => ({ from: 0, to: 1, required: 0, have: 0, ringRank })) };

  function markIcon(key, state) {
    const icon = node("canvas", { width: 44, height: 32, "aria-hidden": "true", class: "muster-icon" });
    const context = icon.getContext("2d");
    context.scale(2, 2);
    if (muster.MARKS[key]) {
      muster.MARKS[key](context, 11, 8, ICON_MARK, 0);
    } else if (key === "sites") {
      muster.layers.sites.colours.forEach((colour, ring) => {
        context.strokeStyle = colour;
        context.lineWidth = 1.6;
        context.strokeRect(8 - 3 * ring, 6 - 2 * ring, 6 + 6 * ring, 4 + 4 * ring);
      });
    } else if (LINE_MARKS[key]) {
      context.strokeStyle = muster.layers.lines.content.colours[state.dark ? "dark" : "light"][LINE_MARKS[key]];
      context.lineWidth = key === "river" ? 5 : 2;
      if (key === "districts") context.setLineDash([4, 3]);
      context.beginPath();
      if (key === "crossings") context.arc(11, 8, 3.5, 0, 2 * Math.PI);
      else context.moveTo(1, 8);
      if (key !== "crossings") context.lineTo(21, 8);
      context.stroke();
    } else {
      context.arc(11, 8, 6, 0, 2 * Math.PI);
      context.fillStyle = "#12284f";
      context.fill();
      context.strokeStyle = "#ffffff";
      context.stroke();
    }
    return icon;
  }

  function unitTypes(store) {
    const { types, typeColours } = muster.layers.units;
    const list = node("p", { class: "muster-types" });
    muster.watchParts(store, ["language"], (state) => {
      const parts = types.map((names, type) => {
        const dot = node("i", { "aria-hidden": "true" });
        dot.style.background = typeColours[type];
        return node("span", {}, [dot, document.createTextNode(names[state.language])]);
      });
      list.replaceChildren(...parts);
    });
    return list;
  }

  /* Lines that this city has; a box for a river it has not would only puzzle. */
  const LINE_KINDS = { river: "river", expressways: "expressway", metro: "metro", crossings: "crossing" };
  const isThere = (key) => {
    if (key === "sites") return muster.layers.sites.sites.length > 0;
    if (key === "reserve") return muster.layers.reserve.marks.length > 0;
    return !LINE_KINDS[key] || (muster.layers.lines.content.lines[LINE_KINDS[key]] || []).length > 0;
  };

  function layerSection(store) {
    const boxes = LAYERS.filter(isThere).map((key) => {
      const box = node("input", { type: "checkbox", name: key });
      const place = node("span", {});
      box.addEventListener("change", () => {
        store.set({ layers: { ...store.state.layers, [key]: box.checked } });
      });
      store.watch((state) => (box.checked = state.layers[key]));
      muster.watchParts(store, ["dark"], (state) => place.replaceChildren(markIcon(key, state)));
      return node("label", {}, [box, place, node("span", { word: key })]);
    });
    return node("fieldset", { class: "muster-layers muster-extra" }, [
      node("legend", { word: "layers" }),
      node("div", {}, boxes),
      unitTypes(store),
    ]);
  }

  /** The line that says what is not real; it lies on the map, always in view. */
  muster.syntheticLine = function (page, store) {
    const line = node("span", {});
    muster.watchParts(store, ["language"], (state) => {
      const made = page.provenance.filter((item) => item.status !== "real");
      const stop = state.language === "zh" ? "、" : ", ";
      line.textContent = made.map((item) => item[state.language]).join(stop) || "–";
    });
    return node("p", { class: "muster-synthetic" }, [node("b", { word: "synthetic" }), line]);
  };

  function sourceSection(page, store) {
    const list = node("ul", {});
    const statuses = { real: "real", synthetic: "status_synthetic", assumption: "assumption" };
    muster.watchParts(store, ["language"], (state) => {
      const words = page.words[state.language];
      list.replaceChildren(
        ...page.provenance.map((item) =>
          node("li", {}, [
            node("b", { text: item[state.language] }),
            document.createTextNode(" · " + (words[statuses[item.status]] || item.status) + " · " + item.source),
          ]),
        ),
      );
    });
    return node("details", { class: "muster-sources muster-extra" }, [
      node("summary", { word: "sources" }),
      list,
      node("p", { word: "figures_note" }),
      node("p", { word: "drawn_with" }),
    ]);
  }

  function button(word, action) {
    const made = node("button", { type: "button", word });
    made.addEventListener("click", action);
    return made;
  }

  /** The header with the buttons for language, theme and, on narrow screens, details. */
  function headerSection(page, store) {
    const title = node("h1", {});
    const { state } = store;
    const theme = button("dark", () => store.set({ dark: !store.state.dark }));
    const language = button("other_language", () =>
      store.set({ language: store.state.language === "en" ? "zh" : "en" }),
    );
    language.id = "muster-language";
    theme.id = "muster-theme";
    const table = button("table_button", () => store.set({ table: !store.state.table, open: false }));
    table.id = "muster-table";
    const more = button("more", () => store.set({ open: !store.state.open }));
    more.className = "muster-more";
    store.watch((now) => {
      title.textContent = page.title[now.language];
      document.title = page.title[now.language];
      theme.dataset.word = now.dark ? "light" : "dark";
      more.dataset.word = now.open ? "less" : "more";
      more.setAttribute("aria-expanded", String(now.open));
      table.setAttribute("aria-expanded", String(now.table));
      language.lang = now.language === "en" ? "zh-CN" : "en";
    });
    return node("header", {}, [
      title,
      node("p", { class: "muster-run" }, [
        node("b", { class: "muster-status", word: "status_" + page.status }),
        node("span", { text: page.run }),
      ]),
      node("div", { class: "muster-buttons" }, [language, theme, table, more]),
    ]);
  }

  muster.panel = function (page, store, open) {
    const panel = node("aside", { id: "muster-panel", wordLabel: "panel" }, [
      headerSection(page, store),
      muster.finder(page, store, open),
      figureSection(page, store),
      choice(store, "metric", muster.layers.cells.metrics.map((metric) => metric.key), "muster-metrics"),
      choice(store, "view", ["plan", "baseline", "compare", "difference"], "muster-views"),
      legendSection(page, store),
      muster.eventSection(page, store, open),
      layerSection(store),
      ...muster.reserveSection(page, store),
      muster.symbolSection(),
      ...muster.lendingSection(page, store),
      sourceSection(page, store),
      muster.approvalBox(page),
    ]);
    store.watch((state) => panel.classList.toggle("open", state.open));
    return panel;
  };
})();
