import { platform } from "#platform";
import type { Sha256 } from "../platform/platform.ts";
import type { ByteSource } from "../source/byte-source.ts";
import { decodeDigest } from "./digest.ts";
import { damaged, type Place } from "./problems.ts";

/** Bytes that are hashed at a time. */
const HASH_BYTES = 1024 * 1024;

/** The digests of a file, each of which covers the bytes since the one before it. */
export class DigestChain {
  readonly #source: ByteSource;
  readonly #signal: AbortSignal | undefined;
  #sha256: Sha256 = platform.createSha256();
  #upTo = 0;
  /** Where the last digest is. */
  #last = 0;

  constructor(source: ByteSource, signal: AbortSignal | undefined) {
    this.#source = source;
    this.#signal = signal;
  }

  /** Takes all bytes in front of `end` that were not taken yet. */
  async takeUpTo(end: number): Promise<void> {
    for (; this.#upTo < end; this.#upTo = Math.min(this.#upTo + HASH_BYTES, end)) {
      const length = Math.min(HASH_BYTES, end - this.#upTo);
      this.#sha256.update(await this.#source.read(this.#upTo, length, { signal: this.#signal }));
    }
  }

  /** Takes the bytes at `offset`, which were read already, and those in front of them. */
  async take(bytes: Uint8Array, offset: number): Promise<void> {
    await this.takeUpTo(offset);
    if (this.#upTo !== offset) return this.takeUpTo(offset + bytes.byteLength);
    this.#sha256.update(bytes);
    this.#upTo = offset + bytes.byteLength;
  }

  /**
   * Compares with the segment `SHA2` at a place up to which all bytes were taken, and goes on from there.
   *
   * @throws EventError `damaged-data`
   */
  check(segment: Uint8Array, place: Place): void {
    const { start, sha256 } = decodeDigest(segment, false, place);
    const found = this.#sha256.hex();
    this.#sha256 = platform.createSha256();
    const expected = this.#last;
    this.#last = place.byteOffset;
    if (start !== expected) {
      throw damaged("the digest covers other bytes than it should", {
        ...place,
        expected: `those from ${expected} on`,
        found: `from ${start}`,
      });
    }
    if (found === sha256) return;
    const details = { ...place, expected: `SHA-256 ${sha256}`, found };
    throw damaged("bytes in front of here are damaged: their digest is wrong", details);
  }
}
