/* The hours: slider, playing, keys and the curve of the city's figure over time. */
(function () {
  "use strict";

  const { node, drawn } = muster;
  const STEP_MS = 900;
  const SYMBOLS = {
    previous: "M10.5 3 5.5 8l5 5",
    next: "M5.5 3l5 5-5 5",
    play: "M4.5 2.5 13 8l-8.5 5.5z",
    pause: "M4 3h3v10H4zM9 3h3v10H9z",
  };
  const WIDE = 1000;
  const HIGH = 40;

  function symbolButton(word, action) {
    const path = drawn("path", { d: SYMBOLS[word] });
    const symbol = drawn("svg", { viewBox: "0 0 16 16", width: 16, height: 16, "aria-hidden": "true" }, [path]);
    const made = node("button", { type: "button", wordLabel: word, class: "muster-" + word }, [symbol]);
    made.addEventListener("click", action);
    return { made, path };
  }

  /** Points of a curve; hours without a figure interrupt it. */
  function curveOf(series, low, high) {
    const steps = Math.max(1, series.length - 1);
    let pen = "M";
    let path = "";
    series.forEach((value, hour) => {
      if (typeof value !== "number") {
        pen = "M";
        return;
      }
      const x = (WIDE * hour) / steps;
      const y = HIGH - 4 - ((HIGH - 8) * (value - low)) / (high - low || 1);
      path += pen + x.toFixed(1) + " " + y.toFixed(1);
      pen = "L";
    });
    return path;
  }

  function sparkline(page, store) {
    const baseline = drawn("path", { class: "muster-curve-baseline" });
    const plan = drawn("path", { class: "muster-curve-plan" });
    const now = drawn("line", { y1: 0, y2: HIGH, class: "muster-now" });
    const box = drawn(
      "svg",
      { viewBox: `0 0 ${WIDE} ${HIGH}`, preserveAspectRatio: "none", class: "muster-spark", "aria-hidden": "true" },
      [baseline, plan, now],
    );
    const key = node("p", { class: "muster-spark-key" });
    store.watch((state) => {
      const figure = state.metric === "demand" ? "calls" : state.metric;
      const words = page.words[state.language];
      const both = [page.figures.plan[figure], page.figures.baseline[figure]];
      const known = both.flat().filter((value) => typeof value === "number");
      const [low, high] = [Math.min(...known), Math.max(...known)];
      plan.setAttribute("d", curveOf(both[0], low, high));
      baseline.setAttribute("d", curveOf(both[1], low, high));
      const x = (WIDE * state.hour) / Math.max(1, page.hours.length - 1);
      now.setAttribute("x1", x);
      now.setAttribute("x2", x);
      key.replaceChildren(
        node("span", { text: words[figure + "_row"] }),
        node("i", { class: "muster-key-plan" }),
        node("span", { text: words.plan + " " + muster.figureText(figure, both[0][state.hour], words) }),
        node("i", { class: "muster-key-baseline" }),
        node("span", { text: words.baseline + " " + muster.figureText(figure, both[1][state.hour], words) }),
      );
    });
    return { box, key };
  }

  function watchKeys(actions) {
    document.addEventListener("keydown", (event) => {
      if (event.ctrlKey || event.altKey || event.metaKey || !actions[event.key]) return;
      const own = event.target.closest("button, summary, a, input:not([type=range])");
      if (event.key === " " && own) return;
      if (event.target.closest("input[type=search]")) return;
      event.preventDefault();
      actions[event.key]();
    });
  }

  /** The bar with the hours; also steps through them on its own while playing. */
  muster.hours = function (page, store) {
    const count = page.hours.length;
    const go = (step) => store.set({ hour: (store.state.hour + step + count) % count });
    let timer = null;
    const toggle = () => {
      if (timer) clearInterval(timer);
      timer = timer ? null : setInterval(() => go(1), STEP_MS);
      store.set({ playing: Boolean(timer) });
    };
    const slider = node("input", { type: "range", min: 0, max: count - 1, step: 1, id: "muster-hour", wordLabel: "hour" });
    slider.addEventListener("input", () => store.set({ hour: Number(slider.value) }));
    const previous = symbolButton("previous", () => go(-1));
    const play = symbolButton("play", toggle);
    const next = symbolButton("next", () => go(1));
    const label = node("p", { class: "muster-hour-label" });
    const spark = sparkline(page, store);
    store.watch((state) => {
      const text = page.hours[state.hour][state.language];
      slider.value = state.hour;
      slider.setAttribute("aria-valuetext", text);
      label.textContent = text;
      play.made.dataset.wordLabel = state.playing ? "pause" : "play";
      play.path.setAttribute("d", SYMBOLS[state.playing ? "pause" : "play"]);
    });
    watchKeys({ "[": () => go(-1), "]": () => go(1), " ": toggle });
    return node("section", { id: "muster-hours", wordLabel: "hour", wordTitle: "keys" }, [
      muster.legendStrip(page, store),
      node("div", { class: "muster-keys" }, [previous.made, play.made, next.made]),
      node("div", { class: "muster-track" }, [spark.key, spark.box, slider]),
      label,
    ]);
  };
})();
