import type { Block } from "../structure/block.ts";
import type { MetadataReader } from "../structure/metadata-reader.ts";
import type { ChunkGrid, ChunkIndex, StoredChunk, TakeChunks } from "./chunk-index.ts";

/** Where a chunk is, without what follows from its number. */
export type Element = Omit<StoredChunk, "at">;

/** Chunks by a number that follows from their place. */
export interface Elements {
  /** The chunk of a number; null when it was never written. */
  element(index: number): Promise<Element | null>;
  /** Hands over all chunks that were written. */
  walk(take: TakeElements): Promise<void>;
}

/**
 * Gets the number of a chunk that was written and its bytes in the file; or those of the first of
 * several that follow each other.
 */
export type TakeElements = (index: number, byteLength: number, count?: number) => void;

/** An index of chunks that are numbered. */
export class ElementIndex implements ChunkIndex {
  readonly #elements: Elements;
  /** Dimensions in the order in which places become numbers, the slowest first. */
  readonly #order: readonly number[];
  /** Chunks from one place along a dimension to the next, in that order. */
  readonly #steps: readonly number[];
  /** Chunks side by side along the last dimension. */
  readonly #across: number;
  readonly #rank: number;

  constructor({ shape, maxShape, chunkShape }: ChunkGrid, elements: Elements) {
    this.#elements = elements;
    // A dimension without limit comes first, so that no number changes when it grows.
    const unlimited = maxShape.indexOf(null);
    const dimensions = [...shape.keys()];
    this.#order =
      unlimited > 0
        ? [unlimited, ...dimensions.filter((dimension) => dimension !== unlimited)]
        : dimensions;
    const counts = this.#order.map((dimension) => {
      const length = maxShape[dimension] ?? shape[dimension] ?? 0;
      return Math.ceil(length / (chunkShape[dimension] as number));
    });
    this.#steps = counts.map((_, at) => counts.slice(at + 1).reduce((a, b) => a * b, 1));
    this.#rank = shape.length;
    this.#across = counts[this.#order.indexOf(this.#rank - 1)] ?? 1;
  }

  async find(low: readonly number[], high: readonly number[]): Promise<StoredChunk[]> {
    const found: StoredChunk[] = [];
    const at = [...low];
    for (;;) {
      const element = await this.#elements.element(this.#numberOf(at));
      if (element !== null) found.push({ at: [...at], ...element });
      let dimension = at.length - 1;
      while (dimension >= 0 && at[dimension] === high[dimension]) {
        at[dimension] = low[dimension] as number;
        dimension--;
      }
      if (dimension < 0) return found;
      at[dimension] = (at[dimension] as number) + 1;
    }
  }

  async walk(take: TakeChunks): Promise<void> {
    await this.#elements.walk((index, byteLength, count = 1) => {
      // Only where no dimension is without limit are there several, and then the last one is fastest.
      for (let done = 0; done < count; ) {
        const at = this.#placeOf(index + done);
        const most = Math.max(this.#across - (at[this.#rank - 1] as number), 1);
        const together = Math.min(count - done, most);
        take(at, byteLength, together);
        done += together;
      }
    });
  }

  #placeOf(index: number): number[] {
    const at = new Array<number>(this.#rank).fill(0);
    let rest = index;
    for (const [position, dimension] of this.#order.entries()) {
      const step = this.#steps[position] as number;
      at[dimension] = Math.floor(rest / step);
      rest %= step;
    }
    return at;
  }

  #numberOf(at: readonly number[]): number {
    return this.#order.reduce((number, dimension, index) => {
      return number + (at[dimension] as number) * (this.#steps[index] as number);
    }, 0);
  }
}

/** Elements of an array in the file, one behind the other. */
export class ElementReader {
  readonly elementBytes: number;
  readonly #grid: ChunkGrid;
  readonly #lengthBytes: number;

  /** @param head - what says how large an element is, which is its next byte */
  constructor(reader: MetadataReader, head: Block, grid: ChunkGrid) {
    this.elementBytes = head.u8();
    this.#grid = grid;
    this.#lengthBytes = this.elementBytes - reader.facts.addressBytes - 4;
    const isRight = grid.hasFilters
      ? this.#lengthBytes >= 1 && this.#lengthBytes <= 8
      : this.elementBytes === reader.facts.addressBytes;
    if (isRight) return;
    head.at--;
    throw head.damaged("the place of a chunk", `${this.elementBytes} bytes`);
  }

  /** The element that the next bytes are; null when the chunk was never written. */
  read(block: Block): Element | null {
    const offset = block.address();
    if (!this.#grid.hasFilters) {
      return offset === null ? null : { offset, byteLength: this.#grid.chunkBytes, filterMask: 0 };
    }
    const byteLength = block.uint(this.#lengthBytes);
    const filterMask = block.u32();
    return offset === null ? null : { offset, byteLength, filterMask };
  }

  /** Hands over each chunk that was written among so many, the first of which has the number `first`. */
  readAll(block: Block, first: number, count: number, take: TakeElements): void {
    for (let index = 0; index < count; index++) {
      const element = this.read(block);
      if (element !== null) take(first + index, element.byteLength);
    }
  }
}

/** Blocks of elements, the last few of which are kept, and whose checksum is looked at once. */
export class ElementBlocks {
  readonly #reader: MetadataReader;
  readonly #blocks = new Map<number, Promise<Block>>();

  constructor(reader: MetadataReader) {
    this.#reader = reader;
  }

  /**
   * Reads a block.
   *
   * @param length - its bytes; the last four are the checksum
   * @param check - reads what is in front of the elements
   * @returns the block; whoever reads it says where
   */
  async read(
    offset: number,
    length: number,
    what: string,
    check: (block: Block) => void,
  ): Promise<Block> {
    let block = this.#blocks.get(offset);
    if (block === undefined) {
      block = this.#load(offset, length, what, check);
      block.catch(() => this.#blocks.delete(offset));
      this.#blocks.set(offset, block);
      const oldest = this.#blocks.keys().next().value;
      if (this.#blocks.size > MAX_BLOCKS && oldest !== undefined) this.#blocks.delete(oldest);
    }
    return block;
  }

  async #load(
    offset: number,
    length: number,
    what: string,
    check: (block: Block) => void,
  ): Promise<Block> {
    const block = await this.#reader.block(offset, length, what);
    check(block);
    block.at = length - 4;
    block.checksum();
    return block;
  }
}

/** One for each step on the way to an element, and some for other readers. */
const MAX_BLOCKS = 8;
