import type { Block } from "./block.ts";
import type { MetadataReader } from "./metadata-reader.ts";

/** What keys a tree has. */
export const GROUP_NODES = 0;
export const CHUNK_NODES = 1;

/** A node of a B-tree of version 1. */
export interface Btree1Node {
  /** 0 for a leaf. */
  readonly level: number;
  /** A key in front of each child, and one behind the last. */
  readonly keys: readonly Block[];
  /** Where the children are. */
  readonly children: readonly number[];
}

const WHAT = "a B-tree";
/** A tree of this many levels would not fit into any file. */
const MAX_LEVELS = 32;

/** A B-tree of version 1, of which no node is read twice in one walk. */
export class Btree1Walk {
  readonly #reader: MetadataReader;
  readonly #type: number;
  readonly #keyBytes: number;
  readonly #seen = new Set<number>();

  constructor(reader: MetadataReader, type: number, keyBytes: number) {
    this.#reader = reader;
    this.#type = type;
    this.#keyBytes = keyBytes;
  }

  /**
   * Reads a node.
   *
   * @param level - what its parent says; undefined for the root
   * @throws EventError `invalid-header`
   */
  async node(offset: number, level?: number): Promise<Btree1Node> {
    const { addressBytes } = this.#reader.facts;
    const headBytes = 8 + 2 * addressBytes;
    const head = await this.#reader.block(offset, headBytes, WHAT);
    head.signature("TREE");
    const type = head.u8();
    const found = head.u8();
    const count = head.u16();
    const isExpected = level === undefined ? found <= MAX_LEVELS : found === level;
    if (type !== this.#type || !isExpected || this.#seen.has(offset)) {
      head.at = 4;
      const where = this.#seen.has(offset) ? ", in a circle" : "";
      throw head.damaged(
        `a node of type ${this.#type} at level ${level ?? `0 to ${MAX_LEVELS}`}`,
        `type ${type} at level ${found}${where}`,
      );
    }
    this.#seen.add(offset);
    const bytes = count * (this.#keyBytes + addressBytes) + this.#keyBytes;
    const block = await this.#reader.block(offset + headBytes, bytes, WHAT);
    const keys: Block[] = [];
    const children: number[] = [];
    for (let index = 0; index < count; index++) {
      keys.push(block.part(this.#keyBytes));
      children.push(block.definedAddress());
    }
    keys.push(block.part(this.#keyBytes));
    return { level: found, keys, children };
  }
}
