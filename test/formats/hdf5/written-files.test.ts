/** Files that the tests write byte by byte, with everything that h5wasm cannot write. */
import { describe, expect, it } from "vitest";
import { readDataset } from "../../../src/formats/hdf5/dataset-values.ts";
import { decodeEcfReference, type EcfEvent, encodeEcfReference } from "../../reference/ecf.ts";
import {
  bytes,
  cdType,
  type TestDataset,
  type TestFilter,
  types,
  writeHdf5,
} from "../../support/hdf5-writer.ts";
import { datasetOf, expectAsLibrary, expectSame, open, readColumn, readColumns } from "./files.ts";
import { bigEndian, bytesOf, chunksOf, filtered, someColumns } from "./values.ts";

const ROWS = 5000;
const { x, y, p, t } = someColumns(ROWS);
const DEFLATE: TestFilter = { id: 1, values: [4] };
const shuffle = (size: number): TestFilter => ({ id: 2, values: [size] });
const FLETCHER: TestFilter = { id: 3 };
const LZF: TestFilter = { id: 32000, name: "lzf" };

/** A column in chunks with filters; chunk `index` leaves out those of `maskOf`. */
function chunked(
  values: ArrayBufferView & { BYTES_PER_ELEMENT: number },
  filters: TestFilter[],
  rows = 700,
  maskOf: (index: number) => number = () => 0,
): TestDataset {
  const size = values.BYTES_PER_ELEMENT;
  const isSigned = values instanceof BigInt64Array || values instanceof Int8Array;
  // The library's LZF believes what it was told of the size of a chunk.
  const told = filters.map((filter) => {
    return filter.id === LZF.id ? { ...LZF, values: [4, 261, rows * size] } : filter;
  });
  const list = chunksOf(bytesOf(values), size, rows, (chunk, index) => {
    const mask = maskOf(index);
    return { bytes: filtered(chunk, filters, size, mask), mask };
  });
  const type = types.integer(size, isSigned);
  return {
    type,
    shape: [values.byteLength / size],
    chunks: { shape: [rows], list, elementBytes: size },
    ...(told.length > 0 && { filters: told }),
  };
}

describe("filters", () => {
  it.each<[string, (size: number) => TestFilter[]]>([
    ["none", () => []],
    ["deflate", () => [DEFLATE]],
    ["shuffle", (size) => [shuffle(size)]],
    ["shuffle and deflate", (size) => [shuffle(size), DEFLATE]],
    ["shuffle, deflate and Fletcher-32", (size) => [shuffle(size), DEFLATE, FLETCHER]],
    ["Fletcher-32 in front of the others", (size) => [FLETCHER, shuffle(size), DEFLATE]],
    ["Fletcher-32", () => [FLETCHER]],
    ["LZF", () => [LZF]],
    ["shuffle and LZF", (size) => [shuffle(size), LZF]],
    ["deflate twice", () => [DEFLATE, DEFLATE]],
    ["a shuffle of another size", () => [shuffle(3), DEFLATE]],
  ])("%s", async (_, filters) => {
    const root = {
      x: chunked(x, filters(2)),
      p: chunked(p, filters(1), 333),
      t: chunked(t, filters(8), 64), // a B-tree of two levels
    };
    const file = writeHdf5(root);
    expect(await expectAsLibrary(file)).toBe(3);
    const found = await readColumns(
      await open(file),
      ["x", "p", "t"].map((path) => ({ path })),
    );
    for (const [index, values] of [x, p, t].entries()) {
      expectSame(found[index] as Uint8Array, values);
    }
  });

  it("are left out as the mask of a chunk says", async () => {
    const filters = [shuffle(8), DEFLATE, FLETCHER];
    const file = writeHdf5({ t: chunked(t, filters, 100, (index) => index % 8) });
    expectSame(await readColumn(await open(file), "t"), t);
    expect(await expectAsLibrary(file)).toBe(1);
  });

  it("may be unknown where every chunk leaves them out", async () => {
    const unknown = { id: 31999, name: "my filter", optional: true };
    const all = { ...chunked(t, [DEFLATE], 100), filters: [DEFLATE, unknown] };
    const masked = all.chunks?.list.map((chunk) => ({ ...chunk, mask: 2 })) ?? [];
    const chunks = { ...(all.chunks as NonNullable<TestDataset["chunks"]>), list: masked };
    const file = writeHdf5({ t: { ...all, chunks } });
    expectSame(await readColumn(await open(file), "t"), t);
    const bad = readColumn(await open(writeHdf5({ t: all })), "t");
    await expect(bad).rejects.toMatchObject({
      code: "unsupported-format",
      message: expect.stringContaining("my filter (31999)"),
      row: 0,
    });
  });

  it("are named by number and name when they are not known", async () => {
    const filters = [{ id: 305, optional: false }];
    const file = await open(writeHdf5({ g: { t: { ...chunked(t, []), filters } } }));
    await expect(readColumn(file, "g/t")).rejects.toMatchObject({
      code: "unsupported-format",
      message: expect.stringMatching(/LZO \(305\).*\/g\/t/),
    });
  });
});

describe("types", () => {
  it("of both byte orders", async () => {
    const floats = Float64Array.from(t, (time) => Number(time) / 1e6);
    const singles = Float32Array.from(floats);
    const plain = (type: Uint8Array, data: Uint8Array): TestDataset => ({
      type,
      shape: [ROWS],
      data,
    });
    const x32 = Uint32Array.from(x);
    const { chunks } = chunked(t, []);
    const root = {
      t: plain(types.integer(8, true, true), bigEndian(t)),
      x: plain(types.integer(2, false, true), bigEndian(x)),
      x32: plain(types.integer(4, false, true), bigEndian(x32)),
      ts: plain(types.float(8, true), bigEndian(floats)),
      single: plain(types.float(4, true), bigEndian(singles)),
      little: plain(types.float(4), bytesOf(singles)),
      p: plain(types.boolean(), bytesOf(Uint8Array.from(p, (value) => (value > 0 ? 1 : 0)))),
      inChunks: {
        type: types.integer(8, true, true),
        shape: [ROWS],
        filters: [shuffle(8)],
        chunks: {
          ...(chunks as NonNullable<TestDataset["chunks"]>),
          list: chunksOf(bigEndian(t), 8, 700, (chunk) => ({
            bytes: filtered(chunk, [shuffle(8)], 8),
          })),
        },
      },
    };
    const bytes = writeHdf5(root);
    expect(await expectAsLibrary(bytes)).toBe(8);
    const file = await open(bytes);
    expectSame(await readColumn(file, "t"), t);
    expectSame(await readColumn(file, "inChunks"), t);
    expectSame(await readColumn(file, "ts"), floats);
    expect((await datasetOf(file, "p")).type).toMatchObject({ kind: "integer", isBoolean: true });
  });

  it.each([
    ["contiguous", undefined],
    ["in chunks", []],
    ["in chunks, shuffled", [shuffle(13)]],
    ["in chunks, compressed", [shuffle(13), DEFLATE]],
  ])("records with members of any order (%s)", async (_, filters) => {
    const type = types.compound(13, [
      ["p", 0, types.integer(1, true)],
      ["t", 1, types.integer(8, true, true)],
      ["x", 9, types.integer(2, false)],
      ["y", 11, types.integer(2, false, true)],
    ]);
    const records = bytes();
    const turned = [bigEndian(t), bigEndian(y), bytesOf(x)] as const;
    for (let row = 0; row < ROWS; row++) {
      records.u8((p[row] as number) & 0xff).raw(turned[0].subarray(row * 8, row * 8 + 8));
      records.raw(turned[2].subarray(row * 2, row * 2 + 2));
      records.raw(turned[1].subarray(row * 2, row * 2 + 2));
    }
    const data = records.end();
    const list = chunksOf(data, 13, 256, (chunk) => ({
      bytes: filtered(chunk, filters ?? [], 13),
    }));
    const events: TestDataset =
      filters === undefined
        ? { type, shape: [ROWS], data }
        : { type, shape: [ROWS], filters, chunks: { shape: [256], list, elementBytes: 13 } };
    const file = writeHdf5({ events });
    expect(await expectAsLibrary(file)).toBe(4);
    const members = ["x", "y", "p", "t"].map((member) => ({ path: "events", member }));
    const found = await readColumns(await open(file), members);
    for (const [index, values] of [x, y, p, t].entries()) {
      expectSame(found[index] as Uint8Array, values);
    }
  });

  it("that are no column are refused", async () => {
    const file = await open(
      writeHdf5({
        text: { type: types.text(4), shape: [2], data: new Uint8Array(8) },
        odd: { type: types.integer(3, false), shape: [2], data: new Uint8Array(6) },
        cube: { type: types.integer(1, false), shape: [2, 2, 2], data: new Uint8Array(8) },
        single: { type: types.integer(1, false), shape: [], data: new Uint8Array(1) },
        events: { type: cdType(), shape: [1], data: new Uint8Array(16) },
      }),
    );
    const refused = (path: string, choice = {}) =>
      expect(readColumn(file, path, choice)).rejects.toMatchObject({
        code: "unsupported-format",
        message: expect.stringContaining(`/${path} is no column of events`),
      });
    await refused("text");
    await refused("odd");
    await refused("cube");
    await refused("single");
    await refused("events");
    await refused("events", { member: "timestamp" });
    await refused("text", { index: 1 });
  });
});

describe("shapes", () => {
  const matrix = Float64Array.from({ length: 400 }, (_, index) => index * 1.5);
  const column = (index: number, width: number): Float64Array =>
    matrix.filter((_, at) => at % width === index);

  it.each([
    ["whole", 4],
    ["cut across the columns", 3],
    ["one for every column", 1],
  ])("n x 4 in chunks, %s", async (_, width) => {
    const list = [];
    for (let row = 0; row < 100; row += 16) {
      for (let first = 0; first < 4; first += width) {
        const chunk = new Float64Array(16 * width);
        for (let index = 0; index < chunk.length; index++) {
          const [r, c] = [row + Math.floor(index / width), first + (index % width)];
          if (r < 100 && c < 4) chunk[index] = matrix[r * 4 + c] as number;
        }
        const filters = [shuffle(8), DEFLATE];
        list.push({ at: [row, first], bytes: filtered(bytesOf(chunk), filters, 8) });
      }
    }
    const events: TestDataset = {
      type: types.float(8),
      shape: [100, 4],
      filters: [shuffle(8), DEFLATE],
      chunks: { shape: [16, width], list, elementBytes: 8 },
    };
    const file = writeHdf5({ events });
    expect(await expectAsLibrary(file)).toBe(4);
    for (let index = 0; index < 4; index++) {
      expectSame(await readColumn(await open(file), "events", { index }), column(index, 4));
    }
  });

  it("n x 4, 4 x n, 1 x n and n x 1 without chunks", async () => {
    const type = types.float(8);
    const data = bytesOf(matrix);
    const shapes = { a: [100, 4], b: [4, 100], c: [1, 400], d: [400, 1] };
    const entries = Object.entries(shapes).map(([name, shape]) => [name, { type, shape, data }]);
    const file = writeHdf5(Object.fromEntries(entries));
    expect(await expectAsLibrary(file)).toBe(4 + 4 + 1 + 1);
    const opened = await open(file);
    expectSame(await readColumn(opened, "a", { index: 2 }), column(2, 4));
    const row = matrix.slice(300);
    expectSame(await readColumn(opened, "b", { index: 3, rowDimension: 1 }), row);
    expectSame(await readColumn(opened, "c"), matrix);
    expectSame(await readColumn(opened, "d"), matrix);
  });
});

describe("values that were never written", () => {
  it("are the fill value, and the caller can tell", async () => {
    const fill = Uint8Array.of(0xf9, 0xff);
    const list = chunksOf(bytesOf(x), 2, 500, (chunk) => ({ bytes: chunk }));
    const chunks = { shape: [500], list: list.filter((_, at) => at % 3 === 1), elementBytes: 2 };
    const type = types.integer(2, true);
    const bytes = writeHdf5({
      some: { type, shape: [ROWS], fill, chunks },
      none: { type, shape: [ROWS], fill },
      zeros: { type, shape: [ROWS], chunks: { ...chunks, list: [] } },
    });
    const file = await open(bytes);
    const { RowReader } = await import("../../../src/formats/hdf5/rows/row-reader.ts");
    const read = async (path: string) => {
      const reader = await RowReader.open(file, [{ dataset: await datasetOf(file, path) }]);
      await expect(reader.checkStored()).rejects.toMatchObject({
        code: "invalid-header",
        message: expect.stringContaining(`/${path} has fewer values than rows`),
        row: 0, // the first without a value, whatever is stored behind it
      });
      return (await reader.read(0, ROWS))[0] as Int16Array;
    };
    const expected = Int16Array.from(x, (value, row) => {
      return Math.floor(row / 500) % 3 === 1 ? value : -7;
    });
    expectSame(await read("some"), expected);
    expectSame(await read("none"), new Int16Array(ROWS).fill(-7));
    expectSame(await read("zeros"), new Int16Array(ROWS));
  });
});

describe("places", () => {
  it("count from a superblock behind a block of the user's own", async () => {
    for (const userBlock of [512, 1024, 4096]) {
      const file = writeHdf5({ events: { t: chunked(t, [DEFLATE]) } }, { userBlock });
      expectSame(await readColumn(await open(file), "events/t"), t);
    }
    // Something was put in front of the file after it was written.
    const moved = bytes()
      .raw(new Uint8Array(2048), writeHdf5({ t: chunked(t, []) }))
      .end();
    expectSame(await readColumn(await open(moved), "t"), t);
  });

  it("in the header of the dataset", async () => {
    const compact = bytesOf(x.subarray(0, 1000));
    const file = writeHdf5({ x: { type: types.integer(2, false), shape: [1000], compact } });
    expect(await expectAsLibrary(file)).toBe(1);
    const [single] = [
      { type: types.integer(8, true), shape: [], compact: bytesOf(t.subarray(0, 1)) },
    ];
    const opened = await open(writeHdf5({ single }));
    expect(await readDataset(opened, await datasetOf(opened, "single"))).toBe(Number(t[0]));
  });

  it("beyond 4 GB", async () => {
    const offset = 5 * 2 ** 30;
    const data = bytesOf(t);
    const head = writeHdf5({
      t: {
        type: types.integer(8, true),
        shape: [ROWS],
        claims: { offset, byteLength: data.length },
      },
    });
    // A source of 5 GB with nothing between its head and its end.
    const byteLength = offset + data.byteLength;
    const source = {
      byteLength,
      async read(from: number, length: number, options: { into?: Uint8Array | undefined } = {}) {
        if (from + length > byteLength) throw new Error("beyond the end");
        const into = options.into ?? new Uint8Array(length);
        for (let at = 0; at < length; at++) {
          const place = from + at;
          into[at] = (place >= offset ? data[place - offset] : head[place]) ?? 0;
        }
        return into.subarray(0, length);
      },
    };
    const { Hdf5File } = await import("../../../src/formats/hdf5/file.ts");
    expectSame(await readColumn(await Hdf5File.open(source), "t"), t);
  });
});

describe("groups and links", () => {
  it("are found by their path", async () => {
    const column = { type: types.integer(2, false), shape: [ROWS], data: bytesOf(x) };
    const names = Array.from({ length: 100 }, (_, index) => `frame${index}`);
    const many = Object.fromEntries(names.map((name) => [name, column]));
    const bytes = writeHdf5({
      events: { x: { ...column, attributes: { unit: "pixel" } }, same: { link: "x" } },
      many,
      absolute: { link: "/events/x" },
      nowhere: { link: "/events/z" },
      circle: { link: "circle" },
    });
    const file = await open(bytes);
    expectSame(await readColumn(file, "/events/x"), x);
    expectSame(await readColumn(file, "events//./x"), x);
    expectSame(await readColumn(file, "absolute"), x);
    expectSame(await readColumn(file, "events/same"), x);
    expect(await file.get("nowhere")).toBeNull();
    expect(await file.get("circle")).toBeNull();
    expect(await file.get("events/x/y")).toBeNull();
    expect([...(await (await datasetOf(file, "events/x")).attributes())]).toEqual([
      ["unit", "pixel"],
    ]);
    const paths = (await file.list()).map(({ path }) => path);
    expect(paths).toEqual([
      "/",
      "/events",
      "/events/x",
      "/many",
      ...names.sort().map((n) => `/many/${n}`),
    ]);
    expect(await expectAsLibrary(bytes)).toBe(101);
  });
});

describe("ECF", () => {
  const random = someColumns(ROWS, 7);
  const events = Array.from(random.x, (value, row): EcfEvent => {
    return {
      t: random.t[row] as bigint,
      x: value,
      y: random.y[row] as number,
      p: ((random.p[row] as number) + 1) / 2,
    };
  });
  const ECF: TestFilter = { id: 36559, name: "HDF ECF filter" };
  const MODES = ["runs", "xp", "yxp"] as const;

  function recordsOf(part: readonly EcfEvent[]): Uint8Array {
    const out = bytes();
    for (const event of part) out.u16(event.x).u16(event.y).u16(event.p).u16(0).u64(event.t);
    return out.end();
  }

  /** Chunks of 1000 events in all modes; the last one holds as many as there are. */
  function ecfFile(filters = [ECF], masked = -1, rows = ROWS): Uint8Array<ArrayBuffer> {
    const list = [];
    for (let at = 0; at < events.length; at += 1000) {
      const part = events.slice(at, at + 1000);
      const index = at / 1000;
      const isMasked = index === masked;
      const records = new Uint8Array(16000);
      records.set(recordsOf(part));
      const payload = isMasked ? records : encodeEcfReference(part, MODES[index % 3] ?? "runs");
      const stored = filtered(payload, filters.slice(1), 16);
      list.push({ at: [at], bytes: stored, mask: isMasked ? 1 : 0 });
    }
    const chunks = { shape: [1000], list, elementBytes: 16 };
    return writeHdf5({ CD: { events: { type: cdType(), shape: [rows], filters, chunks } } });
  }

  const members = ["x", "y", "p", "t"].map((member) => ({ path: "CD/events", member }));

  async function expectEvents(file: Uint8Array, rows = ROWS): Promise<void> {
    const found = await readColumns(await open(file), members);
    expectSame(found[0] as Uint16Array, random.x.slice(0, rows));
    expectSame(found[1] as Uint16Array, random.y.slice(0, rows));
    expectSame(
      found[2] as Int16Array,
      Int16Array.from(events.slice(0, rows), (event) => event.p),
    );
    expectSame(found[3] as BigInt64Array, random.t.slice(0, rows));
  }

  it("gives the events of all modes", async () => {
    await expectEvents(ecfFile());
    const whole = decodeEcfReference(encodeEcfReference(events, "runs"));
    expect(whole).toEqual(events);
  });

  it("with other filters behind it, and left out by a mask", async () => {
    await expectEvents(ecfFile([ECF, DEFLATE]));
    await expectEvents(ecfFile([ECF, FLETCHER]));
    await expectEvents(ecfFile([ECF], 2));
    await expectEvents(ecfFile([ECF, DEFLATE], 4));
  });

  it("leaves the number of events to the dataset", async () => {
    await expectEvents(ecfFile([ECF], -1, 4321), 4321);
  });

  it("that is not the first filter, or of other records, is refused", async () => {
    const file = await open(
      ecfFile([
        { id: 2, values: [16] },
        { ...ECF, optional: false },
      ]),
    );
    await expect(readColumn(file, "CD/events", { member: "x" })).rejects.toMatchObject({
      code: "unsupported-format",
      message: expect.stringContaining("ECF (36559)"),
    });
    const type = types.compound(16, [["x", 6, types.integer(2, false)]]);
    const payload = encodeEcfReference(events.slice(0, 100), "runs");
    const chunks = { shape: [100], list: [{ at: [0], bytes: payload }], elementBytes: 16 };
    const other = await open(writeHdf5({ events: { type, shape: [100], filters: [ECF], chunks } }));
    await expect(readColumn(other, "events", { member: "x" })).rejects.toMatchObject({
      code: "unsupported-format",
      message: expect.stringContaining("none of ECF"),
    });
  });

  it("whose payload is damaged is an error of its chunk", async () => {
    const payload = encodeEcfReference(events.slice(0, 1000), "xp");
    for (const bad of [payload.slice(0, -1), payload.slice(0, 11), payload.slice(0, 40)]) {
      const list = [
        { at: [0], bytes: payload },
        { at: [1000], bytes: bad },
      ];
      const chunks = { shape: [1000], list, elementBytes: 16 };
      const dataset = { type: cdType(), shape: [2000], filters: [ECF], chunks };
      const file = await open(writeHdf5({ events: dataset }));
      await expect(readColumn(file, "events", { member: "t" })).rejects.toMatchObject({
        code: "damaged-data",
        row: 1000,
        byteOffset: expect.any(Number),
        message: expect.stringContaining("/events"),
      });
    }
  });

  it("with fewer events than the dataset has rows is an error", async () => {
    const part = events.slice(0, 900);
    const list = [{ at: [0], bytes: encodeEcfReference(part, "yxp") }];
    const chunks = { shape: [1000], list, elementBytes: 16 };
    const dataset = { type: cdType(), shape: [901], filters: [ECF], chunks };
    const file = await open(writeHdf5({ events: dataset }));
    await expect(readColumn(file, "events", { member: "t" })).rejects.toMatchObject({
      code: "damaged-data",
      row: 900,
      expected: "at least 901 events",
    });
  });
});
