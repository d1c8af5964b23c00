import { COLUMN_NAMES } from "../events/columns.ts";
import type { EventStatistics } from "../events/statistics.ts";
import type { FormatDetection } from "../formats/detect.ts";
import { checkOptions } from "../formats/options.ts";
import { type EventSource, OpenedSource } from "../recording/opened-source.ts";
import { checkSignal } from "../recording/recording.ts";
import { digestRecording, type EventDigest } from "../stream/digest.ts";
import { checkFlag, resolveLoad } from "../stream/load-options.ts";
import { rememberReport } from "../stream/report-of.ts";
import {
  collectStatistics,
  estimateStatistics,
  PASS_NAMES,
  type PassOptions,
  SAMPLE_NAMES,
  type SampleOptions,
  STATISTICS_NAMES,
  type StatisticsOptions,
} from "../stream/statistics.ts";
import { STREAM_NAMES } from "../stream/stream-options.ts";
import { namesOf } from "../util/option-names.ts";
import { type Recording, withRecording } from "./recording.ts";

/** Options of {@link detectFormat}. */
interface DetectOptions {
  /** Ends the work early; it rejects with the signal's reason. */
  signal?: AbortSignal | undefined;
}

const DETECT_NAMES = namesOf<DetectOptions>()({ signal: true });

/**
 * Judges the format of a source from its first bytes, of a compressed one from what comes out of
 * it. Its name counts only where the bytes alone cannot tell, and only if they fit.
 *
 * @returns the format, whether this version reads it, and what the judgement rests on
 * @throws EventError `unknown-format`, `empty-source`, `git-lfs-pointer`, `invalid-header`,
 *   `invalid-compression`, `unsupported-compression`, and whatever reading the source throws
 * @example
 * ```ts
 * const { format, reason } = await detectFormat("recording.raw");
 * ```
 */
export async function detectFormat(
  source: EventSource,
  options: DetectOptions = {},
): Promise<FormatDetection> {
  checkOptions(options, DETECT_NAMES);
  checkSignal(options.signal);
  const opened = await OpenedSource.open(source, options.signal);
  await opened.close();
  return opened.detection;
}

/**
 * Reads a whole recording for its statistics: counts, time range, mean rate, extremes; and, where
 * they are asked for, events per window of time (`windowUs`), active and hot pixels (`hotPixels`),
 * events of every pixel (`histogram`). No columns are kept, so memory does not follow the file: the
 * counts take 1 MiB for windows and 10 bytes for each pixel of the sensor, at most 162 MiB, of which
 * only what events fall on is touched.
 *
 * @throws EventError `data-loss` under `strict`; `invalid-option`; `unsafe-time`, unless `exactTimes`; and
 *   whatever opening the source throws
 * @example
 * ```ts
 * const { events, durationUs } = await loadStatistics("recording.raw");
 * const { rate, pixels } = await loadStatistics("recording.raw", { windowUs: 100_000, hotPixels: 5 });
 * console.log(rate?.busiest?.eventsPerSecond, pixels?.hotPixels);
 * ```
 */
export async function loadStatistics(
  source: EventSource | Recording,
  options: StatisticsOptions = {},
): Promise<EventStatistics> {
  checkOptions(options, STATISTICS_NAMES, STREAM_NAMES);
  return withRecording(source, options, (recording) =>
    collectStatistics(recording, options, options),
  );
}

/**
 * Like {@link loadStatistics}, but a recording of 64 MiB or more is judged by eight parts of 1 MiB:
 * the answer comes at once, is marked `estimated`, and its report covers the header only. A compact
 * container says it all at its end, and nothing else of it is read.
 *
 * @throws EventError `unsafe-time` unless `exactTimes`; whatever opening or reading the source throws
 */
export async function sampleStatistics(
  source: EventSource | Recording,
  options: SampleOptions = {},
): Promise<EventStatistics> {
  checkOptions(options, SAMPLE_NAMES, { ...STREAM_NAMES, ...STATISTICS_NAMES });
  return withRecording(source, options, async (recording) => {
    return statedStatistics(recording, options) ?? estimateStatistics(recording, options);
  });
}

/**
 * Reads a whole recording for its canonical digest, which proves that a conversion lost nothing.
 *
 * @throws EventError `data-loss` under `strict`, and whatever opening the source throws
 * @example
 * ```ts
 * const { digest } = await digestEvents("recording.raw"); // for example "287b2e8dc0ad960d"
 * ```
 */
export async function digestEvents(
  source: EventSource | Recording,
  options: PassOptions = {},
): Promise<EventDigest> {
  checkOptions(options, PASS_NAMES, STREAM_NAMES);
  return withRecording(source, options, (recording) => digestRecording(recording, options));
}

/** What a recording says of all its events; null where a load could find anything else. */
function statedStatistics(recording: Recording, options: SampleOptions): EventStatistics | null {
  const { tiles } = resolveLoad(recording, options);
  const { content } = recording;
  const stated = content.kind === "rows" ? content.table.stated : undefined;
  if (recording.columns.length < COLUMN_NAMES.length) return null; // a pass tells what is missing
  const isAsStored = tiles.strict === false && tiles.geometry === undefined && !tiles.rebase;
  if (stated === undefined || !isAsStored || recording.stated.geometry !== undefined) return null;
  const { triggers, backwardSteps } = stated;
  const result = stated.statistics(checkFlag("exactTimes", options.exactTimes));
  const report = recording.startReport(tiles.polarityEncoding);
  Object.assign(report, { events: result.events, triggers, backwardSteps });
  rememberReport(result, report);
  options.onReport?.(report);
  return result;
}
