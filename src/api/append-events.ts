import type { DataFrame } from "nodejs-polars";
import { platform } from "#platform";
import { AppendSink } from "../container/append-sink.ts";
import { STATED_NAMES, type StatedMetadata } from "../container/compose-metadata.ts";
import { endOf } from "../container/container-end.ts";
import type { ContainerHeader } from "../container/header.ts";
import type { ContainerMetadata } from "../container/metadata.ts";
import { ContainerReader } from "../container/reader.ts";
import { reportsIn } from "../container/recorded-report.ts";
import { CONTAINER_NAMES, type ContainerOptions, resolveSettings } from "../container/settings.ts";
import { ContainerWriter } from "../container/writer.ts";
import { EventError } from "../errors.ts";
import { COLUMN_NAMES } from "../events/columns.ts";
import type { LoadReport } from "../events/report.ts";
import type { EventTable } from "../events/table.ts";
import { checkOptions } from "../formats/options.ts";
import { containerPartTarget } from "../formats/registry.ts";
import { EventQuery } from "../query/event-query.ts";
import type { QuerySelection } from "../query/selection.ts";
import type { Progress } from "../recording/progress.ts";
import { checkSignal, type OpenedRecording } from "../recording/recording.ts";
import type { ByteSink } from "../source/byte-sink.ts";
import { CheckedSink } from "../source/checked-sink.ts";
import { convertTo } from "../stream/convert.ts";
import type { EventStreamer } from "../stream/event-streamer.ts";
import { checkCallback, type LoadOptions } from "../stream/load-options.ts";
import { reportOf } from "../stream/report-of.ts";
import { namesOf, without } from "../util/option-names.ts";
import { show } from "../util/show.ts";
import {
  checkAppendedMetadata,
  customOf,
  FIXED_METADATA_NAMES,
  FIXED_NAMES,
  refuseColumns,
  refuseEncoding,
  refuseFixed,
  refuseGeometry,
  refuseValues,
  refuseZero,
} from "./append-checks.ts";
import { piecesOf, reportBehind } from "./export-events.ts";
import { Recording } from "./recording.ts";

/** Events that can be added to a container. */
export type AppendableEvents = EventTable | DataFrame | EventStreamer | EventQuery | Recording;

/** Options of {@link appendEvents}: how the new chunks are written. */
export interface AppendOptions
  extends Omit<ContainerOptions, "codec" | "checksum" | "deterministic" | "columns"> {
  /**
   * What the container says of itself from now on: a description or tags in place of those it had,
   * and keys of `custom` beside those it had.
   */
  metadata?: Pick<StatedMetadata, "description" | "tags" | "custom"> | undefined;
  /** Ends the work early and leaves the file as it was. */
  signal?: AbortSignal | undefined;
  /** Told how far the reading of a recording has come. */
  onProgress?: ((progress: Progress) => void) | undefined;
}

const APPEND_NAMES = namesOf<AppendOptions>()({
  ...without(CONTAINER_NAMES, FIXED_NAMES),
  metadata: without(STATED_NAMES, FIXED_METADATA_NAMES),
  signal: true,
  onProgress: true,
});

/** What {@link appendEvents} added. */
export interface AppendStats {
  readonly events: number;
  readonly triggers: number;
  readonly chunks: number;
  /** Bytes behind the old trailer. */
  readonly bytes: number;
  /** Bytes that an earlier append had left behind it, torn off, and that were cut off; mostly 0. */
  readonly cutBytes: number;
  /** What the file has now. */
  readonly total: Readonly<Record<"events" | "triggers" | "chunks" | "bytes", number>>;
  /** Of the reading of the events; null where nothing was read. */
  readonly report: LoadReport | null;
}

/**
 * Adds events to a compact container that is there: new chunks, and a new index of all of them, behind
 * the old ones, of which no byte is changed. Statistics, index and what else is loaded cover old and new
 * events.
 *
 * A crash at any moment leaves the old events: the new trailer is written when the disk has everything
 * else, and a reader goes back to the old one until then, and reports the rest. The next append cuts
 * such a rest off. What fails or is aborted leaves the file as it was. One append at a time: the one that
 * finds out that another has written first is refused, which takes it a moment to see.
 *
 * The new events come behind the old ones, whatever their times are, which are kept as they are. Where
 * the first is before the last old one, that is a step back in time, which loads count and windows of
 * time allow for; sorted it stays only when the caller adds in the order of time.
 *
 * Codec, checksums, geometry, polarity encoding and time zero are those of the file. A recording, or
 * what a query leaves of one, is added in the file's polarity encoding, with its triggers; other events must be in it already.
 *
 * @param path - of the container, or a `file:` URL; Node only
 * @param events - a table, a DataFrame, a streamer, a query, or an open recording
 * @returns what was added
 * @throws EventError `not-encodable` for events of another geometry, polarity encoding or time zero, or
 *   outside the sensor; `damaged-data` for a container that is not whole but for a torn append, or is no
 *   longer readable at its end; `unsupported-format` for one of a newer version; `source-not-found`;
 *   `sink-unwritable`; `invalid-option`, also for events without all four columns; and whatever reading
 *   the events throws
 * @example
 * ```ts
 * const { total } = await appendEvents("day.evb", await loadTable("next.raw"));
 * console.log(total.events);
 * ```
 */
export async function appendEvents(
  path: string | URL,
  events: AppendableEvents,
  options: AppendOptions = {},
): Promise<AppendStats> {
  checkOptions(options, APPEND_NAMES, { ...FIXED_NAMES, metadata: FIXED_METADATA_NAMES });
  if (typeof path !== "string" && !(path instanceof URL)) {
    throw new EventError("invalid-option", "this is no container to add to", {
      expected: "a path or a file: URL",
      found: show(path),
    });
  }
  checkSignal(options.signal);
  checkCallback("onProgress", options.onProgress);
  checkAppendedMetadata(options.metadata);
  const { signal } = options;
  signal?.throwIfAborted();
  refuseFixed(options);
  resolveSettings(options);
  const file = await platform.openToGrow(path);
  try {
    const reader = await ContainerReader.open(file, { path: file.name, signal });
    const end = await endOf(reader, file);
    const { header, metadata } = reader;
    refuseColumns(header, file.name);
    const settings = resolveSettings({
      ...options,
      codec: header.codec as "zstd",
      checksum: header.checksums,
      deterministic: header.isDeterministic,
    });
    const writer = new ContainerWriter(settings, undefined, end);
    const before = writer.written;
    const cutBytes = file.byteLength - end.fileLength;
    const sink = new AppendSink(file, end.fileLength);
    // What reading one source reported is not true of several: it is one of the earlier ones from now on.
    const earlier = reportsIn(metadata);
    const { report: _, ...others } = metadata;
    const kept = { ...others, ...(earlier.length > 0 && { report: { earlier } }) };
    const context: AppendContext = {
      ...{ writer, header, sink, options },
      metadata: { ...kept, ...options.metadata, ...customOf(kept, options.metadata) },
      zero: metadata.timeOffset ?? 0,
    };
    const report =
      events instanceof EventQuery
        ? await events.read(given(options), (recording, selection, all) =>
            appendRecording(recording, context, all, selection),
          )
        : events instanceof Recording
          ? await appendRecording(events, context, given(options))
          : await appendPieces(events, context);
    const { bytes, statistics } = writer.written;
    const old = before.statistics;
    return {
      events: statistics.events - old.events,
      triggers: statistics.triggers - old.triggers,
      chunks: statistics.chunks - old.chunks,
      bytes: bytes - before.bytes,
      cutBytes,
      total: {
        events: statistics.events,
        triggers: statistics.triggers,
        chunks: statistics.chunks,
        bytes,
      },
      report,
    };
  } finally {
    await file.close();
  }
}

interface AppendContext {
  readonly writer: ContainerWriter;
  readonly header: ContainerHeader;
  readonly sink: ByteSink;
  readonly options: AppendOptions;
  readonly metadata: ContainerMetadata;
  /** Microseconds that were subtracted from the times of the file. */
  readonly zero: number;
}

async function appendRecording(
  recording: OpenedRecording,
  { writer, header, sink, metadata, zero }: AppendContext,
  reading: LoadOptions,
  selection?: QuerySelection,
): Promise<LoadReport> {
  const { polarityEncoding } = header;
  const geometry = selection === undefined ? recording.geometry : selection.geometry;
  refuseGeometry(header.geometry, geometry, sink.name);
  refuseZero(zero, reading.rebase ? "first" : recording.report.timeOffset, sink.name);
  const target = containerPartTarget({ writer, finish: () => writer.finish(metadata) });
  try {
    const read = { ...reading, polarityEncoding, columns: COLUMN_NAMES };
    return reportOf(await convertTo(recording, target, sink, read, selection));
  } finally {
    writer.close();
  }
}

async function appendPieces(
  events: Exclude<AppendableEvents, Recording | EventQuery>,
  { writer, header, sink, options, metadata, zero }: AppendContext,
): Promise<LoadReport | null> {
  const { signal } = options;
  const { pieces, facts, close } = await piecesOf(events, {});
  const checked = new CheckedSink(sink, signal);
  const send = async (parts: readonly Uint8Array[]): Promise<void> => {
    for (const part of parts) await checked.write(part);
  };
  try {
    refuseGeometry(header.geometry, facts.geometry, sink.name);
    refuseZero(zero, facts.timeOffset, sink.name);
    const { polarityEncoding } = facts;
    if (polarityEncoding !== null) refuseEncoding(header, polarityEncoding, sink.name);
    for await (const columns of pieces) {
      signal?.throwIfAborted();
      refuseValues(header, columns, sink.name);
      await send(await writer.add(columns, 0, columns.length));
    }
    await send(await writer.finish(metadata));
    await checked.close();
    return reportBehind(events);
  } catch (error) {
    await checked.abort(error);
    throw error;
  } finally {
    writer.close();
    await close?.();
  }
}

/** What was said of reading: what was not leaves a query as it is. */
function given({
  signal,
  onProgress,
}: AppendOptions): Pick<AppendOptions, "signal" | "onProgress"> {
  return { ...(signal && { signal }), ...(onProgress && { onProgress }) };
}
