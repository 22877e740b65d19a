/* What a click on the map tells. */
(function () {
  "use strict";

  const { node } = muster;

  const heading = (text) => node("h2", { class: "muster-pop-title", text });

  function rowsTable(rows) {
    const lines = rows.map(([name, ...values]) =>
      node("tr", {}, [
        node("th", { scope: "row", text: name }),
        ...values.map((value) => node("td", { text: value })),
      ]),
    );
    return node("table", {}, lines);
  }

  function headedTable(heads, rows) {
    const table = rowsTable(rows);
    table.prepend(node("tr", {}, heads.map((text) => node("th", { scope: "col", text }))));
    return table;
  }

  function facts(rows) {
    const list = node("dl", {});
    for (const [name, value] of rows) {
      list.append(node("dt", { text: name }), node("dd", { text: value }));
    }
    return list;
  }

  /** Every function here returns the content of a popup for the state of the page. */
  const popups = {
    cell(cell, state, page) {
      const words = page.words[state.language];
      const { cells } = muster.layers;
      const district = page.districts[cells.about.district[cell]];
      const zone = page.zones[cells.about.zone[cell]];
      const value = (key, name) =>
        cells.valueText(cells.metrics.find((metric) => metric.key === key), name, cell, words);
      return [
        heading(words.cell + " " + cells.about.id[cell]),
        facts([
          [words.district, district[state.language]],
          [words.zone, zone[state.language]],
          [words.target, zone.target],
          [words.demand_row, value("demand", "plan")],
        ]),
        headedTable(
          ["", words.plan, words.baseline],
          ["p90", "mean", "coverage"].map((key) => [
            words[key + "_row"],
            value(key, "plan"),
            value(key, "baseline"),
          ]),
        ),
      ];
    },

    units(cluster, state, page) {
      const words = page.words[state.language];
      const { units } = muster.layers;
      const single = cluster.places.length === 1;
      const title = single
        ? units.places[cluster.places[0]].names[state.language]
        : cluster.places.length + " " + words.places_here;
      const rows = units.types.map((names, type) => {
        const count = cluster.places.reduce((sum, place) => sum + units.count(type, place), 0);
        const busy = cluster.places.reduce(
          (sum, place) => sum + units.count(type, place) * (units.busy(type, place) || 0),
          0,
        );
        return [names[state.language], count, count ? Math.round((100 * busy) / count) + "%" : "–"];
      });
      return [heading(title), headedTable([words.type, words.count, words.busy], rows)];
    },

    posts(mark, state, page) {
      const words = page.words[state.language];
      const rows = muster.activeRows(mark, state.hour).map((row) => [
        row.ring[state.language],
        row.phase[state.language],
        row.role[state.language],
        row.required,
        row.have,
        Math.max(0, row.required - row.have),
      ]);
      const parts = [
        heading(mark.names[state.language]),
        node("p", { text: page.districts[mark.district][state.language] }),
      ];
      if (!rows.length) return [...parts, node("p", { text: words.no_posts })];
      const total = [3, 4, 5].map((at) => rows.reduce((sum, row) => sum + row[at], 0));
      rows.push([words.total, "", "", ...total]);
      const heads = [words.ring, words.phase, words.role, words.required, words.have, words.short];
      return [...parts, headedTable(heads, rows)];
    },

    stations(mark, state, page) {
      const words = page.words[state.language];
      return [
        heading(mark.names[state.language]),
        facts([
          [words.district, page.districts[mark.district][state.language]],
          [words.on_duty, mark.onDuty(state.hour)],
        ]),
      ];
    },

    visits(mark, state, page) {
      const words = page.words[state.language];
      const times = mark.starts.map((minute) => {
        const clock = page.clock[Math.floor(minute / 60)];
        return clock.slice(0, 3) + String(Math.floor(minute % 60)).padStart(2, "0");
      });
      return [
        heading(mark.names[state.language]),
        facts([
          [words.visit_dose, mark.minutes],
          [words.visit_interval, mark.intervalH],
          [words.visits_planned, mark.starts.length + " / " + mark.due],
          [words.visit_times, times.join(" ") || "–"],
        ]),
      ];
    },
  };

  /** What lies under a position: a mark, a cluster of units, else a cell; null for nothing. */
  function foundAt(map, latlng) {
    const point = map.project(latlng).subtract(map.project(map.containerPointToLatLng([0, 0])));
    for (const kind of ["posts", "units", "visits", "stations"]) {
      const layer = muster.layers[kind];
      const thing = map.hasLayer(layer) && layer.nearest(point, 11);
      if (thing) return { kind, thing };
    }
    const cell = muster.layers.cells.cellAt(latlng);
    return cell < 0 ? null : { kind: "cell", thing: cell };
  }

  /** Opens popups on click, and on Enter at the map's centre; keeps them up to date. */
  muster.watchClicks = function (map, page, store) {
    const popup = L.popup({ maxWidth: 340, minWidth: 180, className: "muster-pop" });
    let current = null;
    const content = () => {
      const parts = popups[current.kind](current.thing, store.state, page);
      return node("div", { class: "muster-pop-body" }, [
        ...parts,
        node("p", { class: "muster-pop-hour", text: page.hours[store.state.hour][store.state.language] }),
      ]);
    };
    const inspect = (latlng) => {
      current = foundAt(map, latlng);
      if (current) popup.setLatLng(latlng).setContent(content()).openOn(map);
      else map.closePopup();
    };
    map.on("click", (event) => inspect(event.latlng));
    map.getContainer().addEventListener("keydown", (event) => {
      if (event.key === "Enter" && event.target === map.getContainer()) inspect(map.getCenter());
    });
    store.watch(() => {
      if (!current || !popup.isOpen()) return;
      if (current.kind === "units") map.closePopup();
      else popup.setContent(content());
    });
  };
})();
