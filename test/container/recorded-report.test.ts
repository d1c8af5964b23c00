import { describe, expect, it } from "vitest";
import { MAX_METADATA_DEPTH } from "../../src/container/layout.ts";
import { decodeMetadata, encodeMetadata } from "../../src/container/metadata.ts";
import { recordReport, reportsIn } from "../../src/container/recorded-report.ts";
import { createReport, type LoadReport } from "../../src/events/report.ts";

function reportOf(facts: Partial<LoadReport>): LoadReport {
  const known = { sourceName: "a", geometry: null, assumptions: [] } as const;
  const report = createReport({ ...known, format: "evt3", polarityEncoding: "zero-one" });
  return { ...report, ...facts };
}

describe("recordReport", () => {
  it("says what happened, and nothing that differs from run to run or stands elsewhere", () => {
    const recorded = recordReport(
      reportOf({ events: 5, truncatedBytes: 3, threads: 2 }),
      undefined,
    );
    expect(recorded).toMatchObject({ events: 5, truncatedBytes: 3, clockWraps: 0 });
    const left = ["format", "sourceName", "geometry", "polarityEncoding", "timeOffset", "earlier"];
    for (const name of [...left, "mode", "modeReason", "threads"]) {
      expect(Object.keys(recorded)).not.toContain(name);
    }
  });

  it("adds the readings that a container has gone through", () => {
    const first = recordReport(reportOf({ events: 5, truncatedBytes: 3 }), undefined);
    const one = { source: { format: "evt3" }, report: first };
    const second = recordReport(
      reportOf({ format: "evb", originalFormat: "evt3", events: 4 }),
      one,
    );
    expect(second).toMatchObject({ format: "evb", events: 4, truncatedBytes: 0 });
    const lost = { format: "evt3", events: 5, truncatedBytes: 3 };
    expect(second.earlier).toEqual([lost]);
    const two = { source: { format: "evt3" }, report: second };
    expect(reportsIn(two)).toEqual([lost, { format: "evb", events: 4 }]);
  });
});

describe("reportsIn", () => {
  it("takes whatever a container may hold there", () => {
    expect(reportsIn()).toEqual([]);
    expect(reportsIn({ report: {} })).toEqual([]);
    expect(reportsIn({ report: { earlier: [{ events: 1 }] } })).toEqual([{ events: 1 }]);
    for (const earlier of [5, "x", null, { events: 1 }, [null, 5, "x", [1]]]) {
      expect(reportsIn({ report: { earlier } })).toEqual([]);
      expect(reportsIn({ report: { earlier, events: 2 } })).toEqual([{ events: 2 }]);
    }
    const named = JSON.parse('{"__proto__": 1, "events": 2}');
    expect(Object.entries(reportsIn({ report: named })[0] ?? {})).toEqual([
      ["__proto__", 1],
      ["events", 2],
    ]);
  });

  it("takes nothing that would make a container unreadable", () => {
    const nested = (levels: number) =>
      JSON.parse(`${'{"a":'.repeat(levels)}1${"}".repeat(levels)}`);
    // Level 1 is the metadata, 2 the report.
    for (let levels = 1; levels <= MAX_METADATA_DEPTH - 2; levels++) {
      const read = { report: { events: 1, deep: nested(levels) } };
      const again = { report: { earlier: [...reportsIn(read), { events: 2 }] } };
      const bytes = encodeMetadata(again, "crc32");
      const place = { path: undefined, byteOffset: 0 };
      expect(decodeMetadata(bytes, true, place)).toEqual(again);
    }
    const fits = nested(MAX_METADATA_DEPTH - 4);
    expect(reportsIn({ report: { deep: fits } })).toEqual([{ deep: fits }]);
    expect(reportsIn({ report: { deep: nested(MAX_METADATA_DEPTH - 3) } })).toEqual([]);
  });
});
