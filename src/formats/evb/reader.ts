import type { ChunkHead } from "../../container/chunk.ts";
import { ChunkDecoder, type InflatedChunk } from "../../container/chunk-decoder.ts";
import type { ChunkEntry, ChunkIndex } from "../../container/chunk-index.ts";
import { ChunkStage } from "../../container/chunk-stage.ts";
import { ALL_COLUMNS, type Projection } from "../../container/projection.ts";
import type { ContainerReader } from "../../container/reader.ts";
import { isEventError } from "../../errors.ts";
import type { EventMemory } from "../../kernels/event-memory.ts";
import * as layout from "../../kernels/layout.ts";
import type { FrameInflater } from "../../platform/platform.ts";
import type { StoredBytes } from "../../source/chunk-desk.ts";
import { untilAborted } from "../../util/until-aborted.ts";
import type { RowReader, RowWish } from "../decoder.ts";

/** What a reader works with. */
interface ReaderParts {
  readonly reader: ContainerReader;
  readonly memory: EventMemory;
  /** Chunks that are read and inflated before they are asked for. */
  readonly ahead: number;
  /** Reject the events of damaged chunks instead of throwing. */
  readonly recover: boolean;
  /** Whether decoded events must be what a chunk says of them. */
  readonly checkEvents: boolean;
  /** Decompresses frames in this thread; null where Node's threads are free to. */
  readonly inflateFrame: FrameInflater | null;
  /** What will be asked for. */
  readonly wish: RowWish;
}

/** A chunk on its way. */
interface ComingChunk {
  /** Waits for it. */
  inflated(): Promise<InflatedChunk>;
  /** Gives its memory back, when it was decoded. */
  release(): void;
  /** Has its memory given back when nobody writes to it any more. */
  drop(): void;
}

/**
 * Reads chunks ahead, and inflates and decodes them straight into the tile; those that do not fit there whole
 * are decoded beside it, and copied in parts. Where there are other threads, these inflate further ahead, and
 * what none of them has begun with when it is to be read is read here.
 */
export class EvbRowReader implements RowReader {
  readonly #parts: ReaderParts;
  readonly #index: ChunkIndex;
  readonly #decoder: ChunkDecoder;
  readonly #coming = new Map<number, ComingChunk>();
  readonly #free: Uint8Array[] = [];
  /** The chunks that will be asked for, from the first to the last of each part. */
  readonly #spans: readonly { readonly first: number; readonly last: number }[];
  readonly #columns: Projection;
  #stage: ChunkStage | null = null;
  /** Number of the chunk that was found to be damaged last. */
  #bad = -1;
  /** Those before this one were offered to other threads. */
  #offered = 0;
  #areSound = false;
  /** Of the chunk that was read last for the same rows. */
  #lastTime: bigint | null = null;

  private constructor(parts: ReaderParts, index: ChunkIndex, decoder: ChunkDecoder) {
    this.#parts = parts;
    this.#index = index;
    this.#decoder = decoder;
    const { ranges = [{ start: 0, end: index.rows }], columns } = parts.wish;
    this.#columns = columns === undefined ? ALL_COLUMNS : new Set(columns);
    this.#spans = ranges
      .filter(({ start, end }) => start < end)
      .map(({ start, end }) => ({ first: index.chunkOf(start), last: index.chunkOf(end - 1) }));
  }

  static async create(parts: ReaderParts): Promise<EvbRowReader> {
    const index = await parts.reader.index();
    return new EvbRowReader(parts, index, await ChunkDecoder.create(parts.memory));
  }

  get areSound(): boolean {
    return this.#areSound;
  }

  async read(start: number, count: number, signal: AbortSignal | undefined): Promise<void> {
    const end = start + count;
    this.#areSound = this.#parts.checkEvents;
    this.#lastTime = null;
    for (let row = start; row < end; ) {
      const chunk = this.#index.chunkOf(row);
      const entry = this.#index.entry(chunk);
      const from = row - entry.firstRow;
      const length = Math.min(entry.count - from, end - row);
      const part = { from, length, at: row - start };
      try {
        await this.#put(chunk, part, length === entry.count, signal);
      } catch (error) {
        if (!this.#parts.recover || !isEventError(error, "damaged-data")) throw error;
        this.#bad = chunk;
        this.#reject(part);
      }
      row += length;
    }
  }

  /** Puts a part of a chunk behind the events of the tile. */
  async #put(
    chunk: number,
    part: { from: number; length: number; at: number },
    isWhole: boolean,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const { recover, inflateFrame } = this.#parts;
    if (this.#stage?.chunk === chunk) return this.#copy(this.#stage, part);
    if (recover && this.#bad === chunk) return this.#reject(part);
    try {
      await this.#decode(this.#take(chunk, signal), chunk, part, isWhole);
    } catch (error) {
      if (inflateFrame === null || !isEventError(error, "damaged-data")) throw error;
      // Another library may take a damaged frame, or say something else of it: as one thread does.
      const again = this.#read(this.#index.entry(chunk), signal, null);
      await this.#decode(again, chunk, part, isWhole);
    }
  }

  async #decode(
    coming: ComingChunk,
    chunk: number,
    part: { from: number; length: number; at: number },
    isWhole: boolean,
  ): Promise<void> {
    const { memory, checkEvents } = this.#parts;
    try {
      const inflated = await coming.inflated();
      if (isWhole && this.#decoder.hasRoomFor(inflated.head)) {
        const goesForward = this.#decoder.decode(
          inflated,
          memory.eventCount + part.at,
          checkEvents,
        );
        this.#judge(inflated.head, goesForward);
        return;
      }
      const { largestChunkEvents } = this.#parts.reader.statistics;
      this.#stage ??= await ChunkStage.create(Math.max(largestChunkEvents, inflated.head.count));
      this.#stage.decode(inflated, chunk, checkEvents);
      this.#copy(this.#stage, part);
    } finally {
      coming.release();
    }
  }

  /** The chunk that is wanted; those behind it are begun. */
  #take(chunk: number, signal: AbortSignal | undefined): ComingChunk {
    const wanted = this.#coming.get(chunk) ?? this.#begin(chunk, signal);
    this.#coming.delete(chunk);
    const next = this.#chunksBehind(chunk);
    for (const [number, coming] of this.#coming) {
      if (next.includes(number)) continue;
      this.#coming.delete(number); // the reading goes on elsewhere
      coming.drop();
    }
    this.#offer((next.at(-1) ?? chunk) + 1);
    for (const number of next) {
      if (!this.#coming.has(number)) this.#coming.set(number, this.#begin(number, signal));
    }
    return wanted;
  }

  /** The chunks that will be asked for behind one, as many as are read ahead. */
  #chunksBehind(chunk: number): number[] {
    const { ahead } = this.#parts;
    const next: number[] = [];
    let from = chunk + 1;
    for (const { first, last } of this.#spans) {
      for (from = Math.max(from, first); from <= last && next.length < ahead; from++) {
        next.push(from);
      }
      if (next.length === ahead) break;
    }
    return next;
  }

  /** Has other threads inflate chunks from one on, several at a time. */
  #offer(from: number): void {
    const { inflating } = this.#parts.wish;
    if (inflating === undefined) return; // else all columns of all chunks are wanted
    const first = Math.max(from, this.#offered);
    const end = Math.min(first + inflating.freeSlots, this.#index.chunks);
    const fewest = Math.min(OFFERED_AT_ONCE, Math.ceil(inflating.slots / 2));
    if (end - first < Math.min(fewest, this.#index.chunks - first)) return;
    const chunks = Array.from({ length: end - first }, (_, at) =>
      placeOf(this.#index.entry(first + at)),
    );
    inflating.offer(chunks);
    this.#offered = end;
  }

  #begin(chunk: number, signal: AbortSignal | undefined): ComingChunk {
    const entry = this.#index.entry(chunk);
    const ahead = this.#parts.wish.inflating?.withdraw(placeOf(entry));
    if (!ahead) return this.#read(entry, signal, this.#parts.inflateFrame);
    let own: ComingChunk | undefined;
    return {
      inflated: async () => {
        const bytes = await untilAborted(ahead.bytes(), signal);
        if (bytes !== null)
          return this.#parts.reader.chunkAhead(entry, bytes, this.#columnsOf(entry));
        own ??= this.#read(entry, signal, null); // which says what is wrong
        return own.inflated();
      },
      release: () => {
        ahead.release();
        own?.release();
      },
      drop: () => {}, // where the reading goes back, which it does to end with an error
    };
  }

  #read(
    entry: ChunkEntry,
    signal: AbortSignal | undefined,
    inflateFrame: FrameInflater | null,
  ): ComingChunk {
    const { reader } = this.#parts;
    // Room for others as well, but not for whatever the statistics claim.
    const most = Math.min(reader.statistics.largestChunkBytes, 2 * entry.bytes);
    const size = Math.max(most, entry.bytes);
    let buffer = this.#free.pop();
    if (buffer === undefined || buffer.byteLength < entry.bytes) buffer = new Uint8Array(size);
    const coming = reader.readChunk(entry, buffer, signal, {
      columns: this.#columnsOf(entry),
      inflateFrame,
    });
    coming.catch(() => {}); // reported when it is awaited
    const release = () => void this.#free.push(buffer);
    return { inflated: () => coming, release, drop: () => void coming.then(release, release) };
  }

  /** What is decoded of a chunk: all of one that has events outside of the sensor, to drop these. */
  #columnsOf({ greatestX, greatestY }: ChunkEntry): Projection {
    const { geometry } = this.#parts.wish;
    if (!geometry) return this.#columns;
    const isInside = greatestX < geometry.width && greatestY < geometry.height;
    return isInside ? this.#columns : ALL_COLUMNS;
  }

  #copy(
    { memory: stage, head, goesForward }: ChunkStage,
    part: { from: number; length: number; at: number },
  ): void {
    if (head !== null) this.#judge(head, goesForward);
    const { x, y, t, polarity } = stage.columns;
    const rejected = NONE_REJECTED;
    this.#parts.memory.putRows({ x, y, t, polarity, rejected }, part, false);
  }

  /** Looks at what is known of a chunk, and was found to be true of its events. */
  #judge(head: ChunkHead, goesForward: boolean): void {
    const { memory } = this.#parts;
    const isInside =
      head.greatestX < memory.field(layout.WIDTH) && head.greatestY < memory.field(layout.HEIGHT);
    const goesOn = this.#lastTime === null || head.firstTime >= this.#lastTime;
    this.#areSound &&= isInside && goesOn && goesForward;
    this.#lastTime = head.lastTime;
  }

  /** Marks rows as holding no event. */
  #reject({ length, at }: { length: number; at: number }): void {
    this.#areSound = false;
    this.#parts.memory.rejectRows(at, length);
  }
}

/** Chunks that are offered at once, so that few messages are sent. */
const OFFERED_AT_ONCE = 8;

function placeOf({ offset, bytes: byteLength }: ChunkEntry): StoredBytes {
  return { offset, byteLength };
}

const NONE_REJECTED = new Uint8Array(0);
