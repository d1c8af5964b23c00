import { describe, expect, it } from "vitest";
import { referenceDigest } from "../reference/digest.ts";
import { itWithSharedData } from "../support/shared-data.ts";
import { evarrow, evt2File, THREE_EVENTS } from "./support.ts";

describe("evarrow digest", () => {
  const file = evt2File("three.raw", THREE_EVENTS);
  const digest = referenceDigest([
    { t: 640n, x: 5, y: 7, p: 1 },
    { t: 641n, x: 639, y: 479, p: 0 },
    { t: 703n, x: 100, y: 0, p: 1 },
  ]);

  it("prints events, ON and digest", async () => {
    expect(await evarrow(["digest", file])).toEqual({
      exitCode: 0,
      stdout: `Events  3\nON      2 (66.7 %)\nDigest  ${digest}\n`,
      stderr: "",
    });
  });

  it("prints exactly these as JSON", async () => {
    const { stdout } = await evarrow(["digest", "--json", file]);
    expect(stdout).toBe(`{"events":3,"on":2,"digest":"${digest}"}\n`);
  });

  it("does not depend on the polarity encoding", async () => {
    const argv = ["digest", "--json", "--polarity-encoding", "zero-one", file];
    expect(JSON.parse((await evarrow(argv)).stdout).digest).toBe(digest);
  });

  it("has a digest for a recording without events", async () => {
    expect((await evarrow(["digest", evt2File("none.raw", [])])).stdout).toBe(
      `Events  0\nON      0\nDigest  ${referenceDigest([])}\n`,
    );
  });

  itWithSharedData("agrees on a real recording", "evt2_sample.raw", async (path, expected) => {
    const { events, on, digest } = expected;
    const { stdout } = await evarrow(["digest", "--json", path]);
    expect(JSON.parse(stdout)).toEqual({ events, on, digest });
  });
});
