import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import pl from "nodejs-polars";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createArrowWriter } from "../../../src/formats/arrow/writer.ts";
import {
  digestEvents,
  type EventTable,
  loadEvents,
  loadStatistics,
  loadTable,
  openRecording,
  reportOf,
} from "../../../src/node.ts";
import {
  columnsOf,
  expectSameColumns,
  joinColumns,
  SOME_REASON,
} from "../../support/expected-load.ts";
import { streamed } from "../../support/loads.ts";
import { itWithSharedData } from "../../support/shared-data.ts";
import { SOAK } from "../../support/soak.ts";
import { PieceSource, streamOf } from "../../support/sources.ts";
import { anyEvents, cut, ipcOf, KINDS, loaded, plainBatch, someEvents, tableOf } from "./tables.ts";

const sample = fileURLToPath(new URL("../../../data-samples/moving-bar.evt2.raw", import.meta.url));
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "evarrow-arrow-"));
});

afterAll(() => rmSync(folder, { recursive: true }));

/** The bytes that our writer makes of a table. */
function written(table: EventTable): Uint8Array<ArrayBuffer> {
  const writer = createArrowWriter(table.schema);
  const parts = table.batches.flatMap((batch) => writer.write(batch));
  return new Uint8Array(Buffer.concat([...parts, ...writer.finish()]));
}

/** The same table as every kind of Arrow file. */
function allKinds(table: EventTable): [name: string, bytes: Uint8Array<ArrayBuffer>][] {
  return [
    ...KINDS.map((kind) => [kind, ipcOf(table, kind)] as [string, Uint8Array<ArrayBuffer>]),
    ["our writer", written(table)],
  ];
}

describe("a table that was written", () => {
  it("is read with the same columns and metadata", async () => {
    for (const options of [{}, { rebase: true }, { polarityEncoding: "zero-one" as const }]) {
      const table = await loadTable(readFileSync(sample), options);
      for (const [name, bytes] of allKinds(table)) {
        const back = await loadTable(bytes);
        expectSameColumns(columnsOf(back), columnsOf(table));
        expect([name, ...back.schema.metadata]).toEqual([name, ...table.schema.metadata]);
        expect(reportOf(back)).toEqual({
          ...reportOf(table),
          format: "arrow",
          originalFormat: "evt2",
          triggers: 0,
          skippedWords: {},
          bytesRead: bytes.byteLength,
          firstRow: {},
          modeReason: SOME_REASON,
        });
      }
    }
  });

  it("has the digest of the recording", async () => {
    const expected = await digestEvents(sample);
    for (const [name, bytes] of allKinds(await loadTable(sample))) {
      expect([name, await digestEvents(bytes)]).toEqual([name, expected]);
    }
  });

  for (const file of ["evt2_sample.raw", "evt3_sample.raw"]) {
    itWithSharedData(`has the digest of ${file}`, file, async (path, { events, on, digest }) => {
      const recording = await openRecording(path);
      const table = await recording.stream({ batchEvents: 50_000 }).toTable();
      await recording.close();
      for (const [name, bytes] of allKinds(table)) {
        expect([name, await digestEvents(bytes)]).toEqual([name, { events, on, digest }]);
      }
    });
  }

  it("keeps the time it was rebased by", async () => {
    const table = await loadTable(sample, { rebase: true });
    const { timeOffset } = reportOf(table);
    expect(timeOffset).toBe(24);
    const back = await loaded(written(table));
    expect(back.report.timeOffset).toBe(24);
    const later = await loaded(
      ipcOf(tableOf([plainBatch(someEvents(4))], { "evarrow.timeOffset": "-7" }), "file"),
      {
        rebase: true,
      },
    );
    expect(later.report.timeOffset).toBe(993);
    expect(later.columns.t[0]).toBe(0n);
  });
});

describe("events in batches of any sizes", () => {
  const sizes = fc.array(fc.integer({ min: 0, max: 700 }), { maxLength: 12 });
  const kinds = fc.constantFrom(...KINDS);

  it("are loaded whole, in chunks, from pieces and by Polars alike", async () => {
    await fc.assert(
      fc.asyncProperty(
        anyEvents,
        sizes,
        kinds,
        fc.integer({ min: 1, max: 2000 }),
        async (events, lengths, kind, number) => {
          const bytes = ipcOf(tableOf(cut(events, lengths).map(plainBatch)), kind);
          const { columns, report } = await loaded(bytes);
          expectSameColumns(columns, events);
          expect(report.mode).toBe("direct");

          const recording = await openRecording(bytes);
          for (const batches of ["owned", "borrowed"] as const) {
            const parts = await streamed(recording.stream({ batches, batchEvents: number }));
            expectSameColumns(parts.columns, events);
            const full = parts.sizes.slice(0, -1);
            if (batches === "owned") expect(full.every((size) => size === number)).toBe(true);
          }

          const pieces = await loaded(new PieceSource(bytes, () => number));
          expectSameColumns(pieces.columns, events);
          expect(pieces.report).toEqual(report);
          expectSameColumns((await loaded(new Blob([bytes]))).columns, events);
        },
      ),
      { numRuns: 25 * SOAK },
    );
  });

  it("of a pipe that are put aside can be read twice", async () => {
    const bytes = ipcOf(tableOf([plainBatch(someEvents(500))]), "stream");
    const recording = await openRecording(streamOf(bytes, 100).stream);
    expect(recording.byteLength).toBe(bytes.byteLength);
    expect((await loadStatistics(recording)).events).toBe(500);
    expect((await loadStatistics(recording)).events).toBe(500);
    await recording.close();
    await expect(loadStatistics(recording)).rejects.toMatchObject({ code: "source-unreadable" });
  });

  it("are read by several passes at once", async () => {
    const events = someEvents(20_000);
    const lengths = Array.from({ length: 19 }, () => 1000);
    const path = join(folder, "many.arrow");
    writeFileSync(path, ipcOf(tableOf(cut(events, lengths).map(plainBatch)), "file"));
    const recording = await openRecording(path);
    const passes = [300, 7000, 1, 999].map((batchEvents) =>
      streamed(recording.stream({ batchEvents: Math.max(batchEvents, 50) })),
    );
    for (const { columns } of await Promise.all(passes)) expectSameColumns(columns, events);
    await recording.close();
  });

  it("larger than a tile are read part by part", async () => {
    const events = someEvents(1_050_000);
    for (const lengths of [[], [999_999, 2], [100_000, 0, 1, 400_000]]) {
      const bytes = ipcOf(tableOf(cut(events, lengths).map(plainBatch)), "file");
      const { columns } = await loaded(bytes);
      expectSameColumns(columns, events);
      const recording = await openRecording(bytes);
      const { sizes, columns: borrowed } = await streamed(
        recording.stream({ batches: "borrowed" }),
      );
      expect(sizes).toEqual([1_000_000, 50_000]);
      expectSameColumns(borrowed, events);
    }
  });
});

describe("Polars", () => {
  it("writes what we read, and reads what we write", async () => {
    const table = await loadTable(sample);
    const path = join(folder, "written.ipc");
    writeFileSync(path, written(table));
    const frame = pl.readIPC(path);
    expect(frame.columns).toEqual(["x", "y", "t", "polarity"]);
    expect(frame.dtypes.map(String)).toEqual(
      ["UInt16", "UInt16", "Int64", "Int8"].map((name) => `DataType(${name})`),
    );
    expect(frame.height).toBe(table.numRows);

    const again = join(folder, "again.ipc");
    frame.writeIPC(again);
    expectSameColumns(
      (await loaded(again, { polarityEncoding: "minus-one-one" })).columns,
      columnsOf(table),
    );
  });

  it("gets a frame of an Arrow file", async () => {
    const bytes = ipcOf(tableOf(cut(someEvents(1000), [100, 300]).map(plainBatch)), "stream");
    const frame = await loadEvents(bytes);
    expect(frame.height).toBe(1000);
    expect(frame.getColumn("polarity").min()).toBe(0);
    expect(reportOf(frame).format).toBe("arrow");
  });

  it("writes columns of texts and lists in front of ours", async () => {
    const events = someEvents(300);
    const frame = pl.DataFrame({
      note: Array.from({ length: 300 }, (_, row) => `a note of more than twelve letters, ${row}`),
      x: pl.Series("x", Array.from(events.x), pl.UInt16),
      lists: Array.from({ length: 300 }, (_, row) => [row, row + 1]),
      y: pl.Series("y", Array.from(events.y), pl.Int32),
      short: Array.from({ length: 300 }, (_, row) => String(row)),
      t: pl.Series("t", Array.from(events.t, Number), pl.Int64),
      p: pl.Series(
        "p",
        Array.from(events.polarity, (value) => value > 0),
        pl.Bool,
      ),
      after: Array.from({ length: 300 }, (_, row) => row / 2),
    });
    const path = join(folder, "others.ipc");
    frame.writeIPC(path);
    expectSameColumns((await loaded(path)).columns, events);
  });
});

it("an empty table is a recording without events", async () => {
  const empty = someEvents(0);
  for (const batches of [[plainBatch(empty)], [plainBatch(empty), plainBatch(empty)]]) {
    for (const kind of KINDS) {
      const { columns, report } = await loaded(ipcOf(tableOf(batches), kind));
      expectSameColumns(columns, empty);
      expect(report.firstAt).toEqual({});
      expect(report.events).toBe(0);
    }
  }
  const { x, y, t, polarity } = joinColumns([]);
  const table = await loadTable(ipcOf(tableOf([plainBatch({ x, y, t, polarity })]), "file"));
  expect(table.schema.fields.map(String)).toEqual([
    "x: Uint16",
    "y: Uint16",
    "t: Int64",
    "polarity: Int8",
  ]);
  expect((await loadStatistics(ipcOf(tableOf([plainBatch(empty)]), "file"))).events).toBe(0);
});
