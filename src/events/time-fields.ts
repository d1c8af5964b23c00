import { isSafeTime, timeAsNumber, timeOrNull } from "./safe-time.ts";
import type { EventStatistics, ExactTimes } from "./statistics.ts";

/** The part of statistics that tells of times. */
type TimeFields = Pick<
  EventStatistics,
  "firstTime" | "lastTime" | "minTime" | "maxTime" | "durationUs" | "eventsPerSecond" | "exact"
>;

/** What there is to tell without events. */
const NO_TIMES: TimeFields = {
  ...{ firstTime: null, lastTime: null, minTime: null, maxTime: null },
  ...{ durationUs: 0, eventsPerSecond: null },
};

/**
 * Times and mean rate of events as statistics tell them.
 *
 * @param times - of these events; null where there are none
 * @param exactTimes - tell times that are too large for a number in `exact`
 * @throws EventError `unsafe-time` for such times, unless `exactTimes`
 */
export function timeFields(
  events: number,
  times: Omit<ExactTimes, "durationUs"> | null,
  exactTimes: boolean,
): TimeFields {
  if (times === null) return NO_TIMES;
  const exact: ExactTimes = { ...times, durationUs: times.maxTime - times.minTime };
  const numberOf = (time: bigint): number | null => timeOrNull(time, exactTimes);
  const durationUs = exactTimes ? Number(exact.durationUs) : timeAsNumber(exact.durationUs);
  return {
    firstTime: numberOf(times.firstTime),
    lastTime: numberOf(times.lastTime),
    minTime: numberOf(times.minTime),
    maxTime: numberOf(times.maxTime),
    durationUs,
    eventsPerSecond: durationUs === 0 ? null : (events * 1e6) / durationUs,
    ...(!Object.values(exact).every(isSafeTime) && { exact }),
  };
}
