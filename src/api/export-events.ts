import type { RecordBatch } from "apache-arrow";
import type { DataFrame } from "nodejs-polars";
import { resolveSettings } from "../container/settings.ts";
import type { WrittenContainer } from "../container/writer.ts";
import { EventError, isEventError } from "../errors.ts";
import type { ColumnName } from "../events/columns.ts";
import { toColumnBatches, type WholeEventColumns } from "../events/from-table.ts";
import { checkGeometry, parseGeometry } from "../events/geometry.ts";
import { METADATA_KEYS } from "../events/metadata-keys.ts";
import { checkPolarityEncoding, POLARITY_ENCODINGS } from "../events/polarity.ts";
import type { LoadReport } from "../events/report.ts";
import type { EventTable } from "../events/table.ts";
import { checkOptions } from "../formats/options.ts";
import { EventQuery } from "../query/event-query.ts";
import type { ByteSink } from "../source/byte-sink.ts";
import { CheckedSink } from "../source/checked-sink.ts";
import { type EventSink, untilOpen } from "../stream/event-sink.ts";
import { EventStreamer } from "../stream/event-streamer.ts";
import { type ColumnFacts, type ColumnPieces, exportColumns } from "../stream/export.ts";
import { beginExport, exportRecording } from "../stream/export-recording.ts";
import {
  EXPORT_NAMES,
  type ExportOptions,
  type ExportStats,
  statsOf,
  timed,
} from "../stream/export-stats.ts";
import { reportOf } from "../stream/report-of.ts";
import { Recording } from "./recording.ts";

/** Events that can be exported. */
export type ExportableEvents = EventTable | DataFrame | EventStreamer | EventQuery | Recording;

/**
 * Writes events into a compact container (`.evb`), strictly from front to back: memory follows neither
 * file. A file appears under its name when it is complete, and not at all when anything fails.
 *
 * Of a recording, a streamer or a query the columns that it has are written, which `settings.columns` of
 * what is returned names; a table or frame that lacks one needs `columns`.
 *
 * @param events - a table, a DataFrame, a streamer, a query, or an open recording
 * @param target - where they go
 * @returns what was written, and what it took
 * @throws EventError `invalid-option`, also for a table or frame without a column that is to be written;
 *   `missing-column` for a recording without it; `invalid-query`; `not-encodable` for events outside the sensor,
 *   where that is known; `sink-unwritable`, also for a file that exists unless `overwrite`; and
 *   whatever reading the events throws
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
  if (events instanceof EventQuery) return events.export(target, options);
  checkOptions(options, EXPORT_NAMES);
  const begun = await beginExport(target, options);
  if (events instanceof Recording) return exportRecording(events, target, options, begun);
  const clock = { write: 0 };
  const open = async (): Promise<ByteSink> => timed(await untilOpen(target, options.signal), clock);
  const isStream = events instanceof EventStreamer;
  // Whoever made the stream said what it has; of a table or frame a column may have got lost.
  const { columns = isStream ? events.columns : undefined } = options;
  const settings = { ...options, columns };
  const written = await exportPieces(events, open, settings);
  const path = isStream ? "chunked" : "direct";
  const stats = statsOf(written, settings, performance.now() - begun, clock.write);
  const report = reportBehind(events);
  return { ...stats, path, triggersLeftOut: report?.triggers ?? 0, report };
}

async function exportPieces(
  events: Exclude<ExportableEvents, Recording | EventQuery>,
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
  events: Exclude<ExportableEvents, Recording | EventQuery>,
  options: ExportOptions,
): Promise<{ pieces: ColumnPieces; facts: ColumnFacts; close?: () => Promise<unknown> }> {
  const { columns: names } = resolveSettings(options);
  if (events instanceof EventStreamer) {
    const batches = events[Symbol.asyncIterator]();
    const first = await batches.next();
    const metadata = first.done ? undefined : first.value.schema.metadata;
    const pieces = (async function* () {
      if (!first.done) yield columnsOf(first.value as unknown as RecordBatch, names);
      for await (const batch of batches) yield columnsOf(batch as unknown as RecordBatch, names);
    })();
    const facts = factsOf(options, metadata, events, () => false); // a stream says what it has
    return { pieces, facts, close: async () => batches.return?.() };
  }
  if (isFrame(events)) {
    const hasMinusOne = () =>
      names.includes("polarity") && (events.getColumn("polarity").min() ?? 0) < 0;
    return {
      pieces: framePieces(events, names),
      facts: factsOf(options, undefined, events, hasMinusOne),
    };
  }
  const pieces = toColumnBatches(events, names);
  const hasMinusOne = () => pieces.some(({ polarity }) => polarity.includes(-1));
  return { pieces, facts: factsOf(options, events.schema?.metadata, events, hasMinusOne) };
}

/** A frame is a proxy that denies having any methods. */
function isFrame(events: ExportableEvents): events is DataFrame {
  return typeof (events as Partial<DataFrame> | null)?.getColumn === "function";
}

function* framePieces(
  frame: DataFrame,
  names: readonly ColumnName[],
): Generator<WholeEventColumns> {
  for (let start = 0; start < frame.height; start += FRAME_ROWS) {
    const length = Math.min(FRAME_ROWS, frame.height - start);
    const rows = frame.slice(start, length);
    const arrays = names.map((name) => [name, valuesOf(rows, name)] as const);
    yield toColumnBatches({ length, ...Object.fromEntries(arrays) }, names)[0] as WholeEventColumns;
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

function columnsOf(batch: RecordBatch, names: readonly ColumnName[]): WholeEventColumns {
  const arrays = names.map((name) => [name, batch.getChild(name)?.toArray()] as const);
  const columns = { length: batch.numRows, ...Object.fromEntries(arrays) };
  return toColumnBatches(columns, names)[0] as WholeEventColumns;
}

/** What options, the metadata of a schema, or the report of a result say, or else the events. */
function factsOf(
  options: ExportOptions,
  metadata: ReadonlyMap<string, string> | undefined,
  result: object,
  hasMinusOne: () => boolean,
): ColumnFacts {
  const report = reportBehind(result);
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
    heldEncoding: () => (hasMinusOne() ? "minus-one-one" : "zero-one"),
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
