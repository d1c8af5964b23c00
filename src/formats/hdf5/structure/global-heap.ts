import type { MetadataReader } from "./metadata-reader.ts";

const WHAT = "a global heap";

/** Reads values of any length, which stand in heaps that several objects share. */
export class GlobalHeaps {
  readonly #reader: MetadataReader;

  constructor(reader: MetadataReader) {
    this.#reader = reader;
  }

  /**
   * A value.
   *
   * @param offset - where its heap begins in the file
   * @param index - its number in the heap
   * @throws EventError `invalid-header`
   */
  async value(offset: number, index: number): Promise<Uint8Array> {
    const reader = this.#reader;
    const { lengthBytes } = reader.facts;
    const head = await reader.block(offset, 8 + lengthBytes, WHAT);
    head.signature("GCOL");
    head.version(1);
    head.skip(3);
    const heap = await reader.block(offset, head.length(), WHAT);
    heap.skip(8 + lengthBytes);
    const prefixBytes = 8 + lengthBytes;
    while (heap.remaining >= prefixBytes) {
      const found = heap.u16();
      heap.skip(2 + 4); // references
      const length = heap.length();
      if (found === index) return heap.take(length);
      if (found === 0) break; // free space to the end
      heap.skip(Math.min(Math.ceil(length / 8) * 8, heap.remaining));
    }
    throw heap.damaged(`the value ${index}`, "none");
  }
}
