import { describe, expect, it } from "vitest";

const script = new URL("../../benches/huge/figures.mjs", import.meta.url).href;
const { overBase, overSize, room, tableOf, verdicts } = await import(script);

const JOBS = { count: { title: "counted" }, window: { title: "a window" } };
const figure = (events: number, peak: number) => ({
  events,
  seconds: 2,
  baseBytes: 60e6,
  peakBytes: peak,
});
const sizeOf = (events: number, count: number, window: number) => ({
  events,
  bytes: events * 4,
  figures: {
    count: figure(events, count),
    window: { ...figure(events / 100, window), indexSeconds: 9 },
  },
});

describe("figures of huge recordings", () => {
  it("ask for the room of both recordings and an export", () => {
    expect(room(1e9, { events: 1e6, bytes: 4e6 })).toBe(4.4e9 + 8e9);
  });

  it("do not count the result as memory of the query", () => {
    expect(overBase("window", figure(1e6, 100e6))).toBe(27e6);
    expect(overBase("count", figure(1e6, 100e6))).toBe(40e6);
  });

  it("tell memory first, and of a window the rate of what it chose from", () => {
    const { figures, ...input } = sizeOf(100e6, 90e6, 120e6);
    expect(tableOf(input, figures, JOBS).split("\n")).toEqual([
      "100 M events, 400 MB",
      "          peak over base    peak  M events/s  s",
      "counted            30 MB   90 MB          50  2.00",
      "a window           60 MB  120 MB          50  2.00, gives 1.0 M; 9.00 for the index of times before",
    ]);
  });

  it("stand beside each other by size", () => {
    const sizes = [sizeOf(10e6, 90e6, 120e6), sizeOf(100e6, 91e6, 133e6)];
    expect(
      overSize(...sizes, JOBS)
        .split("\n")
        .slice(1),
    ).toEqual([
      "counted                             30 MB  31 MB",
      "a window                            59 MB  60 MB",
    ]);
  });

  it("are judged", () => {
    const tenth = sizeOf(100e6, 90e6, 120e6);
    expect(verdicts(tenth, sizeOf(1000e6, 91e6, 240e6))).toEqual([
      "kept: 1 % of the time within 200 MB plus its result of 130 MB (peak 240 MB)",
      "kept: memory of count does not follow the size (+1 MB for 10 times the events)",
      "kept: memory of window does not follow the size (+3 MB for 10 times the events)",
    ]);
    const verdictsOf = verdicts(tenth, sizeOf(1000e6, 500e6, 400e6));
    expect(verdictsOf.map((line: string) => line.split(":")[0])).toEqual([
      "MISSED",
      "MISSED",
      "MISSED",
    ]);
  });
});
