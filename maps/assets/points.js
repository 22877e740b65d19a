/* Stations, event posts and must-visit points. */
(function () {
  "use strict";

  const NAMED_FROM_ZOOM = { stations: 13, visits: 13, posts: 11 };
  const BESIDE = [[11, 0], [11, 12], [11, -12]];

  /** A layer of marks; `marks` have a world position, names and whatever the popup needs. */
  const MarkLayer = muster.CanvasLayer.extend({
    hour: 0,

    initialize(kind, marks) {
      L.setOptions(this, { pane: "marks" });
      this.kind = kind;
      this.marks = marks;
    },

    show(state) {
      this.hour = state.hour;
      this.draw();
    },

    paint(context) {
      for (const mark of this.marks) {
        const [x, y] = [this.x(mark.world), this.y(mark.world)];
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
        const at = this._map.latLngToContainerPoint([mark.lat, mark.lon]);
        const away = at.distanceTo(point);
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
    visits(context, x, y) {
      polygon(context, [[x, y - 6], [x + 5.5, y + 4], [x - 5.5, y + 4]]);
      inked(context, "#0f766e", "#ffffff", 1.4);
    },
    posts(context, x, y, mark, hour) {
      const rows = muster.activeRows(mark, hour);
      const size = rows.length ? 8 : 5;
      polygon(context, [[x, y - size], [x + size, y], [x, y + size], [x - size, y]]);
      const fill = !rows.length ? "#9aa3af" : muster.shortOf(rows) ? "#d81b72" : "#111827";
      inked(context, fill, "#ffffff", 1.6);
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

  async function load(content) {
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
      posts: content.posts.map((post) => ({ ...post, world: muster.world(post.lat, post.lon) })),
    };
    for (const [kind, marks] of Object.entries(made)) {
      muster.layers[kind] = new MarkLayer(kind, marks);
    }
    await muster.loadUnits(content.units, marksOf(content.units, () => ({})));
  }

  muster.points = function (map) {
    muster.loading.push(load(muster.content("points")));
  };
})();
