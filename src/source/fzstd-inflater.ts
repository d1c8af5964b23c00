import type { CompressionDamage } from "../util/compression.ts";
import type { SequentialSource } from "./byte-source.ts";
import type { Inflater } from "./inflated.ts";
import { ZstdFrames } from "./zstd-frames.ts";

/** Room for the longest block of zstd and its header. */
const PIECE_BYTES = 131_072 + 64;

/** Decompresses zstd in JavaScript, where the platform cannot. Checksums are not verified. */
export class FzstdInflater implements Inflater {
  readonly #frames: ZstdFrames;
  #push: ((piece: Uint8Array, isLast: boolean) => void) | undefined;
  #chunks: Uint8Array[] = [];
  #corrupt: CompressionDamage | null = null;
  #ended = false;

  constructor(source: SequentialSource) {
    this.#frames = new ZstdFrames(source);
  }

  get bytesUsed(): number {
    return this.#frames.bytesUsed;
  }

  get damage(): CompressionDamage | null {
    return this.#corrupt ?? this.#frames.damage;
  }

  async next(into: Uint8Array): Promise<number> {
    for (;;) {
      const chunk = this.#chunks[0];
      if (chunk !== undefined && chunk.byteLength > 0) {
        const taken = chunk.subarray(0, into.byteLength);
        into.set(taken);
        this.#chunks[0] = chunk.subarray(taken.byteLength);
        return taken.byteLength;
      }
      if (chunk !== undefined) this.#chunks.shift();
      else if (this.#ended) return 0;
      else await this.#inflate();
    }
  }

  /** Feeds one block. */
  async #inflate(): Promise<void> {
    this.#push ??= await this.#start();
    const offset = this.#frames.bytesUsed;
    const piece = new Uint8Array(PIECE_BYTES); // fzstd keeps what is not used up
    const length = await this.#frames.next(piece);
    this.#ended = length === 0;
    if (this.#ended) return; // where the data end is for the frames to tell
    try {
      this.#push(piece.subarray(0, length), false);
    } catch (cause) {
      const problem = cause instanceof Error ? cause.message : String(cause);
      this.#corrupt = { kind: "corrupt", byteOffset: offset, problem };
      this.#ended = true;
    }
  }

  async #start() {
    const { Decompress } = await import("fzstd");
    const stream = new Decompress((chunk) => {
      if (chunk.byteLength > 0) this.#chunks.push(chunk);
    });
    return (piece: Uint8Array, isLast: boolean): void => stream.push(piece, isLast);
  }
}
