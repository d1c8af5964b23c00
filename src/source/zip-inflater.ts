/** Decompresses the file in a zip with what decompresses gzip: both hold Deflate and a CRC-32. */
import type { CompressionDamage } from "../util/compression.ts";
import type { ByteSource, SequentialSource } from "./byte-source.ts";
import { fill, SourceCursor } from "./cursor.ts";
import type { Inflater } from "./inflated.ts";
import type { ZipMember } from "./zip-directory.ts";

const GZIP_HEADER = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];
/** The header of a stored block of Deflate, and the most that such a block holds. */
const BLOCK_HEADER_BYTES = 5;
const BLOCK_BYTES = 65_535;

/** Decompresses one file of a zip, and verifies its checksum and length. */
export class ZipInflater implements Inflater {
  readonly #member: ZipMember;
  readonly #archiveBytes: number;
  readonly #inflater: Inflater;
  #hasEnded = false;

  /** @param createGunzip - makes what decompresses gzip */
  constructor(
    archive: ByteSource,
    member: ZipMember,
    createGunzip: (source: SequentialSource) => Inflater,
    signal?: AbortSignal,
  ) {
    const { dataOffset, storedBytes } = member;
    const data = new SourceCursor(archive, dataOffset, dataOffset + storedBytes, signal);
    this.#member = member;
    this.#archiveBytes = archive.byteLength;
    this.#inflater = createGunzip(new GzipOf(data, member));
  }

  async next(into: Uint8Array): Promise<number> {
    const count = await this.#inflater.next(into);
    this.#hasEnded = count === 0;
    return count;
  }

  get bytesUsed(): number {
    return this.#hasEnded ? this.#archiveBytes : this.#placeOf(this.#inflater.bytesUsed);
  }

  get damage(): CompressionDamage | null {
    const { damage } = this.#inflater;
    if (damage === null) return null;
    return {
      kind: "corrupt", // the archive itself is whole
      byteOffset: this.#placeOf(damage.byteOffset),
      problem:
        damage.kind === "corrupt" ? damage.problem : "they do not end where the archive says",
    };
  }

  /** Where a byte of the gzip stands in the archive. */
  #placeOf(offset: number): number {
    const { dataOffset, storedBytes, isDeflated } = this.#member;
    let at = Math.max(offset - GZIP_HEADER.length, 0);
    if (!isDeflated) {
      const block = Math.floor(at / (BLOCK_HEADER_BYTES + BLOCK_BYTES));
      at = Math.max(at - (block + 1) * BLOCK_HEADER_BYTES, block * BLOCK_BYTES);
    }
    return dataOffset + Math.min(at, storedBytes);
  }
}

/** The bytes of a file in a zip as gzip; those that are stored as they are become stored blocks. */
class GzipOf implements SequentialSource {
  readonly name: string | undefined;
  readonly #data: SequentialSource;
  readonly #member: ZipMember;
  /** Bytes of frames that come next. */
  #frame: Uint8Array = Uint8Array.from(GZIP_HEADER);
  /** Bytes of data that come behind them, up to the next frame. */
  #inBlock: number;
  #left: number;
  #hasTrailer = false;
  #hasBlock = false;

  constructor(data: SequentialSource, member: ZipMember) {
    this.name = data.name;
    this.#data = data;
    this.#member = member;
    this.#left = member.storedBytes;
    this.#inBlock = member.isDeflated ? member.storedBytes : 0;
  }

  async next(into: Uint8Array): Promise<number> {
    for (;;) {
      if (this.#frame.byteLength > 0) {
        const taken = this.#frame.subarray(0, into.byteLength);
        into.set(taken);
        this.#frame = this.#frame.subarray(taken.byteLength);
        return taken.byteLength;
      }
      if (this.#inBlock > 0) {
        const count = await fill(this.#data, into.subarray(0, this.#inBlock));
        this.#inBlock -= count;
        this.#left -= count;
        if (count > 0) return count;
        this.#inBlock = this.#left = 0; // there is no more
      }
      if (this.#hasTrailer) return 0;
      this.#frame = this.#nextFrame();
    }
  }

  /** The header of the next stored block, or what stands behind the data. */
  #nextFrame(): Uint8Array {
    const { isDeflated, crc32, byteLength } = this.#member;
    if (!isDeflated && (this.#left > 0 || !this.#hasBlock)) {
      this.#hasBlock = true;
      this.#inBlock = Math.min(this.#left, BLOCK_BYTES);
      const isLast = this.#inBlock === this.#left ? 1 : 0;
      const [low, high] = [this.#inBlock & 0xff, this.#inBlock >> 8];
      return Uint8Array.of(isLast, low, high, low ^ 0xff, high ^ 0xff);
    }
    this.#hasTrailer = true;
    const trailer = new DataView(new ArrayBuffer(8));
    trailer.setUint32(0, crc32, true);
    trailer.setUint32(4, byteLength % 2 ** 32, true);
    return new Uint8Array(trailer.buffer);
  }
}
