/**
 * Scenes for sample recordings: lists of events `{ t, x, y, on }` in order of time, the same for
 * the same seed everywhere.
 */

/**
 * Random numbers in [0, 1) from a seed (mulberry32).
 *
 * @param {number} seed
 * @returns {() => number}
 */
export function randomNumbers(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

/**
 * A bright bar, a tenth of the view wide, that crosses the view once: ON at its front edge, OFF at
 * its back edge, and one noise event for every twenty of these.
 */
export function movingBar({ width, height, durationUs, random }) {
  const events = [];
  const barWidth = Math.round(width / 10);
  const stepUs = durationUs / (width + barWidth);
  for (let front = 0; front < width + barWidth; front++) {
    for (const [x, on] of [
      [front, true],
      [front - barWidth, false],
    ]) {
      if (x < 0 || x >= width) continue;
      for (let y = Math.round(height * 0.2); y < height * 0.8; y += 3) {
        events.push({
          t: Math.floor((front + random()) * stepUs),
          x,
          y: y + Math.floor(random() * 3),
          on,
        });
      }
    }
  }
  const count = Math.round(events.length / 20);
  events.push(...noise({ width, height, startUs: 0, durationUs, count, random }));
  return inOrder(events);
}

/**
 * A bright bar that falls through the view once: ON at its lower edge, OFF at its upper one. It
 * reaches the right border, and stands a fifth of the width off the left one. A row answers in two
 * readouts, the first of which a third of its pixels share, so that many events differ in x alone;
 * there is one noise event for every twenty of these.
 */
export function fallingBar({ width, height, startUs, durationUs, random }) {
  const events = [];
  const thickness = Math.round(height / 8);
  const left = Math.round(width / 5);
  const stepUs = durationUs / (height + thickness);
  for (let front = 0; front < height + thickness; front++) {
    for (const [y, on] of [
      [front, true],
      [front - thickness, false],
    ]) {
      if (y < 0 || y >= height) continue;
      for (const share of [0.32, 0.06]) {
        const t = startUs + Math.floor((front + random()) * stepUs);
        for (let x = left; x < width; x++) if (random() < share) events.push({ t, x, y, on });
      }
    }
  }
  const count = Math.round(events.length / 20);
  events.push(...noise({ width, height, startUs, durationUs, count, random }));
  return inOrder(events);
}

/** Events at random pixels and times. */
export function noise({ width, height, startUs, durationUs, count, random }) {
  const events = [];
  for (let index = 0; index < count; index++) {
    events.push({
      t: startUs + Math.floor(random() * durationUs),
      x: Math.floor(random() * width),
      y: Math.floor(random() * height),
      on: random() < 0.5,
    });
  }
  return inOrder(events);
}

/** Edges of a regular external signal on input 1, rising first. */
export function regularTriggers({ startUs, periodUs, count }) {
  return Array.from({ length: count }, (_, index) => ({
    t: startUs + index * periodUs,
    id: 1,
    value: index % 2 === 0 ? 1 : 0,
  }));
}

/** Cuts a scene into scenes of the given duration, each with the time at which it begins. */
export function slicesOf({ geometry, events, triggers }, { startUs, sliceUs, count }) {
  return Array.from({ length: count }, (_, index) => {
    const start = startUs + index * sliceUs;
    const isInside = ({ t }) => t >= start && t < start + sliceUs;
    return {
      startUs: start,
      geometry,
      events: events.filter(isInside),
      triggers: triggers.filter(isInside),
    };
  });
}

function inOrder(events) {
  return events.sort((a, b) => a.t - b.t);
}
