import { readU64, writeU64 } from "./fields.ts";
import { type Checksums, DIGEST, DIGEST_PAYLOAD_BYTES, SEGMENT_HEAD_BYTES } from "./layout.ts";
import { damaged, type Place } from "./problems.ts";
import { createSegment, openSegment, payloadOf, sealed } from "./segment.ts";

/** A SHA-256 over a part of the file. */
export interface FileDigest {
  /** Offset of the first byte that it covers; it goes up to its own segment. */
  readonly start: number;
  /** 64 hexadecimal digits. */
  readonly sha256: string;
}

const SHA256_BYTES = 32;
export const DIGEST_SEGMENT_BYTES: number = SEGMENT_HEAD_BYTES + DIGEST_PAYLOAD_BYTES;

/** Writes the segment `SHA2`. */
export function encodeDigest(start: number, sha256: string, checksums: Checksums): Uint8Array {
  const segment = createSegment("SHA2", DIGEST_PAYLOAD_BYTES);
  const view = payloadOf(segment);
  writeU64(view, DIGEST.start, start);
  for (let byte = 0; byte < SHA256_BYTES; byte++) {
    view.setUint8(DIGEST.sha256 + byte, Number.parseInt(sha256.slice(byte * 2, byte * 2 + 2), 16));
  }
  return sealed(segment, checksums);
}

/**
 * Reads the segment `SHA2`.
 *
 * @throws EventError `damaged-data`
 */
export function decodeDigest(segment: Uint8Array, checkCrc: boolean, place: Place): FileDigest {
  const view = openSegment(segment, "SHA2", checkCrc, place);
  if (view.byteLength < DIGEST_PAYLOAD_BYTES) {
    throw damaged("the digest is too short", { ...place, expected: "40 bytes" });
  }
  const start = readU64(view, DIGEST.start);
  let sha256 = "";
  for (let byte = 0; byte < SHA256_BYTES; byte++) {
    sha256 += view
      .getUint8(DIGEST.sha256 + byte)
      .toString(16)
      .padStart(2, "0");
  }
  if (start < place.byteOffset) return { start, sha256 };
  throw damaged("the digest covers nothing", { ...place, found: `bytes from ${start} on` });
}
