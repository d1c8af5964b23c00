import type { SensorGeometry } from "../events/geometry.ts";
import type { PolarityEncoding } from "../events/polarity.ts";
import {
  checkAssumptions,
  checkLoss,
  type MutableReport,
  type Strictness,
} from "../events/report.ts";
import type { OnMalformed } from "../formats/options.ts";
import type { DecodingKernel } from "../kernels/decoding-kernel.ts";
import { EventMemory } from "../kernels/event-memory.ts";
import { instantiateKernel } from "../kernels/kernel.ts";
import type { SequentialSource } from "../source/byte-source.ts";
import type { WindowLimit } from "../source/inflated.ts";
import { untilAborted } from "../util/until-aborted.ts";
import { decodeStrictly } from "./decode-strictly.ts";
import { tilesOfLanes } from "./lane-tiles.ts";
import { type RecordingBytes, reportDamage } from "./opened-source.ts";
import { passMemorySize } from "./pass-memory.ts";
import { type Progress, ProgressMeter } from "./progress.ts";
import type { OpenedRecording } from "./recording.ts";
import { tilesOfRows } from "./row-tiles.ts";
import { startRowBlocks, startThreads } from "./threads.ts";
import { Turns } from "./turns.ts";

/** How one pass over the events of a recording is made. */
export interface TileOptions {
  readonly polarityEncoding: PolarityEncoding;
  readonly geometry?: SensorGeometry | undefined;
  readonly strict: Strictness;
  readonly onMalformed?: OnMalformed | undefined;
  readonly rebase?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: Progress) => void) | undefined;
  /** Bytes of scratch space for every event of a tile. Default 0. */
  readonly scratchBytesPerEvent?: number | undefined;
  /** Bytes of room for what an encoding kernel writes, or one that counts. Default 0. */
  readonly outputBytes?: number | undefined;
  /** The most events of a tile. Default 262 144. */
  readonly tileEvents?: number | undefined;
  /** Bytes of each of the two input slots. Default 2 MiB, 256 KiB for rows. */
  readonly inputBytes?: number | undefined;
  /** Bytes that a reader of rows may hold beside the tile. Default: as many as are of use. */
  readonly workingBytes?: number | undefined;
  /** What a decompressor may hold. Default: whatever the data ask for. */
  readonly window?: WindowLimit | undefined;
  /** Hand over triggers, too; they are else counted only. Default `false`. */
  readonly triggers?: boolean | undefined;
  /** Hand over what there is whenever the input at hand is used up. Default `false`. */
  readonly promptly?: boolean | undefined;
  /** The most threads that decode. Default 1. */
  readonly threads?: number | undefined;
  /** Bytes, or rows, that one of several threads decodes at once. Default: the format's own. */
  readonly partSize?: number | undefined;
  /** Part of the recording's `extent` to read: bytes or rows; all of it when left out. */
  readonly range?: { readonly start: number; readonly end: number } | undefined;
}

/** One pass over the events of a recording: a memory that holds one tile after the other. */
export class TilePass {
  /** What happened so far; final when the tiles have ended. */
  readonly report: MutableReport;
  readonly #recording: OpenedRecording;
  readonly #options: TileOptions;
  #memory: EventMemory | undefined;
  /** Bytes of the memory that is shared with other threads. */
  #elsewhere = 0;
  #bytes: RecordingBytes | undefined;

  constructor(recording: OpenedRecording, options: TileOptions) {
    this.#recording = recording;
    this.#options = options;
    this.report = recording.startReport(options.polarityEncoding, options.geometry);
    checkAssumptions(this.report, options.strict);
  }

  /** Bytes of the memory that tiles are decoded in; 0 before the first is asked for. */
  get memoryBytes(): number {
    return (this.#memory?.byteLength ?? 0) + this.#elsewhere;
  }

  /** Bytes of the source that were read, compressed if it is. */
  get bytesRead(): number {
    return this.#bytes?.bytesUsed ?? this.report.bytesRead;
  }

  /**
   * Decodes tile by tile; all but the last are as full as `room` allows, unless triggers fill one
   * or `promptly` asks for less. The memory that is handed over is the same every time, and its
   * columns are valid until the next tile is asked for. What was decoded in front of an error is
   * handed over before the error is thrown, unless that is an abort.
   *
   * @param room - asked again and again: the most events that the tile may have
   */
  async *tiles(room: () => number): AsyncGenerator<EventMemory, void, void> {
    try {
      yield* this.#decode(room);
    } catch (error) {
      const memory = this.#memory;
      if (memory === undefined || this.#options.signal?.aborted) throw error;
      if (!this.#options.triggers) memory.setTile(memory.eventCount);
      if (memory.eventCount > 0 || memory.triggerCount > 0) yield memory;
      throw error;
    }
  }

  async *#decode(room: () => number): AsyncGenerator<EventMemory, void, void> {
    const { report } = this;
    const { source, content } = this.#recording;
    if (content.kind === "rows") {
      const memory = this.#createMemory();
      const { byteLength } = source;
      const { onMalformed = "error", workingBytes } = this.#options;
      const createReader = () => content.table.createReader(memory, onMalformed, workingBytes);
      const blocks = startRowBlocks(
        this.#recording,
        content.table,
        memory,
        this.#options,
        createReader,
      );
      report.threads = blocks?.threads ?? 1;
      this.#elsewhere = blocks?.byteLength ?? 0;
      const reader = blocks ?? (await createReader());
      try {
        const pass = { ...this.#options, memory, report, byteLength, reader };
        yield* tilesOfRows(content.table, pass, room);
      } finally {
        await blocks?.close();
      }
      return;
    }
    const { header, format } = content;
    const { dataOffset, variant = 0 } = header;
    const {
      signal,
      strict,
      onMalformed,
      rebase = false,
      range,
      promptly = false,
      triggers = false,
      onProgress,
    } = this.#options;
    const start = Math.max(range?.start ?? dataOffset, dataOffset);
    const bytes = source.bytesFrom(start, signal, range?.end);
    this.#bytes = bytes;
    if (this.#options.window !== undefined) bytes.limitWindow?.(this.#options.window);
    const others = startThreads(this.#recording, this.#options);
    if (others.length > 0) {
      report.threads = others.length + 1;
      const { byteLength } = source;
      const pass = { ...this.#options, format, header, bytes, byteLength, report, others };
      const hold = (held: number): void => {
        this.#elsewhere = held;
      };
      yield* tilesOfLanes({ ...pass, hold });
      return;
    }
    const memory = this.#createMemory();
    const kernel = await instantiateKernel<DecodingKernel>(format.kernel, memory.memory);
    const decoder = format.createDecoder(memory, kernel, {
      dataOffset: start,
      rebase,
      variant,
      header,
      onMalformed,
    });
    report.bytesRead = start;

    const meter = onProgress && new ProgressMeter(onProgress, source.byteLength);
    const ahead = new ReadAhead(bytes, memory.inputs);
    const turns = new Turns();
    for (;;) {
      const { slot, length } = await untilAborted(ahead.next(), signal);
      const isEnd = length === 0;
      if (isEnd) {
        // Behind a part of the recording more bytes follow.
        if (range === undefined || range.end === this.#recording.recordingBytes) decoder.end(slot);
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
    if (memory.eventCount > 0 || memory.triggerCount > 0) yield memory;
    meter?.finish(bytes.bytesUsed ?? report.bytesRead, report.events);
  }

  #createMemory(): EventMemory {
    const { report } = this;
    const memory = new EventMemory(passMemorySize(this.#recording, this.#options));
    memory.configure(report.geometry, report.polarityEncoding);
    this.#memory = memory;
    return memory;
  }
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
