import { ChunkDecoder, type InflatedChunk } from "../../container/chunk-decoder.ts";
import type { ChunkEntry, ChunkIndex } from "../../container/chunk-index.ts";
import { ChunkStage } from "../../container/chunk-stage.ts";
import { ALL_COLUMNS, type Projection } from "../../container/projection.ts";
import type { ContainerReader } from "../../container/reader.ts";
import { isEventError } from "../../errors.ts";
import type { EventMemory } from "../../kernels/event-memory.ts";
import type { RowReader, RowWish } from "../decoder.ts";

/** What a reader works with. */
interface ReaderParts {
  readonly reader: ContainerReader;
  readonly memory: EventMemory;
  /** Chunks that are held at most, the one that is decoded and those that are read ahead; 2 or more. */
  readonly held: number;
  /** Chunks that are read and inflated at once, at most half of these. */
  readonly atOnce: number;
  /** Reject the events of damaged chunks instead of throwing. */
  readonly recover: boolean;
  /** Whether decoded events must be what a chunk says of them. */
  readonly checkEvents: boolean;
  /** What will be asked for. */
  readonly wish: RowWish;
}

/** A chunk on its way. */
interface ComingChunk {
  readonly chunk: Promise<InflatedChunk>;
  /** Says that what it was read into is not needed for it any more. */
  release(): void;
}

/**
 * Reads chunks ahead, inflates them in other threads, and decodes them straight into the tile; those
 * that do not fit there whole are decoded beside it, and copied in parts.
 */
export class EvbRowReader implements RowReader {
  readonly #parts: ReaderParts;
  readonly #index: ChunkIndex;
  readonly #decoder: ChunkDecoder;
  readonly #coming = new Map<number, ComingChunk>();
  /** The chunk behind those that were begun. */
  #next = 0;
  /** Buffers in use; each holds the chunks that were read at once. */
  #groups = 0;
  readonly #free: Uint8Array[] = [];
  /** The chunks that will be asked for, from the first to the last of each part. */
  readonly #spans: readonly { readonly first: number; readonly last: number }[];
  readonly #columns: Projection;
  #stage: ChunkStage | null = null;
  /** Number of the chunk that was found to be damaged last. */
  #bad = -1;

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

  async read(start: number, count: number, signal: AbortSignal | undefined): Promise<void> {
    const end = start + count;
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
    const { memory, checkEvents, recover } = this.#parts;
    if (this.#stage?.chunk === chunk) return this.#copy(this.#stage, part);
    if (recover && this.#bad === chunk) return this.#reject(part);
    const { chunk: coming, release } = this.#take(chunk, signal);
    try {
      const inflated = await coming;
      if (isWhole && this.#decoder.hasRoomFor(inflated.head)) {
        this.#decoder.decode(inflated, memory.eventCount + part.at, checkEvents);
        return;
      }
      const { largestChunkEvents } = this.#parts.reader.statistics;
      this.#stage ??= await ChunkStage.create(Math.max(largestChunkEvents, inflated.head.count));
      this.#stage.decode(inflated, chunk, checkEvents);
      this.#copy(this.#stage, part);
    } finally {
      release();
    }
  }

  /** The chunk that is wanted; those behind it are begun. */
  #take(chunk: number, signal: AbortSignal | undefined): ComingChunk {
    const isBegun = this.#coming.has(chunk);
    for (const [number, { chunk: coming, release }] of this.#coming) {
      if (isBegun && number >= chunk) continue;
      this.#coming.delete(number); // the reading goes on elsewhere
      coming.then(release, release);
    }
    if (!isBegun) {
      this.#next = chunk;
      this.#begin(signal);
    }
    const { held, atOnce } = this.#parts;
    while ((this.#groups + 1) * atOnce <= held && this.#begin(signal));
    const wanted = this.#coming.get(chunk) as ComingChunk;
    this.#coming.delete(chunk);
    return wanted;
  }

  /** Begins to read the next chunks that will be asked for; false where there are none. */
  #begin(signal: AbortSignal | undefined): boolean {
    const { reader, atOnce } = this.#parts;
    const entries = this.#nextEntries();
    if (entries.length === 0) return false;
    const [first, last] = [entries[0], entries.at(-1)] as [ChunkEntry, ChunkEntry];
    const length = last.offset + last.bytes - first.offset;
    let buffer = this.#free.pop();
    if (buffer === undefined || buffer.byteLength < length) {
      buffer = new Uint8Array(Math.max(reader.statistics.largestChunkBytes * atOnce, length));
    }
    const wanted = entries.map((entry) => ({ entry, columns: this.#columnsOf(entry) }));
    const coming = reader.readChunks(wanted, buffer, signal);
    let left = coming.length;
    this.#groups++;
    const release = (): void => {
      if (--left > 0) return;
      this.#groups--;
      this.#free.push(buffer);
    };
    const number = this.#next - coming.length;
    for (const [at, chunk] of coming.entries()) {
      chunk.catch(() => {}); // reported when it is awaited
      this.#coming.set(number + at, { chunk, release });
    }
    return true;
  }

  /** Goes to the next chunks that will be asked for and stand together in the file. */
  #nextEntries(): ChunkEntry[] {
    const entries: ChunkEntry[] = [];
    const span = this.#spans.find(({ last }) => last >= this.#next);
    if (span === undefined) return entries;
    this.#next = Math.max(this.#next, span.first);
    while (this.#next <= span.last && entries.length < this.#parts.atOnce) {
      const entry = this.#index.entry(this.#next);
      const before = entries.at(-1);
      if (before !== undefined && entry.offset !== before.offset + before.bytes) break;
      entries.push(entry);
      this.#next++;
    }
    return entries;
  }

  /** What is decoded of a chunk: all of one that has events outside of the sensor, to drop these. */
  #columnsOf({ greatestX, greatestY }: ChunkEntry): Projection {
    const { geometry } = this.#parts.wish;
    if (!geometry) return this.#columns;
    const isInside = greatestX < geometry.width && greatestY < geometry.height;
    return isInside ? this.#columns : ALL_COLUMNS;
  }

  #copy({ memory: stage }: ChunkStage, part: { from: number; length: number; at: number }): void {
    const { x, y, t, polarity } = stage.columns;
    const rejected = NONE_REJECTED;
    this.#parts.memory.putRows({ x, y, t, polarity, rejected }, part, false);
  }

  /** Marks rows as holding no event. */
  #reject({ length, at }: { length: number; at: number }): void {
    this.#parts.memory.rejectRows(at, length);
  }
}

const NONE_REJECTED = new Uint8Array(0);
