import { platform } from "#platform";
import { EventError } from "../errors.ts";
import { COLUMN_NAMES, type ColumnName } from "../events/columns.ts";
import { type LeftOut, OUTPUT_BYTES } from "../formats/encoder.ts";
import type { EventWriter, WritableFormat } from "../formats/writer.ts";
import { EventMemory } from "../kernels/event-memory.ts";
import type { OpenedRecording } from "../recording/recording.ts";
import { TilePass } from "../recording/tiles.ts";
import { type ByteSink, isReadableSink, isRoomySink } from "../source/byte-sink.ts";
import { CheckedSink } from "../source/checked-sink.ts";
import { namesOf, without } from "../util/option-names.ts";
import { show } from "../util/show.ts";
import { tell } from "../util/tell.ts";
import { untilAborted } from "../util/until-aborted.ts";
import { DIGEST_BYTES_PER_EVENT } from "./digest.ts";
import { checkFlag, LOAD_NAMES, type LoadOptions, resolveLoad } from "./load-options.ts";
import { PLAN_NAMES, type PlanOptions } from "./plan-options.ts";
import { rememberReport } from "./report-of.ts";
import { EVERYTHING, type Selection } from "./selection.ts";
import { TileFingerprint, verifyOutput } from "./verification.ts";

/** Options of a pass that writes what it reads. */
export interface WriteOptions extends Omit<LoadOptions, "columns" | "threads" | keyof PlanOptions> {
  /**
   * Leave out events and triggers that the target cannot hold, and count them, instead of throwing
   * `not-encodable`. Default `false`.
   */
  lossy?: boolean | undefined;
  /**
   * Read what was written before it gets its name, and throw `verification-failed` unless events,
   * triggers and geometry are those of the source. Needs a target that can be read again: a file.
   * Default `false`.
   */
  verify?: boolean | undefined;
  /** Order of the bytes of a word, for targets that have two. Default `"little"`. */
  endianness?: "little" | "legacy" | undefined;
}

/** The names of {@link WriteOptions}. */
export const WRITE_NAMES = namesOf<WriteOptions>()({
  ...without(LOAD_NAMES, { columns: true, threads: true, ...PLAN_NAMES }),
  lossy: true,
  verify: true,
  endianness: true,
});

/** What a conversion wrote. */
export interface Conversion {
  /** Format id of the output. */
  readonly format: string;
  /** Events written. */
  readonly events: number;
  /** Triggers written. */
  readonly triggers: number;
  /** Bytes written. */
  readonly bytes: number;
  /** Events and triggers left out because the format cannot hold them; 0 unless `lossy`. */
  readonly leftOut: number;
  /** Triggers left out because the format has no place for any. */
  readonly triggersLeftOut: number;
  /** True when the sensor's geometry is known and the format has no place for it. */
  readonly geometryLeftOut: boolean;
  /**
   * Columns that the output does not have, since the recording, or what a query selected of it, has not;
   * there when there are any.
   */
  readonly missingColumns?: readonly ColumnName[] | undefined;
  /** The digest that source and output share; null unless `verify` was asked for. */
  readonly digest: string | null;
}

/**
 * Writes the events of a recording to a sink, tile by tile, and closes it.
 *
 * @param selection - which events, for queries
 */
export async function convertTo(
  recording: OpenedRecording,
  format: WritableFormat,
  sink: ByteSink,
  options: WriteOptions = {},
  selection: Selection = EVERYTHING,
): Promise<Conversion> {
  const checked = new CheckedSink(sink, options.signal);
  try {
    const conversion = await writeAndVerify(recording, format, sink, checked, options, selection);
    await checked.close();
    return conversion;
  } catch (error) {
    await checked.abort(error);
    throw error;
  }
}

async function writeAndVerify(
  recording: OpenedRecording,
  format: WritableFormat,
  sink: ByteSink,
  checked: CheckedSink,
  options: WriteOptions,
  selection: Selection,
): Promise<Conversion> {
  const verify = checkFlag("verify", options.verify);
  const lossy = checkFlag("lossy", options.lossy);
  if (verify && !isReadableSink(sink)) {
    throw new EventError("invalid-option", "this target cannot be read again to verify it", {
      path: sink.name,
      expected: "a regular file",
    });
  }
  if (verify && format.isRead === false) {
    throw new EventError("invalid-option", `${format.name} is not read, so it cannot be verified`, {
      path: sink.name,
      expected: "a format that is read as well",
    });
  }
  if (options.endianness !== undefined && !format.takesEndianness) {
    throw new EventError("invalid-option", `${format.name} has one byte order only`, {
      expected: "EVT 2.1 as the target of a chosen one",
      found: show(options.endianness),
    });
  }
  const { tiles, columns } = resolveLoad(recording, options);
  const pass = new TilePass(recording, {
    columns: format.takesColumns ? columns : undefined,
    ...tiles,
    ...selection.tiles,
    polarityEncoding: options.polarityEncoding ?? format.polarityEncoding ?? tiles.polarityEncoding,
    triggers: format.keepsTriggers,
    outputBytes: OUTPUT_BYTES,
    tileEvents: format.tileEvents,
    keepsPoolBusy: format.keepsPoolBusy,
    scratchBytesPerEvent: verify ? DIGEST_BYTES_PER_EVENT : 0,
  });
  const { report } = pass;
  report.mode = "chunked";
  const fingerprint = verify ? new TileFingerprint() : undefined;
  let bytes = 0;
  const send = async (chunks: ChunkIterable | Promise<ChunkIterable>): Promise<void> => {
    for (const chunk of await chunks) {
      await checked.write(chunk);
      bytes += chunk.byteLength;
    }
  };
  const create = (memory: EventMemory): Promise<EventWriter> =>
    format.createWriter(memory, {
      ...{ report, columns },
      container: recording.container?.metadata,
      geometry: report.geometry,
      original: recording.header,
      endianness: options.endianness,
      leaveOut: lossy,
      createScratch: () =>
        isRoomySink(sink) ? sink.createScratch() : platform.createScratch(sink.name),
      createScratchFolder: () =>
        isRoomySink(sink) && sink.createScratchFolder
          ? sink.createScratchFolder()
          : platform.createScratchFolder(sink.name),
    });
  const leftOut = await writeTiles(pass, create, send, fingerprint, options.signal);
  const left = leftOut.events + leftOut.triggers;
  const content = left === 0 ? fingerprint?.finish() : undefined;
  pass.release();
  if (content && isReadableSink(sink)) {
    const geometry = format.keepsGeometry ? report.geometry : null;
    await verifyOutput(sink, { ...content, geometry }, options.signal);
  }
  const missingColumns = format.takesColumns
    ? COLUMN_NAMES.filter((name) => !columns.includes(name))
    : [];
  const conversion: Conversion = {
    format: format.id,
    events: report.events - leftOut.events,
    triggers: format.keepsTriggers ? report.triggers - leftOut.triggers : 0,
    bytes,
    leftOut: left,
    triggersLeftOut: format.keepsTriggers ? 0 : report.triggers,
    geometryLeftOut: !format.keepsGeometry && report.geometry !== null,
    ...(missingColumns.length > 0 && { missingColumns }),
    digest: recording.columns.length === COLUMN_NAMES.length ? (content?.digest ?? null) : null,
  };
  rememberReport(conversion, report);
  tell(options.onReport, report);
  return conversion;
}

type ChunkIterable = Iterable<Uint8Array>;

/** Writes all tiles, and returns what was left out. */
async function writeTiles(
  pass: TilePass,
  create: (memory: EventMemory) => Promise<EventWriter>,
  send: (chunks: ChunkIterable | Promise<ChunkIterable>) => Promise<void>,
  fingerprint: TileFingerprint | undefined,
  signal: AbortSignal | undefined,
): Promise<LeftOut> {
  let writer: EventWriter | undefined;
  try {
    for await (const tile of pass.tiles(() => Number.POSITIVE_INFINITY)) {
      if (writer === undefined) {
        writer = await create(tile);
        await send(writer.start());
      }
      await send(writer.write());
      await fingerprint?.add(tile);
    }
    if (writer === undefined) {
      writer = await create(new EventMemory({ inputBytes: 0, tileEvents: 1, outputBytes: 0 }));
      await send(writer.start());
    }
    // A library may take long for it, and knows no signal: what it still writes then goes later.
    const { close } = writer;
    const finishing = Promise.resolve(writer.finish());
    const again = (): void => {
      if (signal?.aborted) void close?.call(writer);
    };
    finishing.then(again, again);
    await send(untilAborted(finishing, signal));
    return writer.leftOut;
  } finally {
    await writer?.close?.();
  }
}
