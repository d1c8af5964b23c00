import type { Block } from "../structure/block.ts";
import { Btree2 } from "../structure/btree2.ts";
import type { MetadataReader } from "../structure/metadata-reader.ts";
import type { ChunkGrid, ChunkIndex, StoredChunk, TakeChunks } from "./chunk-index.ts";
import { comparePlaces, isInBox } from "./places.ts";

/** Records of chunks, without and with filters. */
const PLAIN_RECORDS = 10;
const FILTERED_RECORDS = 11;

/** Chunks in a B-tree of version 2, for datasets that may grow along several dimensions. */
export class BtreeIndex2 implements ChunkIndex {
  readonly #reader: MetadataReader;
  readonly #offset: number;
  readonly #grid: ChunkGrid;
  #tree: Promise<Btree2> | undefined;

  constructor(reader: MetadataReader, offset: number, grid: ChunkGrid) {
    this.#reader = reader;
    this.#offset = offset;
    this.#grid = grid;
  }

  async find(low: readonly number[], high: readonly number[]): Promise<StoredChunk[]> {
    const tree = await this.#open();
    const found: StoredChunk[] = [];
    await tree.walk(
      (record) => {
        const chunk = this.#chunkOf(tree, record);
        if (isInBox(chunk.at, low, high)) found.push(chunk);
      },
      (before, after) => {
        if (before !== null && comparePlaces(this.#chunkOf(tree, before).at, high) >= 0) {
          return false;
        }
        return after === null || comparePlaces(this.#chunkOf(tree, after).at, low) > 0;
      },
    );
    return found;
  }

  async walk(take: TakeChunks): Promise<void> {
    const tree = await this.#open();
    await tree.walk((record) => {
      const { at, byteLength } = this.#chunkOf(tree, record);
      take(at, byteLength, 1);
    });
  }

  #open(): Promise<Btree2> {
    const type = this.#grid.hasFilters ? FILTERED_RECORDS : PLAIN_RECORDS;
    this.#tree ??= Btree2.open(this.#reader, this.#offset, type);
    return this.#tree;
  }

  #chunkOf(tree: Btree2, record: Block): StoredChunk {
    const { chunkBytes, hasFilters, chunkShape } = this.#grid;
    record.at = 0;
    const offset = record.definedAddress();
    let [byteLength, filterMask] = [chunkBytes, 0];
    if (hasFilters) {
      const lengthBytes = tree.recordBytes - record.at - 4 - 8 * chunkShape.length;
      if (lengthBytes < 1 || lengthBytes > 8) {
        throw record.damaged("the length of a chunk in 1 to 8 bytes", `${lengthBytes}`);
      }
      byteLength = record.uint(lengthBytes);
      filterMask = record.u32();
    }
    const at = chunkShape.map(() => record.uint(8));
    return { at, offset, byteLength, filterMask };
  }
}
