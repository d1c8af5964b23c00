/** Chunks that were never written: a recorder that died, or a file that claims what it has not. */
import { describe, expect, it } from "vitest";
import { RowReader } from "../../../src/formats/hdf5/rows/row-reader.ts";
import { EventStreamer, formatReport, loadTable, openRecording } from "../../../src/index.ts";
import { type TestDataset, type TestGroup, writeHdf5 } from "../../support/hdf5-writer.ts";
import { type Column, columnDataset, matrixDataset, recordDataset } from "./event-files.ts";
import { datasetOf, madeByLibrary, open } from "./files.ts";
import { errorOf, loaded } from "./loads.ts";

const ROWS = 80;
const CHUNK = 16;
const rows = Array.from({ length: ROWS }, (_, row) => row);
const COLUMNS: Readonly<Record<"x" | "y" | "t" | "p", Column>> = {
  x: ["u2", rows.map((row) => row + 1)],
  y: ["u2", rows.map((row) => row + 2)],
  t: ["i8", rows.map((row) => 1000 + row)],
  p: ["u1", rows.map((row) => row % 2)],
};
const STORAGE = { chunkRows: CHUNK };

/** The dataset without the chunks of these numbers, at places of their own where they are given. */
function without(
  dataset: TestDataset,
  missing: readonly number[],
  change: Partial<TestDataset> = {},
): TestDataset {
  const { chunks } = dataset;
  if (chunks === undefined) throw new Error("there are no chunks");
  const list = chunks.list.filter((_, index) => !missing.includes(index));
  return { ...dataset, ...change, chunks: { ...chunks, list } };
}

/** A file of columns, each of which lacks some chunks. */
function fileWithout(missing: Partial<Record<string, number[]>>): Uint8Array<ArrayBuffer> {
  const events = Object.entries(COLUMNS).map(([name, column]): [string, TestDataset] => {
    return [name, without(columnDataset(column, STORAGE), missing[name] ?? [])];
  });
  return writeHdf5({ events: Object.fromEntries(events) });
}

const all = (missing: number[]) => ({ x: missing, y: missing, t: missing, p: missing });
const skip = { onMalformed: "skip" } as const;

/** What a load hands over: the rows by their x, which is one more. */
async function rescued(bytes: Uint8Array<ArrayBuffer>, options = {}) {
  const { columns, report } = await loaded(bytes, { ...skip, ...options });
  return { rows: Array.from(columns.x, (x) => x - 1), columns, report };
}

describe("rows of chunks that were never written", () => {
  it.each<[string, Partial<Record<string, number[]>>, string, number, string]>([
    ["behind the others", all([3, 4]), "x", 48, "values of 48, none of rows 48 to 79"],
    ["in front of the others", all([0]), "x", 0, "values of 64, none of rows 0 to 15"],
    ["between others", all([1, 3]), "x", 16, "values of 48, none of rows 16 to 31"],
    ["everywhere", all([0, 1, 2, 3, 4]), "x", 0, "values of 0, none of rows 0 to 79"],
    ["of one column", { t: [4] }, "t", 64, "values of 64, none of rows 64 to 79"],
    ["of several columns", { p: [1], y: [2], t: [4] }, "p", 16, "none of rows 16 to 31"],
  ])("%s are an error, or left out and counted", async (_, missing, column, row, found) => {
    const bytes = fileWithout(missing);
    const error = await errorOf(bytes, "invalid-header");
    expect(error).toMatchObject({ row, format: "hdf5", byteOffset: expect.any(Number) });
    expect(error.message).toContain(`the dataset /events/${column} has fewer values than rows`);
    expect(error.found).toContain(found);
    expect(error.hint).toContain('`onMalformed: "skip"`');

    const gone = new Set(Object.values(missing).flat());
    const left = rows.filter((each) => !gone.has(Math.floor(each / CHUNK)));
    const result = await rescued(bytes);
    expect(result.rows).toEqual(left);
    expect([...result.columns.t]).toEqual(left.map((each) => BigInt(1000 + each)));
    expect(result.report).toMatchObject({
      events: left.length,
      malformedLines: ROWS - left.length,
      firstRow: { malformedLine: row },
    });
    expect(formatReport(result.report)).toEqual([
      `${ROWS - left.length} rows skipped: they are no events, first at row ${row}`,
    ]);
    const strict = await errorOf(bytes, "data-loss", { ...skip, strict: true });
    expect(strict).toMatchObject({ row });
  });

  it("come behind the events in front of them, in batches of any size", async () => {
    const bytes = fileWithout(all([3, 4]));
    for (const batchEvents of [7, 48, 1000]) {
      const recording = await openRecording(bytes);
      let events = 0;
      const read = async (): Promise<void> => {
        for await (const batch of recording.stream({ batchEvents })) events += batch.numRows;
      };
      await expect(read()).rejects.toMatchObject({ code: "invalid-header", row: 48 });
      expect(events).toBe(48);
      await recording.close();
    }
    const holes = fileWithout(all([0, 2]));
    for (const batchEvents of [5, 16, 17, 1000]) {
      const batches: number[] = [];
      const recording = await openRecording(holes, skip);
      const streamer = new EventStreamer(recording, { batchEvents });
      for await (const batch of streamer) batches.push(...(batch.getChild("x")?.toArray() ?? []));
      expect(batches.map((x) => x - 1)).toEqual(rows.filter((row) => ![0, 2].includes(row >> 4)));
      expect(streamer.report).toMatchObject({ events: 48, malformedLines: 32 });
      await recording.close();
    }
  });

  it("are a matter of each load, and of queries of what is there", async () => {
    const recording = await openRecording(fileWithout(all([1])));
    expect(recording.mostEvents()).toBe(64);
    const entry = ["rows that were never written", "16 of 80, the first is row 16"];
    expect(recording.header).toContainEqual(entry);
    await expect(loadTable(recording)).rejects.toMatchObject({ row: 16 });
    expect((await loadTable(recording, skip)).numRows).toBe(64);
    const query = recording.query(skip).time(1010, 1050);
    const table = await query.toTable();
    expect(Array.from(table.getChild("x")?.toArray() ?? [])).toEqual(
      rows.filter((row) => row >= 10 && row < 50 && row >> 4 !== 1).map((row) => row + 1),
    );
    await recording.close();
  });

  it("of records and matrices are found, too", async () => {
    const records = recordDataset(COLUMNS, STORAGE);
    const compound = writeHdf5({ events: without(records, [2]) });
    expect((await rescued(compound)).rows).toEqual(rows.filter((row) => row >> 4 !== 2));
    const values = (["x", "y", "t", "p"] as const).map((name) => COLUMNS[name][1].map(Number));
    const seconds = values.map((list, at) => (at === 2 ? list.map((t) => t + 0.5) : list));
    const davis = { left: { events: without(matrixDataset("f8", seconds, STORAGE), [0, 4]) } };
    const matrix = await rescued(writeHdf5({ davis }));
    expect(matrix.rows).toEqual(rows.slice(16, 64));
    expect(matrix.columns.t[0]).toBe(1_016_500_000n);
  });

  it("say nothing of the unit of the times, or where they begin", async () => {
    const t: Column = ["f8", rows.map((row) => 1_504_645_177 + row / 100)];
    const events = { ...COLUMNS, t };
    const group = Object.entries(events).map(([name, column]): [string, TestDataset] => {
      return [name, without(columnDataset(column, STORAGE), [0, 4])];
    });
    const {
      rows: left,
      columns,
      report,
    } = await rescued(writeHdf5({ events: Object.fromEntries(group) }));
    expect(left).toEqual(rows.slice(16, 64));
    expect(columns.t[0]).toBe(1_504_645_177_160_000n);
    expect(report.assumptions).toEqual([]);
    const ns: Column = ["i8", rows.map((row) => 1_700_000_000_000_000_000n + BigInt(row) * 1000n)];
    const inFront = { ...COLUMNS, t: ns };
    const other = Object.entries(inFront).map(([name, column]): [string, TestDataset] => {
      return [name, without(columnDataset(column, STORAGE), [0])];
    });
    const found = await rescued(writeHdf5({ events: Object.fromEntries(other) }));
    expect(found.report.assumptions).toMatchObject([{ what: "timeUnit", value: "ns" }]);
    expect(found.columns.t[0]).toBe(1_700_000_000_000_016n);
  });

  it("of triggers are an error, or left out with a word", async () => {
    const trigger: Record<string, Column> = {
      p: ["i2", rows.map((row) => row % 2)],
      t: ["i8", rows.map((row) => 1000 + row)],
      id: ["i2", rows],
    };
    const bytes = writeHdf5({
      CD: { events: recordDataset(COLUMNS, STORAGE) },
      EXT_TRIGGER: { events: without(recordDataset(trigger, STORAGE), [1, 4]) },
    });
    const error = await errorOf(bytes, "invalid-header");
    expect(error).toMatchObject({ row: 16 });
    expect(error.message).toContain("/EXT_TRIGGER/events");
    const recording = await openRecording(bytes, skip);
    const { report, rows: left } = await rescued(bytes);
    expect(left).toEqual(rows);
    expect(report).toMatchObject({
      triggers: 48,
      assumptions: [{ what: "triggers", value: "48 of 80" }],
    });
    const ids = Array.from(await recording.triggers(), ({ id }) => id);
    expect(ids).toEqual(rows.filter((row) => ![1, 4].includes(row >> 4)));
    await recording.close();
  });
});

describe("a claim of rows that nothing is stored of", () => {
  const CLAIM = 2 ** 50;
  /** One chunk of each column, at a place of its own, in datasets of 2^50 rows. */
  const claiming = (at: number): Uint8Array<ArrayBuffer> => {
    const group: TestGroup = {};
    for (const [name, [type, values]] of Object.entries(COLUMNS)) {
      const dataset = columnDataset([type, values.slice(0, CHUNK)], STORAGE);
      const { chunks } = dataset;
      const list = chunks?.list.map((chunk) => ({ ...chunk, at: [at] })) ?? [];
      group[name] = { ...dataset, shape: [CLAIM], chunks: { ...chunks, list } } as TestDataset;
    }
    return writeHdf5({ events: group });
  };

  it.each<[string, number, number]>([
    ["at the start", 0, 16],
    ["in the middle", 2 ** 49, 0],
    ["at the end", CLAIM - CHUNK, 0],
  ])("takes no time or memory: a chunk %s", async (_, at, row) => {
    const bytes = claiming(at);
    expect(await errorOf(bytes, "invalid-header")).toMatchObject({ row });
    const { rows: left, report } = await rescued(bytes);
    expect(left).toEqual(rows.slice(0, CHUNK));
    expect(report).toMatchObject({
      events: CHUNK,
      malformedLines: CLAIM - CHUNK,
      firstRow: { malformedLine: row },
    });
    for (const mode of ["direct", "chunked"] as const) {
      expect((await rescued(bytes, { mode })).rows).toHaveLength(CHUNK);
    }
    const recording = await openRecording(bytes, skip);
    expect(recording.mostEvents()).toBe(CHUNK);
    const window = recording.query(skip).time(1004, 1006);
    expect((await window.toTable()).numRows).toBe(2);
    await recording.close();
  });
});

describe("each index of chunks tells them", () => {
  const values = Uint16Array.from(rows, (row) => row + 1);
  type Shape = (number | null)[];

  /** Datasets of x, y, t and p that grew after their first rows were written, and then in part. */
  const grown = (libver: "v108" | "latest", maxshape: Shape, slices: [number, number][]) =>
    madeByLibrary((file) => {
      const group = file.create_group("events");
      for (const name of ["x", "y", "t", "p"]) {
        const data = name === "p" ? values.map((value) => value % 2) : values;
        const first = data.slice(0, CHUNK);
        const dataset = group.create_dataset({
          ...{ name, data: first, shape: [CHUNK], chunks: [4], maxshape },
        });
        dataset.resize([ROWS]);
        for (const [start, end] of slices) {
          dataset.write_slice([[start, end]], data.slice(start, end));
        }
      }
    }, libver);

  it.each<[string, "v108" | "latest", Shape]>([
    ["a B-tree of version 1", "v108", [null]],
    ["an extensible array", "latest", [null]],
    ["a fixed array", "latest", [200]],
  ])("%s", async (_, libver, maxshape) => {
    const cut = await grown(libver, maxshape, []);
    expect(await errorOf(cut, "invalid-header")).toMatchObject({ row: CHUNK });
    expect((await rescued(cut)).rows).toEqual(rows.slice(0, CHUNK));
    const holes = await grown(libver, maxshape, [
      [24, 28],
      [40, 64],
    ]);
    const there = (row: number): boolean =>
      row < 16 || (row >= 24 && row < 28) || (row >= 40 && row < 64);
    expect((await rescued(holes)).rows).toEqual(rows.filter(there));
  });

  it.each<[string, Shape]>([
    ["an extensible array", [null]],
    ["a fixed array", [200_000]],
  ])("%s of many pages", async (_, maxshape) => {
    const [count, slices] = [
      60_000,
      [
        [3000, 3010],
        [20_480, 21_000],
        [40_001, 40_003],
        [59_990, 60_000],
      ],
    ];
    const bytes = await madeByLibrary((file) => {
      const data = Uint16Array.from({ length: count }, (_, row) => row + 1);
      const first = data.slice(0, CHUNK);
      const dataset = file.create_dataset({
        ...{ name: "x", data: first, shape: [CHUNK], chunks: [2], maxshape },
      });
      dataset.resize([count]);
      for (const [start = 0, end] of slices) {
        dataset.write_slice([[start, end ?? null]], data.slice(start, end));
      }
    }, "latest");
    const file = await open(bytes);
    const reader = await RowReader.open(file, [{ dataset: await datasetOf(file, "x") }]);
    const { ranges } = await reader.written();
    expect(ranges).toEqual(
      [
        [0, CHUNK],
        [3000, 3010],
        [20_480, 21_000],
        [40_000, 40_004],
        [59_990, 60_000],
      ].map(([start, end]) => ({ start, end })),
    );
    const [values] = await reader.read(0, count);
    expect([...(values ?? [])].flatMap((value, row) => (value === row + 1 ? [row] : []))).toEqual(
      [[0, CHUNK], ...slices].flatMap(([start = 0, end = 0]) =>
        Array.from({ length: end - start }, (_, at) => start + at),
      ),
    );
  });

  it("a B-tree of version 2, of a matrix", async () => {
    const bytes = await madeByLibrary((file) => {
      const data = new Int32Array(CHUNK * 4);
      for (let row = 0; row < CHUNK; row++) data.set([70_000 + row, row + 1, 2, row % 2], row * 4);
      const dataset = file.create_dataset({
        ...{ name: "events", data, shape: [CHUNK, 4], chunks: [4, 4], maxshape: [null, null] },
      });
      dataset.resize([ROWS, 4]);
    }, "latest");
    const { layout } = await datasetOf(await open(bytes), "events");
    expect(layout).toMatchObject({ index: { kind: "btree2" } });
    expect(await errorOf(bytes, "invalid-header")).toMatchObject({ row: CHUNK });
    expect((await rescued(bytes)).rows).toEqual(rows.slice(0, CHUNK));
  });
});
