import { EventError } from "../errors.ts";
import { COLUMN_NAMES, type ColumnName } from "../events/columns.ts";
import type { SensorGeometry } from "../events/geometry.ts";
import type { PolarityEncoding } from "../events/polarity.ts";
import {
  checkAssumptions,
  type FoundBy,
  type MutableReport,
  type Strictness,
  sortCounts,
} from "../events/report.ts";
import { timeAsNumber } from "../events/safe-time.ts";
import type { OnMalformed } from "../formats/options.ts";
import type { EventMemory } from "../kernels/event-memory.ts";
import type { WindowLimit } from "../source/inflated.ts";
import { abortWith } from "../util/until-aborted.ts";
import { eventsPerByte } from "./event-estimate.ts";
import { tilesOfLanes } from "./lane-tiles.ts";
import type { RecordingBytes } from "./opened-source.ts";
import { createPassMemory, passMemorySize } from "./pass-memory.ts";
import type { Progress } from "./progress.ts";
import type { OpenedRecording } from "./recording.ts";
import { tilesOfRows } from "./row-tiles.ts";
import { startChunksAhead, startRowBlocks, startThreads } from "./threads.ts";
import type { CreateSieve, TileRange, TileSieve } from "./tile-sieve.ts";
import { tilesOfWords } from "./word-tiles.ts";

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
  /** The most events of a tile. Default: what the format is read best in, mostly 262 144. */
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
  /** Parts of the recording's `extent` to read, in order: bytes or rows; all of it when left out. */
  readonly ranges?: readonly TileRange[] | undefined;
  /**
   * Columns that are looked at, which the recording must have; a table may leave others undecoded, which
   * then hold anything. Default: all.
   */
  readonly columns?: readonly ColumnName[] | undefined;
  /** Whether whoever takes the tiles keeps Node's threads busy, so that a reader does without. Default `false`. */
  readonly keepsPoolBusy?: boolean | undefined;
  /** How these parts were found, for the report. */
  readonly foundBy?: FoundBy | undefined;
  /** Microseconds that `rebase` subtracts, where they are known already. */
  readonly timeOffset?: bigint | undefined;
  /** What is done to tiles before they are handed over. Default: nothing. */
  readonly sieve?: CreateSieve | undefined;
  /**
   * Told, before a tile is handed over, where the bytes or rows behind it start and what the decoder
   * carries there.
   */
  readonly mark?: ((position: number, carried: Uint8Array) => void) | undefined;
}

/**
 * Refuses what needs columns that a recording was written without.
 *
 * @param wanted - default: all
 * @throws EventError `missing-column`
 * @internal
 */
export function checkPresent(
  { columns, source }: OpenedRecording,
  wanted: readonly ColumnName[] = COLUMN_NAMES,
): void {
  const missing = wanted.find((name) => !columns.includes(name));
  if (missing === undefined) return;
  throw new EventError("missing-column", `the recording has no column ${missing}`, {
    path: source.name,
    expected: wanted.join(", "),
    found: columns.join(", "),
    hint: "It was written without. Most that can be done with less takes `columns`, to name them.",
  });
}

/** One pass over the events of a recording: a memory that holds one tile after the other. */
export class TilePass {
  /** What happened so far; final when the tiles have ended. */
  readonly report: MutableReport;
  readonly #recording: OpenedRecording;
  readonly #options: TileOptions;
  readonly #given: AbortSignal | undefined;
  readonly #controller = new AbortController();
  #memory: EventMemory | undefined;
  /** Bytes of the memory that is shared with other threads. */
  #elsewhere = 0;
  #bytes: RecordingBytes | undefined;
  readonly #sieve: TileSieve | undefined;
  /** What the decoder checks coordinates against. */
  readonly #geometry: SensorGeometry | null;

  constructor(recording: OpenedRecording, options: TileOptions) {
    checkPresent(recording, options.columns);
    // Of zeros nobody can tell what lies outside of a sensor, or when it was.
    if ((options.geometry ?? recording.stated.geometry) !== undefined) {
      checkPresent(recording, ["x", "y"]);
    }
    if (options.rebase) checkPresent(recording, ["t"]);
    this.#recording = recording;
    this.#given = options.signal;
    this.#options = { ...options, signal: this.#controller.signal };
    this.report = recording.startReport(options.polarityEncoding, options.geometry);
    checkAssumptions(this.report, options.strict);
    if (options.foundBy !== undefined) this.report.foundBy = options.foundBy;
    this.#geometry = this.report.geometry;
    this.#sieve = options.sieve?.(this.#geometry);
    if (this.#sieve !== undefined) this.report.geometry = this.#sieve.geometry;
  }

  /** Aborted when the caller's signal is, and when the recording is closed. */
  get signal(): AbortSignal {
    return this.#controller.signal;
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
  tiles(room: () => number): AsyncGenerator<EventMemory, void, void> {
    const sieve = this.#sieve;
    return sieve === undefined ? this.#tiles(room) : this.#sieved(sieve, room);
  }

  /** The tiles that a sieve leaves something in; the report counts what it left. */
  async *#sieved(sieve: TileSieve, room: () => number): AsyncGenerator<EventMemory, void, void> {
    const { report } = this;
    const { triggers = false } = this.#options;
    let [left, triggersLeft] = [0, 0];
    let attached: EventMemory | undefined;
    try {
      for await (const memory of this.#tiles(room)) {
        if (attached !== memory) await sieve.attach(memory);
        attached = memory;
        const goesOn = sieve.apply(memory);
        left += memory.eventCount;
        triggersLeft += memory.triggerCount;
        if (memory.eventCount > 0 || (triggers && memory.triggerCount > 0)) yield memory;
        if (!goesOn) break;
      }
    } finally {
      report.eventsDecoded = report.events;
      report.events = left;
      if (triggers) report.triggers = triggersLeft;
    }
  }

  /**
   * Lets another pass have the memory, once the tiles have come to their end and nothing in it is asked
   * for any more; a pass without `outputBytes` does so itself. Behind an error nobody may: a read that was
   * under way could still fill an input slot.
   */
  release(): void {
    this.#memory?.release();
  }

  async *#tiles(room: () => number): AsyncGenerator<EventMemory, void, void> {
    const unlink = abortWith(this.#controller, [this.#given, this.#recording.closing]);
    try {
      this.signal.throwIfAborted();
      yield* this.#decode(room);
      // What counts has its results in the memory.
      if (this.#options.outputBytes === undefined) this.release();
    } catch (error) {
      if (this.signal.aborted) throw error;
      const memory = this.#memory; // of one thread: several hand over what they have themselves
      if (memory !== undefined) {
        if (!this.#options.triggers) memory.setTile(memory.eventCount);
        if (memory.eventCount > 0 || memory.triggerCount > 0) yield memory;
      }
      throw await this.#recording.source.explain(error, this.signal, this.#options.window);
    } finally {
      unlink();
      sortCounts(this.report);
    }
  }

  async *#decode(room: () => number): AsyncGenerator<EventMemory, void, void> {
    const { report } = this;
    const { source, content } = this.#recording;
    if (content.kind === "rows") {
      const memory = this.#createMemory();
      const { byteLength } = source;
      const { onMalformed = "error", workingBytes, ranges, columns, rebase } = this.#options;
      const { keepsPoolBusy } = this.#options;
      // Another first event would be another offset.
      const options = { ...this.#options, report };
      const inflating = startChunksAhead(this.#recording, content.table, options) ?? undefined;
      const wish = {
        ...{ ranges, columns: rebase ? undefined : columns, geometry: this.#geometry },
        ...{ inflating, isPoolBusy: keepsPoolBusy },
      };
      const createReader = () =>
        content.table.createReader(memory, onMalformed, workingBytes, wish);
      const blocks =
        inflating === undefined
          ? startRowBlocks(this.#recording, content.table, memory, options, createReader)
          : null;
      const others = inflating ?? blocks;
      report.threads = others?.threads ?? 1;
      this.#elsewhere = others?.byteLength ?? 0;
      try {
        const reader = blocks ?? (await createReader());
        const { spoolDamage: damage } = source;
        const pass = { ...this.#options, memory, report, byteLength, reader, damage };
        yield* tilesOfRows(content.table, pass, room);
      } finally {
        await others?.close();
      }
      return;
    }
    const { dataOffset } = content.header;
    const { ranges = [{ start: dataOffset, end: undefined }], signal } = this.#options;
    const others = startThreads(this.#recording, this.#options);
    if (others.length > 0) {
      const blocking = source.blockingFrom(dataOffset, signal);
      const bytes = blocking ?? this.#bytesFrom(dataOffset, signal);
      report.threads = others.length + 1;
      const { byteLength } = source;
      const isAtHand = blocking !== null;
      const facts = { byteLength, eventsPerByte: eventsPerByte(this.#recording), report, others };
      const pass = { ...this.#options, ...content, bytes, isAtHand, ...facts };
      const hold = (held: number): void => {
        this.#elsewhere = held;
      };
      yield* tilesOfLanes({ ...pass, hold });
      return;
    }
    yield* tilesOfWords(
      {
        ...this.#options,
        ...content,
        ranges,
        memory: this.#createMemory(),
        report,
        byteLength: source.byteLength,
        recordingEnd: this.#recording.recordingBytes,
        open: (start, end) => this.#bytesFrom(Math.max(start, dataOffset), signal, end),
      },
      room,
    );
  }

  #bytesFrom(start: number, signal: AbortSignal | undefined, end?: number): RecordingBytes {
    const bytes = this.#recording.source.bytesFrom(start, signal, end);
    this.#bytes = bytes;
    if (this.#options.window !== undefined) bytes.limitWindow?.(this.#options.window);
    return bytes;
  }

  #createMemory(): EventMemory {
    const { report } = this;
    const size = { ...this.#options, sieveBytes: this.#sieve?.bytes };
    const hint =
      "Filters of pixels need memory for the whole sensor: give the `geometry` that it has.";
    const memory = createPassMemory(passMemorySize(this.#recording, size), report, hint);
    memory.configure(this.#geometry, report.polarityEncoding);
    const { timeOffset } = this.#options;
    if (timeOffset !== undefined) {
      memory.setTimeOffset(timeOffset);
      report.timeOffset = timeAsNumber(BigInt(report.timeOffset) + timeOffset);
    }
    this.#memory = memory;
    return memory;
  }
}
