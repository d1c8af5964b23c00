import { describe, expect, it } from "vitest";

const { CASES, chooseCases, SUITES, suiteOf } = await import(
  new URL("../../benches/cases.mjs", import.meta.url).href
);
const { TARGETS, targetsReached } = await import(
  new URL("../../benches/targets.mjs", import.meta.url).href
);

describe("cases", () => {
  it("are chosen by suite, name and part of a name", () => {
    expect(chooseCases({})).toEqual(Object.keys(CASES));
    expect(chooseCases({ suites: ["startup"] })).toEqual(Object.keys(SUITES.startup));
    // A whole name is that case alone, though others begin with it.
    expect(chooseCases({ cases: ["decode-evt2-stream"] })).toEqual(["decode-evt2-stream"]);
    expect(chooseCases({ cases: ["evt2-stream"] })).toContain("decode-evt2-stream-owned");
    expect(chooseCases({ suites: ["query"], cases: ["window"] })).toContain("query-evt3-window");
  });

  it("that are unknown are refused with those that there are", () => {
    expect(() => chooseCases({ cases: ["nothing"] })).toThrow(
      /no case nothing.*decode-evt2-stream/s,
    );
    expect(() => chooseCases({ suites: ["nothing"] })).toThrow(/no suite nothing.*decode, stream/);
    expect(() => chooseCases({ suites: ["query"], cases: ["startup"] })).toThrow(/no case startup/);
  });

  it("have a name of their own, and are set beside cases that exist", () => {
    const sizes = Object.values(SUITES).map((suite) => Object.keys(suite as object).length);
    expect(Object.keys(CASES)).toHaveLength(sizes.reduce((sum, size) => sum + size));
    for (const { beside = [] } of Object.values(CASES) as { beside?: string[] }[]) {
      for (const other of beside) expect(CASES).toHaveProperty([other]);
    }
    expect(suiteOf("query-evt3-window")).toBe("query");
  });
});

describe("targets", () => {
  it("are of cases that exist", () => {
    for (const target of TARGETS) expect(CASES).toHaveProperty([target.case]);
  });

  it("are reached, missed or not measured", () => {
    const peakBytes = 100e6;
    const results = [{ name: "decode-evt2-stream", events: 1e6, peakBytes }];
    const side = (name: string, against: string, value: number, wrong?: string) => ({
      name,
      against,
      ratio: { value, low: value, high: value },
      peakBytes,
      wrong,
    });
    const found = targetsReached(results, [
      side("decode-evt2-stream", 'C "runs"', 0.5),
      side("decode-evt2-stream", 'C "words"', 1.4),
      side("decode-h5-gzip-table-threads", "h5py 3.11 columns, 1 thread", 1.2),
      side("decode-dat-stream", 'C "words"', 0.9),
      side("decode-dat-stream", "expelliarmus 1.1 chunks, 1 thread", 1.4, "gives 3 events, not 4"),
    ]);
    const stateOf = (job: string) => found.find((target: { job: string }) => target.job === job);
    expect(stateOf("EVT2, stream and count, borrowed batches")).toMatchObject({
      state: "reached",
      reason: "",
    });
    expect(stateOf("EVT2, stream and count: peak memory").reached).toBe("100 of 150 MB");
    expect(stateOf("HDF5, gzip, into columns")).toMatchObject({
      state: "missed",
      reason: expect.stringMatching(/./),
    });
    // A wrong answer is no measure: C counts in its place.
    expect(stateOf("DAT, stream and count").reached).toMatch(/C "words"/);
    expect(stateOf("EVT3, into columns").state).toBe("not measured");
  });
});
