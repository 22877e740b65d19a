/* Cells of any shape: their values, one byte each, and what stands for them as colour and text. */
(function () {
  "use strict";

  /* Pages with fewer values than this are decoded whole before they open. */
  const DECODED_AT_ONCE = 8e6;

  const rgba = (colour) => {
    const [red, green, blue] = [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16));
    return ((255 << 24) | (blue << 16) | (green << 8) | red) >>> 0;
  };

  /** Colour of each code: the class of its step, own ones out of reach, nothing without data. */
  function colourTable(shown, content) {
    const table = new Array(256).fill(null);
    shown.classOfCode.forEach((number, code) => {
      table[code] = shown.palette[number];
    });
    table[content.outOfReach] = content.unreachedColour;
    if (shown.signed) {
      table[content.onlyPlan] = content.onlyPlanColour;
      table[content.onlyBaseline] = content.onlyBaselineColour;
    }
    return table;
  }

  /** What makes a metric or its difference ready to be shown. */
  function prepare(shown, content) {
    shown.colours = colourTable(shown, content);
    shown.pixels = Uint32Array.from(shown.colours, (colour) => (colour ? rgba(colour) : 0));
  }

  /** Codes hour by hour, of frames that may lie cell by cell or tell changes between hours. */
  async function hourByHour({ packed, byCell, change }, cells, hours) {
    const codes = new Uint8Array(cells * hours);
    let [cell, hour] = [0, 0];
    await muster.unpackTo(packed, (piece) => {
      for (let i = 0; i < piece.length; i++) {
        const at = hour * cells + cell;
        codes[at] = change && hour ? piece[i] + codes[at - cells] : piece[i];
        if (byCell) hour++;
        else cell++;
        if (byCell && hour === hours) {
          hour = 0;
          cell++;
        } else if (!byCell && cell === cells) {
          cell = 0;
          hour++;
        }
      }
      /* Freed at once where the browser can: until it tidies up the pieces take as much as the codes. */
      piece.buffer.transfer?.(0);
    });
    return codes;
  }

  /**
   * Base of the layers of cells. A layer that extends it says how to lay out its cells
   * (`loadPlaces`), to colour them (`colour`, `paint`) and which one lies at a place (`cellAt`).
   */
  muster.ValueLayer = muster.Drawing.extend({
    picture: true,

    initialize(content) {
      Object.assign(this, content);
      this.hour = 0;
      this.view = "plan";
      this.decoding = new Map();
    },

    async load() {
      this.about = await muster.unpackJson(this.about);
      await this.loadPlaces();
      for (const metric of this.metrics) {
        prepare(metric, this);
        metric.codes = {};
        if (metric.difference) {
          const { key, percent } = metric;
          Object.assign(metric.difference, { key, percent, signed: true });
          prepare(metric.difference, this);
        }
      }
      this.metric = this.metrics[0];
      const frames = this.metrics.flatMap((metric) =>
        Object.keys(metric.frames).map((name) => [metric, name]),
      );
      const small = this.cells * this.hours * frames.length <= DECODED_AT_ONCE;
      const first = small ? frames : frames.slice(0, 1);
      for (const [metric, name] of first) await this.decode(metric, name);
    },

    /** Frames a metric has under a name: one that does not vary has those of the plan only. */
    framesOf(metric, name) {
      return metric.difference ? name : "plan";
    },

    /** Decode the frames of a metric, once. */
    decode(metric, name) {
      const key = metric.key + " " + name;
      if (!this.decoding.has(key)) this.decoding.set(key, this.decoded(metric, name));
      return this.decoding.get(key);
    },

    async decoded(metric, name) {
      const packed = metric.frames[name];
      delete metric.frames[name];
      const codes = await hourByHour(packed, this.cells, this.hours);
      if (name === "difference") await this.addExpected(metric, codes);
      metric.codes[name] = codes;
    },

    /** Differences are sent as what they differ from those of the steps of both plans. */
    async addExpected(metric, codes) {
      await this.decode(metric, "plan");
      await this.decode(metric, "baseline");
      const expected = await muster.unpack(metric.difference.expected);
      const { plan, baseline } = metric.codes;
      for (let i = 0; i < codes.length; i++) codes[i] += expected[256 * plan[i] + baseline[i]];
    },

    /** Codes of a metric, or null while they are being decoded; then the page is told. */
    codes(metric, name) {
      const frames = this.framesOf(metric, name);
      if (metric.codes[frames]) return metric.codes[frames];
      if (metric.frames[frames]) this.decode(metric, frames).then(() => muster.store.set({}));
      return null;
    },

    /** The metric of the state, or its difference where that is shown. */
    shownMetric(state) {
      const metric = this.metrics.find((one) => one.key === state.metric);
      return state.view === "difference" && metric.difference ? metric.difference : metric;
    },

    show(state) {
      this.hour = state.hour;
      this.view = state.view;
      this.metric = this.metrics.find((metric) => metric.key === state.metric);
      this.divider = state.divider;
      for (const name of this.names()) this.colour(name);
    },

    /** What is drawn: both plans on either side of the divider, one of them or the difference. */
    names() {
      if (this.view === "compare") return ["baseline", "plan"];
      return [this.view === "difference" && !this.metric.difference ? "plan" : this.view];
    },

    /** The metric, or the difference, whose colours a name is drawn in. */
    coloursOf(name) {
      return name === "difference" ? this.metric.difference : this.metric;
    },

    paint(context) {
      for (const name of this.names()) {
        context.save();
        if (this.view === "compare") this.clip(context, name === "plan" ? "right" : "left");
        this.lay(context, name);
        context.restore();
      }
      this.fade(context);
    },

    /* Cells overlap by a fraction, so they become translucent together; nothing else is there yet. */
    fade(context) {
      context.globalCompositeOperation = "destination-in";
      context.fillStyle = "rgba(0, 0, 0, " + this.opacity + ")";
      context.fillRect(0, 0, this.size.x, this.size.y);
    },

    /** Value of a cell as text; `words` for the codes that are not values. */
    valueText(metric, name, cell, words) {
      const codes = this.codes(metric, name);
      if (!codes) return "…";
      const code = codes[this.hour * this.cells + cell];
      const special = {
        [this.noData]: words.no_data,
        [this.outOfReach]: words[name === "difference" ? "neither_reached" : "unreached_" + metric.key],
      };
      if (name === "difference" && metric.difference) {
        special[this.onlyPlan] = words.only_plan;
        special[this.onlyBaseline] = words.only_baseline;
        return special[code] || differenceText(metric.difference, code);
      }
      return special[code] || stepText(metric, code);
    },
  });

  /** Middle of a step with the decimals that its size is shown with. */
  function stepText(shown, step) {
    const lower = shown.edges[step];
    if (step === shown.edges.length - 1) return shown.percent ? "100%" : "≥ " + lower;
    const [, digits] = shown.digits.find(([upTo]) => lower < upTo) || shown.digits.at(-1);
    const middle = ((lower + shown.edges[step + 1]) / 2) * (shown.percent ? 100 : 1);
    return middle.toFixed(digits) + (shown.percent ? "%" : "");
  }

  function differenceText(difference, code) {
    const step = code - (difference.edges.length - 1);
    const sign = step < 0 ? "−" : step > 0 ? "+" : "";
    return sign + stepText(difference, Math.abs(step));
  }
})();
