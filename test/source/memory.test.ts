import { describe, expect, it } from "vitest";
import { isEventError } from "../../src/errors.ts";
import { MemorySource } from "../../src/source/memory.ts";

const bytes = Uint8Array.from([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);

describe("MemorySource", () => {
  it("knows its length", () => {
    expect(new MemorySource(bytes).byteLength).toBe(10);
    expect(new MemorySource(new Uint8Array(0)).byteLength).toBe(0);
  });

  it("reads exactly what it is asked for", async () => {
    const source = new MemorySource(bytes);
    expect(await source.read(3, 4)).toEqual(Uint8Array.from([3, 4, 5, 6]));
    expect(await source.read(0, 10)).toEqual(bytes);
    expect(await source.read(10, 0)).toEqual(new Uint8Array(0));
  });

  it("gives bytes that the caller may keep and change", async () => {
    const source = new MemorySource(Uint8Array.from([1, 2, 3]));
    const read = await source.read(0, 3);
    read.fill(9);
    expect(await source.read(0, 3)).toEqual(Uint8Array.from([1, 2, 3]));
  });

  it("reads into the memory it is given, and no further", async () => {
    const into = new Uint8Array(6).fill(0xff);
    const read = await new MemorySource(bytes).read(2, 3, { into });
    expect(read).toEqual(Uint8Array.from([2, 3, 4]));
    expect(read.buffer).toBe(into.buffer);
    expect(into).toEqual(Uint8Array.from([2, 3, 4, 0xff, 0xff, 0xff]));
  });

  it("reads a view that starts inside its buffer", async () => {
    expect(await new MemorySource(bytes.subarray(4)).read(0, 2)).toEqual(Uint8Array.from([4, 5]));
  });

  it("rejects with both numbers when there are fewer bytes", async () => {
    const error = await new MemorySource(bytes).read(7, 5).catch((caught) => caught);
    expect(isEventError(error, "source-too-short")).toBe(true);
    expect(error).toMatchObject({ byteOffset: 7, expected: "5 bytes", found: "3" });
  });

  it("rejects with the reason of its signal", async () => {
    const signal = AbortSignal.abort("enough");
    await expect(new MemorySource(bytes).read(0, 1, { signal })).rejects.toBe("enough");
  });
});
