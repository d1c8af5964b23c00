import { describe, expect, it } from "vitest";

const { duration, millions, outlierText, range } = await import(
  new URL("../../benches/report/text.mjs", import.meta.url).href
);
const { density, distribution, ratioPlot } = await import(
  new URL("../../benches/report/plots.mjs", import.meta.url).href
);
const { reportPage } = await import(new URL("../../benches/report/page.mjs", import.meta.url).href);

const estimate = { value: 2, low: 1.5, high: 2.5 };

describe("text", () => {
  it("has times, rates and outliers in few digits", () => {
    expect([duration(12.34e-6), duration(0.01234), duration(1.234)]).toEqual([
      "12.3 us",
      "12.3 ms",
      "1.23 s",
    ]);
    expect([millions(650.4e6), millions(12.34e6)]).toEqual(["650", "12.3"]);
    expect(range(estimate, String)).toBe("2 (1.5 to 2.5)");
    expect(outlierText({ lowSevere: 0, lowMild: 1, highMild: 0, highSevere: 2 })).toBe(
      ", outliers: 1 low mild, 2 high severe",
    );
  });
});

describe("plots", () => {
  it("draw a density whose greatest value is 1", () => {
    const heights = density([1, 2, 2, 3], [0, 4], 1).map(([, height]: [number, number]) => height);
    expect(Math.max(...heights)).toBe(1);
    expect(Math.min(...heights)).toBeGreaterThanOrEqual(0);
  });

  it("have numbers only, also of samples that are all the same", () => {
    for (const samples of [[1], [2, 2, 2], [1, 2, 3, 400]]) {
      expect(distribution(samples, estimate, duration)).not.toMatch(/NaN|Infinity|undefined/);
    }
    for (const ratios of [[1], [1, 1], [0.5, 2]]) {
      const plot = ratioPlot(ratios, estimate, { noise: 0.03, verdict: "no change" });
      expect(plot).not.toMatch(/NaN|Infinity|undefined/);
    }
  });
});

describe("the page", () => {
  const summary = {
    mean: estimate,
    median: estimate,
    outliers: { lowSevere: 0, lowMild: 0, highMild: 0, highSevere: 0 },
  };
  const figures = {
    machine: { text: "2 x <processor>" },
    started: "2026-01-01T00:00:00Z",
    events: 1e6,
    results: [
      {
        name: "a",
        title: "x & y",
        events: null,
        seconds: [1, 2, 3],
        summary,
        eventsPerSecond: null,
        bytesPerSecond: null,
        peakBytes: 1e8,
        facts: { "bytes per event": 1.5 },
      },
    ],
    comparisons: [
      {
        kind: "build",
        name: "a",
        against: "before",
        verdict: "regressed",
        by: "usual",
        noise: 0.03,
        ratio: estimate,
        ratios: [1, 2],
        peakBytes: 1e8,
        otherPeakBytes: 1e8,
      },
    ],
    skipped: [{ name: "b", reason: "no <seed>", isFailure: false }],
    targets: [
      { job: "j", target: "t", reached: "r", state: "missed", reason: "reason not yet found" },
    ],
  };

  it("needs nothing but itself, and escapes what it is given", () => {
    const page = reportPage(figures);
    expect(page).not.toMatch(/(?:src|href)=|@import|url\(/);
    expect(page).toContain("2 x &lt;processor&gt;");
    expect(page).toContain("no &lt;seed&gt;");
    expect(page).not.toMatch(/NaN|undefined|\[object/);
  });

  it("says verdicts, missed targets and memory", () => {
    const page = reportPage(figures);
    for (const text of ["regressed", "missed", "reason not yet found", "bytes per event 1.50"]) {
      expect(page).toContain(text);
    }
  });
});
