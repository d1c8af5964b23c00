import type { Block } from "./block.ts";
import type { MetadataReader } from "./metadata-reader.ts";

const WHAT = "a B-tree of version 2";
/** Signature, version and type in front of the records, checksum behind them. */
const NODE_OVERHEAD = 10;
const MAX_LEVELS = 32;

/** Sizes that follow from how large a node and a record are. */
interface Level {
  /** The most records of a node. */
  readonly records: number;
  /** The most records of a node and of all below it. */
  readonly all: number;
  /** Bytes of a count of the latter. */
  readonly allBytes: number;
}

/** Says whether a walk is to look between two records; either is null beyond the end of a node. */
export type Between = (before: Block | null, after: Block | null) => boolean;

/** A B-tree of version 2. */
export class Btree2 {
  readonly recordBytes: number;
  readonly #reader: MetadataReader;
  readonly #type: number;
  readonly #root: { readonly offset: number | null; readonly records: number };
  readonly #levels: readonly Level[];
  /** Bytes of a count of records of a leaf, and so of any node. */
  readonly #countBytes: number;

  private constructor(reader: MetadataReader, head: Block, type: number) {
    const nodeBytes = head.u32();
    this.recordBytes = head.u16();
    const depth = head.u16();
    head.skip(2); // when nodes are split and merged
    const offset = head.address();
    const records = head.u16();
    head.length(); // records in all
    head.checksum();
    if (nodeBytes <= NODE_OVERHEAD || this.recordBytes === 0 || depth > MAX_LEVELS) {
      throw head.damaged("a B-tree", `${depth} levels of nodes of ${nodeBytes} bytes`);
    }
    this.#reader = reader;
    this.#type = type;
    this.#root = { offset, records };
    const leafRecords = Math.floor((nodeBytes - NODE_OVERHEAD) / this.recordBytes);
    this.#countBytes = bytesFor(leafRecords);
    const levels: Level[] = [{ records: leafRecords, all: leafRecords, allBytes: 0 }];
    for (let level = 1; level <= depth; level++) {
      const below = levels[level - 1] as Level;
      const pointer = reader.facts.addressBytes + this.#countBytes + below.allBytes;
      const room = nodeBytes - NODE_OVERHEAD - pointer;
      const most = Math.max(Math.floor(room / (this.recordBytes + pointer)), 0);
      const all = (most + 1) * below.all + most;
      levels.push({ records: most, all, allBytes: bytesFor(all) });
    }
    this.#levels = levels;
  }

  /**
   * Reads what says where the tree is.
   *
   * @param types - the types of records that it may have
   * @throws EventError `invalid-header`
   */
  static async open(reader: MetadataReader, offset: number, ...types: number[]): Promise<Btree2> {
    const { addressBytes, lengthBytes } = reader.facts;
    const head = await reader.block(offset, 22 + addressBytes + lengthBytes, WHAT);
    head.signature("BTHD");
    head.version(0);
    const type = head.u8();
    if (!types.includes(type)) {
      head.at--;
      throw head.damaged(`records of type ${types.join(", ")}`, `type ${type}`);
    }
    return new Btree2(reader, head, type);
  }

  /**
   * Hands over records in their order, those of a node in one go.
   *
   * @param take - gets each record
   * @param between - leaves out what lies between two records; everything is walked without it
   */
  async walk(take: (record: Block) => void, between: Between = () => true): Promise<void> {
    const { offset, records } = this.#root;
    if (offset === null) return;
    const seen = new Set<number>();
    await this.#node(offset, this.#levels.length - 1, records, { take, between, seen });
  }

  async #node(
    offset: number,
    level: number,
    count: number,
    walk: { take: (record: Block) => void; between: Between; seen: Set<number> },
  ): Promise<void> {
    const sizes = this.#levels[level] as Level;
    const below = level === 0 ? null : (this.#levels[level - 1] as Level);
    const { addressBytes } = this.#reader.facts;
    const pointer = below === null ? 0 : addressBytes + this.#countBytes + below.allBytes;
    const pointers = below === null ? 0 : (count + 1) * pointer;
    const bytes = NODE_OVERHEAD + count * this.recordBytes + pointers;
    const block = await this.#reader.block(offset, bytes, WHAT);
    if (count > sizes.records || walk.seen.has(offset)) {
      throw block.damaged(`at most ${sizes.records} records, once`, `${count}, or in a circle`);
    }
    walk.seen.add(offset);
    block.signature(below === null ? "BTLF" : "BTIN");
    block.version(0);
    if (block.u8() !== this.#type) throw block.damaged(`type ${this.#type}`, "another");
    const records = Array.from({ length: count }, () => block.part(this.recordBytes));
    if (below === null) {
      block.checksum();
      for (const record of records) walk.take(record);
      return;
    }
    const children = Array.from({ length: count + 1 }, () => {
      const child = { offset: block.definedAddress(), count: block.uint(this.#countBytes) };
      block.skip(below.allBytes);
      return child;
    });
    block.checksum();
    for (const [index, child] of children.entries()) {
      const before = records[index - 1] ?? null;
      const after = records[index] ?? null;
      if (before !== null) walk.take(before);
      if (before !== null) before.at = 0;
      if (walk.between(before, after)) {
        await this.#node(child.offset, level - 1, child.count, walk);
      }
      if (after !== null) after.at = 0;
    }
  }
}

/** Bytes of a number up to this one. */
function bytesFor(most: number): number {
  let bytes = 1;
  for (let limit = 256; most >= limit && bytes < 8; limit *= 256) bytes++;
  return bytes;
}
