import { describe, expect, it } from "vitest";
import { sparkline } from "../../src/cli/statistics-rows.ts";
import { cd, evarrow, evt2File, THREE_EVENTS, temporaryFile, timeHigh } from "./support.ts";

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
        "Windows        1 of 1 s, 3 events each on average",
        "Busiest        3 events (3 events/s) from 0 µs on",
        "Active pixels  3 (0.0 %)",
        "Median pixel   1 event",
        "Hot pixels     0",
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
      rate: {
        windowUs: 1_000_000,
        windows: 1,
        start: 0,
        counts: [3],
        reason: null,
        meanEvents: 3,
        busiest: { start: 0, events: 3, eventsPerSecond: 3 },
      },
      pixels: {
        active: 3,
        sensor: 640 * 480,
        medianEvents: 1,
        hot: 0,
        hotEvents: 0,
        hotPixels: [],
        eventsNotCounted: 0,
      },
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
        "Windows        0 of 1 s",
        "Busiest        -",
        "Active pixels  0 (0.0 %)",
        "Median pixel   -",
        "Hot pixels     0",
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

  const busy = evt2File("busy.raw", [
    timeHigh(0),
    ...Array.from({ length: 30 }, (_, at) => cd(at % 3 === 0 ? 1 : 0, at, 9, 7)),
    ...Array.from({ length: 12 }, (_, at) => cd(1, 31 + at, 200, 100)),
    ...[1, 2, 3].flatMap((step) => [timeHigh(step), cd(1, step, step, 300)]),
  ]);

  it("counts windows of the length that is given, and shows them", async () => {
    for (const window of ["64", "64us", "0.064ms", "0.000064s"]) {
      const { stdout } = await evarrow(["stats", "--window", window, busy]);
      expect(stdout).toContain(
        [
          "Windows        4 of 64 µs, 11.3 events each on average",
          "Busiest        42 events (656 k events/s) from 0 µs on",
          "Over time      █▁▁▁",
          "",
        ].join("\n"),
      );
    }
  });

  it("says why there is no busiest window", async () => {
    const far = evt2File("far.raw", [timeHigh(0), cd(1, 0, 1, 1), timeHigh(9999), cd(1, 0, 1, 1)]);
    const { exitCode, stdout } = await evarrow(["stats", "--window", "1us", far]);
    expect(exitCode).toBe(0);
    expect(stdout).toContain(
      "Windows        639,937 of 1 µs, 0.00000313 events each on average\nBusiest        - (more windows than are counted; take longer ones: --window)\n",
    );
  });

  it("lists the hottest pixels", async () => {
    const { stdout } = await evarrow(["stats", busy]);
    expect(stdout).toContain(
      [
        "Active pixels  5 (0.0 %)",
        "Median pixel   1 event",
        "Hot pixels     2 with 42 (93.3 %) of the events",
        "",
        "hot x    y  events   of all        ON",
        "    9    7      30  66.67 %   33.33 %",
        "  200  100      12  26.67 %  100.00 %",
        "",
      ].join("\n"),
    );
    const one = await evarrow(["stats", "--hot-pixels", "1", busy]);
    expect(one.stdout).toContain("30  66.67 %  33.33 %\n... and 1 more; --hot-pixels N\n");
    const none = await evarrow(["stats", "--hot-pixels", "0", busy]);
    expect(none.stdout).toMatch(/of the events\n$/);
  });

  describe("of times that no number holds", () => {
    const first = 9_223_372_036_854_000_000n;
    const lines = [0n, 1n, 775_807n].map((behind) => `1,2,${first + behind},1\n`).join("");
    const path = temporaryFile("far.csv", `x,y,t,polarity\n${lines}`);

    it("prints them exactly", async () => {
      const { exitCode, stdout, stderr } = await evarrow(["stats", "--window", "1ms", path]);
      expect([exitCode, stderr]).toEqual([0, ""]);
      for (const line of [
        "First event    9,223,372,036,854,000,000 µs (2,562,047,788 h 0 min 54 s)",
        "Last event     9,223,372,036,854,775,807 µs (2,562,047,788 h 0 min 55 s)",
        "Duration       775,807 µs (775.8 ms)",
        "Rate           3.87 events/s",
        "Least time     9,223,372,036,854,000,000 µs (2,562,047,788 h 0 min 54 s)",
        "Greatest time  9,223,372,036,854,775,807 µs (2,562,047,788 h 0 min 55 s)",
        "Busiest        2 events (2 k events/s) from 9,223,372,036,854,000,000 µs (2,562,047,788 h 0 min 54 s) on",
      ]) {
        expect(stdout).toContain(`${line}\n`);
      }
    });

    it("gives them as text in JSON", async () => {
      const { exitCode, stdout } = await evarrow(["stats", "--json", "--window", "1ms", path]);
      expect(exitCode).toBe(0);
      expect(JSON.parse(stdout)).toMatchObject({
        ...{ firstTime: null, lastTime: null, minTime: null, maxTime: null, durationUs: 775_807 },
        exact: {
          ...{ firstTime: "9223372036854000000", lastTime: "9223372036854775807" },
          ...{ minTime: "9223372036854000000", maxTime: "9223372036854775807" },
          durationUs: "775807",
        },
        rate: {
          ...{ windows: 776, start: null, busiest: null },
          exact: {
            start: "9223372036854000000",
            busiest: { start: "9223372036854000000", events: 2, eventsPerSecond: 2000 },
          },
        },
      });
    });
  });

  it("keeps a line of bars short", () => {
    expect(sparkline([0, 1, 2, 3, 4, 5, 6, 7])).toBe("▁▂▃▄▅▆▇█");
    expect(sparkline([0, 0])).toBe("▁▁");
    expect(sparkline(Array.from({ length: 100_000 }, (_, at) => at))).toHaveLength(60);
    expect(sparkline([])).toBe("");
  });
});
