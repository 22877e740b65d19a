/* Puts the page together: the state, the panes of the map and the divider. */
(function () {
  "use strict";

  const { node } = muster;
  const PANES = { land: 250, drawings: 300 };

  /* What is drawn over the land, from the lowest to the highest; the first two and the names always. */
  const ALWAYS = ["cells", "lines", "names"];
  const DRAWINGS = ["cells", "lines", "sites", "units", "visits", "stations", "reserve", "posts", "names"];
  const LANGUAGE_TAGS = { en: "en", zh: "zh-CN" };

  /** State of the page and those who follow it. */
  function storeOf(state) {
    const watchers = [];
    return {
      state,
      watch(action) {
        watchers.push(action);
      },
      set(change) {
        Object.assign(state, change);
        for (const action of watchers) action(state);
      },
    };
  }

  /** The line between baseline and plan, moved by pointer or arrow keys. */
  function dividerOf(map, store) {
    const box = map.getContainer();
    const line = node("div", {
      class: "muster-divider",
      role: "slider",
      tabindex: 0,
      wordLabel: "divider",
      "aria-valuemin": 0,
      "aria-valuemax": 100,
    });
    line.append(node("span", { word: "baseline" }), node("span", { word: "plan" }));
    const place = (x) => store.set({ divider: Math.min(box.clientWidth - 20, Math.max(20, x)) });
    line.addEventListener("pointerdown", (event) => {
      event.preventDefault();
      line.focus();
      line.setPointerCapture(event.pointerId);
    });
    line.addEventListener("pointermove", (event) => {
      if (line.hasPointerCapture(event.pointerId)) {
        place(event.clientX - box.getBoundingClientRect().left);
      }
    });
    line.addEventListener("keydown", (event) => {
      const step = { ArrowLeft: -20, ArrowRight: 20 }[event.key];
      if (!step) return;
      event.preventDefault();
      event.stopPropagation();
      place(store.state.divider + step);
    });
    L.DomEvent.disableClickPropagation(line);
    map.on("resize", () => place(store.state.divider));
    store.watch((state) => {
      line.hidden = state.view !== "compare";
      line.style.left = state.divider + "px";
      line.setAttribute("aria-valuenow", Math.round((100 * state.divider) / box.clientWidth));
    });
    return line;
  }

  /** Draw what is chosen, as it stands in the hour. */
  function showDrawings(state) {
    const { drawings } = muster;
    for (const key of DRAWINGS) {
      const chosen = ALWAYS.includes(key) || (state.layers[key] && !(key === "units" && state.view === "baseline"));
      if (chosen) muster.layers[key].show(state);
      drawings.choose(key, chosen);
    }
    drawings.draw();
  }

  /** Bounds of the city, for the first view. */
  muster.extent = function () {
    const bounds = L.latLngBounds([]);
    for (const district of muster.layers.lines.content.districts) {
      for (const { bounds: ring } of district.rings) {
        for (const corner of [ring.low, ring.high]) bounds.extend(L.CRS.EPSG3857.pointToLatLng(L.point(corner.x, corner.y), 0));
      }
    }
    return bounds;
  };

  /** Corner of the map that the panel leaves free, in pixels. */
  muster.covered = function (map) {
    const panel = document.getElementById("muster-panel");
    const [over, under] = [panel, map.getContainer()].map((node) => node.getBoundingClientRect());
    return over.right <= under.left ? [8, 8] : [8, over.bottom - under.top + 8];
  };

  /** Show the whole city below the panel where the panel lies over the map. */
  function clearOf(map) {
    const paddingTopLeft = muster.covered(map);
    map.fitBounds(muster.extent(), { animate: false, paddingTopLeft, paddingBottomRight: [8, 8] });
  }

  function openMap(map, store) {
    const { layers } = muster;
    map.fitBounds(muster.extent(), { animate: false, padding: [8, 8] });
    store.state.divider = map.getSize().x / 2;
    layers.names = muster.names();
    muster.drawings = new muster.SharedLayer("drawings", DRAWINGS.map((key) => [key, layers[key]]));
    for (const layer of [layers.land, muster.drawings]) map.addLayer(layer);
    map.on("move", () => {
      if (store.state.view === "compare") muster.drawings.draw();
    });
    store.watch((state) => {
      layers.land.show(state);
      showDrawings(state);
    });
  }

  /** What stands at the lower edge of the map stays above a note of any height. */
  function liftAbove(map, note) {
    const lift = () => map.getContainer().style.setProperty("--note", note.offsetHeight + "px");
    new ResizeObserver(lift).observe(note);
  }

  /** Tells the hour and the headline to screen readers, but not while the hours are playing. */
  function herald(page, store) {
    const line = node("p", { role: "status", "aria-live": "polite", class: "muster-unseen", id: "muster-told" });
    let told = null;
    const tell = muster.whenQuiet(() => {
      const { hour, language } = store.state;
      const words = page.words[language];
      const figures = ["coverage", "p90"].map(
        (key) => words[key + "_row"] + " " + muster.figureText(key, page.figures.plan[key][hour], words),
      );
      line.textContent = [page.hours[hour][language], ...figures].join(". ");
    });
    store.watch((state) => {
      const now = state.hour + state.language;
      if (state.playing || now === told) return;
      if (told !== null) tell();
      told = now;
    });
    return line;
  }

  /** The view falls back to the plan where the metric has no difference. */
  function settle(state) {
    if (!muster.canShow("view", state.view, state)) state.view = "plan";
  }

  function openingState(page) {
    return {
      hour: page.openingHour,
      metric: "p90",
      view: "plan",
      language: "en",
      dark: false,
      open: false,
      playing: false,
      table: false,
      divider: 0,
      layers: {
        units: true,
        posts: true,
        reserve: true,
        sites: true,
        stations: false,
        visits: false,
        river: true,
        crossings: true,
        expressways: false,
        metro: false,
        districts: true,
      },
    };
  }

  async function open(map, page) {
    await Promise.all(muster.loading);
    const store = storeOf(openingState(page));
    store.watch(settle);
    openMap(map, store);
    const divider = dividerOf(map, store);
    const visit = (kind, mark) => muster.goTo(map, store, kind, mark);
    const panel = muster.panel(page, store, visit);
    document.body.append(panel, muster.worstSection(page, store, map), muster.hours(page, store), herald(page, store));
    const note = muster.syntheticLine(page, store);
    map.getContainer().append(note, ...muster.mapMarks(map, page));
    liftAbove(map, note);
    map.getContainer().append(divider, node("div", { class: "muster-centre", "aria-hidden": "true" }));
    muster.watchClicks(map, page, store);
    muster.watchPrint(map, store, page);
    store.watch((state) => {
      document.documentElement.lang = LANGUAGE_TAGS[state.language];
      document.documentElement.classList.toggle("dark", state.dark);
      muster.speak(page.words[state.language]);
    });
    store.set({});
    clearOf(map);
    Object.assign(muster, { map, store });
    document.body.classList.add("muster-ready");
  }

  muster.page = function (map) {
    const page = muster.content("page");
    for (const [name, level] of Object.entries(PANES)) {
      const pane = map.createPane(name);
      pane.style.zIndex = level;
      pane.style.pointerEvents = "none";
    }
    map.getContainer().dataset.wordLabel = "map";
    map.getContainer().setAttribute("role", "application");
    if (window.DecompressionStream) {
      open(map, page);
    } else {
      const texts = Object.values(page.words).map((words) => words.unreadable);
      document.body.append(node("p", { class: "muster-unreadable", text: texts.join(" ") }));
    }
  };
})();
