// Results as lines of text.

/**
 * @typedef {import("../harness/measure.mjs").Result} Result
 * @typedef {import("../stats/estimates.mjs").Estimate} Estimate
 */

/** @param {Result} result */
export function resultLines({ name, title, capped, facts, ...result }) {
  const { summary, seconds, eventsPerSecond, bytesPerSecond, peakBytes } = result;
  const lines = [`${name}: ${title}${capped ? ` (${capped})` : ""}`];
  if (eventsPerSecond) {
    const rate = range(eventsPerSecond, (value) => millions(value));
    lines.push(
      `  ${rate} M events/s, ${millions(bytesPerSecond.value)} MB/s, peak ${mega(peakBytes)} MB`,
    );
  } else {
    lines.push(`  ${duration(summary.median.value)}, peak ${mega(peakBytes)} MB`);
  }
  lines.push(
    `  ${seconds.length} samples, median ${range(summary.median, duration)},` +
      ` mean ${range(summary.mean, duration)}${outlierText(summary.outliers)}`,
  );
  const told = Object.entries(facts).map(([what, value]) => `${what} ${shortNumber(value)}`);
  if (told.length > 0) lines.push(`  ${told.join(", ")}`);
  return lines;
}

/** @param {import("../harness/side-by-side.mjs").SideBySide} comparison */
export function sideBySideLines(comparison) {
  const { against, ratio, ratios, eventsPerSecond, otherEventsPerSecond, ofMemcpy, wrong } =
    comparison;
  const { peakBytes, otherPeakBytes, bytesPerEvent } = comparison;
  const rates =
    eventsPerSecond && otherEventsPerSecond
      ? ` ${millions(eventsPerSecond)} beside ${millions(otherEventsPerSecond)} M events/s,`
      : "";
  const more = [
    ofMemcpy === undefined ? "" : `, ${ofMemcpy.toFixed(2)} of memcpy`,
    bytesPerEvent === undefined ? "" : `, its file ${bytesPerEvent.toFixed(2)} B/event`,
    wrong ? `\n    it ${wrong}` : "",
  ];
  return [
    `  ${range(ratio, (value) => value.toFixed(2))} times ${against}, ${roundsText(ratios)}:${rates}` +
      ` peak ${mega(peakBytes)} beside ${mega(otherPeakBytes)} MB${more.join("")}`,
  ];
}

/** @param {readonly number[]} ratios of each round */
export function roundsText({ length }) {
  return length === 1 ? "one round" : `${length} rounds`;
}

/** @param {import("../harness/compare-builds.mjs").BuildComparison} comparison */
export function buildLines({ against, verdict, ratio, by, ratios, noise, ...rest }) {
  const percent = (value) => `${value >= 1 ? "+" : ""}${((value - 1) * 100).toFixed(1)} %`;
  const isWide = Math.log(ratio.high / ratio.low) > 2 * Math.log1p(noise);
  return [
    `  ${verdict}: time ${range(ratio, percent)} beside ${against}` +
      ` (${by} runs, ${ratios.length} rounds, changes below ${(noise * 100).toFixed(0)} % are noise)` +
      `${isWide ? "; the machine was too busy for a narrow interval" : ""}`,
    `  peak ${mega(rest.peakBytes)} beside ${mega(rest.otherPeakBytes)} MB`,
  ];
}

/** @param {readonly import("../targets.mjs").TargetReached[]} targets */
export function targetLines(targets) {
  return targets.flatMap(({ job, target, reached, state, reason }) => [
    `${state === "reached" ? "reached     " : state === "missed" ? "MISSED      " : "not measured"}  ${job}: ${target}`,
    ...[reached, reason].filter(Boolean).map((line) => `              ${line}`),
  ]);
}

/**
 * @param {Estimate} estimate
 * @param {(value: number) => string} show
 */
export function range({ value, low, high }, show) {
  return `${show(value)} (${show(low)} to ${show(high)})`;
}

/** @param {number} seconds */
export function duration(seconds) {
  if (seconds < 1e-3) return `${(seconds * 1e6).toPrecision(3)} us`;
  if (seconds < 1) return `${(seconds * 1e3).toPrecision(3)} ms`;
  return `${seconds.toPrecision(3)} s`;
}

/** @param {number} value */
export function millions(value) {
  return value < 100e6 ? (value / 1e6).toPrecision(3) : (value / 1e6).toFixed(0);
}

/** @param {number | null} bytes */
export function mega(bytes) {
  return Number.isFinite(bytes) ? (bytes / 1e6).toFixed(0) : "?";
}

function shortNumber(value) {
  if (Number.isInteger(value)) return value.toLocaleString("en");
  return value >= 100 ? value.toFixed(0) : value.toPrecision(3);
}

/** @param {import("../stats/estimates.mjs").Outliers} outliers */
export function outlierText({ lowSevere, lowMild, highMild, highSevere }) {
  const kinds = [
    [lowSevere, "low severe"],
    [lowMild, "low mild"],
    [highMild, "high mild"],
    [highSevere, "high severe"],
  ].filter(([count]) => count > 0);
  if (kinds.length === 0) return "";
  return `, outliers: ${kinds.map(([count, kind]) => `${count} ${kind}`).join(", ")}`;
}
