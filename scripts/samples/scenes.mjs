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

function inOrder(events) {
  return events.sort((a, b) => a.t - b.t);
}
