import type { ByteSource } from "./byte-source.ts";

/** Slices of at least so many bytes are read by themselves. */
const LARGE_SLICE = 65536;

/**
 * Reads slices of a source. Small ones are cut out of a window, so that slices that lie close to
 * each other cost one read; large ones go straight to where they are wanted.
 */
export class SliceReader {
  readonly #source: ByteSource;
  readonly #window: Uint8Array;
  #start = 0;
  #end = 0;

  /** @param window - memory for the bytes around small slices */
  constructor(source: ByteSource, window: Uint8Array) {
    this.#source = source;
    this.#window = window;
  }

  /** Fills `into` with the bytes from `offset` on, which the source must have. */
  async read(offset: number, into: Uint8Array, signal: AbortSignal | undefined): Promise<void> {
    const length = into.byteLength;
    if (length === 0) return;
    if (offset < this.#start || offset + length > this.#end) {
      if (length >= Math.min(LARGE_SLICE, this.#window.byteLength)) {
        await this.#source.read(offset, length, { into, signal });
        return;
      }
      await this.#move(offset, signal);
    }
    const at = offset - this.#start;
    into.set(this.#window.subarray(at, at + length));
  }

  async #move(offset: number, signal: AbortSignal | undefined): Promise<void> {
    const length = Math.min(this.#window.byteLength, this.#source.byteLength - offset);
    this.#end = 0; // nothing is at hand if the read fails
    await this.#source.read(offset, length, { into: this.#window, signal });
    this.#start = offset;
    this.#end = offset + length;
  }
}
