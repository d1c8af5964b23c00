import { describe, expect, it } from "vitest";
import { itWithSharedData } from "../support/shared-data.ts";
import { cd, evarrow, evt2File, THREE_EVENTS, timeHigh } from "./support.ts";

describe("evarrow head", () => {
  const file = evt2File("three.raw", THREE_EVENTS);

  it("prints an aligned table", async () => {
    expect(await evarrow(["head", file])).toEqual({
      exitCode: 0,
      stdout: [
        "  x    y    t  polarity",
        "  5    7  640         1",
        "639  479  641        -1",
        "100    0  703         1",
        "",
      ].join("\n"),
      stderr: "",
    });
  });

  it("prints the polarity in the encoding asked for", async () => {
    const { stdout } = await evarrow(["head", "--polarity-encoding", "zero-one", "-n2", file]);
    expect(stdout.split("\n").slice(1)).toEqual([
      "  5    7  640         1",
      "639  479  641         0",
      "",
    ]);
  });

  it("prints JSON with times as numbers", async () => {
    const { stdout } = await evarrow(["head", "--json", "-n", "2", file]);
    expect(JSON.parse(stdout)).toEqual([
      { x: 5, y: 7, t: 640, polarity: 1 },
      { x: 639, y: 479, t: 641, polarity: -1 },
    ]);
  });

  it("prints no events when none are asked for", async () => {
    expect(await evarrow(["head", "-n", "0", file])).toEqual({
      exitCode: 0,
      stdout: "x  y  t  polarity\n",
      stderr: "",
    });
    expect((await evarrow(["head", "-n", "0", "--json", file])).stdout).toBe("[]\n");
  });

  it("says that there are no events", async () => {
    const empty = evt2File("none.raw", [timeHigh(1)]);
    expect(await evarrow(["head", empty])).toEqual({
      exitCode: 0,
      stdout: "x  y  t  polarity\n",
      stderr: "evarrow: the recording has no events\n",
    });
    expect((await evarrow(["head", "--json", empty])).stdout).toBe("[]\n");
  });

  it("takes more than one batch", async () => {
    const words = [timeHigh(0), ...Array.from({ length: 25_000 }, (_, n) => cd(1, 0, n % 640, 1))];
    const many = evt2File("many.raw", words);
    const rows = JSON.parse((await evarrow(["head", "--json", "-n", "20001", many])).stdout);
    expect(rows).toHaveLength(20_001);
    expect(rows[20_000]).toEqual({ x: 20_000 % 640, y: 1, t: 0, polarity: 1 });
    expect((await evarrow(["head", "-n", "999999", many])).stdout.split("\n")).toHaveLength(25_002);
  });

  it("judges strictly only what it reads", async () => {
    const late = evt2File("late.raw", [...THREE_EVENTS, 0x30000000]);
    expect((await evarrow(["head", "-n", "3", "--strict", late])).exitCode).toBe(0);
    const { exitCode, stderr } = await evarrow(["head", "-n", "4", "--strict", late]);
    expect(exitCode).toBe(1);
    expect(stderr).toContain("Without --strict");
  });

  itWithSharedData(
    "prints the first event of a real recording",
    "evt2_sample.raw",
    async (path, { first }) => {
      const { stdout, stderr } = await evarrow(["head", "--json", "-n", "1", path]);
      const [event] = JSON.parse(stdout);
      expect([event.t, event.x, event.y]).toEqual(first?.slice(0, 3));
      expect(stderr).toMatch(/^evarrow: warning: assumed geometry 640x480: /);
    },
  );
});
