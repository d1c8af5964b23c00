import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { SliceReader } from "../../src/source/slice-reader.ts";
import { expectSameArray } from "../support/expected-load.ts";
import { RecordingSource } from "../support/sources.ts";

const bytes = Uint8Array.from({ length: 300_000 }, (_, index) => index % 251);

describe("SliceReader", () => {
  it("reads slices that lie close to each other at once", async () => {
    const source = new RecordingSource(bytes);
    const reader = new SliceReader(source, new Uint8Array(1000));
    for (const offset of [10, 500, 0, 990, 1010, 300, 1011]) {
      const into = new Uint8Array(20);
      await reader.read(offset, into, undefined);
      expect(into).toEqual(bytes.subarray(offset, offset + 20));
    }
    expect(source.reads).toEqual([
      { offset: 10, length: 1000 },
      { offset: 0, length: 1000 },
      { offset: 990, length: 1000 },
      { offset: 300, length: 1000 },
    ]);
  });

  it("reads large slices by themselves, straight to where they go", async () => {
    const source = new RecordingSource(bytes);
    const reader = new SliceReader(source, new Uint8Array(200_000));
    await reader.read(5, new Uint8Array(10), undefined);
    const into = new Uint8Array(100_000);
    await reader.read(7, into, undefined);
    expect(Buffer.compare(into, bytes.subarray(7, 100_007))).toBe(0);
    expect(reader.read(6, new Uint8Array(10), undefined)).toBe(null); // the window is where it was
    expect(source.reads).toEqual([
      { offset: 5, length: 200_000 },
      { offset: 7, length: 100_000 },
    ]);
  });

  it("reads what is asked for at once in any order", async () => {
    const slices = fc.array(
      fc.tuple(fc.integer({ min: 0, max: 299_000 }), fc.integer({ min: 0, max: 1000 })),
      { maxLength: 30 },
    );
    await fc.assert(
      fc.asyncProperty(slices, fc.integer({ min: 1, max: 5000 }), async (list, windowBytes) => {
        const reader = new SliceReader(new RecordingSource(bytes), new Uint8Array(windowBytes));
        const read = await Promise.all(
          list.map(async ([offset, length]) => {
            const into = new Uint8Array(length);
            await reader.read(offset, into, undefined);
            return into;
          }),
        );
        for (const [index, [offset, length]] of list.entries()) {
          const found = read[index] ?? new Uint8Array();
          expectSameArray(`slice ${index}`, found, bytes.subarray(offset, offset + length));
        }
      }),
    );
  });

  it("reads again what failed", async () => {
    const source = new RecordingSource(bytes);
    const reader = new SliceReader(source, new Uint8Array(100));
    source.onRead = (count) => {
      if (count === 1) throw new Error("not yet");
    };
    const into = new Uint8Array(10);
    await expect(reader.read(0, into, undefined)).rejects.toThrow("not yet");
    await reader.read(0, into, undefined);
    expect(into).toEqual(bytes.subarray(0, 10));
  });
});
