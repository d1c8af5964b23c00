/**
 * What every format fulfils: the contract between the bytes of a source and the columns.
 */
import type { ContainerDescription } from "../container/reader.ts";
import type { ColumnName } from "../events/columns.ts";
import type { SensorGeometry } from "../events/geometry.ts";
import type { PolarityEncoding } from "../events/polarity.ts";
import type { Assumption, MutableReport } from "../events/report.ts";
import type { EventStatistics } from "../events/statistics.ts";
import type { DecodingKernel } from "../kernels/decoding-kernel.ts";
import type { EventMemory } from "../kernels/event-memory.ts";
import type { ByteSource } from "../source/byte-source.ts";
import type { AheadRules, InflatingThreads } from "./ahead.ts";
import type { FedBytes } from "./fed-bytes.ts";
import type { FormatOptions, OnMalformed } from "./options.ts";

/** A format that this version reads: a stream of words, or a table of rows. */
export type EventFormat = StreamFormat | RowFormat;

/** What every format has. */
interface FormatIdentity {
  /** As options and metadata spell it, for example `evt2`. */
  readonly id: string;
  /** For people. */
  readonly name: string;
  /**
   * Judges first bytes that begin with no signature that `detect.ts` knows.
   *
   * @param options - what the caller says for this format or others, checked
   * @returns what speaks for this format; null when nothing does
   */
  probe?(head: Uint8Array, options: FormatOptions): FormatEvidence | null;
}

/** What speaks for a format. */
export interface FormatEvidence {
  /** `certain`: a signature or a header says so; `likely`: it follows from something weaker. */
  readonly confidence: "certain" | "likely";
  /** What the judgement rests on. */
  readonly reason: string;
}

/** A format that is read from front to back: what a word means may depend on all before it. */
export interface StreamFormat extends FormatIdentity {
  /** What the polarity column holds unless the caller asks otherwise. */
  readonly polarityEncoding: PolarityEncoding;
  /** Bytes of a word; reading may start at any whole number of them behind the header. */
  readonly wordBytes: number;
  /** The fewest bytes that an event can take, which bounds the events of a file. */
  readonly bytesPerEvent: number;
  /** After this many microseconds the camera's clock starts again. */
  readonly clockPeriodUs: number;
  /**
   * Reads the header.
   *
   * @param head - the first bytes of the source, the whole header among them
   * @param geometry - what the caller says the sensor is; the header's own is then not looked at
   * @param options - what the caller says for this format or others, checked
   */
  readHeader(
    head: Uint8Array,
    geometry: SensorGeometry | undefined,
    path?: string,
    options?: FormatOptions,
  ): FormatHeader;
  /**
   * Counts the events that words at the start of the data hold, without decoding them: what a
   * recording of this kind has in so many bytes. Default: every `bytesPerEvent` are one.
   *
   * @param data - whole words, the first ones behind the header
   */
  countEvents?(data: Uint8Array, header: FormatHeader): number;
  /** The kernel that decodes it, as it is embedded. */
  readonly kernel: string;
  /** How its data are decoded in parts. */
  readonly parts: PartRules;
  /**
   * Makes a decoder that works in `memory`, for data that starts at `dataOffset` of the source.
   *
   * @param kernel - the format's, over the same memory
   */
  createDecoder(memory: EventMemory, kernel: DecodingKernel, options: DecoderOptions): EventDecoder;
}

/** How data are cut into parts, each of which can be decoded before the one in front of it is. */
export interface PartRules {
  /** Whoever decodes this many bytes in front of a part is mostly in the state that it needs. */
  readonly leadBytes: number;
  /** Bytes of a part: enough that what is done for each of them does not count. */
  readonly partBytes: number;
  /** How many bytes the end of a word or line at the front of such bytes takes at most. */
  firstStart(bytes: Uint8Array): number;
  /** Where the last word or line that begins in or behind some bytes begins. */
  lastStart(bytes: Uint8Array): number;
  /** Where in the carried state an i64 stands that is a sum over all parts. Default: nowhere. */
  readonly carriedSum?: number | undefined;
  /**
   * Where i64s stand there that move with the clock: where all of them are as much later, so are the times of
   * the tile, and the rest is the same. Default: nowhere.
   */
  readonly carriedTimes?: readonly number[] | undefined;
}

/** What a recording says of itself. */
export interface RecordingFacts {
  /** The lines or fields of the header, as written. */
  readonly entries: readonly (readonly [key: string, value: string])[];
  /** Null when nothing says it. */
  readonly geometry: SensorGeometry | null;
  readonly assumptions: readonly Assumption[];
  /** In words: which of many ways to write the format this is. Default: there is but one. */
  readonly dialect?: string | undefined;
  /** Microseconds that were subtracted from every time before it was stored. Default 0. */
  readonly timeOffset?: number | undefined;
  /** Id of the format that the events were converted from, where the recording tells. */
  readonly originalFormat?: string | undefined;
  /** What a compact container says of itself. */
  readonly container?: ContainerDescription | undefined;
}

/** What the header of a stream of words says. */
export interface FormatHeader extends RecordingFacts {
  /** Where the data begins. */
  readonly dataOffset: number;
  /**
   * Which of its layouts the data have, for a format that has several: a number that the format
   * hands to its own decoder. Default 0.
   */
  readonly variant?: number | undefined;
}

/** What a decoder is told once. */
export interface DecoderOptions {
  /** Byte offset in the source of the first byte that is fed. */
  readonly dataOffset: number;
  /** Put the first event on time 0. */
  readonly rebase: boolean;
  /** What the header was read to say of the data: {@link FormatHeader.variant}. */
  readonly variant: number;
  /** All that the header was read to say, for formats to which `variant` says too little. */
  readonly header?: FormatHeader | undefined;
  /** What to do with a line of text that holds no event. Default `"error"`. */
  readonly onMalformed?: OnMalformed | undefined;
}

/**
 * Turns bytes into the columns of an {@link EventMemory}, tile by tile. A decoder is synchronous:
 * it never waits, opens or logs. It can stop after any byte and go on with the next.
 */
export interface EventDecoder {
  /** What it was fed and has not used up. */
  readonly bytes: FedBytes;
  /** Takes the next `length` bytes of the source, which stand in the given input slot. */
  feed(slot: 0 | 1, length: number): void;
  /**
   * Says that the source holds no further bytes; `slot` is free. What was kept back is then decoded,
   * too.
   */
  end(slot: 0 | 1): void;
  /**
   * Appends events and triggers to the tile in memory, until the bytes fed are used up or the tile
   * is full, and adds what happened to the report.
   *
   * @param room - the most events the tile may hold
   * @returns whether the bytes fed are used up
   * @throws EventError `malformed-line`
   */
  decode(room: number, report: MutableReport): boolean;
  /**
   * Takes back what the last call of `decode` appended from a byte of the source on. Nothing is
   * decoded after that: under `strict`, what stands in front of the first loss is still handed over.
   *
   * @param report - as it was in front of that call
   */
  takeBack(byteOffset: number, report: MutableReport): void;
  /** Reports bytes at the end of the source that do not fill a word or line. */
  finish(report: MutableReport): void;
}

/** A format that can be read from any row on: columns of known place and type. */
export interface RowFormat extends FormatIdentity {
  /**
   * Reads what says where the rows are.
   *
   * @throws EventError `invalid-header` when that contradicts itself, `unsupported-format` for
   *   columns that are no events
   */
  open(source: ByteSource, options: RowOptions): Promise<RowTable>;
}

/** What opening a table of rows is told. */
export interface RowOptions extends FormatOptions {
  /** What the caller says the sensor is; the file's own is then not looked at. */
  readonly geometry: SensorGeometry | undefined;
  /** What messages call the source. */
  readonly path: string | undefined;
  readonly signal: AbortSignal | undefined;
}

/** A table of rows that is open. */
export interface RowTable {
  readonly header: RecordingFacts;
  /** What the polarity column of a load holds unless the caller asks otherwise. */
  readonly polarityEncoding: PolarityEncoding;
  /** The columns that its events have; others hold anything. Default: all. */
  readonly columns?: readonly ColumnName[] | undefined;
  /** Rows in all; where {@link written} is left out, bounded by the bytes that are there. */
  readonly rows: number;
  /**
   * The rows that have values, in order and apart, where some have none: those hold no event. A
   * source may claim any number of them, so nothing may take time or memory for each. Default: all.
   */
  readonly written?: readonly RowRange[] | undefined;
  /** The end of a file that was cut, from its first byte that belongs to no row; null when whole. */
  readonly truncation: { readonly byteOffset: number; readonly bytes: number } | null;
  /** What rows that readers reject are counted as. */
  readonly rejectedAs: RejectedRow;
  /** Scratch space that readers need for every event of a tile. Default 0. */
  readonly scratchBytesPerEvent?: number | undefined;
  /** The most events of a tile, for tables that are read better in larger ones. Default 262 144. */
  readonly tileEvents?: number | undefined;
  /** What a reader holds beside the memory that it works in. Default: nothing. */
  readonly workingBytes?: WorkingBytes | undefined;
  /**
   * Rows that are best read by one thread, for tables that are worth several. Default: they are not.
   */
  readonly blockRows?: number | undefined;
  /**
   * How other threads may decompress chunks ahead, which leaves more to the calling one but costs it less than
   * reading blocks. Default: they may not.
   */
  readonly aheadRules?: AheadRules | undefined;
  /**
   * Makes a reader that works in `memory`. Every pass has its own.
   *
   * @param onMalformed - what to do with a row that holds no event
   * @param workingBytes - bytes that it may hold beside `memory`, at least {@link WorkingBytes.least};
   *   as many as is usual by default
   * @param wish - what will be asked for, so that a reader may spare itself the rest; all by default
   */
  createReader(
    memory: EventMemory,
    onMalformed: OnMalformed,
    workingBytes?: number,
    wish?: RowWish,
  ): Promise<RowReader>;
  /** External triggers that the source holds beside the events. Default: none. */
  readonly triggers?: RowTriggers | undefined;
  /** What the source says of all its events, for whoever asks before they are read. */
  readonly stated?: StatedContent | undefined;
  /**
   * What is known of the rows in chunks, for whoever wants few of them. Left out where it may not be
   * relied on.
   */
  readonly chunkIndex?: (() => Promise<RowChunkIndex>) | undefined;
  /**
   * Finds the first row at or after a time, the number of rows if there is none, by reading a small
   * part of the source. It is right where times never go back.
   *
   * @param time - in microseconds, as loaded without `rebase`
   */
  findRow?(time: bigint): Promise<number>;
  /** Whether the source states that times never go back. Default `false`. */
  readonly isSorted?: boolean | undefined;
  /** Gives back what the table holds; the source is its owner's. */
  close?(): Promise<void>;
}

/** Which times and pixels the chunks of a table have, which is known without reading them. */
export interface RowChunkIndex {
  /** Number of chunks. */
  readonly chunks: number;
  /** What is known of chunk number `chunk`. */
  entry(chunk: number): RowChunk;
}

/** What a pass wants of a table. */
export interface RowWish {
  /** Rows that will be asked for, in order. Default: all. */
  readonly ranges?: readonly RowRange[] | undefined;
  /**
   * Columns that are looked at; others may hold anything that drops no event and is no step back in
   * time. Default: all.
   */
  readonly columns?: readonly ColumnName[] | undefined;
  /** The sensor outside of which events are dropped; null or left out where none are. */
  readonly geometry?: SensorGeometry | null | undefined;
  /** Threads that decompress chunks of the source. Default: none. */
  readonly inflating?: InflatingThreads | undefined;
  /** Whether Node's threads have other work meanwhile. Default `false`. */
  readonly isPoolBusy?: boolean | undefined;
}

/** Some rows, one after the other. */
export interface RowRange {
  readonly start: number;
  /** The one behind the last. */
  readonly end: number;
}

/** Rows that are read together, and what their events lie between. */
export interface RowChunk {
  readonly firstRow: number;
  readonly count: number;
  /** Of the source. */
  readonly bytes: number;
  /** Time of its first event. */
  readonly firstTime: bigint;
  readonly on: number;
  readonly leastTime: bigint;
  readonly greatestTime: bigint;
  readonly leastX: number;
  readonly greatestX: number;
  readonly leastY: number;
  readonly greatestY: number;
}

/** What a source says of what it holds. */
export interface StatedContent {
  /**
   * @param exactTimes - tell times that are too large for a number, instead of throwing
   * @throws EventError `unsafe-time`
   */
  statistics(exactTimes: boolean): EventStatistics;
  readonly triggers: number;
  readonly backwardSteps: number;
}

/** Bytes that a reader holds of its own: chunks that were decompressed, what is being read. */
export interface WorkingBytes {
  /** Without these it cannot work. */
  readonly least: number;
  /** More than these are of no use. */
  readonly usual: number;
}

/** External triggers, in the order of the source. */
export interface RowTriggers {
  readonly rows: number;
  /** Reads triggers from number `start` on; the table holds them. */
  read(start: number, count: number): Promise<TriggerRows>;
}

/** Some triggers: a value of each column for every one. */
export interface TriggerRows {
  /** Microseconds. */
  readonly t: BigInt64Array;
  readonly id: Int16Array;
  /** 1 for a rising edge, 0 for a falling one. */
  readonly value: Uint8Array;
}

/** Why a row is left out: its pixel is on no sensor, or it holds no event at all. */
export type RejectedRow = "outsideGeometry" | "malformed";

/** Reads rows into the columns of an {@link EventMemory}. */
export interface RowReader {
  /**
   * Puts rows behind the events of the tile: x, y and t as their columns hold them, and a polarity
   * whose positive values are ON. A row with a coordinate that x or y cannot hold is marked as
   * rejected, which the kernel `convert` does. The rest of the work is that of the kernel `rows`.
   *
   * @param start - the first row, from 0
   * @param count - rows to read, at least 1; the tile has room for them and the table holds them
   * @throws EventError `malformed-row`, unless such rows are to be rejected, too
   */
  read(start: number, count: number, signal: AbortSignal | undefined): Promise<void>;
  /**
   * Whether the rows that were read last are known to be inside the sensor of the memory and in order of time, and
   * none of them is rejected, so that nobody has to look at each. Default: nothing is known.
   */
  readonly areSound?: boolean | undefined;
}

/** Whether a format is read by rows. */
export function isRowFormat(format: EventFormat): format is RowFormat {
  return "open" in format;
}
