import type { EventStatistics } from "../node.ts";
import {
  formatCount,
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
  const { firstTime, lastTime, durationUs, events, eventsPerSecond, estimated } = statistics;
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
  const { minTime, maxTime, minX, maxX, minY, maxY } = statistics;
  const range = (from: number | null, to: number | null): string =>
    from === null || to === null ? NOTHING : `${from} to ${to}`;
  return [
    ["Least time", timeOf(minTime)],
    ["Greatest time", timeOf(maxTime)],
    ["x", range(minX, maxX)],
    ["y", range(minY, maxY)],
  ];
}

function timeOf(us: number | null, mark = ""): string {
  return us === null ? NOTHING : `${mark}${formatTime(us)}`;
}
