import { damaged, unsupported } from "../problems.ts";
import type { Block } from "./block.ts";
import { Btree2 } from "./btree2.ts";
import type { MetadataReader } from "./metadata-reader.ts";

const WHAT = "a fractal heap";
/** A heap of this many levels would not fit into any file. */
const MAX_LEVELS = 16;

/** Records of huge values in a B-tree: by number. */
const HUGE_RECORDS = 1;

/** Sizes of the blocks of a heap. */
interface BlockTable {
  /** Blocks in a row. */
  readonly width: number;
  /** Bytes of a block of the first two rows; it doubles from row to row. */
  readonly startBytes: number;
  /** The most bytes of a block that holds values; larger ones hold blocks. */
  readonly maxDirectBytes: number;
}

/** A heap of values, such as the links of a large group. */
export class FractalHeap {
  readonly idBytes: number;
  readonly #reader: MetadataReader;
  readonly #table: BlockTable;
  readonly #offsetBytes: number;
  readonly #lengthBytes: number;
  readonly #root: { readonly offset: number | null; readonly rows: number };
  /** Where the tree of huge values is. */
  readonly #hugeTree: number | null;

  private constructor(reader: MetadataReader, head: Block) {
    const { lengthBytes } = reader.facts;
    this.#reader = reader;
    head.signature("FRHP");
    head.version(0);
    this.idBytes = head.u16();
    const filterBytes = head.u16();
    if (filterBytes > 0) {
      throw unsupported("a group or its attributes are compressed", {
        path: head.file.path,
        byteOffset: head.offset,
        hint: "Copy the file with `h5repack`.",
      });
    }
    head.skip(1); // flags
    const maxManagedBytes = head.u32();
    head.skip(lengthBytes); // next number of a huge value
    this.#hugeTree = head.address();
    head.skip(lengthBytes); // free space
    head.address();
    head.skip(8 * lengthBytes); // sizes and counts
    const width = head.u16();
    const startBytes = head.length();
    const maxDirectBytes = head.length();
    const heapBits = head.u16();
    head.skip(2); // rows at the beginning
    this.#root = { offset: head.address(), rows: head.u16() };
    head.checksum();
    this.#table = { width, startBytes, maxDirectBytes };
    this.#offsetBytes = Math.ceil(heapBits / 8);
    const most = Math.min(maxDirectBytes, maxManagedBytes);
    this.#lengthBytes = most < 2 ** 8 ? 1 : most < 2 ** 16 ? 2 : most < 2 ** 24 ? 3 : 4;
    if (width === 0 || startBytes === 0 || heapBits > 64 || maxDirectBytes < startBytes) {
      throw head.damaged("a heap", `blocks of ${startBytes} to ${maxDirectBytes} bytes`);
    }
  }

  /** @throws EventError `invalid-header`, `unsupported-format` */
  static async open(reader: MetadataReader, offset: number): Promise<FractalHeap> {
    const { addressBytes, lengthBytes } = reader.facts;
    const bytes = 26 + 12 * lengthBytes + 3 * addressBytes;
    return new FractalHeap(reader, await reader.block(offset, bytes, WHAT));
  }

  /**
   * A value.
   *
   * @param id - where it is; a structure of {@link idBytes} bytes
   * @throws EventError `invalid-header`, `unsupported-format`
   */
  async value(id: Block): Promise<Block> {
    const flags = id.u8();
    const type = (flags >> 4) & 3;
    if (type === 0) return this.#managed(id.uint(this.#offsetBytes), id.uint(this.#lengthBytes));
    if (type === 2) return this.#tiny(id, flags);
    return this.#hugeValue(id);
  }

  /** A value that is too large for any block: its id tells where it is, or its number in a tree. */
  async #hugeValue(id: Block): Promise<Block> {
    const { addressBytes, lengthBytes } = this.#reader.facts;
    if (this.idBytes - 1 >= addressBytes + lengthBytes) {
      return this.#reader.block(id.definedAddress(), id.length(), WHAT);
    }
    const number = id.uint(Math.min(this.idBytes - 1, lengthBytes));
    let place: { offset: number; length: number } | undefined;
    if (this.#hugeTree !== null) {
      const tree = await Btree2.open(this.#reader, this.#hugeTree, HUGE_RECORDS);
      await tree.walk((record) => {
        const found = { offset: record.definedAddress(), length: record.length() };
        if (record.length() === number) place = found;
      });
    }
    if (place === undefined) throw id.damaged("a value of the heap", `the number ${number}`);
    return this.#reader.block(place.offset, place.length, WHAT);
  }

  #tiny(id: Block, flags: number): Block {
    const isLong = this.idBytes - 1 > 16;
    const length = isLong ? (((flags & 0xf) << 8) | id.u8()) + 1 : (flags & 0xf) + 1;
    return id.part(length);
  }

  /** A value `at` so many bytes behind the start of the heap. */
  async #managed(at: number, length: number): Promise<Block> {
    let { offset, rows } = this.#root;
    let [start, blockBytes] = [0, this.#table.startBytes];
    for (let level = 0; rows > 0 && offset !== null; level++) {
      if (level > MAX_LEVELS) throw this.#missing(at);
      const found = this.#childAt(at - start, rows);
      if (found === null) throw this.#missing(at);
      offset = await this.#child(offset, rows, found.index);
      start += found.start;
      blockBytes = found.bytes;
      rows = this.#rowsOf(found.bytes);
    }
    if (offset === null || at - start + length > blockBytes) throw this.#missing(at);
    return this.#reader.block(offset + at - start, length, WHAT);
  }

  /** Which block of an indirect one holds a place, where it begins there and how large it is. */
  #childAt(at: number, rows: number): { index: number; start: number; bytes: number } | null {
    const { width, startBytes } = this.#table;
    let start = 0;
    for (let row = 0; row < rows; row++) {
      const bytes = startBytes * 2 ** Math.max(row - 1, 0);
      if (at < start + bytes * width) {
        const column = Math.floor((at - start) / bytes);
        return { index: row * width + column, start: start + column * bytes, bytes };
      }
      start += bytes * width;
    }
    return null;
  }

  /** Where a block of an indirect one is. */
  async #child(offset: number, rows: number, index: number): Promise<number | null> {
    const { addressBytes } = this.#reader.facts;
    const headBytes = 5 + addressBytes + this.#offsetBytes;
    const bytes = headBytes + rows * this.#table.width * addressBytes + 4;
    const block = await this.#reader.block(offset, bytes, WHAT);
    block.signature("FHIB");
    block.version(0);
    block.at = bytes - 4;
    block.checksum();
    block.at = headBytes + index * addressBytes;
    return block.address();
  }

  /** Rows of the indirect block of so many bytes; 0 for one that holds values. */
  #rowsOf(bytes: number): number {
    const { width, startBytes, maxDirectBytes } = this.#table;
    return bytes <= maxDirectBytes ? 0 : Math.floor(Math.log2(bytes / startBytes / width)) + 1;
  }

  #missing(at: number): Error {
    const { offset } = this.#root;
    const path = this.#reader.facts.path;
    return damaged(`${WHAT} is damaged`, {
      path,
      byteOffset: offset ?? undefined,
      expected: `a value at place ${at} of the heap`,
      found: "none",
    });
  }
}
