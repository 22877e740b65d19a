/* The page on paper: one A3 sheet, the map fitted to it, scale bar and north arrow. */
(function () {
  "use strict";

  const { node, drawn } = muster;

  /* Canvases are drawn so many times finer than the screen's pixels. */
  const PRINT_RATIO = 2;

  /** Scale bar, north arrow and what says that the plan is not approved. */
  muster.mapMarks = function (map, page) {
    L.control.scale({ imperial: false, maxWidth: 140 }).addTo(map);
    const north = drawn("svg", { viewBox: "0 0 24 34", width: 24, height: 34, class: "muster-north", role: "img" }, [
      drawn("path", { d: "M12 1 19 22 12 17 5 22z" }),
      drawn("text", { x: 12, y: 33, "text-anchor": "middle" }, ["N"]),
    ]);
    north.dataset.wordLabel = "north";
    const marks = [north];
    if (page.status !== "approved") {
      marks.push(node("p", { class: "muster-watermark", word: "mark_" + page.status, "aria-hidden": "true" }));
    }
    return marks;
  };

  /** Box for the approval, on paper only. */
  muster.approvalBox = function (page) {
    const blank = (word) => node("p", {}, [node("span", { word }), node("i", {})]);
    return node("section", { class: "muster-approval" }, [
      node("p", {}, [node("b", { word: "status_" + page.status })]),
      blank("approved_by"),
      blank("approved_on"),
    ]);
  };

  /** Entries of the lists that do not fit on the sheet are left out whole, and their number is told. */
  function fitLists(printing, words) {
    for (const list of document.querySelectorAll(".muster-list")) {
      const entries = [...list.querySelectorAll("li")];
      const more = list.querySelector(".muster-left-out");
      for (const entry of entries) entry.hidden = false;
      if (more) more.hidden = true;
      if (!printing || !more) continue;
      for (let left = 1; left <= entries.length && list.scrollHeight > list.clientHeight; left++) {
        more.hidden = false;
        more.textContent = left + " " + words.not_on_paper;
        entries[entries.length - left].hidden = true;
      }
    }
  }

  /** Before printing the map is laid out as on paper and shows what it showed; after it as before. */
  muster.watchPrint = function (map, store, page) {
    let before = null;
    const lay = (printing) => {
      document.documentElement.classList.toggle("muster-printing", printing);
      map.options.zoomSnap = printing ? 0 : before.snap;
      map.invalidateSize({ animate: false, pan: false });
    };
    const start = () => {
      if (before) return;
      before = {
        bounds: map.getBounds(),
        centre: map.getCenter(),
        zoom: map.getZoom(),
        snap: map.options.zoomSnap,
        dark: store.state.dark,
        share: store.state.divider / map.getSize().x,
      };
      map.closePopup();
      lay(true);
      const city = muster.extent();
      const whole = before.bounds.contains(city);
      map.fitBounds(whole ? city : before.bounds, { animate: false, padding: whole ? [24, 24] : [0, 0] });
      store.set({ dark: false, divider: before.share * map.getSize().x });
      fitLists(true, page.words[store.state.language]);
      muster.printRatio = PRINT_RATIO;
      map.eachLayer((layer) => layer.renew && layer.renew());
    };
    const end = () => {
      if (!before) return;
      muster.printRatio = null;
      fitLists(false);
      lay(false);
      map.setView(before.centre, before.zoom, { animate: false });
      store.set({ dark: before.dark, divider: before.share * map.getSize().x });
      before = null;
    };
    window.addEventListener("beforeprint", start);
    window.addEventListener("afterprint", end);
    window.matchMedia("print").addEventListener("change", (event) => (event.matches ? start() : end()));
  };
})();
