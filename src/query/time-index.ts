/**
 * Where in a recording which times are: found by one pass over it, and used to read only what a
 * window of time needs.
 */
import type { ColumnName } from "../events/columns.ts";
import type { SensorGeometry } from "../events/geometry.ts";
import type { OnMalformed } from "../formats/options.ts";
import { summaryWasm } from "../kernels/generated/summary.ts";
import { instantiateKernel } from "../kernels/kernel.ts";
import * as layout from "../kernels/layout.ts";
import { TILE_EVENTS } from "../recording/pass-memory.ts";
import type { Progress } from "../recording/progress.ts";
import type { OpenedRecording } from "../recording/recording.ts";
import type { TileRange } from "../recording/tile-sieve.ts";
import { TilePass } from "../recording/tiles.ts";

/** A part of the recording, about 1 MiB of it. */
export interface TimeIndexEntry {
  /** Its first byte or row, and the one behind its last. */
  readonly start: number;
  readonly end: number;
  /** What the decoder carries at its start; as at the start of the data when left out. */
  readonly carried: Uint8Array | undefined;
  /** Events and external triggers. */
  readonly events: number;
  /** The least and the greatest time of them, as they are loaded; 0 without any. */
  readonly minTime: bigint;
  readonly maxTime: bigint;
}

/** Times of all parts of a recording, front to back, without a gap. */
export interface TimeIndex {
  readonly entries: readonly TimeIndexEntry[];
  /** The time of the first event, as it is loaded; null without any. */
  readonly firstTime: bigint | null;
  /** What `rebase` subtracts from all times; 0 without it. */
  readonly timeOffset: bigint;
}

/** What an index depends on beside the bytes of the recording. */
export interface TimeIndexOptions {
  readonly geometry?: SensorGeometry | undefined;
  readonly onMalformed?: OnMalformed | undefined;
  /** Times from the first event on. Default `false`. */
  readonly rebase?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: Progress) => void) | undefined;
  /** Bytes that are decoded before an entry ends, and the most events of one. Default 1 MiB. */
  readonly partBytes?: number | undefined;
}

const PART_BYTES = 1024 * 1024;
/** Rows of an entry of a table: 1 MiB of columns, and a chunk of many files. */
const PART_ROWS = 65_536;

interface SummaryKernel {
  summarize(count: number): void;
}

/** Whether parts of the recording can be read at all: not of a pipe, nor of what is compressed. @internal */
export function canBeIndexed({ extent, byteLength }: OpenedRecording): boolean {
  return extent !== null && byteLength !== null;
}

/** Events that are decoded at once to see the first one. */
const FIRST_EVENTS = 64;

/** The time of the first event, before any `rebase`; null without any. */
export async function readFirstTime(
  recording: OpenedRecording,
  { geometry, onMalformed, signal }: TimeIndexOptions,
): Promise<bigint | null> {
  const pass = new TilePass(recording, {
    polarityEncoding: recording.report.polarityEncoding,
    strict: false,
    columns: withTime(recording),
    geometry,
    onMalformed,
    signal,
    tileEvents: FIRST_EVENTS,
  });
  for await (const tile of pass.tiles(() => FIRST_EVENTS)) return tile.columns.t[0] ?? null;
  return null;
}

/** All columns that there are, and t, without which there is nothing to find. */
function withTime({ columns }: OpenedRecording): readonly ColumnName[] {
  return [...new Set<ColumnName>([...columns, "t"])];
}

/** Reads the times of a recording. */
export async function buildTimeIndex(
  recording: OpenedRecording,
  options: TimeIndexOptions,
): Promise<TimeIndex> {
  const { geometry, onMalformed, signal, onProgress, partBytes = PART_BYTES } = options;
  // Decoders carry times as they are loaded, so what is carried is of use for the same offset only.
  const timeOffset = options.rebase ? ((await readFirstTime(recording, options)) ?? 0n) : 0n;
  const isRows = recording.content.kind === "rows";
  const entries: TimeIndexEntry[] = [];
  let firstTime: bigint | null = null;
  let start = recording.extent?.start ?? 0;
  let carried: Uint8Array | undefined;
  let behind: { readonly position: number; readonly carried: Uint8Array | undefined } = {
    position: start,
    carried,
  };
  const pass = new TilePass(recording, {
    polarityEncoding: recording.report.polarityEncoding,
    strict: false,
    columns: withTime(recording),
    geometry,
    onMalformed,
    signal,
    onProgress,
    rebase: options.rebase,
    timeOffset: options.rebase ? timeOffset : undefined,
    inputBytes: partBytes,
    tileEvents: Math.min(partBytes, isRows ? PART_ROWS : TILE_EVENTS),
    promptly: true,
    triggers: recording.content.kind === "stream", // those of tables are read apart
    mark: (position, carriedThere) => {
      behind = { position, carried: carriedThere };
    },
  });
  let summarize: SummaryKernel["summarize"] | undefined;
  for await (const tile of pass.tiles(() => Number.POSITIVE_INFINITY)) {
    const { eventCount, triggerCount } = tile;
    const events = eventCount + triggerCount;
    if (behind.position === start && events === 0) continue;
    const times: bigint[] = Array.from(tile.triggers.t.subarray(0, triggerCount));
    if (eventCount > 0) {
      summarize ??= (await instantiateKernel<SummaryKernel>(summaryWasm, tile.memory)).summarize;
      summarize(eventCount);
      firstTime ??= tile.columns.t[0] ?? null;
      times.push(tile.field64(layout.SUMMARY_MIN_T), tile.field64(layout.SUMMARY_MAX_T));
    }
    const [first = 0n] = times;
    const minTime = times.reduce((least, time) => (time < least ? time : least), first);
    const maxTime = times.reduce((most, time) => (time > most ? time : most), first);
    entries.push({ start, end: behind.position, carried, events, minTime, maxTime });
    start = behind.position;
    carried = behind.carried;
  }
  // What is behind the last event belongs to the recording, too: the report tells of it.
  const end = recording.extent?.end ?? start;
  if (start < end) {
    entries.push({ start, end, carried, events: 0, minTime: 0n, maxTime: 0n });
  }
  return { entries, firstTime, timeOffset };
}

/**
 * The parts of a recording in which times from `first` to `last` are, both included; neighbours as
 * one.
 */
export function rangesOf({ entries }: TimeIndex, first: bigint, last: bigint): TileRange[] {
  const ranges: TileRange[] = [];
  let open: { start: number; end: number; carried: Uint8Array | undefined } | undefined;
  for (const { start, end, carried, events, minTime, maxTime } of entries) {
    if (events === 0 || maxTime < first || minTime > last) continue;
    if (open?.end === start) {
      open.end = end;
      continue;
    }
    open = { start, end, carried };
    ranges.push(open);
  }
  return ranges;
}
