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
/** Children of nodes that are kept for the next walk, which often goes where the last one went. */
const MAX_KEPT = 2048;

/** A B-tree of version 1, of which no node is read twice in one walk. */
export class Btree1Walk {
  readonly #reader: MetadataReader;
  readonly #type: number;
  readonly #keyBytes: number;
  readonly #kept: Map<number, Btree1Node>;
  readonly #seen = new Set<number>();

  /** @param kept - nodes of the same tree by their place, which this walk adds to */
  constructor(
    reader: MetadataReader,
    type: number,
    keyBytes: number,
    kept = new Map<number, Btree1Node>(),
  ) {
    this.#reader = reader;
    this.#type = type;
    this.#keyBytes = keyBytes;
    this.#kept = kept;
  }

  /**
   * Reads a node.
   *
   * @param level - what its parent says; undefined for the root
   * @throws EventError `invalid-header`
   */
  async node(offset: number, level?: number): Promise<Btree1Node> {
    const kept = this.#kept.get(offset);
    if (kept !== undefined && kept.level === (level ?? kept.level) && !this.#seen.has(offset)) {
      this.#seen.add(offset);
      return kept;
    }
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
    const node = { level: found, keys, children };
    this.#keep(offset, node);
    return node;
  }

  /** Keeps a node; those kept longest make room for it. */
  #keep(offset: number, node: Btree1Node): void {
    this.#kept.set(offset, node);
    let children = 0;
    for (const kept of this.#kept.values()) children += kept.children.length;
    for (const [oldest, kept] of this.#kept) {
      if (children <= MAX_KEPT) break;
      this.#kept.delete(oldest);
      children -= kept.children.length;
    }
  }
}
