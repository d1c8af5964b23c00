import type { CompressionDamage } from "../util/compression.ts";
import type { SequentialSource } from "./byte-source.ts";

/** What the memory limit of a pass leaves to the window of a decompressor. */
export interface WindowLimit {
  /** The largest window, in bytes. */
  readonly most: number;
  /** The memory limit that it follows from, in bytes. */
  readonly memoryLimitBytes: number;
  /** The memory limit, in bytes, that leaves room for a window. */
  limitFor(windowBytes: number): number;
}

/** Decompresses a source as it is read. It holds a bounded part of what comes out. */
export interface Inflater {
  /**
   * Fills the front of `into`; returns the number of bytes, 0 only at the end.
   *
   * @throws EventError `unsupported-compression`, and what reading the source throws
   */
  next(into: Uint8Array): Promise<number>;
  /** Compressed bytes taken so far. */
  readonly bytesUsed: number;
  /** What it ended at, if not at the end of the data. */
  readonly damage: CompressionDamage | null;
  /** The largest window so far, for compressions whose data say how large it is. */
  readonly windowBytes?: number;
  /** Refuses larger windows from now on, with `memory-limit`. */
  limitWindow?(limit: WindowLimit): void;
}

/** What comes out of compressed bytes. Closing these is their owner's. */
export class InflatedSource implements SequentialSource {
  readonly name: string | undefined;
  readonly #inflater: Inflater;
  #toSkip: number;
  #returned = new Uint8Array(0);

  /**
   * @param source - the compressed bytes, for their name
   * @param skip - bytes that are left out at the start of what comes out
   */
  constructor(
    source: SequentialSource,
    { inflater, skip = 0 }: { inflater: Inflater; skip?: number | undefined },
  ) {
    this.name = source.name;
    this.#inflater = inflater;
    this.#toSkip = skip;
  }

  /** Compressed bytes taken so far. */
  get bytesUsed(): number {
    return this.#inflater.bytesUsed;
  }

  /** What is wrong with the compressed bytes, once reading has come to it. */
  get damage(): CompressionDamage | null {
    return this.#inflater.damage;
  }

  /** The largest window so far; 0 where the data do not say how large it is. */
  get windowBytes(): number {
    return this.#inflater.windowBytes ?? 0;
  }

  /** Refuses larger windows from now on. */
  limitWindow(limit: WindowLimit): void {
    this.#inflater.limitWindow?.(limit);
  }

  /** Gives back the bytes that came last; they come again. */
  unread(bytes: Uint8Array<ArrayBuffer>): void {
    this.#returned = bytes;
  }

  async next(into: Uint8Array): Promise<number> {
    if (this.#returned.byteLength > 0) {
      const taken = this.#returned.subarray(0, into.byteLength);
      into.set(taken);
      this.#returned = this.#returned.subarray(taken.byteLength);
      return taken.byteLength;
    }
    while (this.#toSkip > 0) {
      const skipped = await this.#inflater.next(into.subarray(0, this.#toSkip));
      if (skipped === 0) return 0;
      this.#toSkip -= skipped;
    }
    return this.#inflater.next(into);
  }
}
