import { describe, expect, it } from "vitest";
import {
  detectFormat,
  formatReport,
  isEventError,
  loadStatistics,
  loadTable,
  openRecording,
  type Progress,
  reportOf,
  sampleStatistics,
} from "../../../src/index.ts";
import { concatBytes } from "../../support/evt2-words.ts";
import {
  columnsOf,
  expectSameColumns,
  type PlainColumns,
  SOME_REASON,
} from "../../support/expected-load.ts";
import { RecordingSource } from "../../support/sources.ts";
import { cut, ipcOf, KINDS, loaded, plainBatch, someEvents, tableOf } from "./tables.ts";

const METADATA = {
  "evarrow.format": "evt3",
  "evarrow.geometry": "640x480",
  "evarrow.polarityEncoding": "minus-one-one",
  "evarrow.timeUnit": "us",
  "evarrow.timeOffset": "42",
  "evarrow.sourceName": "original.raw",
  "evarrow.writerVersion": "0.0.1",
};

/** Columns of rows of numbers. */
function columns(
  rows: readonly [x: number, y: number, t: number, polarity: number][],
): PlainColumns {
  return {
    x: Uint16Array.from(rows, ([x]) => x),
    y: Uint16Array.from(rows, ([, y]) => y),
    t: BigInt64Array.from(rows, ([, , t]) => BigInt(t)),
    polarity: Int8Array.from(rows, ([, , , polarity]) => polarity),
  };
}

const LOSSES = columns([
  [1, 1, 10, 1],
  [2, 2, 9, 0], // a step back
  [640, 1, 11, 1], // outside
  [3, 480, 11, 1], // outside
  [4, 4, 9, 1],
  [5, 5, 8, 0], // a step back
  [6, 6, 12, 1],
]);

describe("detection", () => {
  it.each([
    ["file", "signature"],
    ["stream", "schema"],
  ] as const)("a %s is told by its %s", async (kind, why) => {
    const detection = await detectFormat(ipcOf(tableOf([plainBatch(someEvents(3))]), kind));
    expect(detection).toMatchObject({ format: "arrow", supported: true, confidence: "certain" });
    expect(detection.reason).toContain(why);
  });

  it("a stream that begins with anything but a schema is none", async () => {
    const stream = ipcOf(tableOf([plainBatch(someEvents(3))]), "stream");
    const schemaLength = 8 + new DataView(stream.buffer).getInt32(4, true);
    const behind = await detectFormat(stream.subarray(schemaLength)).catch((caught) => caught);
    expect(isEventError(behind, "unknown-format")).toBe(true);
    for (let length = 4; length < 40; length++) {
      const bytes = new Uint8Array(length).fill(0xff);
      expect(isEventError(await detectFormat(bytes).catch((caught) => caught))).toBe(true);
    }
  });
});

describe("metadata of evarrow", () => {
  const bytes = ipcOf(tableOf([plainBatch(someEvents(5))], METADATA), "file");

  it("restore what the events are", async () => {
    const recording = await openRecording(bytes);
    expect(recording.geometry).toEqual({ width: 640, height: 480 });
    expect(recording.header).toEqual(Object.entries(METADATA));
    expect(recording.report).toMatchObject({
      format: "arrow",
      originalFormat: "evt3",
      polarityEncoding: "minus-one-one",
      timeOffset: 42,
      assumptions: [],
      events: 0,
    });
    const table = await loadTable(recording);
    expect(table.schema.metadata.get("evarrow.format")).toBe("evt3");
    expect(table.schema.metadata.get("evarrow.timeOffset")).toBe("42");
    expect(reportOf(table)).toMatchObject({ timeOffset: 42, originalFormat: "evt3" });
  });

  it("are outdone by options", async () => {
    const geometry = { width: 30, height: 30 };
    const { report, columns: read } = await loaded(bytes, {
      geometry,
      polarityEncoding: "zero-one",
    });
    expect(report.geometry).toEqual(geometry);
    expect([...read.polarity].every((value) => value >= 0)).toBe(true);
    const wrong = ipcOf(tableOf([plainBatch(someEvents(5))], { "evarrow.geometry": "?" }), "file");
    expect((await loaded(wrong, { geometry })).report.geometry).toEqual(geometry);
  });

  it("are absent from files of others", async () => {
    const { report } = await loaded(
      ipcOf(tableOf([plainBatch(someEvents(5))], { a: "b" }), "file"),
    );
    expect(report).toMatchObject({ geometry: null, polarityEncoding: "zero-one", timeOffset: 0 });
    expect(report).not.toHaveProperty("originalFormat");
  });

  it.each([
    ["evarrow.geometry", "640 480", "WIDTHxHEIGHT"],
    ["evarrow.geometry", "0x10", "WIDTHxHEIGHT"],
    ["evarrow.polarityEncoding", "on-off", "minus-one-one"],
    ["evarrow.timeUnit", "ns", "us"],
    ["evarrow.timeOffset", "1.5", "whole number"],
    ["evarrow.timeOffset", "9007199254740993", "whole number"],
    ["evarrow.timeOffset", "", "whole number"],
  ])("%s cannot be %j", async (key, value, expected) => {
    const table = tableOf([plainBatch(someEvents(5))], { ...METADATA, [key]: value });
    const error = await loaded(ipcOf(table, "stream")).catch((caught) => caught);
    expect(isEventError(error, "invalid-header"), String(error)).toBe(true);
    expect(error.message).toContain(key);
    expect(error.expected).toContain(expected);
    expect(error.found).toBe(value);
  });
});

describe("losses", () => {
  const table = tableOf(cut(LOSSES, [2, 3]).map(plainBatch), METADATA);
  const kept = columns([
    [1, 1, 10, 1],
    [2, 2, 9, -1],
    [4, 4, 9, 1],
    [5, 5, 8, -1],
    [6, 6, 12, 1],
  ]);

  it("are counted, with the row of the first", async () => {
    for (const kind of KINDS) {
      const { columns: read, report } = await loaded(ipcOf(table, kind));
      expectSameColumns(read, kept);
      expect(report).toMatchObject({
        events: 5,
        eventsOutsideGeometry: 2,
        backwardSteps: 2,
        firstRow: { outsideGeometry: 2, backwardStep: 1 },
        firstAt: {},
      });
      expect(formatReport(report)).toEqual([
        "2 events dropped: outside the sensor (640x480), first at row 2",
        "2 steps back in time (events kept), first at row 1",
      ]);
    }
  });

  it("are found across batches and tiles of any size", async () => {
    const whole = await loaded(ipcOf(table, "file"));
    for (let batchEvents = 1; batchEvents < 8; batchEvents++) {
      const recording = await openRecording(ipcOf(table, "file"));
      let report = recording.report;
      const rows: number[] = [];
      const batches = recording.stream({
        batches: "borrowed",
        batchEvents,
        onReport: (final) => {
          report = final;
        },
      });
      for await (const batch of batches) {
        rows.push(...columnsOf(batch).x);
        expect(batch.numRows).toBeLessThanOrEqual(batchEvents);
      }
      expect(rows).toEqual([...whole.columns.x]);
      expect(report).toEqual({ ...whole.report, mode: "chunked", modeReason: SOME_REASON });
    }
  });

  it("do not count from the dropped ones: rebasing, steps", async () => {
    const rows = columns([
      [700, 0, 100, 1],
      [1, 1, 50, 1],
      [2, 2, 49, 0],
    ]);
    const bytes = ipcOf(tableOf([plainBatch(rows)], METADATA), "file");
    const { columns: read, report } = await loaded(bytes, { rebase: true });
    expect([...read.t]).toEqual([0n, -1n]);
    expect(report).toMatchObject({
      timeOffset: 92,
      backwardSteps: 1,
      firstRow: { backwardStep: 2 },
    });
  });

  it("are errors under strict, the first row first", async () => {
    const bytes = ipcOf(table, "file");
    const error = await loaded(bytes, { strict: true }).catch((caught) => caught);
    expect(isEventError(error, "data-loss")).toBe(true);
    expect(error).toMatchObject({ row: 1, byteOffset: undefined, format: "arrow" });
    expect(error.message).toContain("earlier than the one in front of it (row 1)");
    const outside = ipcOf(tableOf([plainBatch(cut(LOSSES, [2])[1] ?? LOSSES)], METADATA), "file");
    const second = await loaded(outside, { strict: true }).catch((caught) => caught);
    expect(second).toMatchObject({ row: 0, expected: "a pixel inside 640x480" });
    const sound = ipcOf(tableOf([plainBatch(someEvents(100))], METADATA), "file");
    expect((await loaded(sound, { strict: "assumptions" })).report.events).toBe(100);
  });

  it("of all rows leave an empty table", async () => {
    const bytes = ipcOf(tableOf([plainBatch(someEvents(50))]), "file");
    const options = { geometry: { width: 1, height: 1 }, rebase: true };
    const { columns: read, report } = await loaded(bytes, options);
    expect([...read.x]).toEqual([0]);
    const none = await loaded(
      ipcOf(tableOf([plainBatch(cut(someEvents(50), [1])[1] ?? LOSSES)]), "file"),
      options,
    );
    expect(none.columns.x.length).toBe(0);
    expect(none.report).toMatchObject({ events: 0, eventsOutsideGeometry: 49, timeOffset: 0 });
    expect(report.timeOffset).toBe(1000);
  });
});

describe("bytes behind the rows", () => {
  const stream = ipcOf(tableOf([plainBatch(someEvents(20))], METADATA), "stream");

  it("of a stream are reported", async () => {
    const bytes = concatBytes(stream, Uint8Array.of(1, 2, 3));
    const { report } = await loaded(bytes);
    expect(report).toMatchObject({ truncatedBytes: 3, firstAt: { truncated: stream.byteLength } });
    expect(formatReport(report)).toEqual([
      `3 bytes at the end belong to no row, first at byte ${stream.byteLength}`,
    ]);
    const error = await loaded(bytes, { strict: true }).catch((caught) => caught);
    expect(error).toMatchObject({ code: "data-loss", byteOffset: stream.byteLength });
  });

  it("a stream may end without its mark", async () => {
    const { report, columns: read } = await loaded(stream.subarray(0, stream.byteLength - 8));
    expect(report.firstAt).toEqual({});
    expectSameColumns(read, (await loaded(stream)).columns);
  });
});

describe("other passes", () => {
  const bytes = ipcOf(tableOf([plainBatch(someEvents(1000))], METADATA), "file");

  it("find no triggers", async () => {
    const recording = await openRecording(bytes);
    const triggers = await recording.triggers({ rebase: true });
    expect(triggers.numRows).toBe(0);
    expect(triggers.schema.metadata.get("evarrow.timeOffset")).toBe("1042");
  });

  it("tell how far they are", async () => {
    const seen: Progress[] = [];
    await loaded(bytes, { onProgress: (progress) => seen.push(progress) });
    expect(seen.at(-1)).toMatchObject({
      bytesRead: bytes.byteLength,
      bytesTotal: bytes.byteLength,
      events: 1000,
    });
  });

  it("stop when they are told to", async () => {
    const controller = new AbortController();
    const reason = new Error("enough");
    controller.abort(reason);
    await expect(loadTable(bytes, { signal: controller.signal })).rejects.toBe(reason);
    const source = new RecordingSource(bytes);
    const later = new AbortController();
    const recording = await openRecording(source);
    source.onRead = () => later.abort(reason);
    await expect(loadTable(recording, { signal: later.signal })).rejects.toBe(reason);
    const opening = new AbortController();
    source.onRead = (count) => {
      if (count > source.reads.length - 1) opening.abort(reason);
    };
    await expect(openRecording(source, { signal: opening.signal })).rejects.toBe(reason);
  });

  it("report a source that breaks its contract", async () => {
    const source = new RecordingSource(bytes);
    const recording = await openRecording(source);
    const broken = { ...source, byteLength: bytes.byteLength, read: async () => new Uint8Array(3) };
    const error = await loadTable(broken).catch((caught) => caught);
    expect(isEventError(error, "source-too-short"), String(error)).toBe(true);
    source.onRead = () => {
      throw new Error("unplugged");
    };
    const failing = await loadTable(recording).catch((caught) => caught);
    expect(isEventError(failing, "source-unreadable")).toBe(true);
    expect(failing.message).toContain("unplugged");
  });
});

describe("a sample of a large file", () => {
  const count = 5_500_000; // 71.5 MB

  it("is taken from rows of eight places", async () => {
    const events = someEvents(count);
    const bytes = ipcOf(tableOf([plainBatch(events)], METADATA), "file");
    const source = new RecordingSource(bytes);
    const sampled = await sampleStatistics(source);
    const whole = await loadStatistics(bytes);
    expect(sampled.estimated).toBe(true);
    expect(sampled.events).toBe(count);
    expect(Math.abs(sampled.on - whole.on)).toBeLessThan(count / 1000);
    expect(sampled).toMatchObject({
      firstTime: whole.firstTime,
      lastTime: whole.lastTime,
      durationUs: whole.durationUs,
      minX: 0,
      maxX: 639,
      minY: 0,
      maxY: 479,
    });
    const read = source.reads.reduce((total, { length }) => total + length, 0);
    expect(read).toBeLessThan(12 * 1024 * 1024);
    const rebased = await sampleStatistics(bytes, { rebase: true });
    expect(rebased).toMatchObject({ firstTime: 0, durationUs: whole.durationUs });
  });
});
