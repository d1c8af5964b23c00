import { crcOfSegment } from "./checksum.ts";
import { readText, readU64, writeText, writeU64 } from "./fields.ts";
import {
  type Checksums,
  SEGMENT_HEAD_BYTES,
  TAIL_MAGIC,
  TRAILER,
  TRAILER_BYTES,
} from "./layout.ts";
import { createSegment, payloadOf, readSegmentHead, sealed } from "./segment.ts";

/** What the trailer says: where everything but the events is. */
export interface Trailer {
  /** Up to the end of the trailer. */
  readonly fileLength: number;
  readonly metadata: number;
  readonly statistics: number;
  readonly index: number;
  /** Null when there is none. */
  readonly digest: number | null;
  /** The trailer before the last append; null for the first. */
  readonly previous: number | null;
}

const PLACES = ["fileLength", "metadata", "statistics", "index"] as const;

/** Writes the segment `TRLR`. */
export function encodeTrailer(trailer: Trailer, checksums: Checksums): Uint8Array {
  const segment = createSegment("TRLR", TRAILER_BYTES - SEGMENT_HEAD_BYTES);
  const view = payloadOf(segment);
  for (const name of PLACES) writeU64(view, TRAILER[name], trailer[name]);
  writeU64(view, TRAILER.digest, trailer.digest ?? 0);
  writeU64(view, TRAILER.previous, trailer.previous ?? 0);
  writeText(segment, SEGMENT_HEAD_BYTES + TRAILER.magic, TAIL_MAGIC);
  return sealed(segment, checksums);
}

/**
 * Reads the segment `TRLR` that stands at `offset`.
 *
 * @returns null when there is none, or not a sound one
 */
export function decodeTrailer(
  segment: Uint8Array,
  offset: number,
  checkCrc: boolean,
): Trailer | null {
  if (segment.byteLength !== TRAILER_BYTES) return null;
  const head = readSegmentHead(segment);
  const length = TRAILER_BYTES - SEGMENT_HEAD_BYTES;
  if (head.tag !== "TRLR" || head.length !== length) return null;
  if (readText(segment, SEGMENT_HEAD_BYTES + TRAILER.magic, 8) !== TAIL_MAGIC) return null;
  if (checkCrc && crcOfSegment(segment, length) !== head.crc) return null;
  const view = payloadOf(segment);
  const at = (name: keyof typeof TRAILER): number => readU64(view, TRAILER[name]);
  const trailer: Trailer = {
    fileLength: at("fileLength"),
    metadata: at("metadata"),
    statistics: at("statistics"),
    index: at("index"),
    digest: at("digest") || null,
    previous: at("previous") || null,
  };
  return trailer.fileLength === offset + TRAILER_BYTES ? trailer : null;
}
