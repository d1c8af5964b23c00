import type { ChunkedLayout } from "../structure/data-layout.ts";
import type { MetadataReader } from "../structure/metadata-reader.ts";
import { BtreeIndex1 } from "./btree1-index.ts";
import { BtreeIndex2 } from "./btree2-index.ts";
import { ElementIndex, type Elements } from "./element-index.ts";
import { ExtensibleArray } from "./extensible-array.ts";
import { FixedArray } from "./fixed-array.ts";

/** A chunk that was written. */
export interface StoredChunk {
  /** Its place among the chunks, along each dimension. */
  readonly at: readonly number[];
  /** Where its bytes are in the file, and how many. */
  readonly offset: number;
  readonly byteLength: number;
  /** Bit `i` is set when the filter `i` was left out. */
  readonly filterMask: number;
}

/** The chunks of a dataset, which may be read in part. */
export interface ChunkGrid {
  readonly shape: readonly number[];
  readonly maxShape: readonly (number | null)[];
  readonly chunkShape: readonly number[];
  /** Bytes of a chunk without filters. */
  readonly chunkBytes: number;
  readonly hasFilters: boolean;
}

/** Finds the chunks of a dataset. */
export interface ChunkIndex {
  /**
   * The chunks that were written, of those in a box, in the order of their place.
   *
   * @param low - first place along each dimension
   * @param high - last place along each dimension
   * @throws EventError `invalid-header`
   */
  find(low: readonly number[], high: readonly number[]): Promise<StoredChunk[]>;
  /**
   * Hands over all chunks that were written, mostly in the order of their place.
   *
   * @throws EventError `invalid-header`
   */
  walk(take: TakeChunks): Promise<void>;
}

/**
 * Gets a chunk that was written, or several of them, which follow each other along the last dimension.
 *
 * @param at - the place of the first along each dimension
 * @param byteLength - bytes of each in the file
 */
export type TakeChunks = (at: readonly number[], byteLength: number, count: number) => void;

/** Makes the index of a dataset; what it consists of is read when it is needed. */
export function createChunkIndex(
  reader: MetadataReader,
  layout: ChunkedLayout,
  grid: ChunkGrid,
): ChunkIndex {
  const { kind, offset, single } = layout.index;
  if (offset === null) return NOTHING;
  if (kind === "btree1") return new BtreeIndex1(reader, offset, grid);
  if (kind === "btree2") return new BtreeIndex2(reader, offset, grid);
  return new ElementIndex(grid, elementsOf(reader, kind, offset, grid, single));
}

function elementsOf(
  reader: MetadataReader,
  kind: "single" | "implicit" | "fixed-array" | "extensible-array",
  offset: number,
  grid: ChunkGrid,
  single: ChunkedLayout["index"]["single"],
): Elements {
  if (kind === "fixed-array") return new FixedArray(reader, offset, grid);
  if (kind === "extensible-array") return new ExtensibleArray(reader, offset, grid);
  const { chunkBytes } = grid;
  const unfiltered = { byteLength: chunkBytes, filterMask: 0 };
  if (kind === "single") {
    return {
      element: async (index) => (index === 0 ? { offset, ...(single ?? unfiltered) } : null),
      walk: async (take) => take(0, single?.byteLength ?? chunkBytes),
    };
  }
  return {
    element: async (index) => ({ offset: offset + index * chunkBytes, ...unfiltered }),
    async walk(take) {
      // All chunks lie one behind the other, as far as the file goes.
      const chunks = Math.floor((reader.facts.byteLength - offset) / chunkBytes);
      if (chunks > 0) take(0, chunkBytes, chunks);
    },
  };
}

const NOTHING: ChunkIndex = {
  find: async () => [],
  walk: async () => {},
};
