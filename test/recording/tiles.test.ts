import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { digestEvents, loadTable, reportOf, type SequentialSource } from "../../src/node.ts";
import { cd, recordingOf, timeHigh } from "../support/evt2-words.ts";

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

describe("a report", () => {
  it("is the same to the letter, however the bytes come", async () => {
    const types = [0xe, 0x7, 0xf, 0x3, 0xb, 0x2];
    const words = types.flatMap((type, index) => [timeHigh(9 - index), cd(1, 1, 2, 3), type << 28]);
    const bytes = recordingOf([cd(1, 0, 2, 3), ...words].map((word) => word >>> 0));
    const reports = await Promise.all(
      [4, 12, 1000, 100_000].map(async (size) =>
        JSON.stringify(reportOf(await loadTable(eagerSource(bytes, size)))),
      ),
    );
    expect(new Set(reports).size).toBe(1);
    const { unknownWords, skippedWords } = JSON.parse(reports[0] as string);
    expect(Object.keys(unknownWords)).toEqual(["0x2", "0x3", "0x7", "0xb"]);
    expect(Object.keys(skippedWords)).toEqual(["CONTINUED", "OTHERS"]);
  });
});
