import pl from "nodejs-polars";
import { describe, expect, it } from "vitest";
import {
  digestEvents,
  formatReport,
  type LoadReport,
  loadEvents,
  loadStatistics,
  loadTable,
  openRecording,
  reportOf,
  sampleStatistics,
} from "../../src/node.ts";
import { off, on, recordingOf, timeHigh, trigger } from "../support/evt2-words.ts";
import { expectedLoad } from "../support/expected-load.ts";
import { PieceSource } from "../support/sources.ts";

const bytes = recordingOf(
  [
    on(1, 1, 1),
    timeHigh(1),
    trigger(1, 1, 1),
    on(1, 700, 1),
    off(5, 1, 1),
    on(1, 2, 2),
    0x20000000,
  ],
  { tail: [1, 2] },
);
const expected = expectedLoad(bytes, { geometry: { width: 640, height: 480 } }).report;
const chunked = { ...expected, mode: "chunked" };
/** Of passes that give no table, which need no plan. */
const unplanned = { ...chunked, modeReason: null };

describe("reportOf", () => {
  it("gives the report of a table and of a frame", async () => {
    expect(reportOf(await loadTable(bytes))).toEqual(expected);
    expect(reportOf(await loadEvents(bytes))).toEqual(expected);
  });

  it("says that a source without a length was loaded in batches", async () => {
    expect(reportOf(await loadTable(new PieceSource(bytes, () => 100)))).toEqual(chunked);
    expect(reportOf(await loadEvents(new PieceSource(bytes, () => 100)))).toEqual(chunked);
  });

  it("gives the report of statistics and of a digest", async () => {
    expect(reportOf(await loadStatistics(bytes))).toEqual(unplanned);
    expect(reportOf(await sampleStatistics(bytes))).toEqual(unplanned);
    expect(reportOf(await digestEvents(bytes))).toEqual(unplanned);
  });

  it("keeps the reports of two loads apart", async () => {
    const recording = await openRecording(bytes);
    const whole = await loadTable(recording);
    const small = await loadTable(recording, { geometry: { width: 2, height: 2 } });
    expect(reportOf(whole)).toEqual(expected);
    expect(reportOf(small)).toMatchObject({ events: 1, eventsOutsideGeometry: 2 });
    expect(recording.report).toMatchObject({ events: 0, mode: null, bytesRead: 0 });
  });

  it("refuses objects that no load returned", async () => {
    const frame = await loadEvents(bytes);
    const table = await loadTable(bytes);
    const foreign = [
      frame.filter(pl.col("x").gt(0)),
      frame.clone(),
      pl.DataFrame({ x: [1] }),
      table.slice(0, 1),
      {},
      [],
      await openRecording(bytes),
      null,
      undefined,
      "text",
      5,
    ];
    for (const object of foreign) {
      expect(() => reportOf(object as object)).toThrow(
        expect.objectContaining({ code: "invalid-option" }),
      );
    }
  });
});

describe("onReport", () => {
  it("is given the final report, once", async () => {
    const given: LoadReport[] = [];
    const onReport = (report: LoadReport): void => void given.push(report);
    const table = await loadTable(bytes, { onReport });
    expect(given.splice(0)).toEqual([reportOf(table)]);
    const frame = await loadEvents(bytes, { onReport });
    expect(given.splice(0)).toEqual([reportOf(frame)]);
    await loadStatistics(bytes, { onReport });
    expect(given.splice(0)).toEqual([unplanned]);
    await digestEvents(bytes, { onReport });
    expect(given.splice(0)).toEqual([unplanned]);
    const recording = await openRecording(bytes);
    await recording.triggers({ onReport });
    expect(given.splice(0)).toEqual([unplanned]);
    for await (const _ of recording.stream({ onReport })) expect(given).toEqual([]);
    expect(given.splice(0)).toEqual([chunked]);
  });

  it("tells of a load that fails what stands in front of the error", async () => {
    const given: LoadReport[] = [];
    const onReport = (report: LoadReport): void => void given.push(report);
    const partial = { events: 0, eventsBeforeTimeBase: 0, bytesRead: 35, truncatedBytes: 0 };
    await expect(loadTable(bytes, { onReport, strict: true })).rejects.toThrow();
    expect(given.splice(0)).toEqual([expect.objectContaining({ ...partial, mode: "direct" })]);
    await expect(loadEvents(bytes, { onReport, strict: true })).rejects.toThrow();
    expect(given.splice(0)).toEqual([expect.objectContaining(partial)]);
  });

  it("is told how far a loop came that is left early, once", async () => {
    const given: LoadReport[] = [];
    const onReport = (report: LoadReport): void => void given.push(report);
    const recording = await openRecording(bytes);
    for await (const _ of recording.stream({ onReport, batchEvents: 1 })) break;
    expect(given).toHaveLength(1);
    expect(given[0]).toMatchObject({ events: 1, eventsBeforeTimeBase: 1 });
  });
});

describe("formatReport", () => {
  it("says what was lost, and where", async () => {
    const lines = formatReport(reportOf(await loadTable(bytes)));
    expect(lines).toHaveLength(5);
    const { unknownWord: _, ...places } = expected.firstAt; // may be of several types
    for (const [kind, at] of Object.entries(places)) {
      const there = lines.filter((line) => line.endsWith(` byte ${at}`));
      expect(there, kind).toHaveLength(1);
    }
    expect(lines.join("\n")).toContain("0x2");
    expect(lines.join("\n")).toContain("640x480");
    expect(lines.join("\n")).toContain("2 bytes at the end");
  });

  it("names wraps, vendor words and assumptions", async () => {
    const words = [timeHigh(0xfffffff), timeHigh(0), 0xd0000000, 0xe0000000, 0xe0000000];
    const table = await loadTable(recordingOf(words, { header: "% evt 2.0\n% system_ID 21\n" }));
    const lines = formatReport(reportOf(table));
    expect(lines).toHaveLength(4);
    expect(lines.join("\n")).toMatch(
      /1 clock wrap .*\n1 IMU .*\n2 OTHERS .*\nassumed geometry 640x480/,
    );
  });

  it("says nothing of a clean load", async () => {
    const table = await loadTable(recordingOf([timeHigh(1), on(1, 1, 1), trigger(1, 1, 1)]));
    expect(formatReport(reportOf(table))).toEqual([]);
  });
});
