import type { InflateRaw } from "node:zlib";
import type { CompressionDamage } from "../../util/compression.ts";
import { News } from "../../util/news.ts";
import type { SequentialSource } from "../byte-source.ts";
import type { Inflater } from "../inflated.ts";
import { ZstdFrames } from "../zstd-frames.ts";

/** Compressed bytes that are handed to zlib at once. */
const PIECE_BYTES = 65_536;

/** Decompresses in the threads of `node:zlib`, which verifies checksums. */
export class ZlibInflater implements Inflater {
  damage: CompressionDamage | null = null;
  readonly #source: SequentialSource;
  readonly #stream: InflateRaw;
  #rest: Uint8Array = new Uint8Array(0);
  /** The pieces that zlib has not used up. */
  #pieces: Uint8Array[] = [];
  #bytesFed = 0;
  #isFed = true;
  #hasAll = false;
  #state: "open" | "ended" | Error = "open";
  #done = false;
  readonly #news = new News();

  /** @param stream - what decompresses, fresh */
  constructor(source: SequentialSource, stream: InflateRaw) {
    this.#source = source;
    this.#stream = stream;
    stream.on("readable", () => this.#happened());
    stream.on("end", () => this.#happened("ended"));
    stream.on("error", (error) => this.#happened(error));
  }

  get bytesUsed(): number {
    return this.#bytesFed;
  }

  /** Bytes behind the end of the data that were read with them. */
  get unused(): Uint8Array {
    const all = new Uint8Array(this.#pieces.reduce((sum, { byteLength }) => sum + byteLength, 0));
    let at = 0;
    for (const piece of this.#pieces) {
      all.set(piece, at);
      at += piece.byteLength;
    }
    return all.subarray(at - (this.#bytesFed - this.#stream.bytesWritten));
  }

  async next(into: Uint8Array): Promise<number> {
    for (;;) {
      if (this.#rest.byteLength === 0) this.#rest = this.#stream.read() ?? this.#rest;
      if (this.#rest.byteLength > 0) {
        const taken = this.#rest.subarray(0, into.byteLength);
        into.set(taken);
        this.#rest = this.#rest.subarray(taken.byteLength);
        return taken.byteLength;
      }
      if (this.#done) return 0;
      if (this.#state !== "open") this.#finish(this.#state);
      else if (this.#isFed && !this.#hasAll) await this.#feed();
      else await this.#news.next();
    }
  }

  async #feed(): Promise<void> {
    const piece = new Uint8Array(PIECE_BYTES); // zlib may still work on the one before
    const length = await this.#source.next(piece);
    const unused = this.#bytesFed - this.#stream.bytesWritten;
    if (unused === 0) this.#pieces = [];
    this.#bytesFed += length;
    if (length === 0) {
      this.#hasAll = true;
      this.#stream.end();
      return;
    }
    this.#isFed = false;
    this.#pieces.push(piece.subarray(0, length));
    this.#stream.write(piece.subarray(0, length), () => {
      this.#isFed = true;
      this.#happened();
    });
  }

  #finish(state: "ended" | Error): void {
    this.#done = true;
    // What zlib takes for something else behind the data it leaves alone.
    const byteOffset = this.#stream.bytesWritten;
    if (state === "ended") {
      if (byteOffset < this.#bytesFed) {
        this.damage = { kind: "trailing", byteOffset, problem: "what follows is not compressed" };
      }
      return;
    }
    const isCut = this.#hasAll && (state as NodeJS.ErrnoException).code === "Z_BUF_ERROR";
    this.damage = isCut
      ? {
          kind: "truncated",
          byteOffset: this.#bytesFed,
          problem: "they end in the compressed data",
        }
      : { kind: "corrupt", byteOffset, problem: state.message };
  }

  #happened(state?: "ended" | Error): void {
    if (state !== undefined) this.#state = state;
    this.#news.happened();
  }
}

/**
 * Decompresses zstd the same way; what `node:zlib` does not look at, the window, where frames end
 * and what follows them, is looked at before.
 *
 * @param stream - a fresh `zlib.createZstdDecompress()`, which Node has from 22.15 on
 */
export function zstdInflater(source: SequentialSource, stream: InflateRaw): Inflater {
  const frames = new ZstdFrames(source);
  const inflater = new ZlibInflater(frames, stream);
  return {
    next: (into) => inflater.next(into),
    get bytesUsed() {
      return frames.bytesUsed;
    },
    get damage() {
      return frames.damage ?? inflater.damage;
    },
    get windowBytes() {
      return frames.windowBytes;
    },
    limitWindow: (limit) => frames.limitWindow(limit),
  };
}
