import { platform } from "#platform";
import { isEventError } from "../errors.ts";
import type { ByteSource } from "../source/byte-source.ts";
import { CHUNK_HEAD_BYTES, type ChunkContext, decodeChunkHead } from "./chunk.ts";
import { SEGMENT, SEGMENT_HEAD_BYTES, type Tag } from "./layout.ts";
import { readSegmentHead, type SegmentHead } from "./segment.ts";

/** What is looked for, and how. */
export interface FindOptions extends ChunkContext {
  readonly tags: readonly Tag[];
  readonly signal: AbortSignal | undefined;
}

/** Bytes that are looked through at once. */
const WINDOW_BYTES = 65_536;
/** Bytes of a segment that are read at a time. */
const PIECE_BYTES = 1024 * 1024;

/**
 * The next place where a sound segment begins; null when there is none up to the end.
 *
 * @param from - a multiple of 8: segments begin at such places only
 */
export async function findSegment(
  source: ByteSource,
  from: number,
  { tags, signal, ...context }: FindOptions,
): Promise<number | null> {
  const { byteLength } = source;
  for (let start = from; start < byteLength; start += WINDOW_BYTES) {
    const length = Math.min(WINDOW_BYTES + CHUNK_HEAD_BYTES, byteLength - start);
    const window = await source.read(start, length, { signal });
    const end = Math.min(length - SEGMENT_HEAD_BYTES, WINDOW_BYTES - 1);
    for (let at = 0; at <= end; at += 8) {
      if (!isUpperCase(window[at]) || !isUpperCase(window[at + 1])) continue;
      const head = readSegmentHead(window.subarray(at));
      const available = byteLength - start - at;
      if (!tags.includes(head.tag as Tag) || !fits(head, available)) continue;
      const place = { path: undefined, byteOffset: start + at };
      if (head.tag === "CHNK") {
        if (isChunk(window.subarray(at), available, context, place)) return start + at;
      } else if (await hasRightCrc(source, start + at, head, context.checkCrc, signal)) {
        return start + at;
      }
    }
  }
  return null;
}

/** Whether the length of a segment is one, and inside what there is. */
export function fits({ length }: SegmentHead, available: number): boolean {
  return length % 8 === 0 && SEGMENT_HEAD_BYTES + length <= available;
}

/** Whether the CRC-32 of a segment, all of whose payload is covered, is right. */
export async function hasRightCrc(
  source: ByteSource,
  offset: number,
  { crc, length }: SegmentHead,
  checkCrc: boolean,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  if (!checkCrc) return true;
  const tag = await source.read(offset, SEGMENT.crc, { signal });
  let found = platform.crc32(tag);
  const end = offset + SEGMENT_HEAD_BYTES + length;
  for (let at = offset + SEGMENT.length; at < end; at += PIECE_BYTES) {
    const piece = await source.read(at, Math.min(PIECE_BYTES, end - at), { signal });
    found = platform.crc32(piece, found);
  }
  return found === crc;
}

function isChunk(
  bytes: Uint8Array,
  available: number,
  context: ChunkContext,
  place: { path: undefined; byteOffset: number },
): boolean {
  try {
    decodeChunkHead(bytes, available, context, place);
    return true;
  } catch (error) {
    if (isEventError(error)) return false;
    throw error;
  }
}

function isUpperCase(byte: number | undefined): boolean {
  return byte !== undefined && byte >= 0x41 && byte <= 0x5a;
}
