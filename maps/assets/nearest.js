/* The places with units that are nearest to a cell, and the minutes that each type takes. */
(function () {
  "use strict";

  /** Lists of minutes from the differences that they came as. */
  async function minutesOf(content) {
    const lists = [];
    for (const { of, ratio, change } of content.minutes) {
      const first = lists[of];
      const bytes = change ? await muster.unpack(change) : new Uint8Array(first.length);
      lists.push(first ? bytes.map((value, i) => (value + multiple(first[i], ratio, content)) & 255) : bytes);
    }
    return lists;
  }

  function multiple(steps, ratio, { notReached }) {
    return steps === notReached ? notReached : Math.min(Math.floor(steps * ratio + 0.5), notReached - 1);
  }

  async function load(content) {
    const counts = new Uint16Array((await muster.unpack(content.counts)).buffer);
    const places = new Uint16Array((await muster.unpack(content.places)).buffer);
    const minutes = await minutesOf(content);
    const first = new Uint32Array(counts.length + 1);
    counts.forEach((count, cell) => (first[cell + 1] = first[cell] + count));
    const { listOf, turnout, stations, stepsPerMin, notReached, shown } = content;

    /** Minutes from dispatch to arrival of a type from the place of a pair, null if out of reach. */
    const minutesAt = (type, hour, pair) => {
      const steps = minutes[listOf[type][hour]][pair];
      if (steps === notReached) return null;
      return turnout[type][places[pair] < stations ? 1 : 0] + steps / stepsPerMin;
    };

    /** The nearest places with units in an hour, the soonest first. */
    muster.nearestUnits = (cell, hour) => {
      const { units } = muster.layers;
      const found = [];
      for (let pair = first[cell]; pair < first[cell + 1]; pair++) {
        const place = places[pair];
        const here = units.types
          .map((_, type) => ({
            type,
            count: units.countAt(hour, type, place),
            busy: units.busyAt(hour, type, place),
            minutes: minutesAt(type, hour, pair),
          }))
          .filter(({ count, minutes }) => count && minutes !== null);
        if (here.length) found.push({ place, here, minutes: Math.min(...here.map((one) => one.minutes)) });
      }
      return found.sort((one, other) => one.minutes - other.minutes || one.place - other.place).slice(0, shown);
    };
  }

  muster.nearest = function () {
    muster.loading.push(load(muster.content("nearest")));
  };
})();
