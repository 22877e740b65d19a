/* Puts the page together: the state, the panes of the map and the divider. */
(function () {
  "use strict";

  const { node } = muster;
  const PANES = { land: 250, cells: 300, lines: 350, units: 400, marks: 420, names: 430 };
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

  /** Add or remove the layers of points, and keep those that are on the map up to date. */
  function showPoints(map, state) {
    for (const key of ["units", "posts", "stations", "visits"]) {
      const layer = muster.layers[key];
      const wanted = state.layers[key] && !(key === "units" && state.view === "baseline");
      if (wanted && !map.hasLayer(layer)) map.addLayer(layer);
      if (!wanted && map.hasLayer(layer)) map.removeLayer(layer);
      if (wanted) layer.show(state);
    }
  }

  /** Bounds of the cells, for the first view. */
  function extent(cells) {
    const bounds = L.latLngBounds([]);
    for (let i = 0; i < cells.mesh.length; i += 2) bounds.extend([cells.mesh[i], cells.mesh[i + 1]]);
    return bounds;
  }

  /** Show the whole city below the panel where the panel lies over the map. */
  function clearOf(map, panel) {
    const [over, under] = [panel, map.getContainer()].map((node) => node.getBoundingClientRect());
    if (over.right <= under.left) return;
    const paddingTopLeft = [8, over.bottom - under.top + 8];
    map.fitBounds(extent(muster.layers.cells), { animate: false, paddingTopLeft, paddingBottomRight: [8, 8] });
  }

  function openMap(map, store) {
    const { land, cells, lines } = muster.layers;
    map.fitBounds(extent(cells), { animate: false, padding: [8, 8] });
    store.state.divider = map.getSize().x / 2;
    lines.shown = land.shown = store.state.layers;
    cells.colour("plan");
    showPoints(map, store.state);
    const names = muster.names();
    for (const layer of [land, cells, lines, names]) map.addLayer(layer);
    map.on("move", () => {
      if (store.state.view !== "compare") return;
      cells.draw();
      if (map.hasLayer(muster.layers.units)) muster.layers.units.draw();
    });
    store.watch((state) => {
      cells.show(state);
      lines.show(state);
      land.show(state);
      showPoints(map, state);
      names.show(state);
    });
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
      divider: 0,
      layers: {
        units: true,
        posts: true,
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
    openMap(map, store);
    const divider = dividerOf(map, store);
    const panel = muster.panel(page, store);
    document.body.append(panel, muster.hours(page, store));
    map.getContainer().append(muster.syntheticLine(page, store));
    map.getContainer().append(divider, node("div", { class: "muster-centre", "aria-hidden": "true" }));
    muster.watchClicks(map, page, store);
    store.watch((state) => {
      document.documentElement.lang = LANGUAGE_TAGS[state.language];
      document.documentElement.classList.toggle("dark", state.dark);
      muster.speak(page.words[state.language]);
    });
    store.set({});
    clearOf(map, panel);
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
