/* Event sites: rings, zones and passages, as they are expected to stand in the hour. */
(function () {
  "use strict";

  const FROM_ZOOM = { rings: 11, passages: 14, zoneNames: 16.5, passageNames: 17 };
  /* How the classes of density are coloured; the lowest is not. */
  const CLASS_FILLS = muster.CROWD_FILLS = [null, "rgba(240, 170, 0, 0.45)", "rgba(214, 40, 40, 0.5)", "rgba(110, 0, 50, 0.65)"];
  const CLOSED = "#c8102e";
  const INK = "#12284f";
  const WAITING_PER_M2 = 2;
  const EARTH_M = 40075016.7;
  const ZONE_SPOTS = [[0, 0], [0, 14], [0, -14]];
  const PASSAGE_SPOTS = [[0, 16], [0, -16]];

  /** The day of a site with people on it in an hour, with the hours since it began; null for none. */
  function dayAt(days, hour) {
    const day = days.find((one) => one.staffed[hour - one.from] >= 1);
    return day ? { day, at: hour - day.from } : null;
  }

  const path = (points) => {
    const found = new Path2D();
    for (const ring of points) {
      ring.forEach(([x, y], i) => (i ? found.lineTo(x, y) : found.moveTo(x, y)));
      found.closePath();
    }
    return found;
  };

  const Sites = muster.Drawing.extend({
    hour: 0,

    initialize(content) {
      this.colours = content.colours;
      this.sites = content.sites.map((site, number) => ({
        ...site,
        rings: site.rings.map((outline) => outline.map(muster.pathOfSteps)),
        zones: site.zones.map((zone) => ({ ...zone, outline: zone.outline.map(muster.pathOfSteps) })),
        passages: site.passages.map((one) => ({ ...one, world: muster.world(one.lat, one.lon) })),
        days: content.days.filter((day) => day.site === number),
      }));
    },

    show(state) {
      this.hour = state.hour;
    },

    pixels(outline) {
      return outline.map((ring) => ring.map((world) => [this.x(world), this.y(world)]));
    },

    paint(context) {
      const zoom = this._map.getZoom();
      if (zoom < FROM_ZOOM.rings) return;
      for (const site of this.sites) {
        const now = dayAt(site.days, this.hour);
        context.globalAlpha = now ? 1 : 0.5;
        this.paintZones(context, site, now);
        site.rings.forEach((outline, ring) => this.outline(context, outline, this.colours[ring]));
        if (zoom < FROM_ZOOM.passages) continue;
        site.passages.forEach((passage, number) => {
          const state = now ? now.day.state[now.at][number] : "b";
          if (now) this.paintQueue(context, passage, now.day.queue[now.at][number]);
          this.paintPassage(context, passage, state);
        });
      }
      context.globalAlpha = 1;
    },

    paintZones(context, site, now) {
      site.zones.forEach((zone, number) => {
        const shape = path(this.pixels(zone.outline));
        context.fillStyle = (now && CLASS_FILLS[now.day.class[now.at][number]]) || "rgba(255, 255, 255, 0.3)";
        context.fill(shape, "evenodd");
        context.strokeStyle = INK;
        context.lineWidth = 0.8;
        context.stroke(shape);
      });
    },

    outline(context, outline, colour) {
      const shape = path(this.pixels(outline));
      context.lineJoin = "round";
      context.strokeStyle = "#ffffff";
      context.lineWidth = 5;
      context.stroke(shape);
      context.strokeStyle = colour;
      context.lineWidth = 2.5;
      context.stroke(shape);
    },

    /** Pixels of a metre at the middle of the view. */
    pixelsPerM() {
      const latitude = (this._map.getCenter().lat * Math.PI) / 180;
      return (256 * this.scale) / (EARTH_M * Math.cos(latitude));
    },

    /** People who wait, as the hatched disc that they fill outside the passage. */
    paintQueue(context, { world, inwards }, people) {
      if (people < 1) return;
      const radius = Math.max(5, Math.sqrt(people / WAITING_PER_M2 / Math.PI) * this.pixelsPerM());
      const x = this.x(world) - inwards[0] * (radius + 6);
      const y = this.y(world) + inwards[1] * (radius + 6);
      if (this.sees(x, y, radius)) muster.paintHatched(context, x, y, radius);
    },

    paintPassage(context, { world, inwards, kind }, state) {
      const [x, y] = [this.x(world), this.y(world)];
      if (this.sees(x, y, 20)) muster.paintPassage(context, x, y, kind, inwards, state);
    },

    names(zoom, language) {
      const offered = [];
      for (const site of this.sites) {
        if (zoom >= FROM_ZOOM.zoneNames) {
          for (const zone of site.zones) {
            offered.push({ text: zone.names[language], world: middle(zone.outline[0]), size: 11, spots: ZONE_SPOTS });
          }
        }
        if (zoom >= FROM_ZOOM.passageNames) {
          for (const one of site.passages) {
            offered.push({ text: one.names[language], world: one.world, size: 10, spots: PASSAGE_SPOTS });
          }
        }
      }
      return offered;
    },

    /** The passage within `reach` pixels of a position of the map, else the zone around it. */
    nearest(point, reach) {
      const zoom = this._map.getZoom();
      if (zoom < FROM_ZOOM.passages) return null;
      const corner = this._map.layerPointToContainerPoint(this.topLeft);
      const [x, y] = [point.x - corner.x, point.y - corner.y];
      let best = null;
      let least = reach;
      for (const site of this.sites) {
        site.passages.forEach((passage, number) => {
          const away = Math.hypot(this.x(passage.world) - x, this.y(passage.world) - y);
          if (away <= least) [best, least] = [{ site, passage, number }, away];
        });
      }
      if (best) return best;
      const context = this.canvas.getContext("2d");
      context.save();
      context.setTransform(1, 0, 0, 1, 0, 0);
      for (const site of this.sites) {
        site.zones.forEach((zone, number) => {
          const shape = path(this.pixels(zone.outline));
          if (context.isPointInPath(shape, x, y, "evenodd")) best = { site, zone, number };
        });
      }
      context.restore();
      return best;
    },
  });

  /** A hatched disc: people who wait. */
  muster.paintHatched = function (context, x, y, radius) {
    context.save();
    context.beginPath();
    context.arc(x, y, radius, 0, 2 * Math.PI);
    context.fillStyle = "rgba(255, 255, 255, 0.7)";
    context.fill();
    context.strokeStyle = INK;
    context.lineWidth = 1.2;
    context.stroke();
    context.clip();
    context.beginPath();
    for (let at = -2 * radius; at <= 2 * radius; at += 5) {
      context.moveTo(x + at - radius, y + radius);
      context.lineTo(x + at + radius, y - radius);
    }
    context.stroke();
    context.restore();
  };

  /** A passage as it stands in the hour; without a state, what marks its kind alone. */
  muster.paintPassage = function (context, x, y, kind, inwards, state) {
    context.save();
    context.translate(x, y);
    muster.PASSAGES[kind](context);
    context.rotate(Math.atan2(-inwards[1], inwards[0]));
    if (state === "c") closedBar(context);
    else if (state && (kind !== "metro" || state !== "b")) arrows(context, state);
    context.restore();
    if (state === "s") skipped(context, x, y);
  };

  const middle = (ring) => {
    const bounds = L.bounds(ring);
    return bounds.getCenter();
  };

  const line = (context, points) => {
    context.beginPath();
    points.forEach(([x, y], i) => (i ? context.lineTo(x, y) : context.moveTo(x, y)));
    context.stroke();
  };

  /** Arrows along the way in (to the right) and out, with a white casing. */
  function arrows(context, state) {
    const heads = { i: [1], o: [-1], b: [1, -1], s: [] }[state];
    for (const [colour, width] of [["#ffffff", 5.5], [INK, 2.4]]) {
      context.strokeStyle = colour;
      context.lineWidth = width;
      context.lineCap = context.lineJoin = "round";
      for (const way of heads) {
        line(context, [[8 * way, 0], [17 * way, 0]]);
        line(context, [[13 * way, -4], [17 * way, 0], [13 * way, 4]]);
      }
    }
  }

  /** A dashed red bar across the way. */
  function closedBar(context) {
    for (const [colour, width, dash] of [["#ffffff", 6, []], [CLOSED, 3.2, [4, 3]]]) {
      context.strokeStyle = colour;
      context.lineWidth = width;
      context.setLineDash(dash);
      line(context, [[0, -14], [0, 14]]);
    }
    context.setLineDash([]);
  }

  /** A metro entrance that trains pass by. */
  function skipped(context, x, y) {
    context.strokeStyle = CLOSED;
    context.lineWidth = 2.6;
    line(context, [[x - 7, y + 7], [x + 7, y - 7]]);
  }

  const plate = (context, shape) => {
    context.beginPath();
    shape();
    context.fillStyle = "#ffffff";
    context.fill();
    context.strokeStyle = INK;
    context.lineWidth = 1.6;
    context.stroke();
  };

  /** What stands for each kind of passage, around the origin. */
  muster.PASSAGES = {
    gate(context) {
      plate(context, () => context.rect(-5, -5, 10, 10));
    },
    crossing(context) {
      plate(context, () => context.arc(0, 0, 5, 0, 2 * Math.PI));
    },
    stairs(context) {
      plate(context, () => context.rect(-6, -6, 12, 12));
      for (const y of [-2, 2]) line(context, [[-6, y], [6, y]]);
    },
    metro(context) {
      plate(context, () => context.arc(0, 0, 7, 0, 2 * Math.PI));
      context.fillStyle = INK;
      context.font = "700 9px " + muster.FONT;
      context.textAlign = "center";
      context.textBaseline = "middle";
      context.fillText("M", 0, 0.5);
    },
  };

  /** The day of an event in an hour, with the hours since it began; null outside its hours. */
  muster.eventDay = (event, hour) => dayAt(muster.layers.sites.days.filter((day) => day.event === event), hour);
  muster.siteDay = (site, hour) => dayAt(site.days, hour);

  /** Of each ladder: the last step taken with the expected crowd, and the next one. */
  muster.stepsAt = ({ day, at }) =>
    day.ladders.map((steps, ladder) => {
      const level = day.levels[at][ladder];
      return { taken: steps[level - 1] || null, next: steps[level] || null };
    });

  muster.sites = function () {
    const content = muster.content("sites");
    muster.layers.sites = new Sites(content);
    muster.layers.sites.days = content.days;
  };
})();
