import { availableParallelism } from "node:os";
import { describe, expect, it } from "vitest";
import { touchMemory } from "../../src/platform/node-memory.ts";

describe("touchMemory", () => {
  it("is done with all of the memory, and with nothing beside it, when it says so", async () => {
    const bytes = new Uint8Array(1_000_000).fill(7);
    await touchMemory([bytes.subarray(1, 500_000), bytes.subarray(600_000, 999_999)]);
    // Where there is nothing to read zeros from, or one core, all is as it was.
    const hasZeros = process.platform !== "win32" && availableParallelism() > 1;
    const inside = hasZeros ? 0 : 7;
    const ends = [1, 499_999, 600_000, 999_998].map((at) => bytes[at]);
    expect(ends).toEqual([inside, inside, inside, inside]);
    expect([bytes[0], bytes[500_000], bytes[599_999], bytes[999_999]]).toEqual([7, 7, 7, 7]);
    await touchMemory([]);
  });
});
