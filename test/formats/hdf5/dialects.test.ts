/** Every layout of the field, against a reader that was written from the tables of layouts. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { digestEvents, loadTable, openRecording } from "../../../src/node.ts";
import { gzipMember } from "../../support/compressed.ts";
import {
  columnsOf,
  expectSameColumns,
  type PlainColumns,
  triggersOf,
} from "../../support/expected-load.ts";
import { type TestGroup, writeHdf5 } from "../../support/hdf5-writer.ts";
import { streamed } from "../../support/loads.ts";
import { itWithSharedData, sharedFile } from "../../support/shared-data.ts";
import {
  type Column,
  columnGroup,
  type EventFile,
  eventFiles,
  LAYOUTS,
  matrixDataset,
  recordDataset,
} from "./event-files.ts";
import { errorOf, expectedRows, loaded, referenceOf, SOAK } from "./loads.ts";

const samples = fileURLToPath(new URL("../../../data-samples", import.meta.url));

/** What stands in front of what `openRecording` says of a layout. */
const NAMES: Readonly<Record<string, RegExp>> = {
  "openeb.h5": /^Metavision$/,
  "ecf.hdf5": /^Metavision$/,
  "dsec.h5": /^DSEC$/,
  "tum-vie.h5": /^TUM-VIE/,
  "jaer.h5": /^TUM-VIE, or DSEC without offset$/,
  "rvt.h5": /^RVT$/,
  "m3ed.h5": /^M3ED, stream left of left, right$/,
  "mvsec.hdf5": /^MVSEC, stream left of left, right$/,
  "e2vid.h5": /^E2VID$/,
  "e2vid-old.h5": /^E2VID, older$/,
  "v2e.h5": /^v2e$/,
  "ebssa.mat": /^EBSSA$/,
  "top-level.h5": /x,y,t,p/,
  "spellings.h5": /^\/events with x,y,timestamp,polarity$/,
  "compound.h5": /^\/events with x,y,t,p$/,
  "deflate.h5": /^\/events with x,y,t,p$/,
  "fletcher32.h5": /^\/events with x,y,t,p$/,
  "lz4.h5": /^\/events with x,y,t,p$/,
  "zstd.h5": /^\/events with x,y,t,p$/,
};

/** The same events from every kind of source, and in batches of several sizes. */
async function expectFromAnywhere(
  path: string,
  options: { stream?: string },
  expected: PlainColumns,
  batchSizes: readonly number[],
): Promise<void> {
  const bytes = readFileSync(path).slice();
  const zipped = gzipMember(bytes, { level: 1 });
  for (const source of [bytes, new Blob([bytes]), zipped]) {
    expectSameColumns(columnsOf(await loadTable(source, options)), expected);
  }
  for (const batchEvents of batchSizes) {
    const recording = await openRecording(path, options);
    const { columns } = await streamed(recording.stream({ batchEvents, batches: "borrowed" }));
    await recording.close();
    expectSameColumns(columns, expected);
  }
}

describe("samples", () => {
  const files = readdirSync(samples).filter((name) => /\.(?:h5|hdf5|mat)$/.test(name));

  it("are there of every layout", () => {
    const known = Object.keys(NAMES).map((name) => `falling-bar.${name}`);
    expect(files.toSorted()).toEqual(known.toSorted());
  });

  it.each(files)("%s", async (name) => {
    const path = join(samples, name);
    const { options = {}, geometry } = JSON.parse(readFileSync(`${path}.json`, "utf8"));
    const recording = await openRecording(path, options);
    expect(recording.dialect).toMatch(NAMES[name.replace("falling-bar.", "")] ?? /^$/);
    expect(recording.geometry).toEqual(geometry);
    expect(recording.report.assumptions).toEqual([]);
    await recording.close();
    const { columns } = await expectedRows(readFileSync(path), options);
    await expectFromAnywhere(path, options, columns, [77, 3928]);
  });
});

describe("real files", () => {
  for (const name of ["dsec", "rvt", "e2vid", "v2e", "m3ed", "cd_plain", "toplevel"]) {
    itWithSharedData(name, `hdf5/${name}.h5`, async (path, expected) => {
      const { events, on, digest } = expected;
      expect(await digestEvents(path)).toEqual({ events, on, digest });
      const { columns, report } = await loaded(path);
      const row = (at: number) =>
        [columns.t, columns.x, columns.y, columns.polarity].map((column) => Number(column.at(at)));
      expect([row(0), row(-1)]).toEqual([expected.first, expected.last]);
      const [width, height] = expected.geometry ?? [];
      expect(report.geometry).toEqual(width === undefined ? null : { width, height });
      expect(report.assumptions).toEqual([]);
      const reference = await expectedRows(readFileSync(path));
      expect(report).toMatchObject(reference.report);
      await expectFromAnywhere(path, {}, reference.columns, [4099]);
    });
  }

  itWithSharedData("openeb, with ECF", "hdf5/openeb_ecf.hdf5", async (path, expected) => {
    const { events, on, digest } = expected;
    expect(await digestEvents(path)).toEqual({ events, on, digest });
    const reference = await expectedRows(readFileSync(path));
    const { columns, report } = await loaded(path);
    expectSameColumns(columns, reference.columns);
    expect(report).toMatchObject(reference.report);
    expect(report.geometry).toEqual({ width: 1280, height: 720 });
    await expectFromAnywhere(path, {}, reference.columns, [16_385]);
  });

  itWithSharedData("MVSEC, within a microsecond", "hdf5/mvsec.h5", async (path, expected) => {
    const { columns, report } = await loaded(path);
    expect(report).toMatchObject({ events: expected.events, assumptions: [] });
    // The same events are in a file with whole microseconds.
    const exact = await loaded(sharedFile("hdf5/v2e.h5") as string);
    const start = BigInt(expected.first?.[0] ?? 0);
    const tolerance = expected.time_tolerance_us ?? 0;
    for (const [row, t] of columns.t.entries()) {
      const difference = t - start - (exact.columns.t[row] as bigint);
      if (Math.abs(Number(difference)) > tolerance) throw new Error(`row ${row}: ${t}`);
    }
    expectSameColumns({ ...columns, t: exact.columns.t }, exact.columns);
    expect(Number(columns.t.at(-1))).toBeCloseTo(expected.last?.[0] ?? 0, -0.3);
    expectSameColumns(columns, (await expectedRows(readFileSync(path))).columns);
  });
});

describe("files of no known layout", () => {
  const X: Column = ["u2", [1, 3, 2]];
  const Y: Column = ["u2", [4, 60, 5]];
  const T: Column = ["i8", [700n, 800n, 900n]];
  const P: Column = ["i1", [1, -1, 1]];
  const junk: Column = ["f4", [0.5, 0.5, 0.5]];

  async function expectFound(root: TestGroup, dialect: RegExp, assumed: string[] = []) {
    const bytes = writeHdf5(root);
    const { columns, report } = await loaded(bytes);
    expect([[...columns.x], [...columns.y]]).toEqual([X[1], Y[1]]);
    expect([[...columns.t], [...columns.polarity]]).toEqual([T[1], [1, 0, 1]]);
    expect(report.assumptions.map(({ what, value }) => `${what} ${value}`)).toEqual(assumed);
    expect((await openRecording(bytes)).dialect).toMatch(dialect);
  }

  it.each([
    ["x", "y", "t", "p"],
    ["xs", "ys", "ts", "ps"],
    ["col", "row", "time", "on"],
    ["column", "row", "timestamps", "polarities"],
    ["X", "Y", "Timestamp", "Polarity"],
    ["x", "y", "t_us", "pol"],
    ["x", "y", "time (us)", "p"],
  ])("are told by names: %s, %s, %s, %s", async (x, y, t, p) => {
    const columns = { [x]: X, [y]: Y, [t]: T, [p]: P };
    const group = columnGroup({ ...columns, note: junk });
    const named = new RegExp(`with ${[x, y, t, p].join(",").replace(/[()]/g, ".")}$`);
    await expectFound({ camera: { data: group } }, named);
    await expectFound(group, named);
    const records = recordDataset({ note: junk, [p]: P, [t]: T, [y]: Y, [x]: X });
    await expectFound({ some: { records } }, named);
  });

  it("take the plainest of several names", async () => {
    const group = columnGroup({ x: X, y: Y, t: T, p: P, xs: junk, ts: junk, polarity: junk });
    await expectFound({ group }, /^\/group with x,y,t,p$/);
  });

  it("may be matrices, whose order follows from their values", async () => {
    const [x, y, t, p] = [X, Y, T, P].map((column) => column[1].map(Number)) as number[][];
    const txyp = matrixDataset("f8", [t, x, y, p] as number[][]);
    const assumed = ["columns t,x,y,polarity", "timeUnit us"];
    await expectFound(
      { a: { events: txyp } },
      /^\/a\/events with columns t,x,y,polarity$/,
      assumed,
    );
    const xytp = matrixDataset("i4", [x, y, t, p] as number[][]);
    const order = ["columns x,y,t,polarity"];
    await expectFound({ left_events: xytp }, /with columns x,y,t,polarity$/, order);
    // Any of both orders would do.
    const rising = matrixDataset("i4", [
      [1, 2],
      [1, 2],
      [1, 2],
      [1, 1],
    ]);
    const error = await errorOf(writeHdf5({ a: { events: rising } }), "unsupported-format");
    expect(error.found).toBe("/a/events (integer of 32 bits, 2 x 4)");
  });
});

describe.each(Object.keys(LAYOUTS))("files of any rows: %s", (dialect) => {
  async function expectAsReference(
    { bytes, options: told }: EventFile,
    batchEvents: number,
    rebase: boolean,
  ): Promise<void> {
    const options = { ...told, onMalformed: "skip", rebase } as const;
    const expected = await expectedRows(bytes, options);
    if (!Number.isSafeInteger(expected.report.timeOffset)) {
      await expect(loadTable(bytes, options)).rejects.toMatchObject({ code: "unsafe-time" });
      return;
    }
    const { columns, report } = await loaded(bytes, options);
    expect(report).toMatchObject(expected.report);
    expectSameColumns(columns, expected.columns);
    const recording = await openRecording(bytes, options);
    const batches = await streamed(recording.stream({ ...options, batchEvents }));
    expectSameColumns(batches.columns, expected.columns);
    expect(batches.sizes.slice(0, -1).every((size) => size === batchEvents)).toBe(true);
    if (rebase) return;
    const { triggers } = await referenceOf(bytes, options);
    expect(triggersOf(await recording.triggers())).toEqual({
      t: triggers.map(({ t }) => t),
      id: triggers.map(({ id }) => id),
      value: triggers.map(({ value }) => value),
    });
  }

  it(
    "are read as the reference does, in batches of any size",
    async () => {
      const sizes = fc.integer({ min: 1, max: 45 });
      await fc.assert(
        fc.asyncProperty(eventFiles(dialect), sizes, fc.boolean(), expectAsReference),
        { numRuns: 6 * SOAK },
      );
    },
    60_000 * SOAK,
  );
});
