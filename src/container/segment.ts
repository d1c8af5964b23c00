import { crcOfSegment, sealSegment } from "./checksum.ts";
import { aligned, readText, readU64, viewOf, writeText, writeU64 } from "./fields.ts";
import { type Checksums, SEGMENT, SEGMENT_HEAD_BYTES, type Tag } from "./layout.ts";
import { damaged, type Place } from "./problems.ts";

/** What the head of a segment says. */
export interface SegmentHead {
  readonly tag: string;
  readonly crc: number;
  /** Bytes of the payload; infinite when no file has so many. */
  readonly length: number;
}

/** Makes a segment whose payload is all zeros, to be filled and then sealed. */
export function createSegment(tag: Tag, payloadBytes: number): Uint8Array<ArrayBuffer> {
  const length = aligned(payloadBytes);
  const segment = new Uint8Array(SEGMENT_HEAD_BYTES + length);
  writeText(segment, SEGMENT.tag, tag);
  writeU64(viewOf(segment), SEGMENT.length, length);
  return segment;
}

/** The payload of a segment, in the same memory. */
export function payloadOf(segment: Uint8Array): DataView {
  return viewOf(segment.subarray(SEGMENT_HEAD_BYTES));
}

/** Gives a segment its CRC-32, which covers all of it, where there are such. */
export function sealed(segment: Uint8Array, checksums: Checksums): Uint8Array {
  if (checksums !== "none") sealSegment(segment, segment.byteLength - SEGMENT_HEAD_BYTES);
  return segment;
}

/** Reads the head of a segment. */
export function readSegmentHead(bytes: Uint8Array): SegmentHead {
  const view = viewOf(bytes);
  return {
    tag: readText(bytes, SEGMENT.tag, 4),
    crc: view.getUint32(SEGMENT.crc, true),
    length: readU64(view, SEGMENT.length),
  };
}

/**
 * Checks a whole segment and returns its payload.
 *
 * @param segment - exactly the bytes that it is said to have
 * @param checkCrc - whether its CRC-32 is to be right
 * @throws EventError `damaged-data`
 */
export function openSegment(
  segment: Uint8Array,
  tag: Tag,
  checkCrc: boolean,
  place: Place,
): DataView {
  const length = segment.byteLength - SEGMENT_HEAD_BYTES;
  const head = length >= 0 ? readSegmentHead(segment) : null;
  if (head === null || head.tag !== tag || head.length !== length) {
    throw damaged(`the segment ${tag} is damaged`, {
      ...place,
      expected: `${tag} of ${length} bytes`,
      found: head === null ? "the end of the file" : `${printable(head.tag)} of ${head.length}`,
    });
  }
  if (checkCrc) checkCrcOf(segment, length, head.crc, tag, place);
  return payloadOf(segment);
}

/** @throws EventError `damaged-data` */
export function checkCrcOf(
  segment: Uint8Array,
  end: number,
  crc: number,
  tag: Tag,
  place: Place,
): void {
  const found = crcOfSegment(segment, end);
  if (found === crc) return;
  throw damaged(`the segment ${tag} is damaged: its checksum is wrong`, {
    ...place,
    expected: `CRC-32 ${hex(crc)}`,
    found: hex(found),
  });
}

export function hex(crc: number): string {
  return crc.toString(16).padStart(8, "0");
}

function printable(tag: string): string {
  return JSON.stringify(tag);
}
