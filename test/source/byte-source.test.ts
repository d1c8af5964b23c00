import { describe, expect, it } from "vitest";
import { isByteSource, isSequentialSource } from "../../src/source/byte-source.ts";
import { MemorySource } from "../../src/source/memory.ts";
import { PieceSource } from "../support/sources.ts";

const bytes = new Uint8Array(4);

describe("isByteSource and isSequentialSource", () => {
  it("tell the two contracts apart", () => {
    expect(isByteSource(new MemorySource(bytes))).toBe(true);
    expect(isSequentialSource(new MemorySource(bytes))).toBe(false);
    expect(isByteSource(new PieceSource(bytes, () => 1))).toBe(false);
    expect(isSequentialSource(new PieceSource(bytes, () => 1))).toBe(true);
  });

  it.each([
    ["nothing", {}],
    ["an array", [1, 2]],
    ["an iterator", [1, 2].values()],
    ["a length alone", { byteLength: 4 }],
    ["a read alone", { read: () => bytes }],
    ["a length that is no number", { byteLength: "4", read: () => bytes }],
    ["a next that is no function", { next: 4 }],
    ["a view", new DataView(bytes.buffer)],
  ])("refuse %s", (_, value) => {
    expect(isByteSource(value)).toBe(false);
    expect(isSequentialSource(value)).toBe(false);
  });
});
