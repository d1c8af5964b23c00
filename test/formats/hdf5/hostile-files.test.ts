/** Files that claim what they do not hold: typed errors, and no memory that follows a claim. */
import { describe, expect, it } from "vitest";
import { Hdf5File } from "../../../src/formats/hdf5/file.ts";
import { MAX_CHUNK_BYTES } from "../../../src/formats/hdf5/filters/known-filters.ts";
import { RowReader } from "../../../src/formats/hdf5/rows/row-reader.ts";
import { MemorySource } from "../../../src/source/memory.ts";
import { bytes, cdType, type TestDataset, types, writeHdf5 } from "../../support/hdf5-writer.ts";
import { datasetOf, open, readColumn } from "./files.ts";
import { bytesOf, chunksOf, filtered, someColumns } from "./values.ts";

const ROWS = 1000;
const { x, t } = someColumns(ROWS);
const U16 = types.integer(2, false);

/** The error of reading all values of `x`. */
const failure = (dataset: Partial<TestDataset>) =>
  expect(
    open(writeHdf5({ x: { type: U16, shape: [ROWS], ...dataset } })).then((file) =>
      readColumn(file, "x"),
    ),
  ).rejects;

/** Chunks of 100 rows. */
const inChunks = (change: (chunk: Uint8Array, index: number) => Uint8Array = (chunk) => chunk) => ({
  shape: [100],
  list: chunksOf(bytesOf(x), 2, 100, (chunk, index) => ({ bytes: change(chunk, index) })),
  elementBytes: 2,
});

describe("a dataset that claims", () => {
  it("2^60 rows", async () => {
    const rows = 2 ** 60;
    await failure({ shape: [rows], chunks: inChunks() }).toMatchObject({
      code: "invalid-header",
      expected: "a number below 2^53",
      byteOffset: expect.any(Number),
      row: Number.MAX_SAFE_INTEGER, // no number counts those behind it
      message: expect.stringContaining("the header of /x"),
    });
    await failure({ shape: [rows, 4], data: bytesOf(x) }).toMatchObject({
      row: Number.MAX_SAFE_INTEGER,
    });
  });

  it("2^50 rows", async () => {
    const found = `values of ${ROWS}, none of rows ${ROWS} to ${2 ** 50 - 1}`;
    const claim = { code: "invalid-header", row: ROWS, found };
    const shape = [2 ** 50];
    await failure({ shape, chunks: inChunks() }).toMatchObject({
      ...claim,
      message: expect.stringContaining("/x has fewer values than rows"),
    });
    await failure({ shape, data: bytesOf(x) }).toMatchObject({ code: "invalid-header" });
    await failure({ shape, compact: bytesOf(x) }).toMatchObject(claim);
    await failure({ shape: [2 ** 30, 2 ** 30], data: bytesOf(x) }).toMatchObject({
      expected: "fewer than 2^53 elements",
      row: 2 ** 23 - 1,
    });
  });

  it("chunks of 4 GB", async () => {
    const chunks = { ...inChunks(), shape: [2 ** 31] };
    const deflated = (chunk: Uint8Array): Uint8Array => filtered(chunk, [{ id: 1 }], 2);
    await failure({ chunks }).toMatchObject({ code: "damaged-data", row: 0 });
    const filters = [{ id: 1 }];
    const compressed = { ...inChunks(deflated), shape: [2 ** 31] };
    await failure({ chunks: compressed, filters }).toMatchObject({
      code: "unsupported-format",
      expected: `at most ${MAX_CHUNK_BYTES} bytes`,
    });
    const large = { ...compressed, shape: [2 ** 28] };
    await failure({ chunks: large, filters }).toMatchObject({
      code: "damaged-data",
      expected: "what becomes 536870912 bytes",
    });
  });

  it("values behind the end of the file", async () => {
    const claims = { offset: 10_000_000, byteLength: 2 * ROWS };
    await failure({ claims }).toMatchObject({ code: "invalid-header", row: 0 });
    const bytes = writeHdf5({ x: { type: U16, shape: [ROWS], chunks: inChunks() } });
    const file = await open(bytes);
    const { layout } = await datasetOf(file, "x");
    expect(layout.kind).toBe("chunked");
  });

  it("elements of another size than its type, or chunks of another shape", async () => {
    await failure({ chunks: { ...inChunks(), elementBytes: 4 } }).toMatchObject({
      code: "invalid-header",
      found: "1 and 4",
    });
    await failure({ chunks: { ...inChunks(), shape: [0] } }).toMatchObject({
      code: "invalid-header",
      expected: "a shape of chunks",
    });
    await failure({ shape: [10, 100], chunks: inChunks() }).toMatchObject({
      code: "invalid-header",
    });
  });

  it("the same bytes for all its chunks", async () => {
    const file = writeHdf5({ x: { type: U16, shape: [ROWS], chunks: inChunks() } });
    const view = new DataView(file.buffer);
    const tree = Buffer.from(file).indexOf("TREE\x01", 0, "latin1");
    // Ten million bytes in each of ten chunks of a file of some thousand bytes.
    for (let entry = 0; entry < 10; entry++)
      view.setUint32(tree + 24 + entry * 32, 10_000_000, true);
    await expect(open(file).then((opened) => readColumn(opened, "x"))).rejects.toMatchObject({
      code: "invalid-header",
      message: expect.stringContaining("overlap"),
    });
  });
});

describe("a chunk that is damaged", () => {
  const DEFLATE = { id: 1 };
  const filters = [{ id: 2, values: [2] }, DEFLATE, { id: 3 }];
  const damagedAt = (change: (chunk: Uint8Array) => Uint8Array, list = filters) => ({
    filters: list,
    chunks: inChunks((chunk, index) => {
      const stored = filtered(chunk, list, 2);
      return index === 3 ? change(stored) : stored;
    }),
  });
  const flipped = (at: number) => (stored: Uint8Array) =>
    stored.map((byte, index) => (index === at ? byte ^ 1 : byte));

  it("is an error of its dataset and row", async () => {
    const place = { code: "damaged-data", row: 300, byteOffset: expect.any(Number) };
    await failure(damagedAt(flipped(9))).toMatchObject({
      ...place,
      message: expect.stringMatching(/chunk of \/x is damaged: Fletcher-32 \(3\)/),
    });
    await failure(damagedAt(flipped(1), [DEFLATE])).toMatchObject({
      ...place,
      message: expect.stringContaining("deflate (1)"),
    });
    await failure(damagedAt((stored) => stored.slice(0, 9), [DEFLATE])).toMatchObject(place);
    await failure(damagedAt((stored) => stored.slice(0, 3))).toMatchObject(place);
    await failure(damagedAt(() => new Uint8Array([9, 9]), [{ id: 32000 }])).toMatchObject(place);
  });

  it("or gives more or fewer bytes than it should", async () => {
    const { deflateSync } = await import("node:zlib");
    for (const length of [0, 199, 201, 100_000]) {
      const change = (): Uint8Array => deflateSync(new Uint8Array(length));
      await failure(damagedAt(change, [DEFLATE])).toMatchObject({
        code: "damaged-data",
        row: 300,
      });
    }
    await failure({
      chunks: inChunks((chunk, at) => (at === 3 ? chunk.slice(8) : chunk)),
    }).toMatchObject({
      code: "damaged-data",
      row: 300,
      expected: "200 bytes",
      found: "192",
    });
  });

  it("does not keep others from being read", async () => {
    const file = await open(
      writeHdf5({ x: { type: U16, shape: [ROWS], ...damagedAt(flipped(9)) } }),
    );
    const reader = await RowReader.open(file, [{ dataset: await datasetOf(file, "x") }]);
    expect((await reader.read(0, 300))[0]).toEqual(x.slice(0, 300));
    expect((await reader.read(400, 600))[0]).toEqual(x.slice(400));
    await expect(reader.read(0, ROWS)).rejects.toMatchObject({ row: 300 });
    expect((await reader.read(250, 50))[0]).toEqual(x.slice(250, 300));
  });
});

describe("a file that goes in circles", () => {
  it("of groups", async () => {
    const file = writeHdf5({ a: { b: { x: { type: U16, shape: [1], data: new Uint8Array(2) } } } });
    const opened = await open(file);
    const [root, a, b] = await opened.list();
    expect([root?.path, a?.path, b?.path]).toEqual(["/", "/a", "/a/b"]);
    // The name `b` leads to its own group, `a`.
    const group = await opened.get("/");
    const inner = await opened.get("/a");
    const offsetOf = (object: typeof group): number => {
      const link = object?.kind === "group" ? object.links[0] : undefined;
      return link?.kind === "hard" ? link.offset : 0;
    };
    const target = Buffer.from(new BigUint64Array([BigInt(offsetOf(inner))]).buffer);
    const at = Buffer.from(file).indexOf(target);
    new DataView(file.buffer).setBigUint64(at, BigInt(offsetOf(group)), true);
    const circle = await open(file);
    expect((await circle.list()).map(({ path }) => path)).toEqual(["/", "/a"]);
    expect((await circle.get("/a/b/b/b/b"))?.kind).toBe("group");
  });

  it("of chunks", async () => {
    const list = chunksOf(bytesOf(t), 8, 10, (chunk) => ({ bytes: chunk }));
    const chunks = { shape: [10], list, elementBytes: 8 };
    const file = writeHdf5({ t: { type: types.integer(8, true), shape: [ROWS], chunks } });
    const buffer = Buffer.from(file.buffer);
    const rootAt = buffer.lastIndexOf("TREE\x01\x01", undefined, "latin1");
    const leafAt = buffer.indexOf("TREE\x01\x00", 0, "latin1");
    expect(Math.min(rootAt, leafAt)).toBeGreaterThan(0);
    // Every child of the root is the first leaf, then the root itself.
    for (const target of [leafAt, rootAt]) {
      for (let child = 0; child < 2; child++) {
        buffer.writeBigUInt64LE(BigInt(target), rootAt + 24 + 24 + child * 32);
      }
      await expect(open(file).then((opened) => readColumn(opened, "t"))).rejects.toMatchObject({
        code: "invalid-header",
        message: expect.stringContaining("a B-tree is damaged"),
      });
    }
  });

  it("of continuations", async () => {
    const file = writeHdf5({ x: { type: U16, shape: [ROWS], data: bytesOf(x) } });
    const opened = await open(file);
    const { byteOffset } = await datasetOf(opened, "x");
    const view = new DataView(file.buffer);
    for (let at = byteOffset + 16; ; at += 8 + view.getUint16(at + 2, true)) {
      if (view.getUint16(at, true) !== 0x10) continue;
      view.setBigUint64(at + 8, BigInt(byteOffset + 16), true);
      break;
    }
    await expect(open(file).then((again) => again.get("x"))).rejects.toMatchObject({
      code: "invalid-header",
      message: expect.stringContaining("the header of /x is damaged"),
    });
  });
});

describe("what is not read", () => {
  it("is refused with the way out", async () => {
    const message = (type: number, body: Uint8Array): TestDataset => ({
      type: U16,
      shape: [ROWS],
      data: bytesOf(x),
      messages: [[type, body]],
    });
    const external = await open(writeHdf5({ x: message(0x07, new Uint8Array(16)) }));
    await expect(readColumn(external, "x")).rejects.toMatchObject({
      code: "unsupported-format",
      found: "values in other files",
      hint: expect.stringContaining("h5repack"),
    });
    const bytes = writeHdf5({ x: { type: U16, shape: [ROWS], data: bytesOf(x) } });
    const at = Buffer.from(bytes).indexOf(Buffer.of(0x08, 0, 0x18, 0, 0, 0, 0, 0, 3, 1));
    expect(at).toBeGreaterThan(0);
    const changed = (byte: number, value: number): Promise<Hdf5File> =>
      open(bytes.map((old, index) => (index === at + 8 + byte ? value : old)));
    await expect(readColumn(await changed(1, 3), "x")).rejects.toMatchObject({
      code: "unsupported-format",
      found: "a virtual dataset",
    });
    await expect(readColumn(await changed(0, 2), "x")).rejects.toMatchObject({
      code: "unsupported-format",
      found: "a data layout of version 2",
    });
  });

  it("of a newer HDF5", async () => {
    const bytes = writeHdf5({}).map((byte, at) => (at === 8 ? 4 : byte));
    await expect(open(bytes)).rejects.toMatchObject({
      code: "unsupported-format",
      found: "version 4",
      byteOffset: 8,
    });
  });
});

describe("a file that was cut", () => {
  it("says how much is missing, and where it ends for a dataset", async () => {
    const root = {
      a: { x: { type: U16, shape: [ROWS], chunks: inChunks() } },
      t: { type: types.integer(8, true), shape: [ROWS], data: bytesOf(t) },
    };
    const whole = writeHdf5(root);
    expect((await open(whole)).missingBytes).toBe(0);
    // The chunks are in front of everything that tells where they are: cut a file with a hole.
    const claims = { offset: whole.byteLength, byteLength: 8 * ROWS };
    const head = writeHdf5({ t: { type: types.integer(8, true), shape: [ROWS], claims } });
    const filled = bytes()
      .raw(head, new Uint8Array(claims.offset - head.length))
      .end();
    const cut = bytes()
      .raw(filled, bytesOf(t.subarray(0, 600)))
      .end();
    const file = await Hdf5File.open(new MemorySource(cut), "cut.h5");
    const reader = await RowReader.open(file, [{ dataset: await datasetOf(file, "t") }]);
    await expect(reader.checkStored()).rejects.toMatchObject({ row: 600, path: "cut.h5" });
    expect((await reader.read(0, 600))[0]).toEqual(t.slice(0, 600));
    await expect(reader.read(500, 200)).rejects.toMatchObject({
      code: "damaged-data",
      row: 600,
      hint: "Was the file cut?",
    });
    expect((await open(whole.slice(0, -8))).missingBytes).toBe(8);
  });
});

describe("the call", () => {
  it("names rows that there are, and columns of one length", async () => {
    const file = await open(
      writeHdf5({
        x: { type: U16, shape: [ROWS], data: bytesOf(x) },
        short: { type: U16, shape: [10], data: new Uint8Array(20) },
        empty: { type: U16, shape: [0], maxShape: [null], chunks: { ...inChunks(), list: [] } },
        CD: { events: { type: cdType(), shape: [1], data: new Uint8Array(16) } },
      }),
    );
    const [long, short] = [await datasetOf(file, "x"), await datasetOf(file, "short")];
    await expect(
      RowReader.open(file, [{ dataset: long }, { dataset: short }]),
    ).rejects.toMatchObject({
      code: "invalid-header",
      row: 10,
      message: expect.stringMatching(/\/x has.*\/short/),
    });
    const reader = await RowReader.open(file, [{ dataset: long }]);
    for (const [start, count] of [
      [-1, 1],
      [0, ROWS + 1],
      [ROWS, 1],
      [Number.NaN, 1],
    ] as const) {
      await expect(reader.readInto(start, count, [new Uint8Array(2)])).rejects.toThrow(RangeError);
    }
    expect(await reader.read(ROWS, 0)).toEqual([new Uint16Array()]);
    expect(await readColumn(file, "empty")).toEqual(new Uint16Array());
    const aborted = AbortSignal.abort("enough");
    await expect(reader.read(0, 10, aborted)).rejects.toBe("enough");
  });
});
