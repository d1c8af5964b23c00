/** Bad HDF5 files: which error, and what it says. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { afterEach, describe, expect, it, vi } from "vitest";
import { formatReport, loadTable, openRecording, reportOf } from "../../../src/index.ts";
import { type TestGroup, types, writeHdf5 } from "../../support/hdf5-writer.ts";
import {
  type Column,
  columnDataset,
  columnGroup,
  matrixDataset,
  recordDataset,
  scalarDataset,
} from "./event-files.ts";
import { madeByLibrary } from "./files.ts";
import { errorOf, loaded, storedChunks } from "./loads.ts";

/** Three sound events. */
const GOOD: Readonly<Record<"x" | "y" | "t" | "p", Column>> = {
  x: ["u2", [1, 2, 3]],
  y: ["u2", [4, 5, 6]],
  t: ["i8", [7, 8, 9]],
  p: ["u1", [0, 1, 0]],
};

/** A file of such events, some columns changed. */
const fileWith = (changed: Partial<Record<string, Column>> = {}): Uint8Array<ArrayBuffer> =>
  writeHdf5({ events: columnGroup({ ...GOOD, ...changed } as Record<string, Column>) });

const ofColumns = (...values: number[][]): TestGroup => ({ events: matrixDataset("f8", values) });

function sample(name: string): Uint8Array<ArrayBuffer> {
  const url = new URL(`../../../data-samples/falling-bar.${name}`, import.meta.url);
  return Uint8Array.from(readFileSync(fileURLToPath(url)));
}

afterEach(() => {
  vi.restoreAllMocks();
});

describe("a row that holds no event", () => {
  const NUMBER = "x as a whole number from 0 to 65535";
  const TIME = "t in 64 bits of microseconds";
  const POLARITY = "polarity as 0, 1 or -1";
  const INFINITE = Number.POSITIVE_INFINITY;

  it.each<
    [name: string, changed: Record<string, Column>, row: number, expected: string, found: string]
  >([
    ["a negative x", { x: ["i2", [1, -2, 3]] }, 1, NUMBER, "-2"],
    ["an x beyond 16 bits", { x: ["i4", [1, 2, 65_536]] }, 2, NUMBER, "65536"],
    ["an x beyond 32 bits", { x: ["u8", [2n ** 32n, 2, 3]] }, 0, NUMBER, "4294967296"],
    [
      "an x beyond 63 bits",
      { x: ["u8", [1, 2, 2n ** 64n - 1n]] },
      2,
      NUMBER,
      "18446744073709551615",
    ],
    ["an x that is no whole number", { x: ["f4", [1, 2.5, 3]] }, 1, NUMBER, "2.5"],
    ["an x that is no number", { x: ["f8", [1, Number.NaN, 3]] }, 1, NUMBER, "NaN"],
    ["a time that is no number", { t: ["f8", [0.1, Number.NaN, 3]] }, 1, TIME, "NaN s"],
    ["a first time that is no number", { t: ["f8", [Number.NaN, 0.1, 3]] }, 0, TIME, "NaN s"],
    ["an infinite time", { t: ["f4", [0.5, 1, INFINITE]] }, 2, TIME, "Infinity s"],
    [
      "a time that is infinitely long ago",
      { t: ["f8", [-INFINITE, 0.5, 1]] },
      0,
      TIME,
      "-Infinity s",
    ],
    ["a time beyond 64 bits", { t: ["f8", [0.5, 1e300, 1]] }, 1, TIME, "1e+300 s"],
    [
      "a time of 64 bits and no sign",
      { t: ["u8", [1n, 2n ** 63n, 2n]] },
      1,
      TIME,
      "9223372036854775808",
    ],
    ["the polarity 2", { p: ["i1", [1, 2, 0]] }, 1, POLARITY, "2"],
    ["the polarity 255", { p: ["u1", [255, 1, 0]] }, 0, POLARITY, "255"],
    ["the polarity -2", { p: ["i8", [1, 0, -2n]] }, 2, POLARITY, "-2"],
    ["the polarity 0.5", { p: ["f4", [1, 0, 0.5]] }, 2, POLARITY, "0.5"],
    ["a polarity that is no number", { p: ["f8", [1, Number.NaN, 0]] }, 1, POLARITY, "NaN"],
  ])("%s", async (_, changed, row, expected, found) => {
    const bytes = fileWith(changed);
    const error = await errorOf(bytes, "malformed-row");
    expect(error).toMatchObject({ row, expected, found, format: "hdf5" });
    const [column] = Object.keys(changed);
    expect(error.message).toBe(
      `a row of /events/${column} holds no event (row ${row}): expected ${expected}, found ${found}. ` +
        'Load with `onMalformed: "skip"` to count such rows and read the rest.',
    );
    const { columns, report } = await loaded(bytes, { onMalformed: "skip" });
    expect(report).toMatchObject({
      events: 2,
      malformedLines: 1,
      firstRow: { malformedLine: row },
    });
    const others = [1, 2, 3].filter((_, index) => index !== row);
    if (column !== "x") expect([...columns.x]).toEqual(others);
    expect(formatReport(report)).toContain(`1 row skipped: it is no event, first at row ${row}`);
    const strict = await errorOf(bytes, "data-loss", { onMalformed: "skip", strict: true });
    expect(strict).toMatchObject({ row, byteOffset: undefined });
    expect(strict.message).toContain(`a row that is no event (row ${row})`);
  });

  it("is named by its records or matrix", async () => {
    const records = recordDataset({
      x: ["u2", [1]],
      y: ["u2", [1]],
      p: ["i2", [3]],
      t: ["i8", [1]],
    });
    const openeb = await errorOf(writeHdf5({ CD: { events: records } }), "malformed-row");
    expect(openeb.message).toContain("a row of /CD/events holds no event (row 0)");
    const left = ofColumns([1, 2], [3, 4], [0.5, Number.NaN], [1, -1]);
    const mvsec = await errorOf(writeHdf5({ davis: { left } }), "malformed-row");
    expect(mvsec.message).toContain("a row of /davis/left/events holds no event (row 1)");
  });

  it("counts pixels from where the file does", async () => {
    const TD = columnGroup({
      x: ["f8", [1, 65_536, 0]],
      y: ["f8", [1, 1, 1]],
      ts: ["f8", [1, 2, 3]],
      p: ["f8", [1, 1, 1]],
    });
    const error = await errorOf(writeHdf5({ TD }), "malformed-row");
    expect(error).toMatchObject({ row: 2, expected: "x as a whole number from 1 to 65536" });
  });

  it("may be so by its unit or an offset", async () => {
    const large = fileWith({ t: ["i8", [1n, 2n ** 62n, 2n]] });
    const seconds = await errorOf(large, "malformed-row", { hdf5: { timeUnit: "s" } });
    expect(seconds).toMatchObject({ row: 1, expected: TIME, found: `${2n ** 62n} s` });
    const dsec = {
      ms_to_idx: columnDataset(["u8", [0]]),
      t_offset: scalarDataset("i8", 2n ** 62n),
    };
    const times: Column = ["i8", [1n, 2n ** 62n, 2n]];
    const file = writeHdf5({ events: columnGroup({ ...GOOD, t: times }), ...dsec });
    const offset = await errorOf(file, "malformed-row");
    expect(offset).toMatchObject({ row: 1, expected: `${TIME}, ${2n ** 62n} added` });
    const { columns } = await loaded(file, { onMalformed: "skip" });
    expect([...columns.t]).toEqual([2n ** 62n + 1n, 2n ** 62n + 2n]);
  });

  it("is the first one, whatever comes behind it and in which column", async () => {
    const rows = 3000;
    const list = (value: number, at: number, odd: number): number[] =>
      Array.from({ length: rows }, (_, row) => (row === at ? odd : value));
    const bytes = writeHdf5({
      events: columnGroup(
        {
          x: ["i4", list(1, 2900, -1)],
          y: ["i4", list(1, 2100, -1)],
          t: ["f8", list(0.5, 2500, Number.NaN)],
          p: ["i1", list(1, 2101, 5)],
        },
        { chunkRows: 1000 },
      ),
    });
    expect(await errorOf(bytes, "malformed-row")).toMatchObject({ row: 2100, found: "-1" });
    const recording = await openRecording(bytes);
    const sizes: number[] = [];
    const all = async (): Promise<void> => {
      for await (const batch of recording.stream({ batchEvents: 700 })) sizes.push(batch.numRows);
    };
    await expect(all()).rejects.toMatchObject({ code: "malformed-row", row: 2100 });
    expect(sizes).toEqual([700, 700, 700]);
    const { report } = await loaded(bytes, { onMalformed: "skip" });
    expect(report).toMatchObject({ events: rows - 4, malformedLines: 4 });
    expect(formatReport(report)).toEqual(["4 rows skipped: they are no events, first at row 2100"]);
  });

  it("is no row off a known sensor", async () => {
    const x: Column = ["i4", [1, 700, 65_536]];
    const events = { ...columnGroup({ ...GOOD, x }) };
    const sides = { width: scalarDataset("i8", 640), height: scalarDataset("i8", 480) };
    const bytes = writeHdf5({ events: { ...events, ...sides } });
    expect(await errorOf(bytes, "malformed-row")).toMatchObject({ row: 2, found: "65536" });
    const { report } = await loaded(bytes, { onMalformed: "skip" });
    expect(report).toMatchObject({
      geometry: { width: 640, height: 480 },
      events: 1,
      eventsOutsideGeometry: 1,
      malformedLines: 1,
      firstRow: { outsideGeometry: 1, malformedLine: 2 },
    });
    const strict = { onMalformed: "skip", strict: true } as const;
    const loss = await errorOf(bytes, "data-loss", strict);
    expect(loss).toMatchObject({ row: 1, expected: "a pixel inside 640x480" });
  });
});

describe("datasets of different lengths", () => {
  it.each<[string, Column, number, string]>([
    ["y", ["u2", [1, 2]], 2, "found 2 in /events/y"],
    ["t", ["i8", [1]], 1, "found 1 in /events/t"],
    ["p", ["u1", [1, 1, 1, 1, 1]], 3, "found 5 in /events/p"],
    ["p", ["u1", []], 0, "found 0 in /events/p"],
  ])("are refused: %s as %j", async (name, column, row, found) => {
    for (const chunkRows of [undefined, 2]) {
      const events = { ...columnGroup(GOOD), [name]: columnDataset(column, { chunkRows }) };
      const error = await errorOf(writeHdf5({ events }), "invalid-header");
      expect(error).toMatchObject({ row, expected: "3 rows, as /events/x has" });
      expect(error.message).toContain(`have different lengths (row ${row})`);
      expect(error.message).toContain(found);
    }
  });
});

describe("a file without events", () => {
  const { x, y, t, p } = GOOD;

  it.each<[name: string, root: TestGroup, found: string]>([
    ["nothing", {}, "no datasets"],
    ["empty groups", { events: {}, CD: {} }, "no datasets"],
    [
      "no polarity",
      { events: columnGroup({ x, y, t }) },
      "/events/t (integer of 64 bits, 3), /events/x (unsigned integer of 16 bits, 3), /events/y (unsigned integer of 16 bits, 3)",
    ],
    ["no time", { events: recordDataset({ x, y, p }) }, "/events (compound {x, y, p}, 3)"],
    ["a tensor", { data: columnDataset(["f4", [1, 2, 3]]) }, "/data (float of 32 bits, 3)"],
    [
      "text for numbers",
      {
        ...columnGroup({ x, y, t }),
        p: { type: types.text(2), shape: [3], data: new Uint8Array(6) },
      },
      "/p (text, 3), /t (integer of 64 bits, 3), /x (unsigned integer of 16 bits, 3), /y (unsigned integer of 16 bits, 3)",
    ],
    [
      "a matrix for a list",
      {
        ...columnGroup({ x, y, t }),
        p: matrixDataset("u1", [
          [1, 2, 3],
          [1, 2, 3],
        ]),
      },
      "/p (unsigned integer of 8 bits, 3 x 2)",
    ],
    [
      "single values",
      {
        x: scalarDataset("u2", 1),
        y: scalarDataset("u2", 1),
        t: scalarDataset("u4", 1),
        p: scalarDataset("u1", 1),
      },
      "/p (unsigned integer of 8 bits, one value)",
    ],
  ])("of %s lists what there is, and the way out", async (_, root, found) => {
    const error = await errorOf(writeHdf5(root), "unsupported-format");
    expect(error.message).toMatch(
      /^no events are recognised in this file: expected datasets of x, y, t/,
    );
    expect(error.found).toContain(found);
    expect(error.hint).toBe("Name them: `hdf5: { x, y, t, polarity }`.");
  });

  it("of many datasets lists some", async () => {
    const names = Array.from({ length: 60 }, (_, index) => [
      `image${index}`,
      scalarDataset("u1", 1),
    ]);
    const error = await errorOf(writeHdf5(Object.fromEntries(names)), "unsupported-format");
    expect(error.found?.split(", /")).toHaveLength(24);
    expect(error.found).toMatch(/, \.\.\.$/);
    expect(error.message.length).toBeLessThan(600);
  });

  it("but with zero rows everywhere is an empty table", async () => {
    const none: Column = ["u2", []];
    for (const chunkRows of [undefined, 0, 5]) {
      for (const root of [
        { events: columnGroup({ x: none, y: none, t: none, p: none }, { chunkRows }) },
        { CD: { events: recordDataset({ x: none, y: none, p: none, t: none }, { chunkRows }) } },
        { events: matrixDataset("u4", [[], [], [], []], { chunkRows }) },
        { davis: { left: { events: matrixDataset("f8", [[], [], [], []], { chunkRows }) } } },
      ]) {
        const table = await loadTable(writeHdf5(root), { strict: "assumptions" });
        expect(table.numRows).toBe(0);
        expect(table.schema.fields.map(({ name }) => name)).toEqual(["x", "y", "t", "polarity"]);
        expect(reportOf(table)).toMatchObject({ events: 0, malformedLines: 0, assumptions: [] });
      }
    }
  });
});

describe("links into other files", () => {
  const linked = (target: string, link: string) =>
    madeByLibrary((file) => {
      const group = file.create_group("events");
      for (const name of ["x", "y", "t", "p"]) {
        if (link.endsWith(`/${name}`)) continue;
        group.create_dataset({ name, data: Uint16Array.from([1, 0, 1]) });
      }
      file.create_external_link("other.h5", target, link);
    }, "latest");

  it("are not followed, and named with what they lead to", async () => {
    const bytes = await linked("/a/x", "events/x");
    const error = await errorOf(bytes, "unsupported-format");
    expect(error.found).toContain("/events/x (a link to other.h5:/a/x)");
    expect(error.hint).toMatch(/^Links into other files are not followed: open the file/);
    const columns = { x: "/events/x", y: "/events/y", t: "/events/t", polarity: "/events/p" };
    const named = await errorOf(bytes, "unsupported-format", { hdf5: columns });
    expect(named).toMatchObject({ found: "/events/x (a link to other.h5:/a/x)" });
    expect(named.message).toContain("hdf5.x names a link into another file");
  });

  it("may be groups on the way to a column", async () => {
    const bytes = await linked("/", "camera");
    for (const x of ["/camera/x", "/camera.x", "/camera[0]", "camera"]) {
      const hdf5 = { x, y: "/events/y", t: "/events/t", polarity: "/events/p" };
      const error = await errorOf(bytes, "unsupported-format", { hdf5 });
      expect(error.found).toBe("/camera (a link to other.h5:/)");
    }
    const other = { x: "/cameras/x", y: "/events/y", t: "/events/t", polarity: "/events/p" };
    await errorOf(bytes, "invalid-option", { hdf5: other });
    expect((await loaded(bytes)).report.events).toBe(3);
  });
});

describe("several event streams", () => {
  const camera = (t: bigint): TestGroup => columnGroup({ ...GOOD, t: ["i8", [t, t, t]] });
  const stereo = writeHdf5({ prophesee: { left: camera(1n), right: camera(2n) } });
  const others = writeHdf5({ a: camera(1n), b: { c: camera(2n) }, d: recordDataset(GOOD) });

  it("are listed, and one is to be chosen", async () => {
    const error = await errorOf(stereo, "stream-ambiguous");
    expect(error.message).toBe(
      "the file has 2 event streams: found left (/prophesee/left), right (/prophesee/right). " +
        'Choose one, for example `stream: "left"`.',
    );
    await expect(openRecording(stereo)).rejects.toMatchObject({ code: "stream-ambiguous" });
    expect(await errorOf(others, "stream-ambiguous")).toMatchObject({ found: "/a, /d, /b/c" });
  });

  it.each([
    [stereo, "left", 1n],
    [stereo, "right", 2n],
    [stereo, "/prophesee/right", 2n],
    [stereo, "prophesee/left", 1n],
    [others, "/b/c", 2n],
    [others, "b/c", 2n],
    [others, "/d", 7n],
  ] as const)("are chosen by name or path", async (bytes, stream, t) => {
    expect((await loaded(bytes, { stream })).columns.t[0]).toBe(t);
    const recording = await openRecording(bytes, { stream });
    expect((await loadTable(recording)).get(0)?.t).toBe(t);
    expect(recording.dialect).toMatch(/, stream \S+ of \S+, /);
  });

  it("do not include one of another name", async () => {
    const error = await errorOf(stereo, "invalid-option", { stream: "middle" });
    expect(error.message).toBe(
      "the file has no such event stream: " +
        'expected left (/prophesee/left) or right (/prophesee/right), found "middle".',
    );
    const single = await errorOf(fileWith(), "invalid-option", { stream: "left" });
    expect(single).toMatchObject({ expected: "/events", found: '"left"' });
    await errorOf(stereo, "invalid-option", { stream: 1 as unknown as string });
  });

  it("need no choice where there is one", async () => {
    const bytes = writeHdf5({ prophesee: { right: camera(2n), left: { raw: camera(1n) } } });
    expect((await openRecording(bytes)).dialect).toBe("M3ED");
    for (const stream of [undefined, "right", "/prophesee/right"]) {
      expect((await loaded(bytes, { stream })).columns.t[0]).toBe(2n);
    }
  });
});

describe("a chunk that is damaged", () => {
  it.each([
    ["deflate.h5", "/events/t", "deflate (1)"],
    ["fletcher32.h5", "/events/x", "Fletcher-32 (3)"],
    ["lz4.h5", "/events/p", "LZ4 (32004)"],
    ["zstd.h5", "/events/t", "Zstandard (32015)"],
    ["dsec.h5", "/events/y", "Blosc (32001)"],
    ["m3ed.h5", "/prophesee/left/x", "LZF (32000)"],
    ["ecf.hdf5", "/CD/events", "ECF"],
    ["mvsec.hdf5", "/davis/left/events", "deflate (1)"],
    ["compound.h5", "/events", "deflate (1)"],
  ])("%s: is named by dataset, byte and row", async (name, path, filter) => {
    const printed = (["log", "warn", "error"] as const).map((way) => vi.spyOn(console, way));
    const bytes = sample(name);
    const chunks = await storedChunks(bytes, path);
    const { offset, row } = chunks[1] as (typeof chunks)[number];
    for (let at = offset; at < offset + 9; at++) bytes[at] = 0xa5 ^ (bytes[at] as number);
    const options = /^m(?:3|v)/.test(name) ? { stream: "left" } : {};
    const error = await errorOf(bytes, "damaged-data", options);
    expect(error).toMatchObject({ byteOffset: offset, row, format: "hdf5" });
    expect(error.message).toContain(`a chunk of ${path} is damaged`);
    expect(error.message).toContain(filter);
    // Rows in front of it are there.
    const recording = await openRecording(bytes, options);
    let events = 0;
    const all = async (): Promise<void> => {
      for await (const batch of recording.stream({ batchEvents: row })) events += batch.numRows;
    };
    await expect(all()).rejects.toMatchObject({ code: "damaged-data", row });
    expect(events).toBe(row);
    for (const spy of printed) expect(spy).not.toHaveBeenCalled();
  });

  it("by a plugin that prints is one that prints nothing", async () => {
    const printed = vi.spyOn(console, "log");
    const bytes = sample("lz4.h5");
    const [chunk] = await storedChunks(bytes, "/events/t");
    // Behind the header, within the block.
    for (let at = 600; at < 620; at++) bytes[(chunk?.offset ?? 0) + at] = 0xff;
    await errorOf(bytes, "damaged-data");
    expect(printed).not.toHaveBeenCalled();
  });

  it("with an unknown filter is refused by id and name", async () => {
    const x = {
      type: types.integer(2, false),
      shape: [3],
      filters: [{ id: 40_000, name: "fancy" }],
      chunks: { shape: [3], elementBytes: 2, list: [{ at: [0], bytes: new Uint8Array(6) }] },
    };
    const file = writeHdf5({ events: { ...columnGroup(GOOD), x } });
    const error = await errorOf(file, "unsupported-format");
    expect(error.message).toContain("the filter fancy (40000) is not known");
    expect(error.message).toContain("/events/x");
  });
});

describe("a file that was cut", () => {
  it.each(["deflate.h5", "e2vid.h5", "ecf.hdf5", "top-level.h5", "dsec.h5", "ebssa.mat"])(
    "%s: is an error, or complete but for what belongs to no row",
    async (name) => {
      const whole = sample(name);
      const { columns } = await loaded(whole);
      const lengths = [0, 1, 7, 8, 50, 96, 200, 600, 800, whole.length - 1];
      for (let step = 1; step < 25; step++) lengths.push(Math.floor((whole.length * step) / 25));
      for (const length of lengths) {
        const bytes = whole.slice(0, length);
        const result = await loaded(bytes).catch((error) => error);
        if (result instanceof Error) {
          expect(result).toMatchObject({
            code: expect.stringMatching(
              /^(?:empty-source|unknown-format|invalid-header|damaged-data)$/,
            ),
            byteOffset: expect.any(Number),
          });
          expect(result.message).not.toMatch(/\b(?:NaN|undefined|null|0 bytes from)\b/);
          continue;
        }
        expect(result.columns).toEqual(columns);
        expect(result.report.firstAt).toEqual({ truncated: length });
        expect(formatReport(result.report)).toEqual(["the end of the file is missing"]);
        await errorOf(bytes, "data-loss", { strict: true });
      }
    },
  );

  it("says which rows are missing", async () => {
    const whole = sample("top-level.h5");
    const chunks = await storedChunks(whole, "/p");
    const { offset, byteLength, row } = chunks[1] as (typeof chunks)[number];
    const error = await errorOf(whole.slice(0, offset + 5), "damaged-data");
    expect(error).toMatchObject({ byteOffset: offset, row });
    expect(error.message).toContain(`a chunk of /p does not lie within the file`);
    expect(error.expected).toBe(`${byteLength} bytes from there`);
  });
});

describe("a dataset that claims more rows than it has", () => {
  const CLAIMED = { type: types.integer(2, false), data: new Uint8Array(6) };
  const inChunks = {
    type: types.integer(2, false),
    chunks: { shape: [3], elementBytes: 2, list: [{ at: [0], bytes: new Uint8Array(6) }] },
  };

  it.each([2 ** 33, 2 ** 50, 2 ** 60])("%d rows", async (rows) => {
    for (const storage of [CLAIMED, inChunks]) {
      const claim = { ...storage, shape: [rows] };
      const before = process.memoryUsage().arrayBuffers;
      const alone = await errorOf(
        writeHdf5({ events: { ...columnGroup(GOOD), x: claim } }),
        "invalid-header",
      );
      expect(alone.message).toContain("/events/x");
      const together = { x: claim, y: claim, t: claim, p: claim };
      const error = await errorOf(writeHdf5({ events: together }), "invalid-header");
      expect(error.message).toContain("/events/x");
      expect(error.byteOffset).toBeGreaterThan(0);
      expect(error.row).toBe(rows < 2 ** 53 ? 3 : Number.MAX_SAFE_INTEGER);
      expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(2 ** 26);
    }
  });

  it("of records and of matrices", async () => {
    const records = recordDataset({ x: GOOD.x, y: GOOD.y, p: GOOD.p, t: GOOD.t });
    for (const rows of [2 ** 40, 2 ** 60]) {
      const CD = { events: { ...records, shape: [rows] } };
      const error = await errorOf(writeHdf5({ CD }), "invalid-header");
      expect(error.message).toContain("/CD/events");
      const matrix = { ...matrixDataset("u4", [[1], [1], [1], [1]]), shape: [rows, 4] };
      const v2e = await errorOf(writeHdf5({ events: matrix }), "invalid-header");
      expect(v2e.message).toContain("/events");
    }
  });
});

describe("two geometries", () => {
  it("are a conflict that the caller ends", async () => {
    const sides = { width: scalarDataset("i8", 5), height: scalarDataset("i8", 7) };
    const root = { events: { ...columnGroup(GOOD), ...sides } };
    const bytes = writeHdf5(root, { attributes: { width: 6, height: 7 } });
    const error = await errorOf(bytes, "geometry-conflict");
    expect(error.message).toContain("expected 5x7");
    expect(error.message).toContain("found 6x7 in the attributes width and height of /");
    const geometry = { width: 10, height: 10 };
    expect((await loaded(bytes, { geometry })).report).toMatchObject({ geometry, events: 3 });
  });

  it("are none where width and height are columns of their own", async () => {
    const sizes: Column = ["u2", [20, 30, 40]];
    const bytes = fileWith({ width: sizes, height: sizes });
    expect((await loaded(bytes)).report).toMatchObject({ geometry: null, events: 3 });
  });
});
