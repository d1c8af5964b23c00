/**
 * Gzip and zstd around test data. Gzip comes from `node:zlib`; zstd, which Node 20 does not write,
 * from frames put together here, of blocks that are stored or repeat a byte.
 */
import { deflateRawSync, type ZlibOptions } from "node:zlib";
import { concatBytes, latin1Bytes } from "./evt2-words.ts";

/** What eight steps of CRC-32, bit by bit, make of each byte. */
const CRC_OF_BYTE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  return crc;
});

/** CRC-32 as gzip has it, byte by byte. */
export function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (let at = 0; at < bytes.length; at++) {
    crc = (crc >>> 8) ^ (CRC_OF_BYTE[(crc ^ (bytes[at] as number)) & 255] as number);
  }
  return ~crc >>> 0;
}

/** What a gzip member may have beside its data. */
export interface GzipFields {
  extra?: Uint8Array;
  name?: string;
  comment?: string;
  headerCrc?: boolean;
}

/** One member of gzip. */
export function gzipMember(
  bytes: Uint8Array,
  options: ZlibOptions = {},
  fields: GzipFields = {},
): Uint8Array<ArrayBuffer> {
  const { extra, name, comment, headerCrc } = fields;
  const flags = (headerCrc ? 2 : 0) | (extra ? 4 : 0) | (name ? 8 : 0) | (comment ? 16 : 0);
  const header = concatBytes(
    Uint8Array.from([0x1f, 0x8b, 8, flags, 0, 0, 0, 0, 0, 255]),
    extra ? concatBytes(littleEndian(extra.byteLength, 2), extra) : new Uint8Array(0),
    latin1Bytes(name === undefined ? "" : `${name}\0`),
    latin1Bytes(comment === undefined ? "" : `${comment}\0`),
  );
  return concatBytes(
    header,
    headerCrc ? littleEndian(crc32(header) & 0xffff, 2) : new Uint8Array(0),
    deflateRawSync(bytes, options),
    littleEndian(crc32(bytes), 4),
    littleEndian(bytes.byteLength % 2 ** 32, 4),
  );
}

/** How a zstd frame is put together. */
export interface ZstdFrame {
  /** Bytes of a block. Default 1000. */
  blockBytes?: number;
  /** Exponent of the window's size, from 10; left out, the content is its own window. */
  windowLog?: number;
  /** Whether the length of the content is said. Default `true`; always without a window. */
  contentSize?: boolean;
  /** Default `true`. */
  checksum?: boolean;
  dictionary?: number;
}

/** One frame of zstd, each block of which is stored, or repeats a byte where it can. */
export function zstdFrame(bytes: Uint8Array, frame: ZstdFrame = {}): Uint8Array<ArrayBuffer> {
  const { blockBytes = 1000, windowLog, checksum = true, dictionary = 0 } = frame;
  const isSingle = windowLog === undefined;
  const hasSize = isSingle || (frame.contentSize ?? true);
  const descriptor =
    (hasSize ? 0x80 : 0) | (isSingle ? 32 : 0) | (checksum ? 4 : 0) | (dictionary ? 1 : 0);
  const parts = [Uint8Array.from([0x28, 0xb5, 0x2f, 0xfd, descriptor])];
  if (!isSingle) parts.push(Uint8Array.of((windowLog - 10) << 3));
  if (dictionary) parts.push(Uint8Array.of(dictionary));
  if (hasSize) parts.push(littleEndian(bytes.byteLength, 4));
  for (let at = 0; at === 0 || at < bytes.byteLength; at += blockBytes) {
    const block = bytes.slice(at, at + blockBytes);
    const isLast = at + blockBytes >= bytes.byteLength;
    const isRepeated = block.byteLength > 1 && block.every((byte) => byte === block[0]);
    const type = isRepeated ? 1 : 0;
    parts.push(littleEndian((block.byteLength << 3) | (type << 1) | (isLast ? 1 : 0), 3));
    parts.push(isRepeated ? block.slice(0, 1) : block);
  }
  if (checksum) parts.push(littleEndian(Number(xxh64(bytes) & 0xffffffffn), 4));
  return concatBytes(...parts);
}

/** A frame of zstd that holds no data. */
export function skippableFrame(bytes: Uint8Array, nibble = 0): Uint8Array<ArrayBuffer> {
  const magic = Uint8Array.from([0x50 + nibble, 0x2a, 0x4d, 0x18]);
  return concatBytes(magic, littleEndian(bytes.byteLength, 4), bytes);
}

export function littleEndian(value: number, length: number): Uint8Array<ArrayBuffer> {
  return Uint8Array.from({ length }, (_, at) => Math.floor(value / 256 ** at) % 256);
}

const MASK = 0xffffffffffffffffn;
const P1 = 0x9e3779b185ebca87n;
const P2 = 0xc2b2ae3d27d4eb4fn;
const P3 = 0x165667b19e3779f9n;
const P4 = 0x85ebca77c2b2ae63n;
const P5 = 0x27d4eb2f165667c5n;

/** XXH64 with seed 0, word by word. */
export function xxh64(bytes: Uint8Array): bigint {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const rotl = (value: bigint, by: bigint): bigint =>
    ((value << by) | (value >> (64n - by))) & MASK;
  const times = (a: bigint, b: bigint): bigint => (a * b) & MASK;
  const round = (lane: bigint, word: bigint): bigint =>
    times(rotl((lane + times(word, P2)) & MASK, 31n), P1);
  let at = 0;
  let hash = P5;
  if (bytes.byteLength >= 32) {
    const lanes = [(P1 + P2) & MASK, P2, 0n, (MASK + 1n - P1) & MASK];
    for (; at + 32 <= bytes.byteLength; at += 32) {
      for (const [lane, value] of lanes.entries()) {
        lanes[lane] = round(value, view.getBigUint64(at + 8 * lane, true));
      }
    }
    const shifts = [1n, 7n, 12n, 18n];
    hash = lanes.reduce((sum, lane, index) => (sum + rotl(lane, shifts[index] ?? 0n)) & MASK, 0n);
    for (const lane of lanes) hash = (times(hash ^ round(0n, lane), P1) + P4) & MASK;
  }
  hash = (hash + BigInt(bytes.byteLength)) & MASK;
  for (; at + 8 <= bytes.byteLength; at += 8) {
    hash = (times(rotl(hash ^ round(0n, view.getBigUint64(at, true)), 27n), P1) + P4) & MASK;
  }
  if (at + 4 <= bytes.byteLength) {
    const word = BigInt(view.getUint32(at, true));
    hash = (times(rotl(hash ^ times(word, P1), 23n), P2) + P3) & MASK;
    at += 4;
  }
  for (; at < bytes.byteLength; at++) {
    hash = times(rotl(hash ^ times(BigInt(bytes[at] ?? 0), P5), 11n), P1);
  }
  hash = times(hash ^ (hash >> 33n), P2);
  hash = times(hash ^ (hash >> 29n), P3);
  return hash ^ (hash >> 32n);
}
