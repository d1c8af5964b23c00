import { describe, expect, it } from "vitest";
import {
  COLUMN_NAMES,
  type ColumnName,
  type EventSource,
  loadTable,
  openRecording,
  type PolarityEncoding,
  reportOf,
  VERSION,
} from "../../../src/index.ts";
import { off, on, recordingOf, timeHigh, trigger } from "../../support/evt2-words.ts";
import {
  columnsOf,
  expectedLoad,
  expectSameArray,
  expectSameColumns,
  triggersOf,
} from "../../support/expected-load.ts";
import { OPEN_HEADER, SENSOR } from "./loads.ts";

describe("the table", () => {
  const words = [timeHigh(100), on(1, 2, 3), trigger(2, 4, 1), off(4, 5, 6), on(9, 639, 479)];

  it("has the types of an event table, without null bitmaps", async () => {
    for (const bytes of [recordingOf(words), recordingOf([]), recordingOf([timeHigh(1)])]) {
      const { schema, batches } = await loadTable(bytes);
      expect(
        schema.fields.map(({ name, type, nullable }) => `${name} ${type} ${nullable}`),
      ).toEqual(["x Uint16 false", "y Uint16 false", "t Int64 false", "polarity Int8 false"]);
      for (const { data } of batches) {
        expect(data.nullCount).toBe(0);
        expect(data.nullBitmap?.byteLength ?? 0).toBe(0);
        for (const child of data.children) {
          expect(child.nullCount).toBe(0);
          expect(child.nullBitmap?.byteLength ?? 0).toBe(0);
        }
      }
    }
  });

  it("wraps arrays of 13 bytes an event", async () => {
    const table = await loadTable(recordingOf(words));
    const [batch] = table.batches;
    const bytes = batch?.data.children.map(({ values }) => values.byteLength);
    expect(bytes).toEqual([6, 6, 24, 3]);
  });

  it("has the facts of the recording in its metadata, all of them and no more", async () => {
    const metadata = async (source: EventSource, options = {}): Promise<object> =>
      Object.fromEntries((await loadTable(source, options)).schema.metadata);
    expect(await metadata(recordingOf(words))).toEqual({
      "evarrow.format": "evt2",
      "evarrow.geometry": "640x480",
      "evarrow.polarityEncoding": "minus-one-one",
      "evarrow.timeUnit": "us",
      "evarrow.timeOffset": "0",
      "evarrow.writerVersion": VERSION,
    });
    const file = new File([recordingOf(words, { header: OPEN_HEADER })], "bar.raw");
    expect(await metadata(file, { rebase: true, polarityEncoding: "zero-one" })).toEqual({
      "evarrow.format": "evt2",
      "evarrow.polarityEncoding": "zero-one",
      "evarrow.timeUnit": "us",
      "evarrow.timeOffset": "6401",
      "evarrow.sourceName": "bar.raw",
      "evarrow.writerVersion": VERSION,
    });
  });

  it("has the same schema for an empty recording", async () => {
    const full = await loadTable(recordingOf(words));
    for (const bytes of [recordingOf([]), recordingOf([timeHigh(1), timeHigh(2)])]) {
      const empty = await loadTable(bytes);
      expect(empty.numRows).toBe(0);
      expect(String(empty.schema)).toBe(String(full.schema));
      expect(empty.schema.metadata).toEqual(full.schema.metadata);
      expect(columnsOf(empty)).toEqual(columnsOf(await loadTable(recordingOf([]))));
      for (const name of COLUMN_NAMES) expect(empty.getChild(name)?.length).toBe(0);
    }
  });

  it("holds the columns that were asked for, in that order", async () => {
    const full = columnsOf(await loadTable(recordingOf(words)));
    const projections: ColumnName[][] = [];
    for (const a of COLUMN_NAMES) {
      projections.push([a]);
      for (const b of COLUMN_NAMES.filter((name) => name !== a)) {
        projections.push([a, b]);
        const rest = COLUMN_NAMES.filter((name) => name !== a && name !== b);
        projections.push([b, ...rest.slice(0, 1), a], [b, ...rest, a], [...rest, b, a]);
      }
    }
    for (const columns of projections) {
      const table = await loadTable(recordingOf(words), { columns });
      expect(table.schema.fields.map(({ name }) => name)).toEqual(columns);
      expect(table.numRows).toBe(3);
      for (const name of columns) {
        expectSameArray(name, columnsOf(table)[name], full[name]);
      }
    }
  });

  it("holds polarity in the encoding that was asked for", async () => {
    const polarity = async (polarityEncoding?: PolarityEncoding): Promise<number[]> => {
      const table = await loadTable(recordingOf(words), { polarityEncoding });
      expect(reportOf(table).polarityEncoding).toBe(polarityEncoding ?? "minus-one-one");
      return [...(table.getChild("polarity")?.toArray() ?? [])];
    };
    expect(await polarity()).toEqual([1, -1, 1]);
    expect(await polarity("minus-one-one")).toEqual([1, -1, 1]);
    expect(await polarity("zero-one")).toEqual([1, 0, 1]);
  });
});

describe("rebase", () => {
  it("puts the first event that is kept on 0, and triggers on the same clock", async () => {
    const words = [
      ...[timeHigh(100), trigger(1, 1, 1), on(5, 700, 1)], // dropped: outside
      ...[on(7, 1, 1), off(9, 1, 1), trigger(10, 1, 0), timeHigh(101), on(0, 2, 2)],
    ];
    const bytes = recordingOf(words);
    const table = await loadTable(bytes, { rebase: true });
    expect([...columnsOf(table).t]).toEqual([0n, 2n, 57n]);
    expect(reportOf(table).timeOffset).toBe(6407);
    const recording = await openRecording(bytes);
    const triggers = await recording.triggers({ rebase: true });
    expect(triggersOf(triggers).t).toEqual([-6n, 3n]);
    expect(triggers.schema.metadata.get("evarrow.timeOffset")).toBe("6407");
  });

  it("gives times below 0 after a step back", async () => {
    const table = await loadTable(
      recordingOf([timeHigh(2), on(0, 1, 1), timeHigh(1), on(0, 1, 1)]),
      {
        rebase: true,
      },
    );
    expect([...columnsOf(table).t]).toEqual([0n, -64n]);
    expect(reportOf(table).backwardSteps).toBe(1);
  });

  it("does nothing without events", async () => {
    const bytes = recordingOf([timeHigh(5), trigger(1, 1, 1)]);
    expect(reportOf(await loadTable(bytes, { rebase: true })).timeOffset).toBe(0);
    const recording = await openRecording(bytes);
    expect(triggersOf(await recording.triggers({ rebase: true })).t).toEqual([321n]);
  });

  it("waits for the first event over any number of tiles", async () => {
    const words = [
      ...Array.from({ length: 5000 }, (_, index) => trigger(index % 64, 1, 1)),
      on(0, 1, 1),
    ];
    const bytes = recordingOf([timeHigh(3), ...words, timeHigh(4), ...words, on(1, 1, 1)]);
    const expected = expectedLoad(bytes, { geometry: SENSOR, rebase: true });
    const table = await loadTable(bytes, { rebase: true });
    expectSameColumns(columnsOf(table), expected.columns);
    expect(reportOf(table)).toEqual(expected.report);
  });
});
