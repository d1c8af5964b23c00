// Plots as SVG, drawn of numbers alone.

import { quantileOf } from "../stats/estimates.mjs";

const WIDTH = 460;
const HEIGHT = 64;
const AXIS = 16;

/**
 * How samples are spread: a curve of their density, each sample a tick, the median a line in its
 * interval. Samples far off at the top end are left out of the picture, and counted.
 *
 * @param {readonly number[]} samples
 * @param {import("../stats/estimates.mjs").Estimate} median
 * @param {(value: number) => string} show
 */
export function distribution(samples, median, show) {
  const sorted = [...samples].sort((a, b) => a - b);
  const range = quantileOf(sorted, 0.75) - quantileOf(sorted, 0.25) || sorted[0] * 0.01 || 1;
  const [least, most] = [sorted[0], Math.min(sorted.at(-1), quantileOf(sorted, 0.75) + 4 * range)];
  const seen = sorted.filter((sample) => sample <= most);
  const margin = (most - least || range) * 0.08;
  const at = scale(least - margin, most + margin);
  const base = HEIGHT - AXIS;
  const curve = density(seen, [least - margin, most + margin], range)
    .map(([x, height]) => `${at(x).toFixed(1)},${(base - height * (base - 6)).toFixed(1)}`)
    .join(" ");
  const ticks = seen
    .map(
      (sample) =>
        `<line x1="${at(sample).toFixed(1)}" x2="${at(sample).toFixed(1)}" y1="${base - 5}" y2="${base}" class="tick"/>`,
    )
    .join("");
  const [low, high] = [at(median.low), at(Math.min(median.high, most + margin))];
  const left = samples.length - seen.length;
  return svg(
    HEIGHT,
    `median ${show(median.value)}`,
    `<polygon points="0,${base} ${curve} ${WIDTH},${base}" class="density"/>` +
      `<rect x="${low.toFixed(1)}" width="${Math.max(high - low, 1.5).toFixed(1)}" y="2" height="${base - 2}" class="interval"/>` +
      `<line x1="${at(median.value).toFixed(1)}" x2="${at(median.value).toFixed(1)}" y1="2" y2="${base}" class="median"/>` +
      ticks +
      `<line x1="0" x2="${WIDTH}" y1="${base}" y2="${base}" class="axis"/>` +
      label(at(least), HEIGHT - 3, "start", show(least)) +
      label(at(most), HEIGHT - 3, "end", left > 0 ? `${show(most)}, ${left} beyond` : show(most)),
  );
}

/**
 * Ratios of rounds as points, their estimate with its interval, and a band in which there is no change
 * (or, without noise, the line of 1).
 *
 * @param {readonly number[]} ratios
 * @param {import("../stats/estimates.mjs").Estimate} ratio
 * @param {{ noise?: number, verdict?: string }} [options]
 */
export function ratioPlot(ratios, ratio, { noise = 0, verdict = "" } = {}) {
  const all = [...ratios, ratio.low, ratio.high, 1 + 2 * noise, 1 / (1 + 2 * noise), 1].map(
    Math.log,
  );
  const [least, most] = [Math.min(...all), Math.max(...all)];
  const margin = Math.max((most - least) * 0.06, 0.005);
  const place = scale(least - margin, most + margin);
  const at = (value) => place(Math.log(value)).toFixed(1);
  const height = 50;
  const base = height - AXIS;
  const band =
    noise > 0
      ? `<rect x="${at(1 / (1 + noise))}" width="${(at(1 + noise) - at(1 / (1 + noise))).toFixed(1)}" y="2" height="${base - 2}" class="band"/>`
      : "";
  const points = ratios.map(
    (value, index) =>
      `<circle cx="${at(value)}" cy="${8 + ((index * 5) % 12)}" r="2" class="point"/>`,
  );
  const ends = [Math.exp(least), Math.exp(most)].map((value) => value.toPrecision(3));
  return svg(
    height,
    `ratio ${ratio.value.toFixed(3)}`,
    `${band}<line x1="${at(1)}" x2="${at(1)}" y1="2" y2="${base}" class="one"/>${points.join("")}` +
      `<g class="estimate ${verdict.replace(" ", "-")}">` +
      `<line x1="${at(ratio.low)}" x2="${at(ratio.high)}" y1="${base - 7}" y2="${base - 7}"/>` +
      `<circle cx="${at(ratio.value)}" cy="${base - 7}" r="4"/></g>` +
      `<line x1="0" x2="${WIDTH}" y1="${base}" y2="${base}" class="axis"/>` +
      label(place(least), height - 3, "start", ends[0]) +
      oneLabel(Number(at(1)), height) +
      label(place(most), height - 3, "end", ends[1]),
  );
}

/** A bar whose length is a part of the greatest. */
export function bar(value, most, name) {
  const width = Math.max(1, (value / most) * 160);
  return `<svg viewBox="0 0 160 10" width="160" height="10" role="img" aria-label="${name}"><rect width="${width.toFixed(1)}" height="10" rx="2" class="bar"/></svg>`;
}

/** Not where it would stand upon the labels of the ends. */
function oneLabel(x, height) {
  return x > 70 && x < WIDTH - 70 ? label(x, height - 3, "middle", "1") : "";
}

/**
 * A Gaussian kernel over 120 places, its greatest value 1.
 *
 * @param {readonly number[]} samples
 * @param {readonly [number, number]} range
 * @param {number} spread distance of the quartiles
 * @returns {[x: number, height: number][]}
 */
export function density(samples, [from, to], spread) {
  const width = Math.max(0.9 * (spread / 1.34) * samples.length ** -0.2, (to - from) / 200);
  const places = Array.from({ length: 121 }, (_, index) => from + ((to - from) * index) / 120);
  const heights = places.map((place) =>
    samples.reduce((sum, sample) => sum + Math.exp(-(((place - sample) / width) ** 2) / 2), 0),
  );
  const most = Math.max(...heights);
  return places.map((place, index) => [place, heights[index] / most]);
}

function scale(from, to) {
  return (value) => ((value - from) / (to - from)) * WIDTH;
}

function svg(height, name, content) {
  return `<svg viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img" aria-label="${name}">${content}</svg>`;
}

function label(x, y, anchor, text) {
  return `<text x="${x.toFixed(1)}" y="${y}" text-anchor="${anchor}">${text}</text>`;
}
