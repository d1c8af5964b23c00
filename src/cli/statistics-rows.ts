import type { BusiestWindow, EventStatistics, ExactBusiestWindow } from "../node.ts";
import {
  formatCount,
  formatDuration,
  formatMagnitude,
  formatRate,
  formatTime,
  NOTHING,
  type Row,
  roundTo,
  withShare,
} from "./format.ts";

/** Events and their polarity. An estimate is rounded and marked with `~`. */
export function countRows({ events, on, off, estimated }: EventStatistics): Row[] {
  const count = (value: number): string =>
    estimated ? `~${formatCount(roundTo(value, 3))}` : formatCount(value);
  return [
    ["Events", count(events)],
    ["ON", withShare(on, events, count)],
    ["OFF", withShare(off, events, count)],
  ];
}

/** First and last time, duration and rate. */
export function timeRows(statistics: EventStatistics): Row[] {
  const { events, eventsPerSecond, estimated } = statistics;
  const { firstTime, lastTime, durationUs } = statistics.exact ?? statistics;
  const mark = estimated ? "~" : "";
  return [
    ["First event", timeOf(firstTime, mark)],
    ["Last event", timeOf(lastTime, mark)],
    ["Duration", timeOf(events === 0 ? null : durationUs, mark)],
    ["Rate", eventsPerSecond === null ? NOTHING : `${mark}${formatRate(eventsPerSecond)}`],
  ];
}

/** Least and greatest time and coordinates. */
export function extremeRows(statistics: EventStatistics): Row[] {
  const { minX, maxX, minY, maxY } = statistics;
  const { minTime, maxTime } = statistics.exact ?? statistics;
  const range = (from: number | null, to: number | null): string =>
    from === null || to === null ? NOTHING : `${from} to ${to}`;
  return [
    ["Least time", timeOf(minTime)],
    ["Greatest time", timeOf(maxTime)],
    ["x", range(minX, maxX)],
    ["y", range(minY, maxY)],
  ];
}

/** Windows of time, the busiest of them, and all of them as a line of bars. */
export function rateRows({ rate }: EventStatistics): Row[] {
  if (rate === undefined) return [];
  const { windowUs, windows, counts, meanEvents } = rate;
  const { busiest } = rate.exact ?? rate;
  const mean = meanEvents === null ? "" : `, ${formatMagnitude(meanEvents)} events each on average`;
  const rows: Row[] = [
    ["Windows", `${formatCount(windows)} of ${formatDuration(windowUs)}${mean}`],
  ];
  if (counts === null) {
    rows.push([
      "Busiest",
      `${NOTHING} (more windows than are counted; take longer ones: --window)`,
    ]);
  } else {
    rows.push(["Busiest", busiest === null ? NOTHING : busiestOf(busiest)]);
    if (windows > 1) rows.push(["Over time", sparkline(counts)]);
  }
  return rows;
}

function busiestOf({ start, events, eventsPerSecond }: BusiestWindow | ExactBusiestWindow): string {
  return `${counted(events)} (${formatRate(eventsPerSecond)}) from ${formatTime(start)} on`;
}

const BARS = "▁▂▃▄▅▆▇█";
/** Bars of a line: with a label, no wider than a small terminal. */
const MOST_BARS = 60;

/** Numbers as bars, each the mean of a part of them; the least bar stands for 0, too. */
export function sparkline(numbers: readonly number[]): string {
  const width = Math.min(MOST_BARS, numbers.length);
  const means = Array.from({ length: width }, (_, bar) => {
    const from = Math.floor((bar * numbers.length) / width);
    const to = Math.floor(((bar + 1) * numbers.length) / width);
    return numbers.slice(from, to).reduce((sum, number) => sum + number, 0) / (to - from);
  });
  const most = Math.max(...means, Number.MIN_VALUE);
  return means.map((mean) => BARS[Math.floor((mean / most) * (BARS.length - 1))]).join("");
}

/** Active and hot pixels. */
export function pixelRows({ events, pixels }: EventStatistics): Row[] {
  if (pixels === undefined) return [];
  const { active, sensor, medianEvents, hot, hotEvents, eventsNotCounted } = pixels;
  const share = withShare(hotEvents, events);
  const rows: Row[] = [
    ["Active pixels", sensor === null ? formatCount(active) : withShare(active, sensor)],
    ["Median pixel", medianEvents === null ? NOTHING : counted(medianEvents)],
    ["Hot pixels", hot === 0 ? "0" : `${formatCount(hot)} with ${share} of the events`],
  ];
  if (eventsNotCounted > 0) {
    rows.push(["Not counted", `${counted(eventsNotCounted)} on still more pixels`]);
  }
  return rows;
}

/** The hottest pixels as a table. */
export function hotPixelLines({ pixels }: EventStatistics): string[] {
  const { hot = 0, hotPixels = [] } = pixels ?? {};
  if (hotPixels.length === 0) return [];
  const percent = (part: number): string => `${(part * 100).toFixed(2)} %`;
  const rows = hotPixels.map(({ x, y, events, on, share }) => [
    ...[String(x), String(y), formatCount(events), percent(share), percent(on / events)],
  ]);
  const lines = aligned([["hot x", "y", "events", "of all", "ON"], ...rows]);
  const more = hot - hotPixels.length;
  return more === 0 ? lines : [...lines, `... and ${formatCount(more)} more; --hot-pixels N`];
}

/** A table, aligned to the right. */
function aligned(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => row[column]?.length ?? 0)),
  );
  return rows.map((row) => row.map((text, at) => text.padStart(widths[at] ?? 0)).join("  "));
}

function counted(events: number): string {
  return `${formatCount(events)} ${events === 1 ? "event" : "events"}`;
}

function timeOf(us: number | bigint | null, mark = ""): string {
  return us === null ? NOTHING : `${mark}${formatTime(us)}`;
}
