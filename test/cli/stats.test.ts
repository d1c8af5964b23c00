import { describe, expect, it } from "vitest";
import { cd, evarrow, evt2File, THREE_EVENTS, timeHigh } from "./support.ts";

describe("evarrow stats", () => {
  const file = evt2File("three.raw", THREE_EVENTS);

  it("prints every number", async () => {
    expect(await evarrow(["stats", file])).toEqual({
      exitCode: 0,
      stdout: [
        "Events         3",
        "ON             2 (66.7 %)",
        "OFF            1 (33.3 %)",
        "First event    640 µs",
        "Last event     703 µs",
        "Duration       63 µs",
        "Rate           47.6 k events/s",
        "Least time     640 µs",
        "Greatest time  703 µs",
        "x              5 to 639",
        "y              0 to 479",
        "",
      ].join("\n"),
      stderr: "",
    });
  });

  it("prints the statistics of the library as JSON", async () => {
    expect(JSON.parse((await evarrow(["stats", "--json", file])).stdout)).toEqual({
      estimated: false,
      events: 3,
      on: 2,
      off: 1,
      firstTime: 640,
      lastTime: 703,
      minTime: 640,
      maxTime: 703,
      durationUs: 63,
      eventsPerSecond: 3e6 / 63,
      minX: 5,
      maxX: 639,
      minY: 0,
      maxY: 479,
    });
  });

  it("leaves blanks where there are no events", async () => {
    const { stdout } = await evarrow(["stats", evt2File("none.raw", [])]);
    expect(stdout).toBe(
      [
        "Events         0",
        "ON             0",
        "OFF            0",
        "First event    -",
        "Last event     -",
        "Duration       -",
        "Rate           -",
        "Least time     -",
        "Greatest time  -",
        "x              -",
        "y              -",
        "",
      ].join("\n"),
    );
  });

  it("has no rate for a single event", async () => {
    const { stdout } = await evarrow(["stats", evt2File("one.raw", [timeHigh(1), cd(1, 0, 2, 3)])]);
    expect(stdout).toContain("Duration       0 µs\nRate           -\n");
  });

  it("warns of loss and assumptions, and of nothing else", async () => {
    const words = [cd(1, 0, 1, 1), 0xd0000000, 0x30000000, timeHigh(2), cd(1, 0, 1, 1)];
    const lossy = evt2File("lossy.raw", words, ["evt 2.0", "system_ID 21"]);
    const { exitCode, stderr } = await evarrow(["stats", lossy]);
    expect(exitCode).toBe(0);
    expect(stderr.split("\n")).toEqual([
      expect.stringMatching(/^evarrow: warning: 1 word of unknown type \(0x3\) skipped, first at/),
      expect.stringMatching(/^evarrow: warning: 1 event dropped: .*, first at byte \d+$/),
      expect.stringMatching(/^evarrow: warning: assumed geometry 640x480: /),
      "",
    ]);
  });

  it("takes the geometry that is given", async () => {
    const { stdout, stderr } = await evarrow(["stats", "--geometry", "200X100", file]);
    expect(stdout).toMatch(/^Events {9}2\n/);
    expect(stderr).toMatch(/^evarrow: warning: 1 event dropped: outside the sensor \(200x100\)/);
  });
});
