import type { Block } from "./block.ts";
import type { MetadataReader } from "./metadata-reader.ts";

/** The names of a group of the older kind. */
export class LocalHeap {
  readonly #data: Block;

  private constructor(data: Block) {
    this.#data = data;
  }

  /** @throws EventError `invalid-header` */
  static async read(reader: MetadataReader, offset: number): Promise<LocalHeap> {
    const { addressBytes, lengthBytes } = reader.facts;
    const what = "a local heap";
    const block = await reader.block(offset, 8 + 2 * lengthBytes + addressBytes, what);
    block.signature("HEAP");
    block.version(0);
    block.skip(3);
    const length = block.length();
    block.skip(lengthBytes); // free space
    return new LocalHeap(await reader.block(block.definedAddress(), length, what));
  }

  /** The text that begins so many bytes behind the start of the heap. */
  text(at: number): string {
    const data = this.#data;
    data.at = 0;
    data.skip(at);
    return data.textToZero();
  }
}
