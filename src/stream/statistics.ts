import type { EventStatistics } from "../events/statistics.ts";
import { ProgressMeter } from "../recording/progress.ts";
import type { OpenedRecording } from "../recording/recording.ts";
import { TilePass } from "../recording/tiles.ts";
import { namesOf, without } from "../util/option-names.ts";
import { tell } from "../util/tell.ts";
import { checkFlag, LOAD_NAMES, type LoadOptions, resolveLoad } from "./load-options.ts";
import { MORE_NAMES, type MoreOptions, MoreStatistics } from "./more-statistics.ts";
import { PLAN_NAMES, type PlanOptions } from "./plan-options.ts";
import { rememberReport } from "./report-of.ts";
import { EVERYTHING, type Selection } from "./selection.ts";
import { TileStatistics } from "./tile-statistics.ts";

/** Options of passes that give numbers and no columns. */
export type PassOptions = Omit<
  LoadOptions,
  "columns" | "polarityEncoding" | "threads" | keyof PlanOptions
>;

/** The names of {@link PassOptions}. */
export const PASS_NAMES = namesOf<PassOptions>()(
  without(LOAD_NAMES, { columns: true, polarityEncoding: true, threads: true, ...PLAN_NAMES }),
);

/** Recordings up to this size are read whole by {@link estimateStatistics}: it takes no 0.2 s. */
const SAMPLED_FROM_BYTES = 64 * 1024 * 1024;
/** A clock that runs at least so long, an hour, can be followed from part to part. */
const LONG_CLOCK_US = 3_600_000_000;
/** Parts of a larger recording that are read, and their size. */
const SAMPLES = 8;
const SAMPLE_BYTES = 1024 * 1024;

/** Options of `loadStatistics`: those of a pass, and what is found out beyond counts and extremes. */
export interface StatisticsOptions extends PassOptions, MoreOptions {}

/** The names of {@link StatisticsOptions}. */
export const STATISTICS_NAMES = namesOf<StatisticsOptions>()({ ...PASS_NAMES, ...MORE_NAMES });

/** Options of `sampleStatistics`. */
export interface SampleOptions extends PassOptions, Pick<MoreOptions, "exactTimes"> {}

/** The names of {@link SampleOptions}. */
export const SAMPLE_NAMES = namesOf<SampleOptions>()({ ...PASS_NAMES, exactTimes: true });

/**
 * Reads a whole recording for its statistics.
 *
 * @param wanted - what is found out beyond counts and extremes
 * @param selection - which events, for queries
 * @throws EventError `invalid-option`
 */
export async function collectStatistics(
  recording: OpenedRecording,
  options: PassOptions = {},
  wanted: MoreOptions = {},
  selection: Selection = EVERYTHING,
): Promise<EventStatistics> {
  const { tiles } = resolveLoad(recording, options);
  const statistics = new TileStatistics();
  const { geometry = tiles.geometry ?? recording.geometry } = selection;
  const more = new MoreStatistics(wanted, geometry, recording);
  const pass = new TilePass(recording, {
    ...tiles,
    ...selection.tiles,
    outputBytes: more.bytes,
  });
  pass.report.mode = "chunked";
  for await (const tile of pass.tiles(() => Number.POSITIVE_INFINITY)) {
    await statistics.add(tile);
    await more.add(tile);
  }
  const result = more.addTo(statistics.get(more.exactTimes));
  pass.release();
  rememberReport(result, pass.report);
  tell(options.onReport, pass.report);
  return result;
}

/**
 * Estimates the statistics of a recording from parts of equal size, spread evenly from its first
 * byte or row to its last. A small recording, one of unknown length (a compressed one, too), one
 * with a clock of seconds (EVT 3.0), one with times that only `exact` can tell, and any under `strict` is
 * read whole. What the parts lost is not reported: only a whole pass can tell.
 */
export async function estimateStatistics(
  recording: OpenedRecording,
  options: SampleOptions = {},
): Promise<EventStatistics> {
  const { byteLength, extent, content } = recording;
  const exactTimes = checkFlag("exactTimes", options.exactTimes);
  const readAll = () => collectStatistics(recording, options, { exactTimes });
  const { tiles } = resolveLoad(recording, options);
  const isSmall = byteLength === null || byteLength < SAMPLED_FROM_BYTES;
  const clockPeriodUs =
    content.kind === "stream" ? content.format.clockPeriodUs : Number.POSITIVE_INFINITY;
  // Only a whole pass can tell what is lost, or how often a short clock started again.
  const needsAll = tiles.strict !== false || clockPeriodUs < LONG_CLOCK_US;
  if (isSmall || needsAll || extent === null) return readAll();
  const { signal, geometry, rebase, onMalformed, onProgress } = tiles;
  const { start: first, end: last, step } = extent;
  const length = Math.ceil(SAMPLE_BYTES / extent.bytes);
  if (last - first < SAMPLES * length) return readAll();
  const meter = onProgress && new ProgressMeter(onProgress, SAMPLES * SAMPLE_BYTES);
  const parts: EventStatistics[] = [];
  let seen = 0;
  for (let sample = 0; sample < SAMPLES; sample++) {
    // Every part starts on a word; the last one ends with the source.
    const distance = ((last - first - length) * sample) / (SAMPLES - 1);
    const start = first + Math.floor(distance / step) * step;
    const end = sample === SAMPLES - 1 ? last : start + length;
    const part = new TileStatistics();
    const ranges = [{ start, end }];
    const pass = new TilePass(recording, {
      ...PART_OPTIONS,
      geometry,
      onMalformed,
      signal,
      ranges,
    });
    for await (const tile of pass.tiles(() => Number.POSITIVE_INFINITY)) await part.add(tile);
    const found = part.get(exactTimes);
    if (found.exact !== undefined) return readAll(); // what is added up here are numbers
    parts.push(found);
    seen += pass.report.events;
    meter?.update((sample + 1) * SAMPLE_BYTES, seen);
  }
  const factor = (last - first) / (SAMPLES * length);
  const result = scaleUp(parts, factor, clockPeriodUs, rebase ?? false);
  meter?.finish(SAMPLES * SAMPLE_BYTES, seen);
  const report = recording.startReport(tiles.polarityEncoding, geometry);
  rememberReport(result, report);
  tell(options.onReport, report);
  return result;
}

const PART_OPTIONS = { polarityEncoding: "zero-one", strict: false } as const;

function scaleUp(
  parts: readonly EventStatistics[],
  factor: number,
  clockPeriodUs: number,
  rebase: boolean,
): EventStatistics {
  const filled = unwrap(
    parts.filter(({ events }) => events > 0),
    clockPeriodUs,
  );
  type Value = (part: EventStatistics) => number | null;
  const sum = (value: Value): number =>
    Math.round(filled.reduce((total, part) => total + (value(part) ?? 0), 0) * factor);
  const extreme = (value: Value, best: typeof Math.min): number | null =>
    filled.length === 0 ? null : best(...filled.map((part) => value(part) ?? 0));
  const offset = rebase ? (filled[0]?.firstTime ?? 0) : 0;
  const time = (value: number | null | undefined): number | null =>
    value === null || value === undefined ? null : value - offset;
  const minTime = time(extreme((part) => part.minTime, Math.min));
  const maxTime = time(extreme((part) => part.maxTime, Math.max));
  const durationUs = (maxTime ?? 0) - (minTime ?? 0);
  const events = sum((part) => part.events);
  const on = sum((part) => part.on);
  return {
    estimated: true,
    events,
    on,
    off: events - on,
    firstTime: time(filled[0]?.firstTime),
    lastTime: time(filled.at(-1)?.lastTime),
    minTime,
    maxTime,
    durationUs,
    eventsPerSecond: durationUs === 0 ? null : (events * 1e6) / durationUs,
    minX: extreme((part) => part.minX, Math.min),
    maxX: extreme((part) => part.maxX, Math.max),
    minY: extreme((part) => part.minY, Math.min),
    maxY: extreme((part) => part.maxY, Math.max),
  };
}

/**
 * The parts on one clock: one that starts earlier than the one in front of it ended, by more than
 * half the range of the clock, comes after a wrap; by less, time went back.
 */
function unwrap(parts: readonly EventStatistics[], clockPeriodUs: number): EventStatistics[] {
  let wrapped = 0;
  let end = Number.NEGATIVE_INFINITY;
  return parts.map((part) => {
    const moved = (time: number | null): number => (time ?? 0) + wrapped;
    if (end - moved(part.minTime) > clockPeriodUs / 2) wrapped += clockPeriodUs;
    end = moved(part.maxTime);
    return {
      ...part,
      firstTime: moved(part.firstTime),
      lastTime: moved(part.lastTime),
      minTime: moved(part.minTime),
      maxTime: end,
    };
  });
}
