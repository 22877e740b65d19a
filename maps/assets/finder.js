/* Finds a station, an event or a must-visit point by its name. */
(function () {
  "use strict";

  const { node } = muster;
  const KINDS = ["posts", "stations", "visits"];
  const CLOSE_ZOOM = 14;

  /** Everything that can be found, by its name; a name that stands twice gets its district. */
  function namesOf(page, language) {
    const found = new Map();
    for (const kind of KINDS) {
      for (const mark of muster.layers[kind].marks) {
        const plain = mark.names[language];
        const where = (kind === "posts" ? page.commands : page.districts)[mark.district][language];
        const name = found.has(plain) ? plain + " (" + where + ")" : plain;
        if (!found.has(name)) found.set(name, { kind, mark });
      }
    }
    return found;
  }

  /** Moves the map to a mark, shows its layer and tells what is there. */
  muster.goTo = function (map, store, kind, mark) {
    if (!store.state.layers[kind]) store.set({ layers: { ...store.state.layers, [kind]: true } });
    if (store.state.open) store.set({ open: false });
    const at = L.latLng(mark.lat, mark.lon);
    map.setView(at, Math.max(map.getZoom(), CLOSE_ZOOM), { animate: false });
    muster.inspect(kind, mark, at);
  };

  muster.finder = function (page, store, open) {
    const list = node("datalist", { id: "muster-names" });
    const input = node("input", {
      type: "search",
      list: "muster-names",
      id: "muster-find",
      autocomplete: "off",
      wordLabel: "find",
      wordHint: "find",
    });
    let names = new Map();
    let language = null;
    const fill = () => {
      if (language === store.state.language) return;
      language = store.state.language;
      names = namesOf(page, language);
      list.replaceChildren(...[...names.keys()].map((name) => node("option", { value: name })));
    };
    const look = () => {
      const found = names.get(input.value.trim());
      if (!found) return;
      input.value = "";
      open(found.kind, found.mark);
    };
    input.addEventListener("focus", fill);
    input.addEventListener("change", look);
    input.addEventListener("input", (event) => {
      if (event.inputType === "insertReplacementText" || !event.inputType) look();
    });
    input.addEventListener("keydown", (event) => {
      event.stopPropagation();
      if (event.key === "Enter") look();
    });
    return node("div", { class: "muster-find muster-extra" }, [input, list]);
  };
})();
