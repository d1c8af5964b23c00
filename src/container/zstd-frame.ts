/** What can be known of a frame of zstd (RFC 8878) without decompressing it. */
import { viewOf } from "./fields.ts";

const MAGIC = 0xfd2fb528;
const SINGLE_SEGMENT = 32;
const CHECKSUM = 4;
const RESERVED = 8;
/** The content size takes four bytes. */
const SIZE_OF_FOUR = 2 << 6;
const BLOCK_HEADER_BYTES = 3;
const CHECKSUM_BYTES = 4;
const MAX_BLOCK_BYTES = 131_072;
const REPEATED_BLOCK = 1;
const COMPRESSED_BLOCK = 2;

/** What a sound frame may make of it at most. */
export interface FrameBounds {
  /** Bytes that its blocks can give, whatever its header says. */
  readonly most: number;
}

/**
 * Looks at the header and the block headers of what is said to be one frame.
 *
 * @param size - the content size that it must declare
 * @returns what is wrong with it, or what it can give
 */
export function judgeFrame(bytes: Uint8Array, size: number): FrameBounds | string {
  const view = viewOf(bytes);
  if (bytes.byteLength < 9 || view.getUint32(0, true) !== MAGIC) return "it is no frame of zstd";
  const descriptor = bytes[4] as number;
  if ((descriptor & RESERVED) !== 0) return "its header has an unknown bit";
  if ((descriptor & 3) !== 0) return "it asks for a dictionary";
  const isSingle = (descriptor & SINGLE_SEGMENT) !== 0;
  const sizeBytes = [isSingle ? 1 : 0, 2, 4, 8][descriptor >> 6] as number;
  if (sizeBytes === 0) return "it does not declare its content size";
  let at = isSingle ? 5 : 6;
  if (at + sizeBytes + BLOCK_HEADER_BYTES > bytes.byteLength) return "it ends inside its header";
  const declared = contentSize(view, at, sizeBytes);
  if (declared !== size) return `it declares ${declared} bytes`;
  at += sizeBytes;
  let most = 0;
  let known = 0;
  for (;;) {
    if (at + BLOCK_HEADER_BYTES > bytes.byteLength) return "it ends inside a block";
    const header = view.getUint16(at, true) | ((bytes[at + 2] as number) << 16);
    at += BLOCK_HEADER_BYTES;
    const type = (header >> 1) & 3;
    const length = header >> 3;
    if (type > COMPRESSED_BLOCK || length > MAX_BLOCK_BYTES) return "it has an unknown block";
    most += type === COMPRESSED_BLOCK ? Math.min(MAX_BLOCK_BYTES, size) : length;
    if (type !== COMPRESSED_BLOCK) known += length;
    if (known > size) return "it gives more than it declares";
    at += type === REPEATED_BLOCK ? 1 : length;
    if ((header & 1) !== 0) break;
  }
  if ((descriptor & CHECKSUM) !== 0) at += CHECKSUM_BYTES;
  if (at > bytes.byteLength) return "it ends inside a block";
  return at < bytes.byteLength ? "more than a frame is there" : { most };
}

function contentSize(view: DataView, at: number, bytes: number): number {
  if (bytes === 1) return view.getUint8(at);
  if (bytes === 2) return view.getUint16(at, true) + 256;
  if (bytes === 4) return view.getUint32(at, true);
  return Number(view.getBigUint64(at, true));
}

/**
 * The same frame with its content size in the header, which the libraries of both platforms leave out.
 *
 * @param size - bytes that it gives, below 2^32
 */
export function withContentSize(frame: Uint8Array, size: number): Uint8Array {
  const descriptor = frame[4] as number;
  const isSingle = (descriptor & SINGLE_SEGMENT) !== 0;
  if (isSingle || descriptor >> 6 !== 0) return frame;
  // Magic, descriptor, window: the window of a frame that is one segment is all of it.
  const blocks = frame.subarray(6);
  const result = new Uint8Array(9 + blocks.byteLength);
  result.set(frame.subarray(0, 4));
  result[4] = descriptor | SINGLE_SEGMENT | SIZE_OF_FOUR;
  viewOf(result).setUint32(5, size, true);
  result.set(blocks, 9);
  return result;
}
