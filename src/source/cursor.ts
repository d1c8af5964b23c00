import type { ByteSource, SequentialSource } from "./byte-source.ts";

/** Reads part of a {@link ByteSource} from front to back. Closing the source is its owner's. */
export class SourceCursor implements SequentialSource {
  readonly #source: ByteSource;
  readonly #end: number;
  readonly #signal: AbortSignal | undefined;
  #offset: number;

  constructor(source: ByteSource, start: number, end: number, signal?: AbortSignal) {
    this.#source = source;
    this.#offset = start;
    this.#end = end;
    this.#signal = signal;
  }

  async next(into: Uint8Array): Promise<number> {
    const length = Math.min(into.byteLength, this.#end - this.#offset);
    if (length <= 0) return 0;
    const offset = this.#offset;
    this.#offset += length;
    await this.#source.read(offset, length, {
      into: into.subarray(0, length),
      signal: this.#signal,
    });
    return length;
  }
}

/** Bytes that were read already, then the rest of a {@link SequentialSource}. */
export class ReplaySource implements SequentialSource {
  readonly #source: SequentialSource;
  #head: Uint8Array;

  constructor(head: Uint8Array, source: SequentialSource) {
    this.#head = head;
    this.#source = source;
  }

  async next(into: Uint8Array): Promise<number> {
    if (this.#head.byteLength === 0) return this.#source.next(into);
    const taken = this.#head.subarray(0, into.byteLength);
    into.set(taken);
    this.#head = this.#head.subarray(taken.byteLength);
    return taken.byteLength;
  }
}

/** Fills `into` as far as the source goes; returns the number of bytes, fewer only at the end. */
export async function fill(source: SequentialSource, into: Uint8Array): Promise<number> {
  let filled = 0;
  while (filled < into.byteLength) {
    const count = await source.next(into.subarray(filled));
    if (count === 0) break;
    filled += count;
  }
  return filled;
}
