import { type ByteSource, type ReadOptions, tooShort } from "./byte-source.ts";

/** Bytes in memory. */
export class MemorySource implements ByteSource {
  readonly byteLength: number;
  readonly #bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.byteLength = bytes.byteLength;
  }

  async read(offset: number, length: number, options: ReadOptions = {}): Promise<Uint8Array> {
    options.signal?.throwIfAborted();
    const bytes = this.#bytes.subarray(offset, offset + length);
    if (bytes.byteLength < length) throw tooShort(undefined, offset, length, bytes.byteLength);
    if (options.into === undefined) return bytes.slice();
    options.into.set(bytes);
    return options.into.subarray(0, length);
  }
}
