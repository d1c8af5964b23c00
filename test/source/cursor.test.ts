import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type EventErrorCode, isEventError } from "../../src/errors.ts";
import type { ByteSource, SequentialSource } from "../../src/source/byte-source.ts";
import {
  CheckedByteSource,
  CheckedSource,
  fill,
  ReplaySource,
  SourceCursor,
} from "../../src/source/cursor.ts";
import { MemorySource } from "../../src/source/memory.ts";
import { SOAK } from "../support/soak.ts";
import { PieceSource, RecordingSource } from "../support/sources.ts";

const bytes = Uint8Array.from({ length: 50 }, (_, index) => index);

describe("SourceCursor", () => {
  it("reads a part from front to back", async () => {
    const source = new RecordingSource(bytes);
    const cursor = new SourceCursor(source, 5, 17);
    const into = new Uint8Array(8);
    expect(await cursor.next(into)).toBe(8);
    expect(into).toEqual(bytes.subarray(5, 13));
    expect(await cursor.next(into)).toBe(4);
    expect(into.subarray(0, 4)).toEqual(bytes.subarray(13, 17));
    expect(await cursor.next(into)).toBe(0);
    expect(source.reads).toEqual([
      { offset: 5, length: 8 },
      { offset: 13, length: 4 },
    ]);
  });

  it.each([
    [10, 10],
    [11, 10],
  ])("reads nothing from %i to %i", async (start, end) => {
    const source = new RecordingSource(bytes);
    expect(await new SourceCursor(source, start, end).next(new Uint8Array(4))).toBe(0);
    expect(source.reads).toEqual([]);
  });

  it("hands on a source that is shorter than it said", async () => {
    const cursor = new SourceCursor(new MemorySource(bytes), 40, 60);
    await expect(cursor.next(new Uint8Array(20))).rejects.toMatchObject({
      code: "source-too-short",
      byteOffset: 40,
      expected: "20 bytes",
      found: "10",
    });
  });

  it.each([
    [
      "returns bytes of its own",
      async (): Promise<unknown> => bytes.slice(5, 9),
      bytes.slice(5, 9),
    ],
    ["returns more bytes", async () => bytes.slice(5, 10), "source-unreadable"],
    ["returns nothing", async () => undefined, "source-unreadable"],
    ["throws", () => Promise.reject(new Error("broken")), "source-unreadable"],
    [
      "throws at once",
      () => {
        throw new Error("broken");
      },
      "source-unreadable",
    ],
  ])("holds its source to the contract: one that %s", async (_, read, outcome) => {
    const source = { byteLength: 50, name: "own", read } as unknown as ByteSource;
    const into = new Uint8Array(4);
    const result = await new SourceCursor(source, 5, 50).next(into).catch((caught) => caught);
    if (typeof outcome === "string") {
      expect(isEventError(result, outcome as EventErrorCode)).toBe(true);
      expect(result).toMatchObject({ path: "own", byteOffset: 5 });
    } else {
      expect(result).toBe(4);
      expect(into).toEqual(outcome);
    }
  });

  it("hands on the bytes of a source that returns fewer, and then fails", async () => {
    const read = async (offset: number) => bytes.slice(offset, 8);
    const cursor = new SourceCursor({ byteLength: 50, name: "own", read }, 5, 50);
    const into = new Uint8Array(4);
    expect(await cursor.next(into)).toBe(3);
    expect(into.subarray(0, 3)).toEqual(bytes.slice(5, 8));
    await expect(cursor.next(into)).rejects.toMatchObject({
      ...{ code: "source-too-short", path: "own", byteOffset: 8 },
      ...{ expected: "42 bytes", found: "0" },
    });
    const more = new SourceCursor({ byteLength: 50, read: async () => bytes.slice(0, 9) }, 0, 50);
    await expect(more.next(into)).rejects.toMatchObject({
      ...{ message: expect.stringMatching(/breaks its contract/), found: "9" },
    });
  });

  it("hands on its signal", async () => {
    const cursor = new SourceCursor(new MemorySource(bytes), 0, 50, AbortSignal.abort("enough"));
    await expect(cursor.next(new Uint8Array(4))).rejects.toBe("enough");
  });

  it("leaves the source open", async () => {
    const source = new RecordingSource(bytes);
    const cursor = new SourceCursor(source, 0, 50);
    await fill(cursor, new Uint8Array(60));
    expect(cursor).not.toHaveProperty("close");
    expect(source.closed).toBe(0);
  });
});

describe("CheckedByteSource", () => {
  it("reads anywhere, into memory of the caller's or its own", async () => {
    const source = new CheckedByteSource(new RecordingSource(bytes, "a.raw"));
    expect([source.byteLength, source.name]).toEqual([50, "a.raw"]);
    expect(await source.read(5, 7)).toEqual(bytes.subarray(5, 12));
    const into = new Uint8Array(20);
    expect(await source.read(40, 10, { into })).toEqual(bytes.subarray(40, 50));
    expect(into.subarray(0, 10)).toEqual(bytes.subarray(40, 50));
  });

  it("copies what a source gives that overlooks `into`", async () => {
    const read = async (offset: number, length: number) => bytes.slice(offset, offset + length);
    const into = new Uint8Array(4);
    await new CheckedByteSource({ byteLength: 50, read }).read(3, 4, { into });
    expect(into).toEqual(bytes.subarray(3, 7));
  });

  it.each([
    ["fewer bytes", async () => bytes.subarray(0, 2), "source-too-short"],
    ["no bytes", async () => 3 as never, "source-unreadable"],
    ["an error", async () => Promise.reject(new Error("unplugged")), "source-unreadable"],
  ] as const)("tells when a source gives %s", async (_, read, code) => {
    const source = new CheckedByteSource({ byteLength: 50, read });
    await expect(source.read(7, 3)).rejects.toMatchObject({ code, byteOffset: 7 });
  });
});

describe("ReplaySource", () => {
  it("gives the head, then the rest, whatever the pieces", async () => {
    const sizes = fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1 });
    const headBytes = fc.integer({ min: 0, max: 50 });
    await fc.assert(
      fc.asyncProperty(headBytes, sizes, sizes, async (head, given, asked) => {
        let piece = 0;
        const rest = new PieceSource(
          bytes.subarray(head),
          () => given[piece++ % given.length] ?? 1,
        );
        const source = new ReplaySource(bytes.slice(0, head), rest);
        const all: number[] = [];
        for (let call = 0; ; call++) {
          const into = new Uint8Array(asked[call % asked.length] ?? 1);
          const count = await source.next(into);
          if (count === 0) break;
          all.push(...into.subarray(0, count));
        }
        expect(all).toEqual([...bytes]);
      }),
      { numRuns: 20 * SOAK },
    );
  });

  it("leaves the head as it is", async () => {
    const head = bytes.slice(0, 10);
    const source = new ReplaySource(head, new PieceSource(new Uint8Array(0), () => 1));
    const into = new Uint8Array(10);
    await source.next(into);
    into.fill(0xff);
    expect(head).toEqual(bytes.subarray(0, 10));
  });
});

describe("CheckedSource", () => {
  it("hands on what its source gives, and closes it", async () => {
    const source = new PieceSource(bytes, () => 7, "own");
    const checked = new CheckedSource(source);
    expect(checked.name).toBe("own");
    const into = new Uint8Array(60);
    expect(await fill(checked, into)).toBe(50);
    expect(into.subarray(0, 50)).toEqual(bytes);
    await checked.close();
    expect(source.closed).toBe(1);
  });

  it.each([
    ["more than there is room for", 11],
    ["a negative number", -1],
    ["a fraction", 1.5],
    ["no number", Number.NaN],
    ["nothing", undefined],
    ["the bytes themselves", bytes],
    ["what an iterator returns", { done: false, value: bytes }],
  ])("refuses a source that returns %s", async (_, returned) => {
    const counts = [3, returned];
    const source = { name: "own", next: async () => counts.shift() } as unknown as SequentialSource;
    const checked = new CheckedSource(source);
    await checked.next(new Uint8Array(10));
    const error = await checked.next(new Uint8Array(10)).catch((caught) => caught);
    expect(isEventError(error, "source-unreadable")).toBe(true);
    expect(error).toMatchObject({ path: "own", byteOffset: 3 });
  });

  it("says that a source that throws cannot be read, and keeps the cause", async () => {
    const cause = new Error("connection lost");
    const checked = new CheckedSource({ next: () => Promise.reject(cause) });
    const error = await checked.next(new Uint8Array(10)).catch((caught) => caught);
    expect(isEventError(error, "source-unreadable")).toBe(true);
    expect(error.cause).toBe(cause);
    expect(error.message).toContain("connection lost");
  });
});

describe("fill", () => {
  it("asks until it is full or the source ends", async () => {
    const source = new PieceSource(bytes, () => 7);
    const into = new Uint8Array(30);
    expect(await fill(source, into)).toBe(30);
    expect(into).toEqual(bytes.subarray(0, 30));
    expect(await fill(source, into)).toBe(20);
    expect(into.subarray(0, 20)).toEqual(bytes.subarray(30));
    expect(await fill(source, into)).toBe(0);
  });

  it("asks for nothing when there is no room", async () => {
    const source = new PieceSource(bytes, () => 7);
    expect(await fill(source, new Uint8Array(0))).toBe(0);
    expect(source.calls).toBe(0);
  });
});
