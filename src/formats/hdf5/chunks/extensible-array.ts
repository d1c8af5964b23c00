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

const WHAT = "an extensible array";

/**
 * What the header of the array says. The first elements stand in the index block. The others stand
 * in data blocks, which are grouped: group `g` has `2^(g/2)` blocks of `2^((g+1)/2)` times the
 * least number of elements. The index block says where the blocks of the first groups are; a
 * secondary block does for each of the other groups.
 */
interface Header {
  readonly elements: ElementReader;
  /** Elements in the index block. */
  readonly indexLength: number;
  readonly leastBlockLength: number;
  /** Groups whose blocks the index block knows, and groups in all. */
  readonly nearGroups: number;
  readonly groups: number;
  /** Elements of a page; larger data blocks have pages. */
  readonly pageLength: number;
  /** Bytes of the place of a block in the array. */
  readonly placeBytes: number;
  /** Where the index block is; null when no chunk was written. */
  readonly offset: number | null;
}

/** A group of data blocks. */
interface Group {
  readonly blocks: number;
  readonly blockLength: number;
  /** Elements and data blocks of all groups in front of it. */
  readonly firstElement: number;
  readonly firstBlock: number;
}

/** Places of chunks in an array that grows, for datasets that may grow along one dimension. */
export class ExtensibleArray implements Elements {
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
    const { elements, indexLength, leastBlockLength, groups } = header;
    const indexBlock = await this.#indexBlock(header);
    if (indexBlock === null) return null;
    if (index < indexLength) {
      indexBlock.at = this.#headBytes + index * elements.elementBytes;
      return elements.read(indexBlock);
    }
    const beyond = index - indexLength;
    const number = Math.floor(Math.log2(Math.floor(beyond / leastBlockLength) + 1));
    if (number >= groups) return null;
    const group = groupOf(header, number);
    const at = beyond - group.firstElement;
    const block = Math.floor(at / group.blockLength);
    return this.#inBlock(header, number, block, at % group.blockLength);
  }

  async walk(take: TakeElements): Promise<void> {
    const header = await this.#open();
    const indexBlock = await this.#indexBlock(header);
    if (indexBlock === null) return;
    indexBlock.at = this.#headBytes;
    header.elements.readAll(indexBlock, 0, header.indexLength, take);
    const seen = new Set<number>();
    for (let number = 0; number < header.groups; number++) {
      const group = groupOf(header, number);
      if ((await this.#addresses(header, number)) === null) continue;
      for (let block = 0; block < group.blocks; block++) {
        const data = await this.#dataBlock(header, number, block);
        if (data === null) continue;
        if (seen.has(data.offset)) throw indexBlock.damaged("data blocks", "the same one twice");
        seen.add(data.offset);
        const first = header.indexLength + group.firstElement + block * group.blockLength;
        await this.#walkBlock(header, group.blockLength, data, (index, byteLength) => {
          take(first + index, byteLength);
        });
      }
    }
  }

  async #walkBlock(
    header: Header,
    blockLength: number,
    data: DataBlock,
    take: TakeElements,
  ): Promise<void> {
    const step = Math.min(header.pageLength, blockLength);
    for (let first = 0; first < blockLength; first += step) {
      const page = await this.#page(header, blockLength, data, first);
      if (page === null) continue;
      page.block.at = page.start;
      header.elements.readAll(page.block, first, step, take);
    }
  }

  async #inBlock(
    header: Header,
    number: number,
    block: number,
    at: number,
  ): Promise<Element | null> {
    const { blockLength } = groupOf(header, number);
    const data = await this.#dataBlock(header, number, block);
    if (data === null) return null;
    const page = await this.#page(header, blockLength, data, at);
    if (page === null) return null;
    page.block.at = page.start + (at % header.pageLength) * header.elements.elementBytes;
    return header.elements.read(page.block);
  }

  /** The elements of the page, or of the whole data block, that holds its element `at`. */
  async #page(
    { elements, pageLength, placeBytes }: Header,
    blockLength: number,
    data: DataBlock,
    at: number,
  ): Promise<{ block: Block; start: number } | null> {
    const { elementBytes } = elements;
    const prefixBytes = this.#headBytes + placeBytes;
    if (blockLength <= pageLength) {
      const bytes = prefixBytes + blockLength * elementBytes + 4;
      const block = await this.#blocks.read(data.offset, bytes, WHAT, (head) => {
        head.signature("EADB");
        head.version(0);
      });
      return { block, start: prefixBytes };
    }
    const page = Math.floor(at / pageLength);
    if (!data.hasPage(page)) return null;
    const pageBytes = pageLength * elementBytes + 4;
    const start = data.offset + prefixBytes + 4 + page * pageBytes;
    const block = await this.#blocks.read(start, pageBytes, WHAT, () => {});
    return { block, start: 0 };
  }

  /** Where a data block is; null when none of its chunks was written. */
  async #dataBlock(header: Header, number: number, block: number): Promise<DataBlock | null> {
    const addresses = await this.#addresses(header, number);
    if (addresses === null) return null;
    const { addressBytes } = this.#reader.facts;
    addresses.block.at = addresses.start + block * addressBytes;
    const offset = addresses.block.address();
    if (offset === null) return null;
    const pages = Math.floor(groupOf(header, number).blockLength / header.pageLength);
    const { bytes } = addresses.block;
    const { bitmap } = addresses;
    const hasPage = (page: number): boolean => {
      const bit = block * pages + page;
      return (((bytes[bitmap + (bit >> 3)] as number) << (bit & 7)) & 0x80) !== 0;
    };
    return { offset, hasPage };
  }

  /** Where the places of the data blocks of a group stand. */
  async #addresses(
    header: Header,
    number: number,
  ): Promise<{ block: Block; start: number; bitmap: number } | null> {
    const { addressBytes } = this.#reader.facts;
    const { elements, indexLength, nearGroups, placeBytes, pageLength } = header;
    const indexBlock = await this.#indexBlock(header);
    if (indexBlock === null) return null;
    const nearStart = this.#headBytes + indexLength * elements.elementBytes;
    const group = groupOf(header, number);
    if (number < nearGroups) {
      const start = nearStart + group.firstBlock * addressBytes;
      return { block: indexBlock, start, bitmap: 0 };
    }
    const near = groupOf(header, nearGroups).firstBlock;
    indexBlock.at = nearStart + (near + number - nearGroups) * addressBytes;
    const offset = indexBlock.address();
    if (offset === null) return null;
    const pages = Math.floor(group.blockLength / pageLength);
    const isPaged = group.blockLength > pageLength;
    const bitmapBytes = isPaged ? group.blocks * Math.ceil(pages / 8) : 0;
    const bitmap = this.#headBytes + placeBytes;
    const start = bitmap + bitmapBytes;
    const bytes = start + group.blocks * addressBytes + 4;
    const block = await this.#blocks.read(offset, bytes, WHAT, (head) => {
      head.signature("EASB");
      head.version(0);
    });
    return { block, start, bitmap };
  }

  async #indexBlock(header: Header): Promise<Block | null> {
    if (header.offset === null) return null;
    const { addressBytes } = this.#reader.facts;
    const { elements, indexLength, nearGroups, groups } = header;
    const near = groupOf(header, nearGroups).firstBlock;
    const addresses = near + groups - nearGroups;
    const bytes =
      this.#headBytes + indexLength * elements.elementBytes + addresses * addressBytes + 4;
    return this.#blocks.read(header.offset, bytes, WHAT, (head) => {
      head.signature("EAIB");
      head.version(0);
    });
  }

  /** Bytes in front of what a block is about: signature, version, use, address of the header. */
  get #headBytes(): number {
    return 6 + this.#reader.facts.addressBytes;
  }

  #open(): Promise<Header> {
    this.#header ??= this.#readHeader();
    return this.#header;
  }

  async #readHeader(): Promise<Header> {
    const { addressBytes, lengthBytes } = this.#reader.facts;
    const head = await this.#reader.block(this.#offset, 16 + addressBytes + 6 * lengthBytes, WHAT);
    head.signature("EAHD");
    head.version(0);
    head.skip(1); // what the elements are for, which the dataset says
    const elements = new ElementReader(this.#reader, head, this.#grid);
    const bits = head.u8();
    const indexLength = head.u8();
    const leastBlockLength = head.u8();
    const leastAddresses = head.u8();
    const pageBits = head.u8();
    head.skip(6 * lengthBytes); // how full the array is
    const offset = head.address();
    head.checksum();
    const [leastBits, addressBits] = [Math.log2(leastBlockLength), Math.log2(leastAddresses)];
    const groups = 1 + bits - leastBits;
    const nearGroups = 2 * addressBits;
    const isRight =
      Number.isInteger(groups) &&
      Number.isInteger(nearGroups) &&
      nearGroups <= groups &&
      bits <= 50;
    if (!isRight || pageBits > 30) {
      throw head.damaged(
        "an array",
        `${bits}, ${leastBlockLength}, ${leastAddresses}, ${pageBits}`,
      );
    }
    return {
      elements,
      indexLength,
      leastBlockLength,
      nearGroups,
      groups,
      pageLength: 2 ** pageBits,
      placeBytes: Math.ceil(bits / 8),
      offset,
    };
  }
}

/** Where a data block is, and which of its pages were written. */
interface DataBlock {
  readonly offset: number;
  hasPage(page: number): boolean;
}

function groupOf({ leastBlockLength }: Header, number: number): Group {
  let [firstElement, firstBlock] = [0, 0];
  for (let group = 0; ; group++) {
    const blocks = 2 ** Math.floor(group / 2);
    const blockLength = 2 ** Math.floor((group + 1) / 2) * leastBlockLength;
    if (group === number) return { blocks, blockLength, firstElement, firstBlock };
    firstElement += blocks * blockLength;
    firstBlock += blocks;
  }
}
