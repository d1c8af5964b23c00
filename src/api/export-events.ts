import type { RecordBatch } from "apache-arrow";
import type { DataFrame } from "nodejs-polars";
import { EVENT_BYTES } from "../container/layout.ts";
import type { ContainerMetadata } from "../container/metadata.ts";
import { type ContainerOptions, resolveSettings } from "../container/settings.ts";
import type { WrittenContainer } from "../container/writer.ts";
import { EventError, isEventError } from "../errors.ts";
import { COLUMN_NAMES } from "../events/columns.ts";
import { toColumnBatches, type WholeEventColumns } from "../events/from-table.ts";
import { checkGeometry, parseGeometry, type SensorGeometry } from "../events/geometry.ts";
import { METADATA_KEYS } from "../events/metadata-keys.ts";
import {
  checkPolarityEncoding,
  POLARITY_ENCODINGS,
  type PolarityEncoding,
} from "../events/polarity.ts";
import type { LoadReport } from "../events/report.ts";
import type { EventTable } from "../events/table.ts";
import { containerTarget } from "../formats/registry.ts";
import type { Progress } from "../recording/progress.ts";
import type { ByteSink } from "../source/byte-sink.ts";
import { CheckedSink } from "../source/checked-sink.ts";
import { convertTo } from "../stream/convert.ts";
import { checkTarget, type EventSink, refuseExisting, untilOpen } from "../stream/event-sink.ts";
import { EventStreamer } from "../stream/event-streamer.ts";
import { type ColumnFacts, type ColumnPieces, exportColumns } from "../stream/export.ts";
import { reportOf } from "../stream/report-of.ts";
import { Recording } from "./recording.ts";

/** Events that can be exported. */
export type ExportableEvents = EventTable | DataFrame | EventStreamer | Recording;

/** Options of {@link exportEvents}. */
export interface ExportOptions extends ContainerOptions {
  /** What is said of the recording beside what it says itself. */
  metadata?: Pick<ContainerMetadata, "description" | "tags" | "custom"> | undefined;
  /** The sensor, in pixels. Default: what the events say, if they do. */
  geometry?: SensorGeometry | undefined;
  /**
   * What OFF is in the polarity column of a table or frame, and will be when the container is loaded.
   * Default: what the events say; of frames that say nothing, what the column holds.
   */
  polarityEncoding?: PolarityEncoding | undefined;
  /** Replace a file that is there. Default `false`: it is refused. */
  overwrite?: boolean | undefined;
  /** Ends the work early and removes what was written. */
  signal?: AbortSignal | undefined;
  /** Told how far the reading of a recording has come. */
  onProgress?: ((progress: Progress) => void) | undefined;
}

/** What {@link exportEvents} wrote, and what it took. */
export interface ExportStats {
  readonly events: number;
  readonly triggers: number;
  readonly chunks: number;
  /** Bytes of the container. */
  readonly bytes: number;
  /** 0 when there are no events. */
  readonly bytesPerEvent: number;
  /** Bytes of the tables over bytes of the container. */
  readonly ratio: number;
  /** For each column: stored bytes, and bytes of the table over these. */
  readonly columns: Readonly<
    Record<"x" | "y" | "t" | "polarity", { readonly bytes: number; readonly ratio: number }>
  >;
  /** Milliseconds of each phase; compression works in other threads, and only waiting for it counts. */
  readonly ms: Readonly<
    Record<"total" | "read" | "transform" | "compress" | "hash" | "write", number>
  >;
  /** `direct` for events that were in memory, `chunked` for those that came piece by piece. */
  readonly path: "direct" | "chunked";
  /** Of the reading of a recording; null where nothing was read. */
  readonly report: LoadReport | null;
}

/**
 * Writes events into a compact container (`.evb`), strictly from front to back: memory follows neither
 * file. A file appears under its name when it is complete, and not at all when anything fails.
 *
 * @param events - a table, a DataFrame, a streamer, or an open recording
 * @param target - where they go
 * @returns what was written, and what it took
 * @throws EventError `invalid-option`; `sink-unwritable`, also for a file that exists unless
 *   `overwrite`; and whatever reading the events throws
 * @example
 * ```ts
 * const { bytesPerEvent } = await exportEvents(recording, "out.evb", { preset: "size" });
 * ```
 */
export async function exportEvents(
  events: ExportableEvents,
  target: EventSink,
  options: ExportOptions = {},
): Promise<ExportStats> {
  checkTarget(target);
  resolveSettings(options);
  options.signal?.throwIfAborted();
  if (options.overwrite !== true) await refuseExisting(target);
  const begun = performance.now();
  const clock = { write: 0 };
  const open = async (): Promise<ByteSink> => timed(await untilOpen(target, options.signal), clock);
  const { written, report } =
    events instanceof Recording
      ? await exportRecording(events, open, options)
      : { written: await exportPieces(events, open, options), report: reportBehind(events) };
  const total = performance.now() - begun;
  const path =
    events instanceof Recording || events instanceof EventStreamer ? "chunked" : "direct";
  return { ...statsOf(written, total, clock.write), path, report };
}

async function exportRecording(
  recording: Recording,
  open: () => Promise<ByteSink>,
  options: ExportOptions,
): Promise<{ written: WrittenContainer; report: LoadReport }> {
  let written: WrittenContainer | undefined;
  const onWritten = (what: WrittenContainer): void => {
    written = what;
  };
  const { geometry, polarityEncoding, signal, onProgress } = options;
  const read = { geometry, polarityEncoding, signal, onProgress };
  const target = containerTarget({ ...options, onWritten });
  const conversion = await convertTo(recording, target, await open(), read);
  return { written: written as WrittenContainer, report: reportOf(conversion) };
}

async function exportPieces(
  events: Exclude<ExportableEvents, Recording>,
  open: () => Promise<ByteSink>,
  options: ExportOptions,
): Promise<WrittenContainer> {
  const { pieces, facts, close } = await piecesOf(events, options);
  let sink: CheckedSink | undefined;
  try {
    sink = new CheckedSink(await open(), options.signal);
    const written = await exportColumns(pieces, facts, sink, options);
    await sink.close();
    return written;
  } catch (error) {
    await sink?.abort(error);
    throw error;
  } finally {
    await close?.();
  }
}

/** Rows of a frame that are taken out of it at once. */
const FRAME_ROWS = 262_144;

/** The events piece by piece, and what is known of them. @internal */
export async function piecesOf(
  events: Exclude<ExportableEvents, Recording>,
  options: ExportOptions,
): Promise<{ pieces: ColumnPieces; facts: ColumnFacts; close?: () => Promise<unknown> }> {
  if (events instanceof EventStreamer) {
    const batches = events[Symbol.asyncIterator]();
    const first = await batches.next();
    const metadata = first.done ? undefined : first.value.schema.metadata;
    const pieces = (async function* () {
      if (!first.done) yield columnsOf(first.value as unknown as RecordBatch);
      for await (const batch of batches) yield columnsOf(batch as unknown as RecordBatch);
    })();
    const facts = factsOf(options, metadata, events);
    return { pieces, facts, close: async () => batches.return?.() };
  }
  if (isFrame(events))
    return { pieces: framePieces(events), facts: factsOf(options, undefined, events) };
  const pieces = toColumnBatches(events);
  return { pieces, facts: factsOf(options, events.schema?.metadata, events) };
}

/** A frame is a proxy that denies having any methods. */
function isFrame(events: ExportableEvents): events is DataFrame {
  return typeof (events as Partial<DataFrame> | null)?.getColumn === "function";
}

function* framePieces(frame: DataFrame): Generator<WholeEventColumns> {
  for (let start = 0; start < frame.height; start += FRAME_ROWS) {
    const length = Math.min(FRAME_ROWS, frame.height - start);
    const rows = frame.slice(start, length);
    const arrays = COLUMN_NAMES.map((name) => [name, valuesOf(rows, name)] as const);
    yield toColumnBatches({ length, ...Object.fromEntries(arrays) })[0] as WholeEventColumns;
  }
}

/** @throws EventError `invalid-option` */
function valuesOf(frame: DataFrame, name: string): unknown {
  try {
    return frame.getColumn(name).toTypedArray();
  } catch (cause) {
    throw new EventError("invalid-option", `the column ${name} cannot be exported`, {
      expected: "a column of numbers without nulls",
      found: cause instanceof Error ? cause.message : String(cause),
      cause,
    });
  }
}

function columnsOf(batch: RecordBatch): WholeEventColumns {
  const arrays = COLUMN_NAMES.map((name) => [name, batch.getChild(name)?.toArray()] as const);
  const columns = { length: batch.numRows, ...Object.fromEntries(arrays) };
  return toColumnBatches(columns)[0] as WholeEventColumns;
}

/** What options, the metadata of a schema, or the report of a result say. */
function factsOf(
  options: ExportOptions,
  metadata: ReadonlyMap<string, string> | undefined,
  result?: object,
): ColumnFacts {
  const report = result && reportBehind(result);
  const said = (key: keyof typeof METADATA_KEYS) => metadata?.get(METADATA_KEYS[key]);
  const encoding =
    POLARITY_ENCODINGS.find((name) => name === said("polarityEncoding")) ??
    report?.polarityEncoding ??
    null;
  const geometry = parseGeometry(said("geometry") ?? "") ?? report?.geometry ?? null;
  const offset = Number(said("timeOffset") ?? report?.timeOffset); // NaN where nothing says it
  const { polarityEncoding } = options;
  return {
    geometry: options.geometry === undefined ? geometry : checkGeometry(options.geometry),
    polarityEncoding:
      polarityEncoding === undefined
        ? encoding
        : checkPolarityEncoding(polarityEncoding, polarityEncoding),
    sourceFormat: said("format") ?? report?.format,
    sourceName: said("sourceName") ?? report?.sourceName ?? undefined,
    timeOffset: Number.isSafeInteger(offset) ? offset : undefined,
  };
}

/** The report that belongs to a table or frame; null for others. @internal */
export function reportBehind(events: object): LoadReport | null {
  if (events instanceof EventStreamer) return events.report;
  try {
    return reportOf(events);
  } catch (error) {
    if (isEventError(error, "invalid-option")) return null;
    throw error;
  }
}

/** The same sink, with what writing takes. */
function timed(sink: ByteSink, clock: { write: number }): ByteSink {
  const write = async (bytes: Uint8Array): Promise<void> => {
    const begun = performance.now();
    await sink.write(bytes);
    clock.write += performance.now() - begun;
  };
  return new Proxy(sink, {
    get(target, name) {
      if (name === "write") return write;
      const value = Reflect.get(target, name, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

function statsOf(
  written: WrittenContainer,
  total: number,
  write: number,
): Omit<ExportStats, "path" | "report"> {
  const { bytes, statistics, columnBytes, transformMs, compressMs, hashMs } = written;
  const { events, triggers, chunks, uncompressedBytes } = statistics;
  const ratio = (table: number, stored: number): number => (stored === 0 ? 0 : table / stored);
  const column = (name: keyof typeof COLUMN_BYTES) => ({
    bytes: columnBytes[name],
    ratio: ratio(events * COLUMN_BYTES[name], columnBytes[name]),
  });
  const spent = transformMs + compressMs + hashMs + write;
  return {
    events,
    triggers,
    chunks,
    bytes,
    bytesPerEvent: events === 0 ? 0 : bytes / events,
    ratio: ratio(uncompressedBytes, bytes),
    columns: { x: column("x"), y: column("y"), t: column("t"), polarity: column("polarity") },
    ms: {
      total,
      read: Math.max(total - spent, 0),
      transform: transformMs,
      compress: compressMs,
      hash: hashMs,
      write,
    },
  };
}

/** Of an event in a table. */
const COLUMN_BYTES = { x: 2, y: 2, t: 8, polarity: EVENT_BYTES - 12 } as const;
