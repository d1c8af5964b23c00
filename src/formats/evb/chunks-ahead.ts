import type { InflatedChunk } from "../../container/chunk-decoder.ts";
import type { ChunkEntry, ChunkIndex } from "../../container/chunk-index.ts";
import type { Projection } from "../../container/projection.ts";
import type { ContainerReader } from "../../container/reader.ts";

/** What is read ahead. */
export interface ChunksAheadOptions {
  readonly reader: ContainerReader;
  readonly index: ChunkIndex;
  /** Chunks that are read and inflated before they are asked for. */
  readonly ahead: number;
  /** The chunks that will be asked for, from the first to the last of each part. */
  readonly spans: readonly { readonly first: number; readonly last: number }[];
  /** What is decoded of a chunk. */
  readonly columnsOf: (entry: ChunkEntry) => Projection;
}

/** A chunk on its way. */
export interface ComingChunk {
  readonly chunk: Promise<InflatedChunk>;
  /** Gives its bytes back: it has been decoded, or is not wanted any more. */
  readonly release: () => void;
}

/** Chunks that lie one behind the other are read at once, up to so many bytes. */
const GROUP_BYTES = 1024 * 1024;

/**
 * Reads chunks before they are asked for, half of those ahead at once: every call into another thread has to
 * wake it, which takes as long as reading or inflating a chunk.
 */
export class ChunksAhead {
  readonly #options: ChunksAheadOptions;
  readonly #mostOfGroup: number;
  readonly #coming = new Map<number, ComingChunk>();
  readonly #free: Uint8Array[] = [];

  constructor(options: ChunksAheadOptions) {
    this.#options = options;
    this.#mostOfGroup = Math.max(Math.floor(options.ahead / 2), 1);
  }

  /** The chunk that is wanted; those behind it are begun. */
  take(chunk: number, signal: AbortSignal | undefined): ComingChunk {
    if (!this.#coming.has(chunk)) this.#begin([chunk], signal);
    const wanted = this.#coming.get(chunk) as ComingChunk;
    this.#coming.delete(chunk);
    const next = this.#chunksBehind(chunk);
    for (const [number, { chunk: coming, release }] of this.#coming) {
      if (next.includes(number)) continue;
      this.#coming.delete(number); // the reading goes on elsewhere
      coming.then(release, release);
    }
    let missing = next.filter((number) => !this.#coming.has(number));
    const isEnd = next.length < this.#options.ahead;
    while (missing.length >= (isEnd ? 1 : this.#mostOfGroup)) {
      const group = this.#groupOf(missing);
      this.#begin(group, signal);
      missing = missing.slice(group.length);
    }
    return wanted;
  }

  /** The chunks that will be asked for behind one, as many as are read ahead. */
  #chunksBehind(chunk: number): number[] {
    const { ahead, spans } = this.#options;
    const next: number[] = [];
    let from = chunk + 1;
    for (const { first, last } of spans) {
      for (from = Math.max(from, first); from <= last && next.length < ahead; from++) {
        next.push(from);
      }
      if (next.length === ahead) break;
    }
    return next;
  }

  /** The first of some chunks, and those that lie right behind it in the file. */
  #groupOf(chunks: readonly number[]): number[] {
    const { index } = this.#options;
    const group: number[] = [];
    let [end, bytes] = [-1, 0];
    for (const chunk of chunks.slice(0, this.#mostOfGroup)) {
      const entry = index.entry(chunk);
      bytes += entry.bytes;
      if (group.length > 0 && (entry.offset !== end || bytes > GROUP_BYTES)) break;
      group.push(chunk);
      end = entry.offset + entry.bytes;
    }
    return group;
  }

  #begin(numbers: readonly number[], signal: AbortSignal | undefined): void {
    const { reader, index, columnsOf } = this.#options;
    const wanted = numbers.map((number) => {
      const entry = index.entry(number);
      return { entry, columns: columnsOf(entry) };
    });
    const buffer = this.#bufferFor(wanted.reduce((sum, { entry }) => sum + entry.bytes, 0));
    const reading = reader.readChunks(wanted, buffer, signal);
    let left = numbers.length;
    const release = (): void => {
      if (--left === 0) this.#free.push(buffer);
    };
    for (const [at, number] of numbers.entries()) {
      const { entry, columns } = wanted[at] as (typeof wanted)[number];
      const chunk = reading.then(
        (chunks) => chunks[at] as InflatedChunk,
        (error: unknown) => {
          // Which of them is damaged, or cannot be read, shows when each is read by itself.
          if (numbers.length === 1 || signal?.aborted) throw error;
          return reader.readChunk(entry, new Uint8Array(entry.bytes), signal, columns);
        },
      );
      chunk.catch(() => {}); // reported when it is awaited
      this.#coming.set(number, { chunk, release });
    }
  }

  #bufferFor(bytes: number): Uint8Array {
    const buffer = this.#free.pop();
    if (buffer !== undefined && buffer.byteLength >= bytes) return buffer;
    // Room for others as well, but not for whatever the statistics claim.
    const { largestChunkBytes } = this.#options.reader.statistics;
    const usual = Math.min(this.#mostOfGroup * largestChunkBytes, GROUP_BYTES);
    return new Uint8Array(Math.max(Math.min(usual, 2 * bytes), bytes));
  }
}
