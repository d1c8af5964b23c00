import zlib from "node:zlib";
import type { CompressionDamage } from "../../util/compression.ts";
import type { SequentialSource } from "../byte-source.ts";
import type { Inflater } from "../inflated.ts";
import { ZlibInflater } from "./zlib-inflater.ts";

const MAGIC = [0x1f, 0x8b];
const DEFLATE = 8;
const TRAILER_BYTES = 8;
/** Bytes that come out at once: with the 16 KiB that are usual a file of text took twice as long. */
const CHUNK_BYTES = 131_072;
// Flags of a member's header.
const HEADER_CRC = 2;
const EXTRA = 4;
const NAME = 8;
const COMMENT = 16;

/**
 * Decompresses gzip (RFC 1952), member by member. The members are taken apart here and only their
 * data are for zlib, which would else keep back what came out in front of any damage.
 */
export class GzipInflater implements Inflater {
  damage: CompressionDamage | null = null;
  readonly #bytes: ReturnableSource;
  #member: ZlibInflater | undefined;
  #memberStart = 0;
  #members = 0;
  #crc = 0;
  #length = 0;
  #done = false;

  constructor(source: SequentialSource) {
    this.#bytes = new ReturnableSource(source);
  }

  get bytesUsed(): number {
    return this.#bytes.offset;
  }

  async next(into: Uint8Array): Promise<number> {
    while (!this.#done) {
      if (this.#member === undefined) {
        await this.#startMember();
        continue;
      }
      const count = await this.#member.next(into);
      if (count > 0) {
        const bytes = into.subarray(0, count);
        this.#crc = zlib.crc32(bytes, this.#crc);
        this.#length = (this.#length + count) >>> 0;
        return count;
      }
      await this.#endMember(this.#member);
    }
    return 0;
  }

  /** Magic, method, flags, time, level and system; then what the flags say. */
  async #startMember(): Promise<void> {
    const start = this.#bytes.offset;
    const magic = await this.#bytes.take(2);
    if (magic.length === 0 && this.#members > 0) {
      this.#done = true;
      return;
    }
    if (!magic.every((byte, at) => byte === MAGIC[at])) {
      return this.#endAt("trailing", start, "what follows is not gzip");
    }
    const [method, flags = 0, ...rest] = await this.#bytes.take(8);
    if (rest.length < 6) return this.#endCut();
    if (method !== DEFLATE) {
      return this.#endAt("corrupt", start, `the method ${method} is not that of gzip`);
    }
    if (flags & EXTRA) {
      const [low = 0, high = 0] = await this.#bytes.take(2);
      await this.#bytes.take(high * 256 + low);
    }
    if (flags & NAME) await this.#bytes.skipText();
    if (flags & COMMENT) await this.#bytes.skipText();
    if (flags & HEADER_CRC) await this.#bytes.take(2);
    this.#memberStart = this.#bytes.offset;
    this.#member = new ZlibInflater(this.#bytes, zlib.createInflateRaw({ chunkSize: CHUNK_BYTES }));
    this.#crc = 0;
    this.#length = 0;
  }

  /** Checks the sum and the length behind the data. */
  async #endMember(member: ZlibInflater): Promise<void> {
    if (member.damage !== null && member.damage.kind !== "trailing") {
      const { kind, byteOffset, problem } = member.damage;
      return this.#endAt(kind, this.#memberStart + byteOffset, problem);
    }
    this.#bytes.giveBack(member.unused);
    this.#member = undefined;
    this.#members++;
    const start = this.#bytes.offset;
    const trailer = await this.#bytes.take(TRAILER_BYTES);
    if (trailer.length < TRAILER_BYTES) return this.#endCut();
    const view = new DataView(Uint8Array.from(trailer).buffer);
    if (view.getUint32(0, true) !== this.#crc) {
      const problem = "the checksum does not match, so what is in front of it may be wrong";
      return this.#endAt("corrupt", start, problem);
    }
    if (view.getUint32(4, true) !== this.#length) {
      return this.#endAt("corrupt", start + 4, "the data are not as long as they say");
    }
  }

  #endCut(): void {
    this.#endAt("truncated", this.#bytes.offset, "they end in the frame of gzip");
  }

  #endAt(kind: CompressionDamage["kind"], byteOffset: number, problem: string): void {
    this.damage = { kind, byteOffset, problem };
    this.#done = true;
  }
}

/** Bytes that can be given back when more were read than are wanted. */
class ReturnableSource implements SequentialSource {
  offset = 0;
  readonly #source: SequentialSource;
  #piece = new Uint8Array(4096);
  #returned = new Uint8Array(0);

  constructor(source: SequentialSource) {
    this.#source = source;
  }

  async next(into: Uint8Array): Promise<number> {
    if (this.#returned.byteLength === 0) {
      const count = await this.#source.next(into);
      this.offset += count;
      return count;
    }
    const taken = this.#returned.subarray(0, into.byteLength);
    into.set(taken);
    this.#returned = this.#returned.subarray(taken.byteLength);
    this.offset += taken.byteLength;
    return taken.byteLength;
  }

  /** The last bytes of those handed out. */
  giveBack(bytes: Uint8Array): void {
    const all = new Uint8Array(bytes.byteLength + this.#returned.byteLength);
    all.set(bytes);
    all.set(this.#returned, bytes.byteLength);
    this.#returned = all;
    this.offset -= bytes.byteLength;
  }

  /** So many bytes, fewer only at the end. */
  async take(count: number): Promise<number[]> {
    const taken: number[] = [];
    while (taken.length < count) {
      const length = await this.next(this.#piece.subarray(0, count - taken.length));
      if (length === 0) break;
      taken.push(...this.#piece.subarray(0, length));
    }
    return taken;
  }

  /** A text and the zero behind it. */
  async skipText(): Promise<void> {
    for (;;) {
      const length = await this.next(this.#piece);
      if (length === 0) return;
      const zero = this.#piece.subarray(0, length).indexOf(0);
      if (zero < 0) continue;
      this.giveBack(this.#piece.slice(zero + 1, length));
      return;
    }
  }
}
