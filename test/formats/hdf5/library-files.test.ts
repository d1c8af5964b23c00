/** Files that h5wasm writes, of every version of the format, with every index and many filters. */
import { afterEach, describe, expect, it, vi } from "vitest";
import { buildChunkFile } from "../../../src/formats/hdf5/filters/chunk-file.ts";
import { H5wasmFilters } from "../../../src/formats/hdf5/filters/foreign-filters.ts";
import { H5wasm } from "../../../src/formats/hdf5/filters/h5wasm.ts";
import { bytes, pipelineMessage, types, writeHdf5 } from "../../support/hdf5-writer.ts";
import {
  datasetOf,
  expectAsLibrary,
  expectSame,
  madeByLibrary,
  open,
  readColumn,
  readColumns,
} from "./files.ts";
import { bytesOf, chunksOf, someColumns } from "./values.ts";

const ROWS = 20_000;
const { x, y, p, t } = someColumns(ROWS);

describe.each([
  ["v108", ["btree1"]],
  ["v110", ["fixed-array", "extensible-array", "single", "btree2"]],
  ["latest", ["fixed-array", "extensible-array", "single", "btree2"]],
] as const)("what h5wasm writes as %s", (libver, indexes) => {
  it.each<[string, number | "gzip" | undefined]>([
    ["no filter", undefined],
    ["deflate", "gzip"],
  ])("%s", async (_, compression) => {
    const file = await madeByLibrary((made) => {
      const filter = compression === undefined ? {} : { compression };
      made.create_dataset({ name: "contiguous", data: t });
      made.create_group("events").create_dataset({ name: "x", data: x, chunks: [1000], ...filter });
      made.create_dataset({ name: "grows", data: t, chunks: [700], maxshape: [null], ...filter });
      made.create_dataset({ name: "whole", data: y, chunks: [ROWS], ...filter });
      made.create_dataset({ name: "p", data: p, chunks: [3], maxshape: [ROWS + 10], ...filter });
      const matrix = { data: Float64Array.from(x), shape: [ROWS / 4, 4], ...filter };
      made.create_dataset({ name: "m", ...matrix, chunks: [300, 4], maxshape: [null, 4] });
      made.create_dataset({ name: "n", ...matrix, chunks: [300, 3], maxshape: [null, null] });
      const turned = { ...matrix, shape: [4, ROWS / 4] };
      made.create_dataset({ name: "turned", ...turned, chunks: [2, 300], maxshape: [4, null] });
      made.create_dataset({ name: "list", ...turned, shape: [1, ROWS], chunks: [1, 999] });
      made.create_dataset({
        name: "records",
        dtype: [
          ["x", "<H"],
          ["t", "<q"],
          ["p", "<b"],
        ] as never,
        data: new Map<string, unknown>([
          ["x", x],
          ["t", t],
          ["p", p],
        ]) as never,
        shape: [ROWS],
        chunks: [512],
        ...filter,
      });
    }, libver);
    expect(await expectAsLibrary(file)).toBe(5 + 4 + 4 + 4 + 1 + 3);
    const opened = await open(file);
    const found = await readColumns(opened, [{ path: "events/x" }, { path: "grows" }]);
    expectSame(found[0] as Uint16Array, x);
    expectSame(found[1] as BigInt64Array, t);
    const objects = await opened.list();
    const kinds = objects.flatMap((object) => {
      const layout = object.kind === "dataset" ? object.layout : null;
      return layout?.kind === "chunked" ? [layout.index.kind] : [];
    });
    expect([...new Set(kinds)].sort()).toEqual([...indexes].sort());
  });

  it("many links and attributes", async () => {
    const names = Array.from({ length: 400 }, (_, index) => `image${index}`);
    const file = await open(
      await madeByLibrary((made) => {
        const group = made.create_group("images");
        for (const name of names) group.create_dataset({ name, data: new Uint8Array(2) });
        for (const name of names.slice(0, 60)) group.create_attribute(name, name.length);
        made.create_attribute("geometry", "640x480");
        made.create_attribute("note", "é".repeat(500));
        made.create_attribute("list", [1.5, 2.5]);
        made.create_soft_link("/images/image3", "soft");
        made.create_external_link("other.h5", "/data", "external");
        made.create_hard_link("/images", "again");
      }, libver),
    );
    const group = await file.get("images");
    expect(group?.kind === "group" && group.links.map(({ name }) => name).sort()).toEqual(
      names.toSorted(),
    );
    const attributes = await group?.attributes();
    expect(attributes?.size).toBe(60);
    expect(attributes?.get("image59")).toBe(7);
    const root = await (await file.get("/"))?.attributes();
    expect(root?.get("geometry")).toBe("640x480");
    expect(root?.get("note")).toBe("é".repeat(500));
    expect(root?.get("list")).toEqual([1.5, 2.5]);
    expect((await file.get("soft"))?.path).toBe("/images/image3");
    expect(await file.get("external")).toBeNull();
    expect((await file.get("again"))?.path).toBe("/again");
    expect((await file.list()).length).toBe(1 + 1 + 400);
  });
});

describe("filters of the library and its plugins", () => {
  const FILTERS: [name: string, id: number, options: number[]][] = [
    ["Blosc, lz4", 32001, [0, 0, 0, 0, 5, 1, 1]],
    ["Blosc, zstd, bits shuffled", 32001, [0, 0, 0, 0, 5, 2, 5]],
    ["Blosc, not shuffled", 32001, [0, 0, 0, 0, 1, 0, 0]],
    ["LZ4", 32004, [0]],
    ["bitshuffle", 32008, []],
    ["bitshuffle, lz4", 32008, [0, 2]],
    ["bitshuffle, zstd", 32008, [0, 3]],
    ["Zstandard", 32015, [3]],
    ["Blosc 2", 32026, [0, 0, 0, 0, 5, 1, 5]],
    ["LZF", 32000, []],
  ];

  it.each(FILTERS)("%s", async (_, compression, compression_opts) => {
    const options = { compression, compression_opts };
    const file = await madeByLibrary((made) => {
      // The library cannot write what does not compress.
      for (const [name, data] of Object.entries({ y, t, steps: x.toSorted() })) {
        made.create_dataset({ name, data, chunks: [777], maxshape: [null], ...options });
      }
    }, "v110");
    expect(await expectAsLibrary(file)).toBe(3);
    expectSame(await readColumn(await open(file), "t"), t);
  });

  /** A chunk of Zstandard, as h5wasm makes it. */
  async function someChunk() {
    const file = await open(
      await madeByLibrary((made) => {
        const options = { compression: 32015, compression_opts: [3] };
        made.create_dataset({ name: "x", data: x.slice(0, 500), chunks: [500], ...options });
      }),
    );
    const dataset = await datasetOf(file, "x");
    const { createChunkIndex } = await import("../../../src/formats/hdf5/chunks/chunk-index.ts");
    const { layout, shape, maxShape } = dataset;
    if (layout.kind !== "chunked") throw new Error(layout.kind);
    const { chunkShape } = layout;
    const grid = { shape, maxShape, chunkShape, chunkBytes: 1000, hasFilters: true };
    const [chunk] = await createChunkIndex(file.reader, layout, grid).find([0], [0]);
    if (chunk === undefined) throw new Error("no chunk");
    return {
      filters: dataset.filters,
      filterMessage: dataset.filterMessage as Uint8Array,
      filterMask: 0,
      chunkBytes: 1000,
      stored: await file.source.read(chunk.offset, chunk.byteLength),
    };
  }

  afterEach(() => {
    vi.restoreAllMocks();
  });

  it("tell which of many chunks is damaged, and print nothing", async () => {
    const printed = (["log", "warn", "error", "info"] as const).map((name) =>
      vi.spyOn(console, name),
    );
    const good = await someChunk();
    const bad = { ...good, stored: good.stored.map((byte, at) => (at > 20 ? byte ^ 0x5a : byte)) };
    const filters = new H5wasmFilters();
    const chunks = Array.from({ length: 150 }, (_, at) => (at % 50 === 7 ? bad : good));
    const results = await Promise.all(chunks.map((chunk) => filters.decode(chunk)));
    const expected = bytesOf(x.slice(0, 500));
    for (const [at, result] of results.entries()) {
      if (at % 50 === 7) expect(result).toMatchObject({ problem: expect.stringMatching(/\w/) });
      else expectSame(result as Uint8Array, expected);
    }
    for (const spy of printed) expect(spy).not.toHaveBeenCalled();
  });

  it("are not asked to make more than the chunk has", async () => {
    const good = await someChunk();
    const filters = new H5wasmFilters();
    const claims = good.stored.slice();
    // The frame says that it holds 2^31 bytes: four bytes of its size, at once.
    claims.set([0x28, 0xb5, 0x2f, 0xfd, 0xa0, 0, 0, 0, 0x80]);
    expect(await filters.decode({ ...good, stored: claims })).toEqual({
      problem: "what becomes 2147483648 bytes",
    });
    const unbounded = good.stored.slice();
    unbounded.set([0x28, 0xb5, 0x2f, 0xfd, 0x00]);
    expect(await filters.decode({ ...good, stored: unbounded })).toMatchObject({
      problem: "what does not say how many bytes it becomes",
    });
    expect(await filters.decode({ ...good, stored: good.stored.slice(0, 3) })).toMatchObject({
      problem: expect.stringContaining("3 bytes"),
    });
    const huge = { ...good, chunkBytes: 2 ** 30 };
    expect(await filters.decode(huge)).toMatchObject({ problem: "a chunk of 1073741824 bytes" });
  });

  it("stand beside filters of our own, and are left out by masks", async () => {
    const zstd = { id: 32015, values: [3] };
    const good = await someChunk();
    const list = chunksOf(bytesOf(x.slice(0, 1500)), 2, 500, (chunk, index) =>
      index === 0 ? { bytes: good.stored } : { bytes: chunk, mask: 1 },
    );
    const chunks = { shape: [500], list, elementBytes: 2 };
    const dataset = { type: types.integer(2, false), shape: [1500], filters: [zstd], chunks };
    expectSame(await readColumn(await open(writeHdf5({ dataset })), "dataset"), x.slice(0, 1500));

    const [filter] = good.filters;
    const beside = [{ id: 36559, name: "ECF", isOptional: true, clientData: [] }, filter] as never;
    const result = await new H5wasmFilters().decode({ ...good, filters: beside });
    expect(result).toEqual({ problem: "the filter ECF (36559) beside it" });
  });

  it("are undone from a file with nothing else in it", async () => {
    const message = pipelineMessage([{ id: 1, values: [4] }]);
    const { deflateSync } = await import("node:zlib");
    const plain = bytesOf(t.slice(0, 100));
    const chunks = Array.from({ length: 64 }, (_, at) => ({
      filterMessage: message,
      filterMask: at % 2,
      chunkBytes: 800,
      stored: at % 2 === 1 ? plain : deflateSync(plain),
    }));
    const library = await H5wasm.load(new Set());
    const result = library.read(buildChunkFile(chunks), 800 * 64);
    expectSame(
      result as Uint8Array,
      bytes()
        .raw(...chunks.map(() => plain))
        .end(),
    );
    expect(library.read(new Uint8Array(100), 10)).toMatchObject({ problem: expect.any(String) });
  });
});
