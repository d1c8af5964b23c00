import { EventError } from "../errors.ts";
import type { ByteSource } from "../source/byte-source.ts";
import { DIGEST_SEGMENT_BYTES, decodeDigest } from "./digest.ts";
import { DigestChain } from "./digest-chain.ts";
import type { ContainerHeader } from "./header.ts";
import type { ContainerReadOptions, TrailerPlace } from "./open-container.ts";
import { damaged } from "./problems.ts";

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
  const links: { readonly segment: Uint8Array; readonly offset: number }[] = [];
  for (let offset = digest; offset > 0; ) {
    const segment = await source.read(offset, DIGEST_SEGMENT_BYTES, { signal });
    links.push({ segment, offset });
    offset = decodeDigest(segment, true, { path, byteOffset: offset }).start; // in front of it
  }
  const chain = new DigestChain(source, signal);
  for (const { segment, offset } of links.reverse()) {
    await chain.takeUpTo(offset);
    chain.check(segment, { path, byteOffset: offset });
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
