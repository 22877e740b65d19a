/* Stations, event posts and must-visit points. */
(function () {
  "use strict";

  const NAMED_FROM_ZOOM = { stations: 13, visits: 13, posts: 11, reserve: 99 };
  /* Beside its place, so that the units on patrol there are seen and found too. */
  const ASIDE = { reserve: [9, 9] };
  const RESERVE_FILLS = ["#0b3b2e", "#5b2a86"];
  const RING_FILLS = ["#c81e3a", "#e07b00", "#2458b8", "#111827"];
  const BESIDE = [[11, 0], [11, 12], [11, -12]];

  /** The marks of a kind; `marks` have a world position, names and whatever the popup needs. */
  const Marks = muster.Drawing.extend({
    hour: 0,

    initialize(kind, marks) {
      this.kind = kind;
      this.aside = ASIDE[kind] || [0, 0];
      this.marks = marks;
    },

    show(state) {
      this.hour = state.hour;
    },

    paint(context) {
      for (const mark of this.marks) {
        const [right, down] = this.aside;
        const [x, y] = [this.x(mark.world) + right, this.y(mark.world) + down];
        if (this.sees(x, y, 10)) muster.MARKS[this.kind](context, x, y, mark, this.hour);
      }
    },

    /** Names beside the marks, once the map is close enough. */
    names(zoom, language) {
      if (zoom < NAMED_FROM_ZOOM[this.kind]) return [];
      return this.marks.map((mark) => ({
        text: mark.names[language],
        world: mark.world,
        size: 11,
        spots: BESIDE,
        beside: true,
      }));
    },

    /** The mark nearest to a position of the map, within `reach` pixels. */
    nearest(point, reach) {
      let best = null;
      let least = reach;
      for (const mark of this.marks) {
        if (this.kind === "reserve" && !muster.activeRows(mark, this.hour).length) continue;
        const at = this._map.latLngToContainerPoint([mark.lat, mark.lon]);
        const away = at.add(this.aside).distanceTo(point);
        if (away <= least) {
          least = away;
          best = mark;
        }
      }
      return best;
    },
  });

  muster.activeRows = (mark, hour) => mark.rows.filter((row) => row.from <= hour && hour < row.to);

  muster.shortOf = (rows) =>
    rows.reduce((sum, row) => sum + Math.max(0, row.required - row.have), 0);

  const polygon = (context, points) => {
    context.beginPath();
    points.forEach(([x, y], i) => (i ? context.lineTo(x, y) : context.moveTo(x, y)));
    context.closePath();
  };

  const diamond = (context, x, y, size) =>
    polygon(context, [[x, y - size], [x + size, y], [x, y + size], [x - size, y]]);

  /** A small plate with a text, its lower left corner at a position. */
  const plate = (context, x, y, text) => {
    context.font = "700 10px " + muster.FONT;
    const wide = context.measureText(text).width + 8;
    context.beginPath();
    context.roundRect(x, y - 7, wide, 14, 7);
    inked(context, "#b3005e", "#ffffff", 1.2);
    context.fillStyle = "#ffffff";
    context.textAlign = "center";
    context.textBaseline = "middle";
    context.fillText(text, x + wide / 2, y + 0.5);
  };

  const inked = (context, fill, line, width) => {
    context.fillStyle = fill;
    context.fill();
    context.strokeStyle = line;
    context.lineWidth = width;
    context.stroke();
  };

  /** How each kind of mark is drawn; the list of layers shows the same marks. */
  muster.MARKS = {
    stations(context, x, y, mark) {
      const half = mark.branch ? 5 : 3.5;
      context.beginPath();
      context.rect(x - half, y - half, 2 * half, 2 * half);
      inked(context, "#ffffff", "#15346b", mark.branch ? 2.5 : 1.8);
    },
    /** A square (a standby point) with the units whose crew is there; hollow where one is missing. */
    reserve(context, x, y, mark, hour) {
      const rows = muster.activeRows(mark, hour);
      if (!rows.length) return;
      const missing = muster.shortOf(rows);
      const colour = RESERVE_FILLS[(rows[0].kindRank || 0) % RESERVE_FILLS.length];
      context.beginPath();
      context.rect(x - 6, y - 6, 12, 12);
      inked(context, missing ? "#ffffff" : colour, missing ? colour : "#ffffff", missing ? 2.4 : 1.6);
      context.font = "700 10px " + muster.FONT;
      context.fillStyle = missing ? colour : "#ffffff";
      context.textAlign = "center";
      context.textBaseline = "middle";
      context.fillText(rows.length - missing, x, y + 0.5);
    },
    visits(context, x, y) {
      polygon(context, [[x, y - 6], [x + 5.5, y + 4], [x - 5.5, y + 4]]);
      inked(context, "#0f766e", "#ffffff", 1.4);
    },
    /** A diamond in the colours of the rings with posts in the hour; a plate says who is missing. */
    posts(context, x, y, mark, hour) {
      const rows = muster.activeRows(mark, hour);
      if (!rows.length) {
        diamond(context, x, y, 5);
        return inked(context, "#9aa3af", "#ffffff", 1.6);
      }
      const rings = [...new Set(rows.map((row) => row.ringRank))].sort().reverse();
      diamond(context, x, y, 11);
      inked(context, RING_FILLS[rings[0]], "#ffffff", 2);
      rings.slice(1).forEach((ring, number) => {
        diamond(context, x, y, 10 - (10 * (number + 1)) / rings.length);
        context.fillStyle = RING_FILLS[ring];
        context.fill();
      });
      const short = muster.shortOf(rows);
      if (short) plate(context, x + 8, y - 9, "−" + short);
    },
  };

  /** Marks of places that came as columns. */
  function marksOf(places, more) {
    return places.names.map((names, i) => ({
      names,
      lat: places.lat[i],
      lon: places.lon[i],
      district: places.district[i],
      world: muster.world(places.lat[i], places.lon[i]),
      ...more(i),
    }));
  }

  async function load({ packed }) {
    const content = await muster.unpackJson(packed);
    const { stations, visits } = content;
    const duty = new Uint16Array((await muster.unpack(stations.onDuty)).buffer);
    const count = stations.names.length;
    const made = {
      stations: marksOf(stations, (i) => ({
        branch: stations.branch[i],
        onDuty: (hour) => duty[hour * count + i],
      })),
      visits: marksOf(visits, (i) => ({
        minutes: visits.minutes[i],
        intervalH: visits.intervalH[i],
        due: visits.due[i],
        starts: visits.starts[i],
      })),
      reserve: content.reserve.marks.map((mark) => ({
        ...mark,
        world: muster.world(mark.lat, mark.lon),
      })),
      posts: content.posts.map((post) => ({ ...post, world: muster.world(post.lat, post.lon) })),
    };
    muster.reserveSites = content.reserve.sites;
    for (const [kind, marks] of Object.entries(made)) {
      muster.layers[kind] = new Marks(kind, marks);
    }
    await muster.loadUnits(content.units, marksOf(content.units, () => ({})));
  }

  muster.points = function (map) {
    muster.loading.push(load(muster.content("points")));
  };
})();
