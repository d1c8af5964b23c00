/** Small HDF5 files of events in every layout: what a column holds is given as it is stored. */
import fc from "fast-check";
import type { Hdf5Options } from "../../../src/formats/options.ts";
import type { StoredNumber } from "../../reference/hdf5.ts";
import {
  type AttributeValue,
  type TestChunk,
  type TestDataset,
  type TestFilter,
  type TestGroup,
  types,
  writeHdf5,
} from "../../support/hdf5-writer.ts";
import { chunksOf, filtered } from "./values.ts";

/** Types of columns, by the names of numpy; booleans are an enumeration. */
const TYPES = {
  i1: { size: 1, view: "Int8", type: types.integer(1, true) },
  u1: { size: 1, view: "Uint8", type: types.integer(1, false) },
  i2: { size: 2, view: "Int16", type: types.integer(2, true) },
  u2: { size: 2, view: "Uint16", type: types.integer(2, false) },
  i4: { size: 4, view: "Int32", type: types.integer(4, true) },
  u4: { size: 4, view: "Uint32", type: types.integer(4, false) },
  i8: { size: 8, view: "BigInt64", type: types.integer(8, true) },
  u8: { size: 8, view: "BigUint64", type: types.integer(8, false) },
  f4: { size: 4, view: "Float32", type: types.float(4) },
  f8: { size: 8, view: "Float64", type: types.float(8) },
  /** Given as bits. */
  f2: { size: 2, view: "Uint16", type: types.float(2) },
  ">f2": { size: 2, view: "Uint16", type: types.float(2, true) },
  ">u2": { size: 2, view: "Uint16", type: types.integer(2, false, true) },
  ">i8": { size: 8, view: "BigInt64", type: types.integer(8, true, true) },
  ">f8": { size: 8, view: "Float64", type: types.float(8, true) },
  bool: { size: 1, view: "Int8", type: types.boolean() },
} as const;

export type ColumnType = keyof typeof TYPES;

/** A column as it is stored. */
export type Column = readonly [type: ColumnType, values: readonly StoredNumber[]];

/** How the rows of a dataset are stored. Default: one behind the other. */
export interface Storage {
  /** Rows of a chunk; 0 for a dataset that stands in its header. */
  chunkRows?: number | undefined;
  filters?: TestFilter[] | undefined;
}

function setValue(view: DataView, at: number, type: ColumnType, value: StoredNumber): void {
  const { view: name } = TYPES[type];
  const isWide = name === "BigInt64" || name === "BigUint64";
  const isLittleEndian = !type.startsWith(">");
  view[`set${name}`](at, (isWide ? BigInt(value) : Number(value)) as never, isLittleEndian);
}

/** A dataset of rows, whose bytes are given. */
function stored(
  type: Uint8Array,
  rows: number,
  values: Uint8Array,
  elementBytes: number,
  { chunkRows, filters = [] }: Storage,
  extent: {
    shape: number[];
    ofChunk: (rows: number) => number[];
    at: (row: number) => number[];
  } = {
    shape: [rows],
    ofChunk: (count) => [count],
    at: (row) => [row],
  },
): TestDataset {
  const { shape } = extent;
  if (chunkRows === undefined) return rows === 0 ? { type, shape } : { type, shape, data: values };
  if (chunkRows === 0) return { type, shape, compact: values };
  const rowBytes = rows === 0 ? elementBytes : values.byteLength / rows;
  // What the library of HDF5 insists on: the level, the size of an element, that of a chunk.
  const FILTER_VALUES: Record<number, number[]> = {
    1: [4],
    2: [elementBytes],
    32000: [4, 261, chunkRows * rowBytes],
  };
  const valued = filters.map(({ id }) => ({ id, values: FILTER_VALUES[id] ?? [] }));
  const list = chunksOf(values, rowBytes, chunkRows, (chunk) => ({
    bytes: filtered(chunk, filters, elementBytes),
  })).map((chunk): TestChunk => ({ ...chunk, at: extent.at(chunk.at[0] ?? 0) }));
  const chunks = { shape: extent.ofChunk(chunkRows), list, elementBytes };
  return { type, shape, filters: valued, chunks };
}

/** A dataset of one column. */
export function columnDataset([type, values]: Column, storage: Storage = {}): TestDataset {
  const { size } = TYPES[type];
  const bytes = new Uint8Array(values.length * size);
  const view = new DataView(bytes.buffer);
  for (const [row, value] of values.entries()) setValue(view, row * size, type, value);
  return stored(TYPES[type].type, values.length, bytes, size, storage);
}

/** The same as a matrix of one row or of one column, as MATLAB has it. */
export function vectorDataset(column: Column, isRow: boolean, storage: Storage = {}): TestDataset {
  const [type, values] = column;
  const { size } = TYPES[type];
  const { data = new Uint8Array() } = columnDataset(column);
  const turned = (one: number, other: number): number[] => (isRow ? [one, other] : [other, one]);
  return stored(TYPES[type].type, values.length, data, size, storage, {
    shape: turned(1, values.length),
    ofChunk: (rows) => turned(1, rows),
    at: (row) => turned(0, row),
  });
}

/** A dataset of records, packed or with gaps. */
export function recordDataset(
  columns: Readonly<Record<string, Column>>,
  storage: Storage = {},
  gap = 0,
): TestDataset {
  let end = 0;
  const members = Object.entries(columns).map(([name, [type, values]]) => {
    const offset = end;
    end += TYPES[type].size + gap;
    return { name, offset, type, values };
  });
  const rows = members[0]?.values.length ?? 0;
  const bytes = new Uint8Array(rows * end);
  const view = new DataView(bytes.buffer);
  for (const { offset, type, values } of members) {
    for (const [row, value] of values.entries()) setValue(view, row * end + offset, type, value);
  }
  const type = types.compound(
    end,
    members.map(({ name, offset, type: of }) => [name, offset, TYPES[of].type]),
  );
  return stored(type, rows, bytes, end, storage);
}

/** A matrix with an event in each row. */
export function matrixDataset(
  type: ColumnType,
  columns: readonly (readonly StoredNumber[])[],
  storage: Storage = {},
): TestDataset {
  const { size } = TYPES[type];
  const width = columns.length;
  const rows = columns[0]?.length ?? 0;
  const bytes = new Uint8Array(rows * width * size);
  const view = new DataView(bytes.buffer);
  for (const [column, values] of columns.entries()) {
    for (const [row, value] of values.entries()) {
      setValue(view, (row * width + column) * size, type, value);
    }
  }
  return stored(TYPES[type].type, rows, bytes, size, storage, {
    shape: [rows, width],
    ofChunk: (count) => [count, width],
    at: (row) => [row, 0],
  });
}

/** A scalar. */
export function scalarDataset(type: ColumnType, value: StoredNumber): TestDataset {
  return { ...columnDataset([type, [value]]), shape: [] };
}

/** A group of one dataset for each column. */
export function columnGroup(
  columns: Readonly<Record<string, Column>>,
  storage: Storage = {},
): TestGroup {
  return Object.fromEntries(
    Object.entries(columns).map(([name, column]) => [name, columnDataset(column, storage)]),
  );
}

/** Rows to put into a file, and with which types. */
export interface EventColumns {
  x: Column;
  y: Column;
  t: Column;
  p: Column;
}

/** A file of events. */
export interface EventFile {
  dialect: string;
  bytes: Uint8Array<ArrayBuffer>;
  /** What a load is told. */
  options: { stream?: string; hdf5?: Hdf5Options };
  rows: number;
}

/** A layout: which types its columns have, and how they are put into a file. */
interface Layout {
  types: Readonly<Record<"x" | "y" | "t" | "p", readonly ColumnType[]>>;
  write(
    columns: EventColumns,
    storage: Storage,
    choose: (count: number) => number,
  ): { root: TestGroup; attributes?: Record<string, AttributeValue>; stream?: string };
}

const DSEC_TYPES = { x: ["u2"], y: ["u2"], t: ["u4"], p: ["u1"] } as const;
const ANY_PIXEL = ["u1", "i2", "u2", "i4", "u4", "i8", "u8", "f4", "f8", ">u2"] as const;
const ANY_TIME = ["i4", "u4", "i8", "u8", "f4", "f8", ">i8", ">f8"] as const;
const ANY_POLARITY = ["bool", "i1", "u1", "i2", "i4", "u4", "i8", "f4", "f8"] as const;
const ANY_TYPES = { x: ANY_PIXEL, y: ANY_PIXEL, t: ANY_TIME, p: ANY_POLARITY };

const SENSOR = { width: 70, height: 60 };
const sides = { width: SENSOR.width, height: SENSOR.height };

/** The values of a matrix, all of the type of the times. */
const matrixOf = (
  { t: [type], ...others }: EventColumns,
  order: string,
  storage: Storage,
  t: Column,
) =>
  matrixDataset(
    type,
    [...order].map((name) => (name === "t" ? t : others[name as "x" | "y" | "p"])[1]),
    storage,
  );

const TRIGGERS = recordDataset({
  p: ["i2", [1, 0, 1, 0]],
  t: ["i8", [-5n, 20n, 1_000_100n, 2n ** 40n]],
  id: ["i2", [0, 0, 6, 6]],
});

/** Every layout that is known. */
export const LAYOUTS: Readonly<Record<string, Layout>> = {
  openeb: {
    types: { x: ["u2"], y: ["u2"], t: ["i8"], p: ["i2"] },
    write: ({ x, y, t, p }, storage, choose) => ({
      root: {
        CD: { events: recordDataset({ x, y, p, t }, storage, choose(3)) },
        ...(choose(2) && { EXT_TRIGGER: { events: TRIGGERS } }),
      },
      ...(choose(2) && { attributes: { geometry: "70x60" } }),
    }),
  },
  dsec: {
    types: DSEC_TYPES,
    write: (columns, storage, choose) => ({
      root: {
        events: columnGroup({ ...columns }, storage),
        ms_to_idx: columnDataset(["u8", [0n]]),
        ...(choose(3) > 0 && { t_offset: scalarDataset("i8", choose(2) ? 49_599_300_523n : -77n) }),
      },
    }),
  },
  jaer: {
    types: DSEC_TYPES,
    write: (columns, storage, choose) => ({
      root: {
        events: columnGroup({ ...columns }, storage),
        ms_to_idx: columnDataset(["u8", [0n]]),
      },
      attributes: [sides, { sizeX: 70, sizeY: 60 }, { ...sides, sizeX: 70, sizeY: 60 }][
        choose(3)
      ] as Record<string, AttributeValue>,
    }),
  },
  rvt: {
    types: { ...DSEC_TYPES, t: ["i8", "u4"], p: ["i1", "u1"] },
    write: (columns, storage) => ({
      root: {
        events: {
          ...columnGroup({ ...columns }, storage),
          height: scalarDataset("i8", SENSOR.height),
          width: scalarDataset("i8", SENSOR.width),
        },
      },
    }),
  },
  m3ed: {
    types: { ...DSEC_TYPES, t: ["i8"], p: ["i1"] },
    write: (columns, storage, choose) => {
      const calib = { resolution: columnDataset(["i4", [SENSOR.width, SENSOR.height]]) };
      const group = { ...columnGroup({ ...columns }, storage), ...(choose(2) && { calib }) };
      const other = columnGroup({ x: ["u2", [1]], y: ["u2", [1]], t: ["i8", [1]], p: ["i1", [1]] });
      return [
        { root: { prophesee: { left: group } } },
        { root: { prophesee: { left: group, right: other } }, stream: "left" },
        { root: { prophesee: { left: other, right: group } }, stream: "right" },
      ][choose(3)] as ReturnType<Layout["write"]>;
    },
  },
  mvsec: {
    types: { x: ["f8"], y: ["f8"], t: ["f8"], p: ["f8"] },
    write: (columns, storage, choose) => {
      const image_raw: TestDataset = {
        type: types.integer(1, false),
        shape: [1, SENSOR.height, SENSOR.width],
        data: new Uint8Array(SENSOR.width * SENSOR.height),
      };
      const events = matrixOf(columns, "xytp", storage, columns.t);
      const group: TestGroup = { events, ...(choose(2) && { image_raw }) };
      const other = { events: matrixDataset("f8", [[1], [1], [1], [1]]) };
      return [
        { root: { davis: { left: group } } },
        { root: { davis: { left: group, right: other } }, stream: "left" },
        { root: { davis: { right: group } } },
      ][choose(3)] as ReturnType<Layout["write"]>;
    },
  },
  e2vid: {
    types: { x: ["i2"], y: ["i2"], t: ["f8"], p: ["bool"] },
    write: ({ x, y, t, p }, storage, choose) => ({
      root: { events: columnGroup({ xs: x, ys: y, ts: t, ps: p }, storage), images: {} },
      ...(choose(2) && { attributes: { sensor_resolution: [60, 70], num_events: x[1].length } }),
    }),
  },
  "older e2vid": {
    types: { x: ["i2"], y: ["i2"], t: ["f8"], p: ["i1", "bool"] },
    write: ({ x, y, t, p }, storage, choose) => ({
      root: { events: columnGroup({ x, y, ts: t, p }, storage) },
      ...(choose(2) && { attributes: { sensor_resolution: [60, 70] } }),
    }),
  },
  v2e: {
    types: { x: ["u4"], y: ["u4"], t: ["u4"], p: ["u4"] },
    write: (columns, storage) => ({
      root: { events: matrixOf(columns, "txyp", storage, columns.t) },
    }),
  },
  ebssa: {
    types: { x: ["f8", "u2"], y: ["f8", "u2"], t: ["f8", "i8", "u4"], p: ["f8", "i1"] },
    write: ({ x, y, t, p }, storage, choose) => {
      const isRow = choose(2) === 1;
      const vector = (column: Column) => vectorDataset(column, isRow, storage);
      return { root: { TD: { x: vector(x), y: vector(y), ts: vector(t), p: vector(p) } } };
    },
  },
  generic: {
    types: ANY_TYPES,
    write: ({ x, y, t, p }, storage, choose) => {
      const group = [
        { x, y, t, p },
        { xs: x, ys: y, ts: t, ps: p },
        { x, y, timestamp: t, polarity: p },
      ][choose(3)] as Record<string, Column>;
      const columns = columnGroup(group, storage);
      return { root: choose(2) ? columns : { events: columns } };
    },
  },
  compound: {
    types: { ...ANY_TYPES, x: ["u2", "i4"], y: ["u2", "i2"], t: ["u4", "i8", "f8"] },
    write: ({ x, y, t, p }, storage, choose) => {
      const members = [
        { t, x, y, p },
        { p, y, x, t },
        { x, y, timestamp: t, polarity: p },
      ][choose(3)] as Record<string, Column>;
      return { root: { events: recordDataset(members, storage, choose(2)) } };
    },
  },
};

/** Pixels, now and then some that are none. */
function pixels(type: ColumnType): fc.Arbitrary<StoredNumber> {
  const odd: StoredNumber[] = [0, 59, 60, 69, 70];
  if (/^>?i/.test(type)) odd.push(-1);
  if (/[48]$/.test(type)) odd.push(65_535, 65_536, 2 ** 31 - 1);
  if (type.startsWith("f")) odd.push(0.5, Number.NaN, -0, -1e-3, Number.POSITIVE_INFINITY);
  if (type === "u8") odd.push(2n ** 64n - 1n, 2n ** 63n);
  return fc.oneof({ weight: 30, arbitrary: fc.nat(58) }, fc.constantFrom(...odd));
}

/** OFF and ON, now and then something else. */
function polarities(type: ColumnType): fc.Arbitrary<StoredNumber> {
  if (type === "bool") return fc.nat(1);
  const usual = /^>?u/.test(type) ? [0, 1] : [-1, 0, 1];
  const odd = type.startsWith("f") ? [2, 0.5, -1.5, Number.NaN] : [2, 100];
  return fc.oneof(
    { weight: 60, arbitrary: fc.constantFrom(...usual) },
    fc.constantFrom<number>(...odd),
  );
}

/** Times that mostly rise, now and then some that are none. */
function times(type: ColumnType, rows: number, unit: number): fc.Arbitrary<StoredNumber[]> {
  const step = fc.oneof({ weight: 20, arbitrary: fc.nat(40) }, fc.integer({ min: -9, max: 5000 }));
  const steps = fc.array(step, { minLength: rows, maxLength: rows });
  const sumOf = (list: readonly number[], start: number): number[] => {
    let time = start;
    return list.map((each) => {
      time += each;
      return time;
    });
  };
  if (/f/.test(type)) {
    const odd = [Number.NaN, Number.POSITIVE_INFINITY, -1e300, 1e14];
    const starts = type === "f4" ? [0, 1000] : [0, 1000, -5000, 1_504_645_177_424_096];
    return fc
      .tuple(fc.constantFrom(...starts), steps, fc.array(fc.nat(60), { maxLength: 2 }), fc.nat(3))
      .map(([start, list, places, which]) => {
        const all: number[] = sumOf(list, start).map((time) => time * unit);
        // The first time is one: it is what the others count from.
        // Nor would the last one be believed to be in seconds.
        for (const at of places) if (at > 0 && at < rows - 1) all[at] = odd[which] as number;
        return all;
      });
  }
  const starts: bigint[] = [0n, 1_000_000n];
  if (type === "i4") starts.push(-5000n);
  if (type === "u4") starts.push(4_200_000_000n);
  if (/i8$/.test(type)) starts.push(-(2n ** 63n) + 400n, 2n ** 63n - 250_000n, -7n, 2n ** 50n);
  if (type === "u8") starts.push(2n ** 63n - 1000n, 2n ** 63n + 1000n);
  return fc
    .tuple(fc.constantFrom(...starts), steps)
    .map(([start, list]) =>
      sumOf(list, 0).map((each) => start + BigInt(each < 0 && start === 0n ? 0 : each)),
    );
}

const storages: fc.Arbitrary<Storage> = fc.oneof(
  fc.constantFrom<Storage>({}, { chunkRows: 0 }),
  fc.record({
    chunkRows: fc.integer({ min: 1, max: 17 }),
    filters: fc.constantFrom<TestFilter[]>(
      [],
      [{ id: 1 }],
      [{ id: 2 }, { id: 1 }],
      [{ id: 2 }, { id: 32000 }],
      [{ id: 1 }, { id: 3 }],
    ),
  }),
);

/** Whether the values of a matrix allow the columns t, x, y, p, or at least none that begin with x. */
function isOfV2e(...[xs, ys, ts, ps]: (readonly StoredNumber[])[]): boolean {
  const arePixels = (values: readonly StoredNumber[] = []) =>
    values.every((value) => value >= 0 && value <= 65_535);
  const isRising = ts?.every((time, at) => time >= (ts[at - 1] ?? time)) ?? true;
  const arePolarities = ps?.every((value) => value >= -1 && value <= 1) ?? true;
  return (isRising && arePixels(xs) && arePixels(ys) && arePolarities) || !arePixels(ts);
}

/** Files of a layout, of few rows. */
export function eventFiles(dialect: string, mostRows = 40): fc.Arbitrary<EventFile> {
  const layout = LAYOUTS[dialect] as Layout;
  const typesOf = (name: keyof Layout["types"]) => fc.constantFrom(...layout.types[name]);
  return fc
    .record({
      x: typesOf("x"),
      y: typesOf("y"),
      t: typesOf("t"),
      p: typesOf("p"),
      rows: fc.nat(mostRows),
    })
    .chain(({ x, y, t, p, rows }) => {
      const list = (arbitrary: fc.Arbitrary<StoredNumber>) =>
        fc.array(arbitrary, { minLength: rows, maxLength: rows });
      // MATLAB's are microseconds in any type.
      const unit = dialect === "ebssa" ? 1 : 1e-6;
      return fc
        .tuple(
          list(pixels(x)),
          list(pixels(y)),
          times(t, rows, unit),
          list(polarities(p)),
          storages,
          fc.array(fc.nat(), { minLength: 5, maxLength: 5 }),
        )
        .filter(([xs, ys, ts, ps]) => dialect !== "v2e" || isOfV2e(xs, ys, ts, ps))
        .map(([xs, ys, ts, ps, storage, choices]): EventFile => {
          let choice = 0;
          const choose = (count: number): number => (choices[choice++] ?? 0) % count;
          const columns: EventColumns = { x: [x, xs], y: [y, ys], t: [t, ts], p: [p, ps] };
          const { root, attributes = {}, stream } = layout.write(columns, storage, choose);
          const options: EventFile["options"] = stream === undefined ? {} : { stream };
          // So large a number would be taken for nanoseconds.
          if (Math.abs(Number(ts[0] ?? 0)) > 1e16 && !/f/.test(t))
            options.hdf5 = { timeUnit: "us" };
          const bytes = writeHdf5(root, { attributes });
          const file = { dialect, bytes, options, rows };
          // For counterexamples, instead of all bytes.
          const described = { dialect, stream, attributes, storage, choices, columns };
          return Object.defineProperty(file, fc.toStringMethod, {
            value: () => fc.stringify(described),
          });
        });
    });
}
