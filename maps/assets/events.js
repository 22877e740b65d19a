/* Events of the hour: posts that are missing, the crowd, and the next step of each ladder. */
(function () {
  "use strict";

  const { node } = muster;

  const percent = (share) => (share > 0 && share < 0.01 ? "< 1%" : Math.round(100 * share) + "%");

  /** A step in words: its name, and from how many people on it holds. */
  const stepText = (step, state, words) =>
    step.names[state.language] +
    " (≥ " + (step.perM2 ? step.at + "/m²" : step.at.toLocaleString("en-US") + " " + words.people_inside) + ")";

  /** Chance of a step, in the hour and in all, and when it comes in the crowds that reach it. */
  function chanceText(step, at, words) {
    const [early, usual, late] = step.clocks;
    const when = usual ? ", " + words.usually_at + " " + usual + " (" + early + "–" + late + ")" : "";
    return words.this_hour + " " + percent(step.chances[at]) + ", " + words.in_all + " " + percent(step.chance) + when;
  }

  /** Crowd, step in force and next step, as a list of facts for a popup. */
  muster.crowdFacts = function (now, state, words) {
    const people = node("dl", {});
    const steps = node("dl", { class: "muster-wide" });
    const add = (list, name, value) => list.append(node("dt", { text: name }), node("dd", { text: value }));
    const fact = (name, value) => add(steps, name, value);
    add(people, words.crowd_row, now.day.inside[now.at].toLocaleString("en-US"));
    add(people, words.staffed_row, now.day.staffed[now.at].toLocaleString("en-US"));
    for (const { taken, next } of muster.stepsAt(now)) {
      fact(words.step_taken, taken ? stepText(taken, state, words) : words.none);
      if (!next) continue;
      fact(words.step_next, stepText(next, state, words));
      fact(words.chance, chanceText(next, now.at, words));
    }
    return [people, steps];
  };

  function eventLine(mark, state, words, open) {
    const rows = muster.activeRows(mark, state.hour);
    const need = rows.reduce((sum, row) => sum + row.required, 0);
    const short = muster.shortOf(rows);
    const button = node("button", { type: "button", class: "muster-link", text: mark.names[state.language] });
    button.addEventListener("click", () => open("posts", mark));
    const parts = [
      button,
      node("span", { class: short ? "muster-short" : "", text: need - short + " / " + need + (short ? ", " + words.short + " " + short : "") }),
    ];
    const now = muster.eventDay(mark.event, state.hour);
    for (const { taken, next } of now ? muster.stepsAt(now) : []) {
      if (taken) parts.push(node("small", { text: words.step_taken + ": " + stepText(taken, state, words) }));
      if (next) {
        const text = words.step_next + ": " + stepText(next, state, words) + ", " + chanceText(next, now.at, words);
        parts.push(node("small", { text }));
      }
    }
    return node("li", {}, parts);
  }

  /** List of the events with posts in the hour, those with the most people missing first. */
  muster.eventSection = function (page, store, open) {
    const list = node("ul", {});
    const none = node("p", { word: "no_events" });
    const redraw = (state) => {
      const words = page.words[state.language];
      const { marks } = muster.layers.posts;
      const rank = (mark) => {
        const rows = muster.activeRows(mark, state.hour);
        return [muster.shortOf(rows), rows.reduce((sum, row) => sum + row.required, 0)];
      };
      const ranked = marks
        .map((mark) => ({ mark, rank: rank(mark) }))
        .filter(({ rank }) => rank[1] > 0)
        .sort((one, other) => other.rank[0] - one.rank[0] || other.rank[1] - one.rank[1]);
      muster.keepFocus(list, () => {
        list.replaceChildren(...ranked.map(({ mark }) => eventLine(mark, state, words, open)));
      });
      none.hidden = ranked.length > 0;
    };
    const details = node("details", { class: "muster-list muster-extra" }, [
      node("summary", { word: "events_now" }),
      node("p", { class: "muster-note", word: "events_note" }),
      list,
      node("p", { class: "muster-left-out", hidden: "" }),
      none,
    ]);
    details.open = true;
    muster.whenOpen(details, store, redraw);
    return details;
  };
})();
