import { platform } from "#platform";
import { EventError } from "../errors.ts";
import type { ByteSource } from "../source/byte-source.ts";
import { DIGEST_SEGMENT_BYTES, decodeDigest } from "./digest.ts";
import type { ContainerHeader } from "./header.ts";
import type { ContainerReadOptions, TrailerPlace } from "./open-container.ts";
import { damaged } from "./problems.ts";

/** Bytes that are hashed at a time. */
const HASH_BYTES = 1024 * 1024;

/**
 * Checks all digests of a file, of which each covers the one in front of it and the bytes since.
 *
 * @param end - of the file; null where there is no trailer that counts
 * @throws EventError `damaged-data` where one is wrong, or there is none
 */
export async function verifyDigests(
  source: ByteSource,
  { path, signal }: ContainerReadOptions,
  end: TrailerPlace | null,
): Promise<void> {
  const digest = end?.digest ?? null;
  if (digest === null) {
    const what = end === null ? "there is no sound trailer" : "the trailer names none";
    throw damaged(`the digest could not be checked: ${what}`, {
      path,
      byteOffset: end?.trailer ?? source.byteLength,
      expected: "a digest, as the header says",
      hint: "Without `verifyChecksum`, what is sound is read; `evarrow repair` writes a sound file of it.",
    });
  }
  for (let offset = digest; offset > 0; ) {
    const place = { path, byteOffset: offset };
    const segment = await source.read(offset, DIGEST_SEGMENT_BYTES, { signal });
    const { start, sha256 } = decodeDigest(segment, true, place);
    const hash = platform.createSha256();
    for (let at = start; at < offset; at += HASH_BYTES) {
      hash.update(await source.read(at, Math.min(HASH_BYTES, offset - at), { signal }));
    }
    const found = hash.hex();
    if (found !== sha256) {
      const expected = `SHA-256 ${sha256}`;
      throw damaged("the file is damaged: its digest is wrong", { ...place, expected, found });
    }
    offset = start;
  }
}

/** The error of a digest that is to be checked in a file that was written without. */
export function noDigest(
  { checksums }: ContainerHeader,
  { path }: ContainerReadOptions,
): EventError {
  const has = checksums === "none" ? "no checksums at all" : "a CRC-32 of each part";
  return new EventError("invalid-option", "this container has no digest that could be checked", {
    path,
    format: "evb",
    expected: 'a file written with `checksum: "sha256"`',
    found: `checksum: "${checksums}"`,
    hint: `Leave out \`evb.verifyChecksum\`: the file has ${has}${checksums === "none" ? "." : ", which is checked when it is read."}`,
  });
}
