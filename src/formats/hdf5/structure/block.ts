import type { EventError } from "../../../errors.ts";
import { damaged } from "../problems.ts";
import { lookup3 } from "./checksum.ts";

/** What all structures of a file have in common. */
export interface FileFacts {
  /** What messages call the file. */
  readonly path: string | undefined;
  /** Bytes of the file. */
  readonly byteLength: number;
  /** Offset of the superblock, from which addresses count. */
  readonly base: number;
  /** Bytes of an address and of a length. */
  readonly addressBytes: number;
  readonly lengthBytes: number;
}

/** What numbers have to be. */
const SAFE = "a number below 2^53";
const ASCII = new TextDecoder("latin1");
const UTF8 = new TextDecoder();

/**
 * A structure of the file, read field by field. Nothing is read beyond its end, and numbers are
 * whole ones that a JavaScript number holds.
 */
export class Block {
  readonly file: FileFacts;
  /** Where the structure begins in the file. */
  readonly offset: number;
  readonly bytes: Uint8Array;
  /** The next byte, counted from the beginning of the structure. */
  at = 0;
  readonly #view: DataView;
  readonly #what: string;

  /** @param what - what messages call the structure */
  constructor(file: FileFacts, bytes: Uint8Array, offset: number, what: string) {
    this.file = file;
    this.bytes = bytes;
    this.offset = offset;
    this.#what = what;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** The structure, from its beginning, with bytes of its own. */
  copy(): Block {
    return new Block(this.file, this.bytes.slice(), this.offset, this.#what);
  }

  /** Bytes that are not read yet. */
  get remaining(): number {
    return this.bytes.byteLength - this.at;
  }

  u8(): number {
    return this.#view.getUint8(this.#take(1));
  }

  u16(): number {
    return this.#view.getUint16(this.#take(2), true);
  }

  u32(): number {
    return this.#view.getUint32(this.#take(4), true);
  }

  /** An unsigned number of so many bytes, at most 8. */
  uint(byteLength: number): number {
    const value = this.#roughly(byteLength);
    if (Number.isSafeInteger(value)) return value;
    this.at -= byteLength;
    throw this.damaged(SAFE, `about ${value}`);
  }

  /** An unsigned number, from 2^53 on not exactly. */
  #roughly(byteLength: number): number {
    const start = this.#take(byteLength);
    let value = 0;
    for (let index = byteLength - 1; index >= 0; index--) {
      value = value * 256 + this.#view.getUint8(start + index);
    }
    return value;
  }

  /** A length or count, as wide as the file has them. */
  length(): number {
    return this.uint(this.file.lengthBytes);
  }

  /** The length of a dataset along a dimension: where it is too large, the error names a row. */
  rows(): number {
    const { lengthBytes } = this.file;
    const value = this.#roughly(lengthBytes);
    if (Number.isSafeInteger(value)) return value;
    this.at -= lengthBytes;
    throw this.damaged(SAFE, `about ${value}`, Number.MAX_SAFE_INTEGER);
  }

  /** A length or count; null where all bits are set, which means that there is no limit. */
  lengthOrNull(): number | null {
    const { lengthBytes } = this.file;
    return this.#isUndefined(lengthBytes) ? null : this.uint(lengthBytes);
  }

  /** An address as an offset in the file; null where it is undefined. */
  address(): number | null {
    const { addressBytes, base } = this.file;
    return this.#isUndefined(addressBytes) ? null : this.uint(addressBytes) + base;
  }

  /** An address that has to be defined. */
  definedAddress(): number {
    const start = this.at;
    const address = this.address();
    if (address !== null) return address;
    this.at = start;
    throw this.damaged("an address", "an undefined one");
  }

  /** The next bytes, borrowed. */
  take(length: number): Uint8Array {
    const start = this.#take(length);
    return this.bytes.subarray(start, start + length);
  }

  /** The next bytes as a structure of their own. */
  part(length: number, what = this.#what): Block {
    const start = this.#take(length);
    const bytes = this.bytes.subarray(start, start + length);
    return new Block(this.file, bytes, this.offset + start, what);
  }

  /** All that follows as unsigned numbers of 32 bits. */
  words(): number[] {
    return Array.from({ length: Math.floor(this.remaining / 4) }, () => this.u32());
  }

  skip(length: number): void {
    this.#take(length);
  }

  /** Text of so many bytes, up to the first zero. */
  text(length: number, encoding: "ascii" | "utf8" = "utf8"): string {
    return decodeText(this.take(length), encoding);
  }

  /** Text that a zero ends, and the bytes that fill it up to a multiple of `padding`. */
  textToZero(padding = 1): string {
    const start = this.at;
    const zero = this.bytes.indexOf(0, start);
    if (zero < 0) throw this.damaged("a name that ends", "one that does not");
    this.skip(Math.ceil((zero + 1 - start) / padding) * padding);
    return UTF8.decode(this.bytes.subarray(start, zero));
  }

  /** The four letters that structures begin with. */
  signature(expected: string): void {
    const found = ASCII.decode(this.take(4));
    if (found === expected) return;
    this.at -= 4;
    throw this.damaged(`the signature ${expected}`, JSON.stringify(found));
  }

  /** A version, which has to be one of those given. */
  version(...known: number[]): number {
    const version = this.u8();
    if (known.includes(version)) return version;
    this.at--;
    throw this.damaged(`version ${known.join(", ")}`, `version ${version}`);
  }

  /** The checksum of all in front of it. */
  checksum(): void {
    const expected = lookup3(this.bytes.subarray(0, this.at));
    const stored = this.u32();
    if (stored === expected) return;
    this.at -= 4;
    throw this.damaged(`the checksum ${hex(expected)}`, hex(stored));
  }

  /**
   * The error of a structure that is not what it should be, at the next byte.
   *
   * @param row - the first row that it leaves without a value, where it is about rows
   */
  damaged(expected: string, found: string, row?: number): EventError {
    return damaged(`${this.#what} is damaged`, {
      path: this.file.path,
      byteOffset: this.offset + this.at,
      row,
      expected,
      found,
    });
  }

  #isUndefined(byteLength: number): boolean {
    const start = this.#take(byteLength);
    for (let index = 0; index < byteLength; index++) {
      if (this.bytes[start + index] !== 0xff) {
        this.at = start;
        return false;
      }
    }
    return true;
  }

  /** Moves on; returns where the bytes passed begin. */
  #take(length: number): number {
    const start = this.at;
    if (length > this.remaining) {
      throw this.damaged(countOf(length, "more byte"), `${this.remaining}`);
    }
    this.at += length;
    return start;
  }
}

/** Text up to the first zero. */
export function decodeText(bytes: Uint8Array, encoding: "ascii" | "utf8"): string {
  const zero = bytes.indexOf(0);
  const text = zero < 0 ? bytes : bytes.subarray(0, zero);
  return (encoding === "utf8" ? UTF8 : ASCII).decode(text);
}

/** One thing, or several. */
export function countOf(count: number, one: string): string {
  return `${count} ${count === 1 ? one : `${one}s`}`;
}

function hex(value: number): string {
  return `0x${value.toString(16).padStart(8, "0")}`;
}
