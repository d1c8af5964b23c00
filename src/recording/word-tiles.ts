import { checkLoss, type MutableReport } from "../events/report.ts";
import type { FormatHeader, StreamFormat } from "../formats/decoder.ts";
import type { DecodingKernel } from "../kernels/decoding-kernel.ts";
import type { EventMemory } from "../kernels/event-memory.ts";
import { instantiateKernel } from "../kernels/kernel.ts";
import type { SequentialSource } from "../source/byte-source.ts";
import { untilAborted } from "../util/until-aborted.ts";
import { decodeStrictly } from "./decode-strictly.ts";
import { type RecordingBytes, reportDamage } from "./opened-source.ts";
import { ProgressMeter } from "./progress.ts";
import type { TileOptions } from "./tiles.ts";
import { Turns } from "./turns.ts";

/** A pass over words or lines in one thread: its options, and what `TilePass` found out for it. */
interface WordPass extends Omit<TileOptions, "ranges"> {
  readonly format: StreamFormat;
  readonly header: FormatHeader;
  readonly memory: EventMemory;
  readonly report: MutableReport;
  readonly byteLength: number | null;
  /** Where the recording ends; null when that is not known. */
  readonly recordingEnd: number | null;
  readonly ranges: readonly WordRange[];
  /** The bytes from one offset to another, or to the end. */
  readonly open: (start: number, end: number | undefined) => RecordingBytes;
}

/** Bytes to decode; up to the end of the recording without an `end`. */
interface WordRange {
  readonly start: number;
  readonly end: number | undefined;
  readonly carried?: Uint8Array | undefined;
}

/**
 * Decodes the tiles of parts of a recording, one part after the other. As everywhere, all tiles but
 * the last one of a part are as full as `room` allows.
 */
export async function* tilesOfWords(
  pass: WordPass,
  room: () => number,
): AsyncGenerator<EventMemory, void, void> {
  const { report, header, onProgress, byteLength } = pass;
  report.bytesRead = header.dataOffset;
  const isWhole = pass.ranges.every(({ end }) => end === undefined);
  const length = pass.ranges.reduce((sum, { start, end = start }) => sum + end - start, 0);
  const total = isWhole ? byteLength : header.dataOffset + length;
  const meter = onProgress && new ProgressMeter(onProgress, total);
  const kernel = await instantiateKernel<DecodingKernel>(pass.format.kernel, pass.memory.memory);
  let bytesUsed = report.bytesRead;
  for (const range of pass.ranges)
    bytesUsed = yield* tilesOfRange(pass, range, kernel, meter, room);
  meter?.finish(bytesUsed, report.events);
}

/** The tiles of one part; returns how far the source was read, in the bytes of the source. */
async function* tilesOfRange(
  pass: WordPass,
  range: WordRange,
  kernel: DecodingKernel,
  meter: ProgressMeter | undefined,
  room: () => number,
): AsyncGenerator<EventMemory, number, void> {
  const { format, header, memory, report, signal, strict, onMalformed } = pass;
  const { promptly = false, triggers = false, timeOffset, mark } = pass;
  const bytes = pass.open(range.start, range.end);
  const decoder = format.createDecoder(memory, kernel, {
    dataOffset: Math.max(range.start, header.dataOffset),
    rebase: (pass.rebase ?? false) && timeOffset === undefined,
    variant: header.variant ?? 0,
    header,
    onMalformed,
  });
  memory.setTile();
  if (range.carried !== undefined) {
    const { byteOffset } = memory.inputs[0];
    // Builds the tables that some kernels begin with; what follows then begins in any state.
    kernel.decode(byteOffset, byteOffset, 0);
    memory.restoreCarried(range.carried);
  }
  const tell = (): void => {
    mark?.(decoder.bytes.offsetOf(decoder.bytes.start), memory.saveCarried());
  };
  const ahead = new ReadAhead(bytes, memory.inputs);
  const turns = new Turns();
  for (;;) {
    const { slot, length } = await untilAborted(ahead.next(), signal);
    const isEnd = length === 0;
    if (isEnd) {
      // Behind a part of the recording more bytes follow.
      if (range.end === undefined || range.end === pass.recordingEnd) decoder.end(slot);
    } else {
      report.bytesRead += length;
      decoder.feed(slot, length);
      ahead.start();
    }
    for (let usedUp = false; !usedUp; ) {
      const most = Math.min(room(), memory.tileEvents);
      usedUp = decodeStrictly(decoder, most, report, strict);
      if (!triggers) memory.setTile(memory.eventCount);
      if (memory.isFull(most) || (usedUp && promptly)) {
        tell();
        yield memory;
        memory.setTile();
      }
      meter?.update(bytes.bytesUsed ?? report.bytesRead, report.events);
      await turns.give(signal);
    }
    if (isEnd) break;
  }
  decoder.finish(report);
  reportDamage(report, bytes);
  checkLoss(report, strict);
  tell();
  if (memory.eventCount > 0 || memory.triggerCount > 0) yield memory;
  return bytes.bytesUsed ?? report.bytesRead;
}

/** Reads into one slot while the other is decoded. */
class ReadAhead {
  readonly #source: SequentialSource;
  readonly #slots: readonly [Uint8Array, Uint8Array];
  #slot: 0 | 1 = 0;
  #pending: Promise<number> | undefined;

  constructor(source: SequentialSource, slots: readonly [Uint8Array, Uint8Array]) {
    this.#source = source;
    this.#slots = slots;
  }

  /** The next bytes: the slot they stand in and their number, 0 at the end. */
  async next(): Promise<{ slot: 0 | 1; length: number }> {
    const slot = this.#slot;
    this.#pending ??= this.#source.next(this.#slots[slot]);
    const pending = this.#pending;
    this.#pending = undefined;
    const length = await pending;
    this.#slot = slot === 0 ? 1 : 0;
    return { slot, length };
  }

  /**
   * Starts to read into the slot that is free. Not before the bytes at hand were fed, which takes
   * the first half of a cut word out of that slot.
   */
  start(): void {
    this.#pending = this.#source.next(this.#slots[this.#slot]);
    this.#pending.catch(() => {}); // reported when it is awaited
  }
}
