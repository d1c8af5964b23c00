import type { EventStatistics } from "../events/statistics.ts";
import { ProgressMeter } from "../recording/progress.ts";
import type { OpenedRecording } from "../recording/recording.ts";
import { TilePass } from "../recording/tiles.ts";
import { type LoadOptions, resolveLoad } from "./load-options.ts";
import { rememberReport } from "./report-of.ts";
import { TileStatistics } from "./tile-statistics.ts";

/** Options of passes that give numbers and no columns. */
export type PassOptions = Omit<LoadOptions, "columns" | "polarityEncoding">;

/** Recordings up to this size are read whole by {@link estimateStatistics}: it takes no 0.2 s. */
const SAMPLED_FROM_BYTES = 64 * 1024 * 1024;
/** Parts of a larger recording that are read, and their size. */
const SAMPLES = 8;
const SAMPLE_BYTES = 1024 * 1024;

/** Reads a whole recording for its statistics. */
export async function collectStatistics(
  recording: OpenedRecording,
  options: PassOptions = {},
): Promise<EventStatistics> {
  const pass = new TilePass(recording, resolveLoad(recording, options).tiles);
  pass.report.mode = "chunked";
  const statistics = new TileStatistics();
  for await (const tile of pass.tiles(() => Number.POSITIVE_INFINITY)) await statistics.add(tile);
  const result = statistics.get();
  rememberReport(result, pass.report);
  options.onReport?.(pass.report);
  return result;
}

/**
 * Estimates the statistics of a recording from parts of equal size, spread evenly from its first
 * byte to its last. A small recording, and one of unknown length, is read whole. What the parts
 * lost is not reported: only a whole pass can tell.
 */
export async function estimateStatistics(
  recording: OpenedRecording,
  options: PassOptions = {},
): Promise<EventStatistics> {
  const { byteLength, dataOffset, eventFormat } = recording;
  if (byteLength === null || byteLength < SAMPLED_FROM_BYTES) {
    return collectStatistics(recording, options);
  }
  const { signal, geometry, rebase, onProgress } = resolveLoad(recording, options).tiles;
  const unit = eventFormat.bytesPerEvent;
  const dataBytes = byteLength - dataOffset;
  const meter = onProgress && new ProgressMeter(onProgress, SAMPLES * SAMPLE_BYTES);
  const parts: EventStatistics[] = [];
  let seen = 0;
  for (let sample = 0; sample < SAMPLES; sample++) {
    // Every part starts on a word; the last one ends with the source.
    const distance = ((dataBytes - SAMPLE_BYTES) * sample) / (SAMPLES - 1);
    const start = dataOffset + Math.floor(distance / unit) * unit;
    const end = sample === SAMPLES - 1 ? byteLength : start + SAMPLE_BYTES;
    const part = new TileStatistics();
    const range = { start, end };
    const pass = new TilePass(recording, { ...PART_OPTIONS, geometry, signal, range });
    for await (const tile of pass.tiles(() => Number.POSITIVE_INFINITY)) await part.add(tile);
    parts.push(part.get());
    seen += pass.report.events;
    meter?.update((sample + 1) * SAMPLE_BYTES, seen);
  }
  const factor = dataBytes / (SAMPLES * SAMPLE_BYTES);
  const result = scaleUp(parts, factor, eventFormat.clockPeriodUs, rebase ?? false);
  meter?.finish(SAMPLES * SAMPLE_BYTES, seen);
  rememberReport(result, recording.report);
  options.onReport?.(recording.report);
  return result;
}

const PART_OPTIONS = { polarityEncoding: "zero-one", strict: false } as const;

function scaleUp(
  parts: readonly EventStatistics[],
  factor: number,
  clockPeriodUs: number,
  rebase: boolean,
): EventStatistics {
  const filled = parts.filter(({ events }) => events > 0);
  const sum = (pick: (part: EventStatistics) => number): number =>
    Math.round(filled.reduce((total, part) => total + pick(part), 0) * factor);
  const extreme = (pick: (part: EventStatistics) => number | null, best: typeof Math.min) =>
    filled.length === 0 ? null : best(...filled.map((part) => pick(part) ?? 0));
  const start = filled[0]?.minTime ?? null;
  // A part that starts before the one in front of it ended comes after a wrap of the clock.
  let wrapped = 0;
  let end = start;
  for (const { minTime, maxTime } of filled) {
    if ((minTime ?? 0) + wrapped < (end ?? 0)) wrapped += clockPeriodUs;
    end = (maxTime ?? 0) + wrapped;
  }
  const events = sum((part) => part.events);
  const on = sum((part) => part.on);
  const durationUs = (end ?? 0) - (start ?? 0);
  const firstTime = start === null || !rebase ? start : 0;
  const lastTime = start === null || !rebase ? end : durationUs;
  return {
    estimated: true,
    events,
    on,
    off: events - on,
    firstTime,
    lastTime,
    minTime: firstTime,
    maxTime: lastTime,
    durationUs,
    eventsPerSecond: durationUs === 0 ? null : (events * 1e6) / durationUs,
    minX: extreme((part) => part.minX, Math.min),
    maxX: extreme((part) => part.maxX, Math.max),
    minY: extreme((part) => part.minY, Math.min),
    maxY: extreme((part) => part.maxY, Math.max),
  };
}
