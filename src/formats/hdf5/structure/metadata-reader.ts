import { platform } from "#platform";
import type { ByteSource } from "../../../source/byte-source.ts";
import { damaged } from "../problems.ts";
import { Block, countOf, type FileFacts } from "./block.ts";

/** Structures lie close to each other, and are small. */
const PAGE_BYTES = 65536;
/** Pages that are kept: 2 MB. */
const MAX_PAGES = 32;
/** Structures after which timers and aborts have their turn. */
const BLOCKS_PER_TURN = 500;

/** Reads structures of a file, through a few pages that are kept. */
export class MetadataReader {
  /** Set once the superblock is read. */
  facts: FileFacts;
  readonly #source: ByteSource;
  readonly #pages = new Map<number, Promise<Uint8Array>>();
  #blocks = 0;

  constructor(source: ByteSource, path: string | undefined) {
    this.#source = source;
    const { byteLength } = source;
    this.facts = { path, byteLength, base: 0, addressBytes: 8, lengthBytes: 8 };
  }

  /**
   * Reads a structure.
   *
   * @param offset - where it begins in the file
   * @param what - what messages call it
   * @throws EventError `invalid-header` when it does not lie within the file
   */
  async block(offset: number, length: number, what: string): Promise<Block> {
    const { byteLength, path } = this.facts;
    if (!(offset >= 0 && length >= 0 && offset + length <= byteLength)) {
      throw damaged(`${what} does not lie within the file`, {
        path,
        byteOffset: offset,
        expected: `${countOf(length, "byte")} from there`,
        found: `a file of ${byteLength} bytes`,
        hint: "Was it cut?",
      });
    }
    if (++this.#blocks % BLOCKS_PER_TURN === 0) await platform.yieldToEventLoop();
    return new Block(this.facts, await this.#bytes(offset, length), offset, what);
  }

  /** Reads a structure of unknown length: up to so many bytes, fewer at the end of the file. */
  blockUpTo(offset: number, most: number, what: string): Promise<Block> {
    const available = Math.max(this.facts.byteLength - offset, 1); // none: that is an error
    return this.block(offset, Math.min(most, available), what);
  }

  async #bytes(offset: number, length: number): Promise<Uint8Array> {
    const index = Math.floor(offset / PAGE_BYTES);
    const start = index * PAGE_BYTES;
    if (offset + length <= start + PAGE_BYTES) {
      return (await this.#page(index)).subarray(offset - start, offset - start + length);
    }
    // What crosses a page is joined of small parts, and read at once when it is larger than that.
    if (length > PAGE_BYTES) return this.#source.read(offset, length);
    const [first, second] = await Promise.all([this.#page(index), this.#page(index + 1)]);
    const bytes = new Uint8Array(length);
    const head = first.subarray(offset - start);
    bytes.set(head);
    bytes.set(second.subarray(0, length - head.byteLength), head.byteLength);
    return bytes;
  }

  #page(index: number): Promise<Uint8Array> {
    const start = index * PAGE_BYTES;
    let page = this.#pages.get(index);
    this.#pages.delete(index);
    if (page === undefined) {
      const length = Math.min(PAGE_BYTES, this.facts.byteLength - start);
      page = this.#source.read(start, length);
      page.catch(() => this.#pages.delete(index));
    }
    this.#pages.set(index, page); // the last one used is the last in the map
    if (this.#pages.size > MAX_PAGES) {
      const oldest = this.#pages.keys().next().value;
      if (oldest !== undefined) this.#pages.delete(oldest);
    }
    return page;
  }
}
