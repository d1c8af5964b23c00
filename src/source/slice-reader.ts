import type { ByteSource } from "./byte-source.ts";

/** Slices of at least so many bytes are read by themselves. */
const LARGE_SLICE = 65536;

/**
 * Reads slices of a source. Small ones are cut out of a window, so that slices that lie close to
 * each other cost one read; large ones go straight to where they are wanted. Several may be asked
 * for at once.
 */
export class SliceReader {
  readonly #source: ByteSource;
  readonly #window: Uint8Array;
  #start = 0;
  #end = 0;
  /** The last small slice that had to wait, for the window or for another; null when none does. */
  #last: Promise<void> | null = null;

  /** @param window - memory for the bytes around small slices */
  constructor(source: ByteSource, window: Uint8Array) {
    this.#source = source;
    this.#window = window;
  }

  /**
   * Fills `into` with the bytes from `offset` on, which the source must have.
   *
   * @returns null when that is done already: most small slices need not wait for anything
   */
  read(offset: number, into: Uint8Array, signal: AbortSignal | undefined): Promise<void> | null {
    const length = into.byteLength;
    if (length >= Math.min(LARGE_SLICE, this.#window.byteLength)) {
      return this.#fill(offset, into, signal);
    }
    if (this.#last === null && this.#cut(offset, into)) return null;
    const before = this.#last ?? Promise.resolve();
    const reading = before
      .then(async () => {
        if (this.#cut(offset, into)) return;
        await this.#move(offset, signal);
        this.#cut(offset, into);
      })
      .finally(() => {
        if (this.#last === reading) this.#last = null;
      });
    this.#last = reading;
    return reading;
  }

  /** Copies a slice out of the window; whether it is there. */
  #cut(offset: number, into: Uint8Array): boolean {
    if (offset < this.#start || offset + into.byteLength > this.#end) return false;
    const at = offset - this.#start;
    into.set(this.#window.subarray(at, at + into.byteLength));
    return true;
  }

  async #move(offset: number, signal: AbortSignal | undefined): Promise<void> {
    const length = Math.min(this.#window.byteLength, this.#source.byteLength - offset);
    this.#end = 0; // nothing is at hand if the read fails
    await this.#fill(offset, this.#window.subarray(0, length), signal);
    this.#start = offset;
    this.#end = offset + length;
  }

  async #fill(offset: number, into: Uint8Array, signal: AbortSignal | undefined): Promise<void> {
    await this.#source.read(offset, into.byteLength, { into, signal });
  }
}
