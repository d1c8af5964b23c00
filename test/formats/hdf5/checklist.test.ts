/**
 * The checklist of the format notes, points 6 and 7: what a reader of ECF and of other HDF5 files
 * must get right. Each item is small and written out.
 */
import { deflateSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { loadTable } from "../../../src/index.ts";
import { type EcfEvent, type EcfMode, encodeEcfReference } from "../../reference/ecf.ts";
import { columnsOf, expectSameColumns, toColumns } from "../../support/expected-load.ts";
import {
  cdType,
  bytes as field,
  type TestFilter,
  types,
  writeHdf5,
} from "../../support/hdf5-writer.ts";
import { columnDataset, columnGroup } from "./event-files.ts";
import { madeByLibrary } from "./files.ts";
import { errorOf, loaded } from "./loads.ts";
import { bytesOf, chunksOf, filtered, someColumns } from "./values.ts";

const MODES: readonly EcfMode[] = ["runs", "xp", "yxp"];

/** openeb's own file: chunks of so many events. */
function ecfFile(
  chunks: readonly (readonly EcfEvent[])[],
  mode: EcfMode,
  { rows, chunkRows }: { rows: number; chunkRows: number },
): Uint8Array<ArrayBuffer> {
  const list = chunks.map((events, index) => {
    return { at: [index * chunkRows], bytes: encodeEcfReference(events, mode) };
  });
  const filters = [{ id: 36559, name: "ECF" }];
  const stored = { shape: [chunkRows], list, elementBytes: 16 };
  return writeHdf5({ CD: { events: { type: cdType(), shape: [rows], filters, chunks: stored } } });
}

async function expectEcf(events: readonly EcfEvent[], mode: EcfMode): Promise<void> {
  const file = ecfFile([events], mode, { rows: events.length, chunkRows: 16_384 });
  const expected = toColumns(
    events.map(({ t, x, y, p }) => ({ t, x, y, p: p === 1 ? 1 : 0 })),
    "zero-one",
  );
  expectSameColumns(columnsOf(await loadTable(file)), expected);
}

/** Events one microsecond after the other. */
const someEvents = (count: number): EcfEvent[] =>
  Array.from({ length: count }, (_, index) => ({
    t: BigInt(1000 + index),
    x: (index * 7) % 1280,
    y: (index >> 3) % 720,
    p: index & 1,
  }));

describe.each(MODES)("format checklist 6, ECF in the mode %s", (mode) => {
  it("events", async () => {
    await expectEcf(someEvents(1000), mode);
  });

  it("a step in time of several nibbles", async () => {
    const steps = [0n, 14n, 15n, 16n, 255n, 256n, 0x1234n, 0xf0f0fn, 2n ** 40n + 3n];
    let t = -7n;
    const events = steps.map((step, index) => {
      t += step;
      return { t, x: index, y: 5, p: 1 };
    });
    await expectEcf(events, mode);
  });

  it.each([14, 15, 16, 30, 31, 32, 126, 127, 128, 300])("runs of %d", async (count) => {
    const run = (start: number): EcfEvent[] =>
      Array.from({ length: count }, () => ({ t: BigInt(start), x: start, y: start, p: start & 1 }));
    await expectEcf([...run(1), ...run(2), ...run(3)], mode);
  });

  it.each([1, 2, 3, 4, 5, 6, 7])(
    "a number of events that is no multiple of 4: %d",
    async (count) => {
      await expectEcf(someEvents(count), mode);
    },
  );

  it("the length of the dataset says how many events count", async () => {
    const events = someEvents(40);
    const chunks = [events.slice(0, 16), events.slice(16, 32), events.slice(32)];
    for (const rows of [33, 39, 40]) {
      const { columns } = await loaded(ecfFile(chunks, mode, { rows, chunkRows: 16 }));
      expect([...columns.t]).toEqual(events.slice(0, rows).map(({ t }) => t));
    }
  });

  it("a step back in time is lost when it is written, and a filter that was left out loses none", async () => {
    const back = [5n, 3n, 9n].map((t) => ({ t, x: 1, y: 2, p: 1 }));
    const { columns } = await loaded(ecfFile([back], mode, { rows: 3, chunkRows: 16 }));
    expect([...columns.t]).toEqual([5n, 5n, 9n]);
    const record = new DataView(new ArrayBuffer(48));
    for (const [row, { t, x, y, p }] of back.entries()) {
      record.setUint16(row * 16, x, true);
      record.setUint16(row * 16 + 2, y, true);
      record.setInt16(row * 16 + 4, p, true);
      record.setBigInt64(row * 16 + 8, t, true);
    }
    const list = [{ at: [0], bytes: bytesOf(record), mask: 1 }];
    const chunks = { shape: [3], list, elementBytes: 16 };
    const filters = [{ id: 36559, name: "ECF" }];
    const events = { type: cdType(), shape: [3], filters, chunks };
    const plain = await loaded(writeHdf5({ CD: { events } }));
    expect([...plain.columns.t]).toEqual([5n, 3n, 9n]);
    expect(plain.report.backwardSteps).toBe(1);
  });
});

describe("format checklist 7, HDF5", () => {
  const ROWS = 60_001;
  const { x, y, t, p } = someColumns(ROWS);
  const expected = { x, y, t, polarity: p.map((value) => (value > 0 ? 1 : 0)) };

  it("a filter mask that is set", async () => {
    const filters: TestFilter[] = [{ id: 2, values: [8] }, { id: 1, values: [4] }, { id: 3 }];
    const rows = 1000;
    const list = chunksOf(bytesOf(t.slice(0, rows)), 8, 100, (chunk, index) => ({
      bytes: filtered(chunk, filters, 8, index % 8),
      mask: index % 8,
    }));
    const chunks = { shape: [100], list, elementBytes: 8 };
    const times = { type: types.integer(8, true), shape: [rows], filters, chunks };
    const columns = columnGroup({
      x: ["u2", [...x.slice(0, rows)]],
      y: ["u2", [...y.slice(0, rows)]],
      p: ["i1", [...p.slice(0, rows)]],
    });
    const found = await loaded(writeHdf5({ events: { ...columns, t: times } }));
    expect(found.columns.t).toEqual(t.slice(0, rows));
  });

  /** Codes of the option: 0 blosclz, 1 lz4, 2 lz4hc, 5 zstd; shuffled not, by byte, by bit. */
  it.each([
    [0, 1],
    [1, 0],
    [1, 1],
    [1, 2],
    [2, 1],
    [5, 0],
    [5, 1],
    [5, 2],
  ])("Blosc with split blocks and leftovers: codec %d, shuffle %d", async (codec, shuffle) => {
    const options = { compression: 32001, compression_opts: [0, 0, 0, 0, 4, shuffle, codec] };
    // The library cannot write what does not compress.
    const rising = x.toSorted();
    const bytes = await madeByLibrary((file) => {
      const events = file.create_group("events");
      for (const [name, data] of Object.entries({ x: rising, y, t, p: p.toSorted() })) {
        // One chunk of an odd number of values that takes several blocks.
        events.create_dataset({ name, data, chunks: [ROWS], ...options });
      }
    });
    const polarity = expected.polarity.toSorted();
    expectSameColumns((await loaded(bytes)).columns, { ...expected, x: rising, polarity });
  });

  it.each([
    [3, "zlib"],
    [2, "Snappy"],
  ])("Blosc with a codec that its plugin does not have: %d", async (codec, name) => {
    const values = deflateSync(new Uint8Array(800));
    const block = field().u32(20).u32(values.byteLength).raw(values).end();
    const flags = (codec << 5) | 0x10;
    const header = field()
      .raw([2, 1, flags, 8])
      .u32(800)
      .u32(800)
      .u32(16 + block.byteLength);
    const times = {
      type: types.integer(8, true),
      shape: [100],
      filters: [{ id: 32001, name: "blosc", values: [2, 2, 8, 800, 5, 0, 4] }],
      chunks: {
        shape: [100],
        list: [{ at: [0], bytes: header.raw(block).end() }],
        elementBytes: 8,
      },
    };
    const zeros = new Array<number>(100).fill(0);
    const columns = columnGroup({ x: ["u1", zeros], y: ["u1", zeros], p: ["u1", zeros] });
    const file = writeHdf5({ events: { ...columns, t: times } });
    const error = await errorOf(file, "unsupported-format");
    expect(error).toMatchObject({ found: `${name} in Blosc (32001)`, row: 0 });
    expect(error.message).toContain("a chunk of /events/t is compressed in a way that is not read");
    expect(error.hint).toContain("Write the dataset anew");
  });

  it("`t_offset` absent", async () => {
    const events = columnGroup({ x: ["u2", [1]], y: ["u2", [2]], t: ["u4", [3]], p: ["u1", [1]] });
    const bytes = writeHdf5({ events, ms_to_idx: columnDataset(["u8", [0]]) });
    expect([...(await loaded(bytes)).columns.t]).toEqual([3n]);
  });

  it("float seconds", async () => {
    const seconds = Float64Array.from(t, (time) => Number(time) / 1e6);
    const bytes = await madeByLibrary((file) => {
      const events = file.create_group("events");
      for (const [name, data] of Object.entries({ xs: x, ys: y, ts: seconds, ps: p })) {
        events.create_dataset({ name, data });
      }
    });
    expectSameColumns((await loaded(bytes)).columns, expected);
  });

  it("p in {-1, 1}", async () => {
    const events = columnGroup({
      x: ["u2", [1, 2]],
      y: ["u2", [1, 2]],
      t: ["u4", [1, 2]],
      p: ["i1", [-1, 1]],
    });
    expect([...(await loaded(writeHdf5({ events }))).columns.polarity]).toEqual([0, 1]);
  });
});
