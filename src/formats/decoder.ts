/**
 * What every format fulfils: the contract between the bytes of a source and the columns.
 */
import type { SensorGeometry } from "../events/geometry.ts";
import type { PolarityEncoding } from "../events/polarity.ts";
import type { Assumption, MutableReport } from "../events/report.ts";
import type { EventMemory } from "../kernels/event-memory.ts";

/** A format that this version reads. */
export interface EventFormat {
  /** As options and metadata spell it, for example `evt2`. */
  readonly id: string;
  /** For people. */
  readonly name: string;
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
   */
  readHeader(head: Uint8Array, geometry: SensorGeometry | undefined, path?: string): FormatHeader;
  /** Makes a decoder that works in `memory`, for data that starts at `dataOffset` of the source. */
  createDecoder(memory: EventMemory, options: DecoderOptions): Promise<EventDecoder>;
}

/** What a header says. */
export interface FormatHeader {
  /** The lines or fields of the header, as written. */
  readonly entries: readonly (readonly [key: string, value: string])[];
  /** Where the data begins. */
  readonly dataOffset: number;
  /** Null when nothing says it. */
  readonly geometry: SensorGeometry | null;
  readonly assumptions: readonly Assumption[];
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
}

/**
 * Turns bytes into the columns of an {@link EventMemory}, tile by tile. A decoder is synchronous:
 * it never waits, opens or logs. It can stop after any byte and go on with the next.
 */
export interface EventDecoder {
  /** Takes the next `length` bytes of the source, which stand in the given input slot. */
  feed(slot: 0 | 1, length: number): void;
  /** Says that no bytes follow; `slot` is free. What was kept back is then decoded, too. */
  end(slot: 0 | 1): void;
  /**
   * Appends events and triggers to the tile in memory, until the bytes fed are used up or the tile
   * is full, and adds what happened to the report.
   *
   * @param room - the most events the tile may hold
   * @returns whether the bytes fed are used up
   */
  decode(room: number, report: MutableReport): boolean;
  /** Reports bytes at the end of the source that do not fill a word. */
  finish(report: MutableReport): void;
}
