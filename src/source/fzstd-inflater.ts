import type { XXHash } from "xxhash-wasm";
import type { CompressionDamage } from "../util/compression.ts";
import type { SequentialSource } from "./byte-source.ts";
import type { Inflater, WindowLimit } from "./inflated.ts";
import { type FrameEnd, ZstdFrames } from "./zstd-frames.ts";

/** Room for the longest block of zstd and its header. */
const PIECE_BYTES = 131_072 + 64;
const CHECKSUM_BYTES = 4;
/** A frame to be skipped: fzstd keeps a short frame to itself until this much follows. */
const SKIPPED_FRAME = Uint8Array.of(0x50, 0x2a, 0x4d, 0x18, 16, 0, 0, 0, ...new Uint8Array(16));

/** Decompresses zstd with fzstd, where the platform cannot; checksums are verified beside it. */
export class FzstdInflater implements Inflater {
  readonly #frames: ZstdFrames;
  #push: ((piece: Uint8Array) => void) | undefined;
  #createHash: () => XXHash<bigint> | undefined = () => undefined;
  /** Of what the frame at hand gave so far. */
  #hash: XXHash<bigint> | undefined;
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

  get windowBytes(): number {
    return this.#frames.windowBytes;
  }

  limitWindow(limit: WindowLimit): void {
    this.#frames.limitWindow(limit);
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
    this.#ended = length === 0; // whether that is the end of the data the frames tell
    if (this.#ended) return;
    const { frameEnd } = this.#frames;
    try {
      this.#push(piece.subarray(0, length));
      if (frameEnd !== null) this.#push(SKIPPED_FRAME.slice());
    } catch (cause) {
      const problem = cause instanceof Error ? cause.message : String(cause);
      this.#endCorrupt(offset, problem);
    }
    if (frameEnd !== null) this.#check(frameEnd);
  }

  #check({ checksum }: FrameEnd): void {
    const found = Number((this.#hash?.digest() ?? 0n) & 0xffffffffn);
    this.#hash = this.#createHash();
    if (checksum === null || checksum === found || this.#corrupt !== null) return;
    const problem = "the checksum does not match, so what is in front of it may be wrong";
    this.#endCorrupt(this.#frames.bytesUsed - CHECKSUM_BYTES, problem);
  }

  #endCorrupt(byteOffset: number, problem: string): void {
    this.#corrupt = { kind: "corrupt", byteOffset, problem };
    this.#ended = true;
  }

  async #start() {
    const { Decompress } = await import("fzstd");
    const { default: xxhash } = await import("xxhash-wasm");
    const { create64 } = await xxhash();
    this.#createHash = create64;
    this.#hash = create64();
    const stream = new Decompress((chunk) => {
      if (chunk.byteLength === 0) return;
      this.#hash?.update(chunk);
      this.#chunks.push(chunk);
    });
    // In two parts: with a whole block at once fzstd would keep every piece for good.
    return (piece: Uint8Array): void => {
      stream.push(piece.subarray(0, -1));
      stream.push(piece.subarray(-1));
    };
  }
}
