import { afterEach, describe, expect, it, vi } from "vitest";

const script = new URL("../../benches/peers.mjs", import.meta.url).href;
const { differenceOf, findPeers } = await import(script);

const right = { events: 1000, on: 400, sumX: 5000, sumY: 7000, sumT: 90_000 };

describe("what is wrong with the answer of a peer", () => {
  it("is nothing when all sums are right", () => {
    expect(differenceOf(right, right)).toBeUndefined();
  });

  it("is nothing where one of them does not tell", () => {
    expect(differenceOf({ events: 1000 }, right)).toBeUndefined();
    expect(differenceOf(right, { events: 1000 })).toBeUndefined();
  });

  it.each([
    [{ events: 999, on: 1 }, "gives 999 events, not 1000"],
    [{ events: 0, on: 0, sumX: 0, sumY: 0, sumT: 0 }, "gives 0 events, not 1000"],
    [{ on: 600 }, "gives 600 ON events, not 400"],
    [{ sumX: 5001 }, "gives 5001 as the sum of x, not 5000"],
    [{ sumY: 0 }, "gives 0 as the sum of y, not 7000"],
    [{ sumT: 4_186_000 }, "gives times that are 4096 us too late on average"],
    [{ sumT: 89_964 }, "gives times that are 0.036 us too early on average"],
  ])("%j is told", (difference, message) => {
    expect(differenceOf({ ...right, ...difference }, right)).toBe(message);
  });
});

describe("findPeers", () => {
  afterEach(() => {
    vi.unstubAllEnvs();
  });

  it("names every library that is not there", () => {
    vi.stubEnv("EVARROW_PYTHON", "no-such-python");
    const { peers, missing } = findPeers("evt2", ["scan", "read"]);
    expect(peers).toEqual([]);
    const lines = missing.split("\n");
    for (const library of ["expelliarmus", "faery", "evlib", "openeb"]) {
      expect(lines.filter((line: string) => line.startsWith(`${library} is skipped`))).toHaveLength(
        1,
      );
    }
    expect(lines.at(-1)).toContain("EVARROW_PYTHON");
  });

  it("has nothing to say of jobs that no library does", () => {
    expect(findPeers("evt2", ["export"])).toEqual({ peers: [], missing: undefined });
    expect(findPeers("evt2", [])).toEqual({ peers: [], missing: undefined });
  });
});
