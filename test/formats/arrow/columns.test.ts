import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import {
  Bool,
  type Data,
  DateMillisecond,
  Dictionary,
  Duration,
  Field,
  Float32,
  Float64,
  Int8,
  Int16,
  Int32,
  Int64,
  List,
  makeData,
  Struct,
  Timestamp,
  TimeUnit,
  Uint8,
  Uint16,
  Uint32,
  Uint64,
  Utf8,
  vectorFromArray,
} from "apache-arrow";
import fc from "fast-check";
import pl from "nodejs-polars";
import { describe, expect, it } from "vitest";
import {
  isEventError,
  loadTable,
  type PolarityEncoding,
  type SensorGeometry,
} from "../../../src/node.ts";
import { type ReferenceRow, rowsReference } from "../../reference/rows.ts";
import { expectSameColumns, toColumns } from "../../support/expected-load.ts";
import { SOAK } from "../../support/soak.ts";
import { type Column, ipcOf, KINDS, loaded, plainBatch, someEvents, tableOf } from "./tables.ts";

const { x, y, t, polarity } = plainBatch(someEvents(10)) as Record<
  "x" | "y" | "t" | "polarity",
  Column
>;
const COUNT = 10;

/** Booleans as Arrow packs them. */
function bools(values: readonly boolean[]): Data {
  const { length } = values;
  const data = new Uint8Array(Math.ceil(length / 8));
  for (let row = 0; row < length; row++)
    if (values[row]) data[row >> 3] = (data[row >> 3] ?? 0) | (1 << (row & 7));
  return makeData({ type: new Bool(), length, nullCount: 0, data });
}

/** What loading a table of one batch throws. */
async function refusal(batch: Readonly<Record<string, Column | Data>>, metadata = {}) {
  const error = await loaded(ipcOf(tableOf([batch], metadata), "file")).catch((caught) => caught);
  expect(isEventError(error), String(error)).toBe(true);
  return error;
}

const INTEGERS = {
  int8: [new Int8(), Int8Array],
  uint8: [new Uint8(), Uint8Array],
  int16: [new Int16(), Int16Array],
  uint16: [new Uint16(), Uint16Array],
  int32: [new Int32(), Int32Array],
  uint32: [new Uint32(), Uint32Array],
  int64: [new Int64(), BigInt64Array],
  uint64: [new Uint64(), BigUint64Array],
} as const;
type Integer = keyof typeof INTEGERS;
const TYPES = Object.keys(INTEGERS) as Integer[];

/** Values as a column of an integer type, which they are brought into by cutting bits off. */
function integers(type: Integer, values: readonly bigint[]): Column {
  const [arrowType, ArrayType] = INTEGERS[type];
  const isBig = arrowType.bitWidth === 64;
  const list = isBig ? values : values.map((value) => Number(BigInt.asIntN(32, value)));
  return [arrowType, new ArrayType(list as never)];
}

const asBigInts = ([, values]: Column): bigint[] =>
  Array.from(values as unknown as Iterable<number | bigint>, BigInt);

describe("columns of any integer types", () => {
  const type = fc.constantFrom(...TYPES);
  const value = fc.oneof(
    fc.integer({ min: 0, max: 127 }),
    fc.integer({ min: -3, max: 700 }),
    fc.constantFrom(65535, 65536, -(2 ** 31), 2 ** 40, -(2 ** 40)),
  );
  const rows = fc.array(fc.tuple(value, value, value, fc.integer({ min: -1, max: 1 })), {
    maxLength: 300,
    size: "max",
  });
  const options = fc.record({
    geometry: fc.constantFrom<SensorGeometry | undefined>(undefined, { width: 640, height: 480 }),
    polarityEncoding: fc.constantFrom<PolarityEncoding>("zero-one", "minus-one-one"),
    rebase: fc.boolean(),
  });

  it("are converted, and what does not fit is counted", async () => {
    await fc.assert(
      fc.asyncProperty(
        rows,
        fc.tuple(type, type, type, type),
        options,
        fc.integer({ min: 1, max: 100 }),
        async (list, [xType, yType, tType, pType], setting, batchRows) => {
          const times =
            tType === "uint64" ? list.map((row) => Math.abs(row[2])) : list.map((row) => row[2]);
          const columns = {
            x: integers(
              xType,
              list.map((row) => BigInt(row[0])),
            ),
            y: integers(
              yType,
              list.map((row) => BigInt(row[1])),
            ),
            t: integers(tType, times.map(BigInt)),
            polarity: integers(
              pType,
              list.map((row) => BigInt(row[3])),
            ),
          };
          const batches = [];
          for (let start = 0; start === 0 || start < list.length; start += batchRows) {
            const part = ([type, values]: Column): Column => [
              type,
              (values as Uint8Array).slice(start, start + batchRows),
            ];
            batches.push(
              Object.fromEntries(
                Object.entries(columns).map(([name, column]) => [name, part(column)]),
              ),
            );
          }
          const [xs, ys, ts, ps] = [columns.x, columns.y, columns.t, columns.polarity].map(
            asBigInts,
          );
          const read = list.map(
            (_, row): ReferenceRow => ({
              x: xs?.[row] ?? 0n,
              y: ys?.[row] ?? 0n,
              t: ts?.[row] ?? 0n,
              polarity: ps?.[row] ?? 0n,
            }),
          );
          const { geometry = null, rebase, polarityEncoding } = setting;
          const { events, timeOffset, ...counts } = rowsReference(read, { geometry, rebase });
          const bytes = ipcOf(tableOf(batches), "file");
          const result = await loaded(bytes, setting);
          expectSameColumns(result.columns, toColumns(events, polarityEncoding));
          expect(result.report).toMatchObject({
            ...counts,
            timeOffset: Number(timeOffset),
            geometry,
          });
          expect(result.report.firstRow).toEqual(counts.firstRow);
        },
      ),
      { numRuns: 60 * SOAK },
    );
  });

  // 2.4 MB of 64 bits
  const manyValues = Array.from({ length: 300_001 }, (_, row) => BigInt(row % 120));

  it.each(TYPES)("%s, more of them than a slot holds", async (name) => {
    const values = manyValues;
    const column = integers(name, values);
    const batch = { x: column, y: column, t: column, polarity: column };
    const { columns, report } = await loaded(ipcOf(tableOf([batch]), "file"));
    const expected = Uint16Array.from(values, Number);
    expectSameColumns(columns, {
      x: expected,
      y: expected,
      t: BigInt64Array.from(values),
      polarity: Int8Array.from(expected, (value) => (value > 0 ? 1 : 0)),
    });
    expect(report.backwardSteps).toBe(2500);
    expect(report.firstRow).toEqual({ backwardStep: 120 });
  });

  it("a time beyond 64 bits is an error that names its row", async () => {
    const times = new BigUint64Array(COUNT);
    times[7] = 2n ** 63n;
    const error = await refusal({ x, y, t: [new Uint64(), times], polarity });
    expect(error).toMatchObject({ code: "unsafe-time", row: 7 });
    expect(error.message).toContain("column t");
  });

  it("times at both ends of 64 bits are kept", async () => {
    const times = BigInt64Array.from({ length: COUNT }, (_, row) => 2n ** 62n + BigInt(row));
    times[0] = -(2n ** 63n);
    times[9] = 2n ** 63n - 1n;
    const { columns } = await loaded(
      ipcOf(tableOf([{ x, y, t: [new Int64(), times], polarity }]), "file"),
    );
    expect(columns.t).toEqual(times);
    const error = await loaded(
      ipcOf(tableOf([{ x, y, t: [new Int64(), times], polarity }]), "file"),
      {
        rebase: true,
      },
    ).catch((caught) => caught);
    expect(isEventError(error, "unsafe-time")).toBe(true);
  });
});

describe("polarities", () => {
  it("can be booleans, in batches of any size", async () => {
    for (const sizes of [[1], [7, 9, 8, 100], [2_500_003]]) {
      const total = sizes.reduce((sum, size) => sum + size, 0);
      const events = someEvents(total);
      let start = 0;
      const batches = sizes.map((size) => {
        const part = (array: Uint16Array | BigInt64Array) =>
          array.slice(start, start + size) as Uint16Array;
        const on = Array.from(events.polarity.subarray(start, start + size), (value) => value > 0);
        const batch = {
          on: bools(on),
          x: [new Uint16(), part(events.x)] as Column,
          y: [new Uint16(), part(events.y)] as Column,
          t: [new Int64(), part(events.t)] as Column,
        };
        start += size;
        return batch;
      });
      const { columns } = await loaded(ipcOf(tableOf(batches), "stream"));
      expectSameColumns(columns, events);
    }
  });

  it("are ON where they are greater than 0", async () => {
    const values = Int8Array.of(-128, -2, -1, 0, 1, 2, 127, -1, 0, 1);
    const signed = await loaded(
      ipcOf(tableOf([{ x, y, t, polarity: [new Int8(), values] }]), "file"),
    );
    expect([...signed.columns.polarity]).toEqual([0, 0, 0, 0, 1, 1, 1, 0, 0, 1]);
    const bytes = Uint8Array.of(0, 1, 2, 127, 128, 255, 0, 1, 0, 1);
    const unsigned = await loaded(
      ipcOf(tableOf([{ x, y, t, polarity: [new Uint8(), bytes] }]), "file"),
      {
        polarityEncoding: "minus-one-one",
      },
    );
    expect([...unsigned.columns.polarity]).toEqual([-1, 1, 1, 1, 1, 1, -1, 1, -1, 1]);
  });
});

describe("times with a unit", () => {
  const values = BigInt64Array.of(
    -2001n,
    -2000n,
    -1999n,
    -1n,
    0n,
    1n,
    999n,
    1000n,
    1001n,
    5_000_000n,
  );

  it.each([
    ["seconds", TimeUnit.SECOND, (time: bigint) => time * 1_000_000n],
    ["milliseconds", TimeUnit.MILLISECOND, (time: bigint) => time * 1000n],
    ["microseconds", TimeUnit.MICROSECOND, (time: bigint) => time],
    [
      "nanoseconds, rounded down",
      TimeUnit.NANOSECOND,
      (time: bigint) => (time - (((time % 1000n) + 1000n) % 1000n)) / 1000n,
    ],
  ])("%s become microseconds", async (_, unit, toUs) => {
    for (const type of [new Timestamp(unit), new Timestamp(unit, "UTC"), new Duration(unit)]) {
      const bytes = ipcOf(tableOf([{ x, y, t: [type, values], polarity }]), "file");
      const { columns, report } = await loaded(bytes);
      expect([...columns.t]).toEqual([...values].map(toUs));
      expect(report.assumptions).toEqual([]);
    }
  });

  it("that overflow are an error that names the row", async () => {
    const late = values.slice();
    late[4] = 2n ** 62n;
    const error = await refusal({ x, y, t: [new Timestamp(TimeUnit.SECOND), late], polarity });
    expect(error).toMatchObject({ code: "unsafe-time", row: 4 });
  });

  it("without one are assumed to be microseconds", async () => {
    const bytes = ipcOf(tableOf([{ x, y, time: t, polarity }]), "file");
    const { report } = await loaded(bytes);
    expect(report.assumptions).toMatchObject([{ what: "unit of time", value: "us" }]);
    expect(report.assumptions[0]?.reason).toContain("column time");
    const error = await loaded(bytes, { strict: "assumptions" }).catch((caught) => caught);
    expect(isEventError(error, "assumption")).toBe(true);
    const said = await loaded(
      ipcOf(tableOf([{ x, y, t, polarity }], { "evarrow.timeUnit": "us" }), "file"),
    );
    expect(said.report.assumptions).toEqual([]);
  });
});

describe("names", () => {
  it.each(["t", "ts", "timestamp", "time"])("times are found as %s", async (name) => {
    for (const other of ["polarity", "p", "pol", "on"]) {
      const bytes = ipcOf(tableOf([{ [other]: polarity, [name]: t, y, x }]), "file");
      expectSameColumns((await loaded(bytes)).columns, someEvents(COUNT));
    }
  });

  it("the first name counts where several are there", async () => {
    const wrong: Column = [new Float64(), new Float64Array(COUNT)];
    const bytes = ipcOf(
      tableOf([{ time: wrong, p: wrong, x, y, t, timestamp: wrong, polarity }]),
      "stream",
    );
    expectSameColumns((await loaded(bytes)).columns, someEvents(COUNT));
  });

  it.each(["x", "y", "t", "polarity"])("a table without %s is no table of events", async (name) => {
    const { [name]: _, ...others } = { x, y, t, polarity } as Record<string, Column>;
    const error = await refusal(others);
    expect(error).toMatchObject({ code: "unsupported-format", format: "arrow" });
    expect(error.message).toContain(`no column ${name}`);
    expect(error.found).toBe(`columns ${Object.keys(others).join(", ")}`);
  });

  it("many columns, and long names, are named in part", async () => {
    const others = Object.fromEntries(
      Array.from({ length: 50 }, (_, index) => [`${"column".repeat(40)}${index}`, x]),
    );
    const error = await refusal(others);
    expect(error.message.length).toBeLessThan(1000);
    const bytes = ipcOf(tableOf([{ ...others, x, y, t, polarity }]), "stream");
    expectSameColumns((await loaded(bytes)).columns, someEvents(COUNT));
  });
});

describe("columns of other kinds", () => {
  const texts = vectorFromArray(
    Array.from({ length: COUNT }, (_, row) => `text ${row}`),
    new Utf8(),
  );
  const words = vectorFromArray(
    Array.from({ length: COUNT }, (_, row) => `word ${row % 3}`),
    new Dictionary(new Utf8(), new Int32()),
  );
  const lists = vectorFromArray(
    Array.from({ length: COUNT }, (_, row) => [row, row]),
    new List(new Field("item", new Int32())),
  );
  const structs = vectorFromArray(
    Array.from({ length: COUNT }, (_, row) => ({ a: row, b: `b${row}` })),
    new Struct([new Field("a", new Int32()), new Field("b", new Utf8())]),
  );
  const data = ({ data: [first] }: { data: readonly Data[] }): Data => first as Data;

  it("in front of ours are passed over", async () => {
    for (const kind of KINDS) {
      const batch = {
        texts: data(texts),
        x,
        words: data(words),
        y,
        lists: data(lists),
        structs: data(structs),
        t,
        bools: bools(Array.from({ length: COUNT }, () => true)),
        polarity,
      };
      expectSameColumns((await loaded(ipcOf(tableOf([batch, batch]), kind))).columns, {
        x: repeat(someEvents(COUNT).x),
        y: repeat(someEvents(COUNT).y),
        t: repeat(someEvents(COUNT).t),
        polarity: repeat(someEvents(COUNT).polarity),
      });
    }
    function repeat<A extends Uint16Array | BigInt64Array | Int8Array>(array: A): A {
      const twice = new (array.constructor as new (length: number) => A)(array.length * 2);
      twice.set(array as never);
      twice.set(array as never, array.length);
      return twice;
    }
  });

  it.each([
    [
      "t",
      { x, y, t: [new Float64(), new Float64Array(COUNT)] as Column, polarity },
      "FloatingPoint",
    ],
    [
      "x",
      { x: [new Float32(), new Float32Array(COUNT)] as Column, y, t, polarity },
      "FloatingPoint",
    ],
    [
      "t",
      { x, y, t: [new DateMillisecond(), new BigInt64Array(COUNT)] as Column, polarity },
      "Date",
    ],
    ["y", { x, y: data(words), t, polarity }, "a dictionary"],
    ["polarity", { x, y, t, polarity: data(texts) }, "Utf8"],
    ["x", { x: data(lists), y, t, polarity }, "List"],
    ["y", { x, y: data(structs), t, polarity }, "Struct"],
    ["x", { x: bools(Array.from({ length: COUNT }, () => true)), y, t, polarity }, "Bool"],
    [
      "x",
      { x: [new Timestamp(TimeUnit.SECOND), new BigInt64Array(COUNT)] as Column, y, t, polarity },
      "Timestamp(SECOND)",
    ],
  ])("in the place of %s are refused by name", async (name, batch, found) => {
    const error = await refusal(batch);
    expect(error).toMatchObject({ code: "unsupported-format", found });
    expect(error.message).toContain(`the column ${name} holds no ${name}`);
    expect(error.expected).toContain("an integer");
  });

  it("nulls are refused by name", async () => {
    const withNulls = makeData({
      type: new Uint16(),
      length: COUNT,
      nullCount: 2,
      nullBitmap: Uint8Array.of(0b1111_0011, 0b11),
      data: new Uint16Array(COUNT),
    });
    const error = await refusal({ x, y: withNulls, t, polarity });
    expect(error.code).toBe("unsupported-format");
    expect(error.message).toContain("the column y has nulls");
    expect(error.found).toBe("2 nulls in a batch of 10 rows");
  });

  it.each(["lz4", "zstd"] as const)("batches compressed by %s are refused", async (compression) => {
    const ones = Array.from({ length: 1000 }, () => 1);
    const frame = pl.DataFrame(["x", "y", "t", "p"].map((name) => pl.Series(name, ones, pl.Int32)));
    const path = join(mkdtempSync(join(tmpdir(), "evarrow-compressed-")), "a.ipc");
    frame.writeIPC(path, { compression });
    const error = await loadTable(path).catch((caught) => caught);
    rmSync(dirname(path), { recursive: true });
    expect(isEventError(error, "unsupported-format"), String(error)).toBe(true);
    expect(error.message).toContain("compressed");
    expect(error.hint).toContain('compression="uncompressed"');
  });
});
