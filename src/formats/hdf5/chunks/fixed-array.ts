import type { Block } from "../structure/block.ts";
import type { MetadataReader } from "../structure/metadata-reader.ts";
import type { ChunkGrid } from "./chunk-index.ts";
import {
  type Element,
  ElementBlocks,
  ElementReader,
  type Elements,
  type TakeElements,
} from "./element-index.ts";

const WHAT = "a fixed array";

/** What the header of the array says. */
interface Header {
  readonly elements: ElementReader;
  /** Elements in all. */
  readonly count: number;
  /** Elements of a page; the array has none when it has no more elements than that. */
  readonly pageLength: number;
  /** Where the elements are; null when no chunk was written. */
  readonly offset: number | null;
}

/** Places of chunks in an array, for datasets that cannot grow. */
export class FixedArray implements Elements {
  readonly #reader: MetadataReader;
  readonly #offset: number;
  readonly #grid: ChunkGrid;
  readonly #blocks: ElementBlocks;
  #header: Promise<Header> | undefined;

  constructor(reader: MetadataReader, offset: number, grid: ChunkGrid) {
    this.#reader = reader;
    this.#offset = offset;
    this.#grid = grid;
    this.#blocks = new ElementBlocks(reader);
  }

  async element(index: number): Promise<Element | null> {
    const header = await this.#open();
    const { elements, count, pageLength } = header;
    if (index >= count) return null;
    const page = count > pageLength ? Math.floor(index / pageLength) : null;
    const found = await this.#page(header, page);
    if (found === null) return null;
    const at = page === null ? index : index % pageLength;
    found.block.at = found.start + at * elements.elementBytes;
    return elements.read(found.block);
  }

  async walk(take: TakeElements): Promise<void> {
    const header = await this.#open();
    const { elements, count, pageLength } = header;
    const isPaged = count > pageLength;
    for (let first = 0; first < count; first += isPaged ? pageLength : count) {
      const found = await this.#page(header, isPaged ? first / pageLength : null);
      if (found === null) continue;
      found.block.at = found.start;
      const length = Math.min(count - first, isPaged ? pageLength : count);
      elements.readAll(found.block, first, length, take);
    }
  }

  /** The elements of a page, or all of them; null when none of them was written. */
  async #page(
    { elements, count, pageLength, offset }: Header,
    page: number | null,
  ): Promise<{ block: Block; start: number } | null> {
    if (offset === null) return null;
    const { addressBytes } = this.#reader.facts;
    const headBytes = 6 + addressBytes;
    const { elementBytes } = elements;
    const check = (block: Block): void => {
      block.signature("FADB");
      block.version(0);
    };
    if (page === null) {
      const bytes = headBytes + count * elementBytes + 4;
      return { block: await this.#blocks.read(offset, bytes, WHAT, check), start: headBytes };
    }
    const bitmapBytes = Math.ceil(Math.ceil(count / pageLength) / 8);
    const prefixBytes = headBytes + bitmapBytes + 4;
    const prefix = await this.#blocks.read(offset, prefixBytes, WHAT, check);
    const bits = prefix.bytes[headBytes + (page >> 3)] as number;
    if (((bits << (page & 7)) & 0x80) === 0) return null;
    const start = offset + prefixBytes + page * (pageLength * elementBytes + 4);
    const length = Math.min(pageLength, count - page * pageLength);
    const block = await this.#blocks.read(start, length * elementBytes + 4, WHAT, () => {});
    return { block, start: 0 };
  }

  #open(): Promise<Header> {
    this.#header ??= this.#readHeader();
    return this.#header;
  }

  async #readHeader(): Promise<Header> {
    const { addressBytes, lengthBytes, byteLength } = this.#reader.facts;
    const head = await this.#reader.block(this.#offset, 12 + addressBytes + lengthBytes, WHAT);
    head.signature("FAHD");
    head.version(0);
    head.skip(1); // what the elements are for, which the dataset says
    const elements = new ElementReader(this.#reader, head, this.#grid);
    const pageBits = head.u8();
    const count = head.length();
    const offset = head.address();
    head.checksum();
    if (pageBits > 30 || count * elements.elementBytes > byteLength) {
      throw head.damaged("an array within the file", `${count} elements, pages of 2^${pageBits}`);
    }
    return { elements, count, pageLength: 2 ** pageBits, offset };
  }
}
