import type { Block } from "../structure/block.ts";
import { type Btree1Node, Btree1Walk, CHUNK_NODES } from "../structure/btree1.ts";
import type { MetadataReader } from "../structure/metadata-reader.ts";
import type { ChunkGrid, ChunkIndex, StoredChunk, TakeChunks } from "./chunk-index.ts";
import { comparePlaces, isInBox } from "./places.ts";

/** Chunks in a B-tree of version 1, as most files have them. */
export class BtreeIndex1 implements ChunkIndex {
  readonly #reader: MetadataReader;
  readonly #root: number;
  readonly #grid: ChunkGrid;
  readonly #kept = new Map<number, Btree1Node>();
  readonly #keys = new WeakMap<Btree1Node, readonly Key[]>();

  constructor(reader: MetadataReader, root: number, grid: ChunkGrid) {
    this.#reader = reader;
    this.#root = root;
    this.#grid = grid;
  }

  async find(low: readonly number[], high: readonly number[]): Promise<StoredChunk[]> {
    const found: StoredChunk[] = [];
    const walk = this.#walk();
    const visit = async (offset: number, level?: number): Promise<void> => {
      const node = await walk.node(offset, level);
      const keys = this.#keysOf(node);
      for (const [index, child] of node.children.entries()) {
        const [key, next] = [keys[index] as Key, keys[index + 1] as Key];
        if (comparePlaces(key.at, high) > 0) return;
        if (node.level > 0) {
          // The key behind a child is that of the first chunk that is not below it, but behind the
          // last child it is that of the last chunk.
          if (comparePlaces(next.at, low) >= 0) await visit(child, node.level - 1);
        } else if (isInBox(key.at, low, high)) {
          found.push({ ...key, at: this.#checked(key.at, node.keys[index]), offset: child });
        }
      }
    };
    await visit(this.#root);
    return found;
  }

  async walk(take: TakeChunks): Promise<void> {
    const walk = this.#walk();
    const visit = async (offset: number, level?: number): Promise<void> => {
      const node = await walk.node(offset, level);
      const keys = this.#keysOf(node);
      for (const [index, child] of node.children.entries()) {
        if (node.level > 0) await visit(child, node.level - 1);
        else {
          const { at, byteLength } = keys[index] as Key;
          take(at.map(Math.floor), byteLength, 1); // a wrong place is told by whoever reads there
        }
      }
    };
    await visit(this.#root);
  }

  #walk(): Btree1Walk {
    const keyBytes = 8 + 8 * (this.#grid.shape.length + 1);
    return new Btree1Walk(this.#reader, CHUNK_NODES, keyBytes, this.#kept);
  }

  #keysOf(node: Btree1Node): readonly Key[] {
    const keys = this.#keys.get(node) ?? node.keys.map((key) => this.#keyOf(key));
    this.#keys.set(node, keys);
    return keys;
  }

  #keyOf(key: Block): Key {
    const byteLength = key.u32();
    const filterMask = key.u32();
    const at = this.#grid.chunkShape.map((length) => key.uint(8) / length);
    return { byteLength, filterMask, at };
  }

  /** Chunks begin at a multiple of their shape. */
  #checked(at: readonly number[], key: Block | undefined): readonly number[] {
    if (at.every(Number.isInteger) || key === undefined) return at;
    throw key.damaged("a chunk at a multiple of its shape", `one at ${at.join(", ")} chunks`);
  }
}

type Key = Omit<StoredChunk, "offset">;
