import { platform } from "#platform";
import { viewOf } from "./fields.ts";
import { SEGMENT, SEGMENT_HEAD_BYTES } from "./layout.ts";

/** The CRC-32 of some bytes. */
export function crcOf(bytes: Uint8Array): number {
  return platform.crc32(bytes);
}

/** The CRC-32 of a segment, of whose payload `end` bytes are covered: all but that of the CRC. */
export function crcOfSegment(segment: Uint8Array, end: number): number {
  const tag = platform.crc32(segment.subarray(SEGMENT.tag, SEGMENT.crc));
  return platform.crc32(segment.subarray(SEGMENT.length, SEGMENT_HEAD_BYTES + end), tag);
}

/** Writes the CRC-32 of a segment into it. */
export function sealSegment(segment: Uint8Array, end: number): void {
  viewOf(segment).setUint32(SEGMENT.crc, crcOfSegment(segment, end), true);
}
