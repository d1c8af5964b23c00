import { EventError } from "../errors.ts";
import type { CompressionDamage } from "../util/compression.ts";
import type { SequentialSource } from "./byte-source.ts";
import type { WindowLimit } from "./inflated.ts";

/** The largest window that is accepted: what the `zstd` program needs no option for. */
export const MAX_WINDOW_BYTES = 128 * 1024 * 1024;

const MAGIC = 0xfd2fb528;
const SKIPPABLE_MAGIC = 0x184d2a50; // to 0x184d2a5f
const REPEATED_BLOCK = 1;

/** Bytes of the headers between blocks; that of a frame says in its first one how many it has. */
const HEADER_BYTES = {
  magic: 4,
  "skippable size": 4,
  "frame header": 1,
  "block header": 3,
  checksum: 4,
} as const;
type Part = keyof typeof HEADER_BYTES;

/** The end of a frame, and the lower half of the XXH64 of its content where it has that. */
export interface FrameEnd {
  readonly checksum: number | null;
}

/**
 * Compressed bytes of Zstandard (RFC 8878), one block at a time: a decompressor that is fed with
 * them holds what one block gives, at most 128 KiB, and a window that was looked at before. It says
 * where the data are cut and where something else stands behind them.
 */
export class ZstdFrames implements SequentialSource {
  readonly name: string | undefined;
  /** What ended the data, if not their end. */
  damage: CompressionDamage | null = null;
  /** What ended with the bytes handed out last, if that is a frame. */
  frameEnd: FrameEnd | null = null;
  /** The largest window so far. */
  windowBytes = 0;
  readonly #source: SequentialSource;
  #limit: WindowLimit | null = null;
  #piece = new Uint8Array(65536);
  #start = 0;
  #end = 0;
  #offset = 0;
  #part: Part = "magic";
  /** The bytes of a header so far, and how many it takes. */
  #header: number[] = [];
  #wanted: number = HEADER_BYTES.magic;
  /** Bytes of a block or a skippable frame that are still to come. */
  #body = 0;
  #hasChecksum = false;
  #checksum: number | null = null;

  constructor(source: SequentialSource) {
    this.#source = source;
    this.name = source.name;
  }

  /** Bytes passed on so far. */
  get bytesUsed(): number {
    return this.#offset;
  }

  /** Refuses larger windows from now on. */
  limitWindow(limit: WindowLimit): void {
    this.#limit = limit;
  }

  /**
   * The bytes up to the end of a block or a frame, or as many of them as fit.
   *
   * @throws EventError `unsupported-compression` for a window that is too large, or a dictionary;
   *   `memory-limit` for a window that the memory limit does not leave room for
   */
  async next(into: Uint8Array): Promise<number> {
    let filled = 0;
    this.frameEnd = null;
    while (filled < into.byteLength && this.damage === null) {
      if (this.#start === this.#end && !(await this.#read())) break;
      const isBlock = this.#body > 0;
      if (isBlock) {
        const count = Math.min(this.#body, this.#end - this.#start, into.byteLength - filled);
        into.set(this.#piece.subarray(this.#start, this.#start + count), filled);
        filled += count;
        this.#take(count);
        this.#body -= count;
      } else {
        const byte = this.#piece[this.#start] as number;
        into[filled++] = byte;
        this.#take(1);
        this.#header.push(byte);
        if (this.#header.length < this.#wanted) continue;
        this.#goOn();
      }
      if (this.#body > 0) continue;
      if (this.#part === "magic" && this.#header.length === 0) {
        this.frameEnd = { checksum: this.#checksum };
        break;
      }
      if (isBlock) break;
    }
    return filled;
  }

  async #read(): Promise<boolean> {
    this.#start = 0;
    this.#end = await this.#source.next(this.#piece);
    if (this.#end > 0) return true;
    const isWhole = this.#part === "magic" && this.#header.length === 0 && this.#body === 0;
    if (!isWhole || this.#offset === 0) {
      const part = this.#body > 0 ? "block" : this.#part;
      this.#endAt("truncated", `they end in a ${part} of zstd`);
    }
    return false;
  }

  #take(count: number): void {
    this.#start += count;
    this.#offset += count;
  }

  #goOn(): void {
    const next = this.#judge();
    if (next === null) return;
    this.#part = next;
    this.#header = [];
    this.#wanted = HEADER_BYTES[next];
  }

  /** What comes behind the header at hand; null when it is not complete. */
  #judge(): Part | null {
    switch (this.#part) {
      case "magic": {
        const magic = this.#number(0, HEADER_BYTES.magic);
        if ((magic & ~15) >>> 0 === SKIPPABLE_MAGIC) return "skippable size";
        if (magic === MAGIC) return "frame header";
        this.#offset -= HEADER_BYTES.magic;
        this.#endAt("trailing", "what follows is not zstd");
        return null;
      }
      case "skippable size":
        this.#body = this.#number(0, HEADER_BYTES["skippable size"]);
        this.#checksum = null;
        return "magic";
      case "frame header":
        return this.#judgeFrameHeader();
      case "block header": {
        const header = this.#number(0, HEADER_BYTES["block header"]);
        const isLast = (header & 1) !== 0;
        this.#body = ((header >> 1) & 3) === REPEATED_BLOCK ? 1 : header >> 3;
        if (!isLast) return "block header";
        return this.#hasChecksum ? "checksum" : "magic";
      }
      default:
        this.#checksum = this.#number(0, HEADER_BYTES.checksum);
        return "magic";
    }
  }

  /** Descriptor; window; dictionary id; length of the content. */
  #judgeFrameHeader(): Part | null {
    const descriptor = this.#header[0] as number;
    const isSingleSegment = (descriptor & 32) !== 0;
    const dictionaryBytes = [0, 1, 2, 4][descriptor & 3] as number;
    const contentBytes = [isSingleSegment ? 1 : 0, 2, 4, 8][descriptor >> 6] as number;
    const dictionaryAt = isSingleSegment ? 1 : 2;
    const contentAt = dictionaryAt + dictionaryBytes;
    this.#wanted = contentAt + contentBytes;
    if (this.#header.length < this.#wanted) return null;
    const dictionary = this.#number(dictionaryAt, dictionaryBytes);
    if (dictionary !== 0) {
      throw this.#refusal("the zstd data need a dictionary", {
        expected: "data without one",
        found: `dictionary ${dictionary}`,
        hint: "Decompress them with `zstd -d -D DICTIONARY` first.",
      });
    }
    const window = isSingleSegment
      ? this.#number(contentAt, contentBytes) + (contentBytes === 2 ? 256 : 0)
      : windowOf(this.#header[1] as number);
    if (window > MAX_WINDOW_BYTES) {
      throw this.#refusal("the zstd data need too large a window", {
        expected: `at most ${MAX_WINDOW_BYTES} bytes`,
        found: `${window}`,
        hint: "Decompress them with `zstd -d --long=31` first.",
      });
    }
    this.#checkLimit(window);
    this.windowBytes = Math.max(this.windowBytes, window);
    this.#hasChecksum = (descriptor & 4) !== 0;
    this.#checksum = null;
    return "block header";
  }

  #checkLimit(window: number): void {
    if (this.#limit === null || window <= this.#limit.most) return;
    const { memoryLimitBytes } = this.#limit;
    const needed = this.#limit.limitFor(window);
    throw new EventError("memory-limit", "the zstd data need a larger window further on", {
      path: this.name,
      byteOffset: this.#offset - this.#header.length,
      expected: `at least ${needed} bytes`,
      found: `${memoryLimitBytes}`,
      hint: `Give \`memoryLimitBytes: ${needed}\` or more.`,
    });
  }

  /** A little-endian number of the header at hand. */
  #number(at: number, length: number): number {
    let value = 0;
    for (let byte = length - 1; byte >= 0; byte--) {
      value = value * 256 + (this.#header[at + byte] as number);
    }
    return value;
  }

  #endAt(kind: CompressionDamage["kind"], problem: string): void {
    this.damage = { kind, byteOffset: this.#offset, problem };
  }

  #refusal(problem: string, details: { expected: string; found: string; hint: string }) {
    return new EventError("unsupported-compression", problem, {
      path: this.name,
      byteOffset: this.#offset - this.#header.length,
      ...details,
    });
  }
}

/** The window that a descriptor says: a power of two and eighths of it. */
function windowOf(descriptor: number): number {
  const base = 2 ** (10 + (descriptor >> 3));
  return base + (base / 8) * (descriptor & 7);
}
