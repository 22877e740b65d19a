/* What a click on the map tells. */
(function () {
  "use strict";

  const { node } = muster;
  const CELL_FIGURES = ["p90", "mean", "coverage", "within1", "within3", "within5", "utilisation"];
  const ORIGINS = 4;
  const HIGHEST_PX = 460;
  const BESIDE_PX = 90;

  const heading = (text) => node("h2", { class: "muster-pop-title", text });
  const subheading = (text) => node("h3", { text });

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

  const percent = (share) => Math.round(100 * share) + "%";
  const sum = (values) => values.reduce((total, value) => total + value, 0);

  /** Places with the nearest units of the hour: units by type, minutes to the cell, busy share. */
  function nearestTable(cell, state, page) {
    const words = page.words[state.language];
    const { units } = muster.layers;
    const rows = muster.nearestUnits(cell, state.hour).map(({ place, here, minutes }) => {
      const count = sum(here.map((one) => one.count));
      const busy = sum(here.map((one) => one.count * (one.busy || 0))) / count;
      return [units.places[place].names[state.language], count, minutes.toFixed(1), percent(busy)];
    });
    if (!rows.length) return [subheading(words.nearest), node("p", { text: words.none_in_reach })];
    return [subheading(words.nearest), headedTable([words.place, words.count, words.minutes, words.busy], rows)];
  }

  /** Need, have and short by ring of the posts in some hours: those of the hour that is shortest. */
  function worstHour(rows, from, to) {
    let worst = null;
    for (let hour = from; hour < to; hour++) {
      const now = muster.activeRows({ rows }, hour);
      const rank = [muster.shortOf(now), sum(now.map((row) => row.required))];
      if (now.length && (!worst || rank[0] > worst.rank[0] || (rank[0] === worst.rank[0] && rank[1] > worst.rank[1]))) {
        worst = { rank, now };
      }
    }
    return worst ? worst.now : [];
  }

  const totals = (rows) => [
    sum(rows.map((row) => row.required)),
    sum(rows.map((row) => row.have)),
    muster.shortOf(rows),
  ];

  const grouped = (rows, key) => {
    const groups = new Map();
    for (const row of rows) groups.set(key(row), [...(groups.get(key(row)) || []), row]);
    return [...groups.values()];
  };

  /** Posts of an event by phase and ring; the phase of the hour is marked. */
  function phaseTable(mark, state, words) {
    const lines = [];
    for (const phase of grouped(mark.rows, (row) => row.phase.en)) {
      const from = Math.min(...phase.map((row) => row.from));
      const to = Math.max(...phase.map((row) => row.to));
      const worst = worstHour(phase, from, to);
      grouped(worst, (row) => row.ringRank)
        .sort((one, other) => one[0].ringRank - other[0].ringRank)
        .forEach((ring) => {
          const line = node("tr", { class: muster.activeRows({ rows: phase }, state.hour).length ? "muster-now-row" : "" }, [
            node("th", { scope: "row", text: phase[0].phase[state.language] }),
            node("td", { text: ring[0].ring[state.language] }),
            ...totals(ring).map((value) => node("td", { text: value })),
          ]);
          lines.push(line);
        });
    }
    const table = headedTable([words.phase, words.ring, words.required, words.have, words.short], []);
    table.prepend(node("caption", { text: words.phase_note }));
    table.append(...lines);
    return table;
  }

  function rolesTable(rows, state, words) {
    const lines = rows.map((row) => [
      row.role[state.language],
      row.ring[state.language],
      row.required,
      row.have,
      Math.max(0, row.required - row.have),
    ]);
    lines.push([words.total, "", ...totals(rows)]);
    return headedTable([words.role, words.ring, words.required, words.have, words.short], lines);
  }

  /** Every function here returns the content of a popup for the state of the page. */
  const popups = {
    cell(cell, state, page) {
      const words = page.words[state.language];
      const { cells } = muster.layers;
      const district = page.districts[cells.about.district[cell]];
      const zone = page.zones[cells.about.zone[cell]];
      const metric = (key) => cells.metrics.find((one) => one.key === key);
      const value = (key, name) => cells.valueText(metric(key), name, cell, words);
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
          CELL_FIGURES.filter(metric).map((key) => [words[key + "_row"], value(key, "plan"), value(key, "baseline")]),
        ),
        ...nearestTable(cell, state, page),
      ];
    },

    units(cluster, state, page) {
      const words = page.words[state.language];
      const { units, stations } = muster.layers;
      const single = cluster.places.length === 1;
      const title = single
        ? units.places[cluster.places[0]].names[state.language]
        : cluster.places.length + " " + words.places_here;
      const rows = units.types.map((names, type) => {
        const count = sum(cluster.places.map((place) => units.count(type, place)));
        const busy = sum(cluster.places.map((place) => units.count(type, place) * (units.busy(type, place) || 0)));
        return [names[state.language], count, count ? percent(busy / count) : "–"];
      });
      const origins = units.originsOf(cluster.places);
      const shown = origins
        .slice(0, ORIGINS)
        .map(([station, count]) => [stations.marks[station].names[state.language], count]);
      if (origins.length > ORIGINS) {
        const others = origins.slice(ORIGINS);
        shown.push([others.length + " " + words.more_stations, sum(others.map(([, count]) => count))]);
      }
      const from = shown.length ? [headedTable([words.come_from, words.count], shown)] : [];
      return [heading(title), headedTable([words.type, words.count, words.busy], rows), ...from];
    },

    posts(mark, state, page) {
      const words = page.words[state.language];
      const rows = muster.activeRows(mark, state.hour);
      const now = muster.eventDay(mark.event, state.hour);
      const parts = [
        heading(mark.names[state.language]),
        node("p", { text: page.commands[mark.district][state.language] }),
        ...(now ? muster.crowdFacts(now, state, words) : []),
      ];
      if (!rows.length) return [...parts, node("p", { text: words.no_posts }), phaseTable(mark, state, words)];
      const roles = node("details", {}, [node("summary", { text: words.roles_now }), rolesTable(rows, state, words)]);
      return [...parts, phaseTable(mark, state, words), roles];
    },

    sites({ site, zone, passage, number }, state, page) {
      const words = page.words[state.language];
      const now = muster.siteDay(site, state.hour);
      const parts = [heading((zone || passage).names[state.language]), node("p", { text: site.names[state.language] })];
      if (!now) return [...parts, node("p", { text: words.no_crowd })];
      const of = (values) => values[now.at][number];
      if (zone) {
        const classes = [words.crowd_green, words.crowd_amber, words.crowd_red, words.crowd_stop];
        return [...parts, facts([[words.people, of(now.day.people)], [words.density, classes[of(now.day.class)]]])];
      }
      return [
        ...parts,
        facts([
          [words.type, words["passage_" + passage.kind]],
          [words.way, words["way_" + of(now.day.state)]],
          [words.queue, of(now.day.queue)],
        ]),
      ];
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

    reserve(mark, state, page) {
      const words = page.words[state.language];
      const rows = muster.activeRows(mark, state.hour);
      const lines = rows.map((row) => [
        row.kind[state.language],
        row.site[state.language],
        row.have ? muster.limitText(row.minutes[state.hour - row.from], row.limit) : words.crew_missing,
      ]);
      const parts = [
        heading(mark.names[state.language]),
        node("p", { text: words.reserve_unit + ", " + page.commands[mark.command][state.language] }),
      ];
      if (!rows.length) return [...parts, node("p", { text: words.no_reserve_here })];
      const table = headedTable([words.type, words.promised_to, words.minutes], lines);
      table.className = "muster-unbroken";
      return [
        ...parts,
        facts([[words.manned, rows.filter((row) => row.have).length + " / " + rows.length]]),
        table,
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

  /** What lies under a position: a mark, a cluster of units, a site, else a cell; null for nothing. */
  function foundAt(map, latlng) {
    const point = map.project(latlng).subtract(map.project(map.containerPointToLatLng([0, 0])));
    for (const kind of ["posts", "reserve", "units", "visits", "stations", "sites"]) {
      const thing = muster.drawings.shows(kind) && muster.layers[kind].nearest(point, 11);
      if (thing) return { kind, thing };
    }
    const cell = muster.layers.cells.cellAt(latlng);
    return cell < 0 ? null : { kind: "cell", thing: cell };
  }

  /**
   * Opens popups on click, and on Enter at the map's centre; keeps them up to date.
   * `muster.inspect(kind, thing, latlng)` opens one from elsewhere and gives it the focus; Escape
   * closes it and gives the focus back.
   */
  muster.watchClicks = function (map, page, store) {
    const popup = L.popup({ maxWidth: 340, minWidth: 180, className: "muster-pop" });
    let current = null;
    let opener = null;
    const content = () => {
      const parts = popups[current.kind](current.thing, store.state, page);
      const label = page.words[store.state.language].about_place;
      return node("div", { class: "muster-pop-body", tabindex: -1, role: "dialog", "aria-label": label }, [
        ...parts,
        node("p", { class: "muster-pop-hour", text: page.hours[store.state.hour][store.state.language] }),
      ]);
    };
    const open = (found, latlng) => {
      current = found;
      if (!current) return map.closePopup();
      const covered = muster.covered(map);
      popup.options.autoPanPaddingTopLeft = covered;
      popup.options.maxHeight = Math.min(HIGHEST_PX, map.getSize().y - covered[1] - BESIDE_PX);
      popup.setLatLng(latlng).setContent(content()).openOn(map);
    };
    muster.inspect = (kind, thing, latlng) => {
      opener = document.activeElement;
      open({ kind, thing }, latlng);
      popup.getElement()?.querySelector(".muster-pop-body")?.focus({ preventScroll: true });
    };
    map.on("click", (event) => {
      opener = null;
      open(foundAt(map, event.latlng), event.latlng);
    });
    map.on("popupclose", () => {
      if (opener?.isConnected) opener.focus();
      opener = null;
    });
    map.getContainer().addEventListener("keydown", (event) => {
      if (event.key === "Escape") map.closePopup();
      if (event.key !== "Enter" || event.target !== map.getContainer()) return;
      const found = foundAt(map, map.getCenter());
      if (found) muster.inspect(found.kind, found.thing, map.getCenter());
    });
    store.watch(() => {
      if (!current || !popup.isOpen()) return;
      if (current.kind === "units") map.closePopup();
      else refill(popup, content());
    });
  };

  /** New content in an open popup that keeps the focus and what was opened in it. */
  function refill(popup, content) {
    const before = popup.getElement().querySelector(".muster-pop-body");
    const focused = before.contains(document.activeElement);
    const opened = before.querySelector("details[open]");
    if (opened && content.querySelector("details")) content.querySelector("details").open = true;
    popup.setContent(content);
    if (focused) content.focus({ preventScroll: true });
  }
})();
