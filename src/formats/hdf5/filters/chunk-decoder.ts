import { platform } from "#platform";
import type { EventError } from "../../../errors.ts";
import type { StoredChunk } from "../chunks/chunk-index.ts";
import type { Hdf5Dataset } from "../file.ts";
import { DEFLATE_FILTER, FLETCHER32_FILTER, LZF_FILTER, SHUFFLE_FILTER } from "../layout.ts";
import { damagedData, unsupported } from "../problems.ts";
import { describeFilter, type Filter } from "../structure/filter-pipeline.ts";
import { fletcher32, swappedFletcher32 } from "./fletcher32.ts";
import { type ForeignFilters, isForeign } from "./foreign-filters.ts";
import {
  areAtOnce,
  EXPANSIONS,
  MAX_CHUNK_BYTES,
  REWRITE_HINT,
  unknownFilter,
} from "./known-filters.ts";
import type { LzfDecoder } from "./lzf-decoder.ts";
import { unshuffled } from "./unshuffle.ts";

/** What a chunk holds. */
export interface ChunkBytes {
  readonly bytes: Uint8Array;
  /** Whether the bytes are those that were given, or shared with other chunks. */
  readonly isBorrowed: boolean;
  /** Whether elements of the dataset's type are still in planes, as "shuffle" leaves them. */
  readonly isShuffled: boolean;
}

/** What undoes filters. */
export interface FilterTools {
  /** Memory for what comes out of a chunk at once, until the next one. */
  roomToInflate(byteLength: number): Uint8Array;
  lzf(): Promise<LzfDecoder>;
  foreign(): Promise<ForeignFilters>;
}

/** A chunk whose filters are being undone. */
interface ChunkAtWork {
  readonly place: ChunkPlace;
  /** Its bytes in the file. */
  readonly stored: Uint8Array;
  /** How many bytes it has in the end; null where that is not known. */
  readonly expected: number | null;
  /** Whether nothing waits, so that it can be decompressed into memory that the next one takes, too. */
  readonly isAtOnce: boolean;
}

/** Where a chunk is, for messages. */
export interface ChunkPlace {
  readonly chunk: StoredChunk;
  /** The first row of the dataset that it holds. */
  readonly row: number;
}

const CHECKSUM_BYTES = 4;
/** What the end of compressed data may have beyond what its filters make of a byte. */
const SLACK = 512;

/** Undoes the filters of the chunks of one dataset, but for ECF. */
export class ChunkDecoder {
  readonly #dataset: Hdf5Dataset;
  readonly #path: string | undefined;
  readonly #chunkBytes: number;
  readonly #tools: FilterTools;

  constructor(
    dataset: Hdf5Dataset,
    path: string | undefined,
    chunkBytes: number,
    tools: FilterTools,
  ) {
    this.#dataset = dataset;
    this.#path = path;
    this.#chunkBytes = chunkBytes;
    this.#tools = tools;
  }

  /**
   * Undoes the filters of a chunk.
   *
   * @param stored - its bytes in the file
   * @param from - the first filter that is undone; 1 leaves out the one that was applied first
   * @throws EventError `damaged-data`, `unsupported-format`
   */
  decode(stored: Uint8Array, place: ChunkPlace, from = 0): Promise<ChunkBytes> | ChunkBytes {
    const applied = this.#applied(place.chunk.filterMask, from);
    if (from === 0) this.#checkSize(stored.byteLength, applied, place);
    if (applied.some(({ id }) => isForeign(id))) return this.#decodeForeign(stored, place);
    // What ECF gives is compressed, and may be larger than the records by its header at most.
    const expected = from === 0 ? this.#chunkBytes : null;
    const isAtOnce = from === 0 && this.#chunkBytes <= platform.inflateAtOnce && areAtOnce(applied);
    return this.#undoAll(applied, stored, { place, stored, expected, isAtOnce });
  }

  /** Bytes that another thread may need room for when it decompresses chunks; null where it cannot. */
  get inflatedBytes(): number | null {
    const { filters } = this.#dataset;
    const isLast = filters.at(-1)?.id === DEFLATE_FILTER; // or else something is to be undone before
    const isAtOnce = this.#chunkBytes <= platform.inflateAtOnce && areAtOnce(filters);
    return isLast && isAtOnce ? this.#chunkBytes + SLACK : null;
  }

  /**
   * Whether another thread can decompress a chunk.
   *
   * @param room - bytes that it has for what comes out
   */
  isInflatable({ byteLength, filterMask }: StoredChunk, room: number): boolean {
    const most = this.inflatedBytes ?? Number.POSITIVE_INFINITY;
    return filterMask === 0 && most <= room && byteLength <= room;
  }

  /**
   * Undoes the filters of a chunk in front of "deflate".
   *
   * @param inflated - what comes out of that, borrowed
   * @throws EventError `damaged-data`
   */
  finish(inflated: Uint8Array, place: ChunkPlace): ChunkBytes {
    this.#checkSize(place.chunk.byteLength, this.#dataset.filters, place);
    const filters = this.#dataset.filters.slice(0, -1);
    const chunk = { place, stored: inflated, expected: this.#chunkBytes, isAtOnce: true };
    return this.#undoAll(filters, inflated, chunk) as ChunkBytes; // none of them waits
  }

  /** Undoes filters, the last one first. */
  #undoAll(
    filters: readonly Filter[],
    given: Uint8Array,
    chunk: ChunkAtWork,
  ): Promise<ChunkBytes> | ChunkBytes {
    const { place, stored, expected, isAtOnce } = chunk;
    let bytes = given;
    let isShuffled = false;
    for (const [index, filter] of [...filters.entries()].toReversed()) {
      if (filter.id === SHUFFLE_FILTER) {
        const [elementBytes = this.#dataset.type.size] = filter.clientData;
        isShuffled =
          filter === this.#dataset.filters[0] &&
          elementBytes === this.#dataset.type.size &&
          elementBytes > 1;
        if (!isShuffled) bytes = unshuffled(bytes, elementBytes);
        continue;
      }
      const undone = this.#undo(filter, bytes, chunk);
      if (undone instanceof Promise) {
        return undone.then((bytes) => this.#undoAll(filters.slice(0, index), bytes, chunk));
      }
      bytes = undone;
    }
    this.#checkLength(bytes, expected, place);
    return { bytes, isBorrowed: isAtOnce || bytes.buffer === stored.buffer, isShuffled };
  }

  /** Filters that were applied to a chunk. */
  #applied(filterMask: number, from: number): Filter[] {
    return this.#dataset.filters.filter((_, index) => {
      return index >= from && ((filterMask >>> index) & 1) === 0;
    });
  }

  #undo(
    filter: Filter,
    bytes: Uint8Array,
    { place, isAtOnce }: ChunkAtWork,
  ): Promise<Uint8Array> | Uint8Array {
    // In front of a filter there may be more than the chunk: checksums, what does not compress.
    const most = this.#chunkBytes + SLACK;
    if (filter.id === FLETCHER32_FILTER) return this.#checked(filter, bytes, place);
    if (filter.id === LZF_FILTER) return this.#undoLzf(filter, bytes, most, place);
    if (filter.id !== DEFLATE_FILTER) throw unknownFilter(filter, this.#dataset, this.#at(place));
    const inflated = isAtOnce ? platform.inflateInto(bytes, this.#tools.roomToInflate(most)) : null;
    return inflated ?? this.#inflate(filter, bytes, most, place);
  }

  async #inflate(
    filter: Filter,
    bytes: Uint8Array,
    most: number,
    place: ChunkPlace,
  ): Promise<Uint8Array> {
    try {
      return await platform.inflate(bytes, most);
    } catch (cause) {
      throw this.#damaged(filter, place, { found: (cause as Error).message, cause });
    }
  }

  async #undoLzf(
    filter: Filter,
    bytes: Uint8Array,
    most: number,
    place: ChunkPlace,
  ): Promise<Uint8Array> {
    const lzf = await this.#tools.lzf();
    const result = lzf.decode(bytes, most);
    if (result !== null) return result;
    throw this.#damaged(filter, place, { expected: `at most ${this.#chunkBytes} bytes of LZF` });
  }

  /** Takes the checksum off, which has to be right. */
  #checked(filter: Filter, bytes: Uint8Array, place: ChunkPlace): Uint8Array {
    const length = bytes.byteLength - CHECKSUM_BYTES;
    const found = `${bytes.byteLength} bytes`;
    if (length < 0) throw this.#damaged(filter, place, { expected: "a checksum", found });
    const data = bytes.subarray(0, length);
    const checksum = fletcher32(data);
    const view = new DataView(bytes.buffer, bytes.byteOffset + length, CHECKSUM_BYTES);
    const stored = view.getUint32(0, true);
    if (stored === checksum || stored === swappedFletcher32(checksum)) return data;
    throw this.#damaged(filter, place, {
      expected: `the checksum 0x${checksum.toString(16)}`,
      found: `0x${stored.toString(16)}`,
    });
  }

  async #decodeForeign(stored: Uint8Array, place: ChunkPlace): Promise<ChunkBytes> {
    const { filters, filterMessage } = this.#dataset;
    const foreign = await this.#tools.foreign();
    const result = await foreign.decode({
      filters,
      filterMessage: filterMessage as Uint8Array,
      filterMask: place.chunk.filterMask,
      chunkBytes: this.#chunkBytes,
      stored,
    });
    if (result instanceof Uint8Array) return { bytes: result, isBorrowed: true, isShuffled: false };
    const names = filters.map(describeFilter).join(", ");
    if (result.isUnread) {
      throw unsupported(
        `a chunk of ${this.#dataset.path} is compressed in a way that is not read`,
        {
          ...this.#at(place),
          found: `${result.problem} in ${names}`,
          hint: REWRITE_HINT,
        },
      );
    }
    throw damagedData(`a chunk of ${this.#dataset.path} is damaged`, {
      ...this.#at(place),
      expected: `what ${names} made`,
      found: result.problem,
    });
  }

  /** Nothing is allocated that the bytes at hand cannot become. */
  #checkSize(storedBytes: number, applied: readonly Filter[], place: ChunkPlace): void {
    let most = storedBytes;
    for (const { id } of applied) most = most * (EXPANSIONS[id] ?? MAX_CHUNK_BYTES) + SLACK;
    const found = `${storedBytes} bytes in the file`;
    if (this.#chunkBytes > MAX_CHUNK_BYTES) {
      throw unsupported(`the chunks of ${this.#dataset.path} are too large`, {
        ...this.#at(place),
        expected: `at most ${MAX_CHUNK_BYTES} bytes`,
        found: `${this.#chunkBytes}`,
        hint: "Write the dataset anew with smaller chunks.",
      });
    }
    if (this.#chunkBytes <= most) return;
    throw damagedData(`a chunk of ${this.#dataset.path} is damaged`, {
      ...this.#at(place),
      expected: `what becomes ${this.#chunkBytes} bytes`,
      found,
    });
  }

  #checkLength(bytes: Uint8Array, expected: number | null, place: ChunkPlace): void {
    if (expected === null || bytes.byteLength === expected) return;
    throw damagedData(`a chunk of ${this.#dataset.path} is damaged`, {
      ...this.#at(place),
      expected: `${expected} bytes`,
      found: `${bytes.byteLength}`,
    });
  }

  #damaged(
    filter: Filter,
    place: ChunkPlace,
    details: { expected?: string; found?: string; cause?: unknown },
  ): EventError {
    const problem = `a chunk of ${this.#dataset.path} is damaged: ${describeFilter(filter)}`;
    return damagedData(problem, { ...this.#at(place), ...details });
  }

  #at({ chunk, row }: ChunkPlace): { path: string | undefined; byteOffset: number; row: number } {
    return { path: this.#path, byteOffset: chunk.offset, row };
  }
}
