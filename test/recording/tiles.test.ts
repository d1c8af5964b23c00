import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { digestEvents, type SequentialSource } from "../../src/node.ts";

const sample = fileURLToPath(new URL("../../data-samples/moving-bar.evt2.raw", import.meta.url));

/** Gives its bytes in pieces of one size, each written before `next` returns. */
function eagerSource(bytes: Uint8Array, pieceBytes: number): SequentialSource {
  let offset = 0;
  return {
    next(into) {
      const piece = bytes.subarray(offset, offset + Math.min(pieceBytes, into.byteLength));
      into.set(piece);
      offset += piece.byteLength;
      return Promise.resolve(piece.byteLength);
    },
  };
}

describe("reading ahead", () => {
  // A piece that is written at once must not reach the first half of a word that was cut.
  it.each([1, 3, 4097, 10_001, 65_537, 100_002])(
    "keeps words cut by pieces of %i bytes",
    async (size) => {
      const bytes = readFileSync(sample);
      const { events, on, digest } = JSON.parse(readFileSync(`${sample}.json`, "utf8"));
      expect(await digestEvents(eagerSource(bytes, size))).toEqual({ events, on, digest });
    },
  );
});
