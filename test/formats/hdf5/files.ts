/** What the tests of HDF5 share: opening files in memory, and h5wasm as the other reader. */
import h5wasm, { type Dataset as LibraryDataset, type Group as LibraryGroup } from "h5wasm";
import { expect } from "vitest";
import { type Hdf5Dataset, Hdf5File } from "../../../src/formats/hdf5/file.ts";
import { H5wasm } from "../../../src/formats/hdf5/filters/h5wasm.ts";
import type { ColumnArray, ColumnChoice } from "../../../src/formats/hdf5/rows/row-column.ts";
import { RowReader } from "../../../src/formats/hdf5/rows/row-reader.ts";
import { MemorySource } from "../../../src/source/memory.ts";

/** The library, with every plugin that a test may need. */
export async function library(): Promise<Awaited<typeof h5wasm.ready>> {
  await H5wasm.load(new Set(["blosc", "blosc2", "zstd", "lz4", "lzf", "bshuf"]));
  return h5wasm.ready;
}

export const open = (bytes: Uint8Array): Promise<Hdf5File> =>
  Hdf5File.open(new MemorySource(bytes));

/** A dataset that is there. */
export async function datasetOf(file: Hdf5File, path: string): Promise<Hdf5Dataset> {
  const dataset = await file.dataset(path);
  if (dataset === null) throw new Error(`there is no dataset ${path}`);
  return dataset;
}

/** All values of a column, read in slices of several lengths, which all give the same. */
export async function readColumn(
  file: Hdf5File,
  path: string,
  choice: Omit<ColumnChoice, "dataset"> = {},
): Promise<ColumnArray> {
  const [column] = await readColumns(file, [{ path, ...choice }]);
  return column as ColumnArray;
}

/** The same of several columns together. */
export async function readColumns(
  file: Hdf5File,
  choices: readonly (Omit<ColumnChoice, "dataset"> & { path: string })[],
): Promise<ColumnArray[]> {
  const columns = await Promise.all(
    choices.map(async ({ path, ...choice }) => ({
      ...choice,
      dataset: await datasetOf(file, path),
    })),
  );
  const reader = await RowReader.open(file, columns);
  await reader.checkStored();
  const { rows } = reader;
  const whole = await reader.read(0, rows);
  for (const slice of [Math.ceil(rows / 7), Math.ceil(rows / 2) + 1]) {
    const again = await RowReader.open(file, columns);
    for (let start = 0; start < rows; start += slice) {
      const count = Math.min(slice, rows - start);
      const part = await again.read(start, count);
      for (const [index, values] of part.entries()) {
        expectSame(values, (whole[index] as Uint8Array).subarray(start, start + count));
      }
    }
  }
  const [last] = rows === 0 ? [[]] : [await reader.read(rows - 1, 1)];
  for (const [index, values] of (last as ColumnArray[]).entries()) {
    expect(values[0]).toEqual(whole[index]?.at(-1));
  }
  return whole;
}

/** Compares typed arrays by their bytes: NaN is NaN, and no value is printed. */
export function expectSame(found: ArrayBufferView, expected: ArrayBufferView): void {
  const bytesOf = (view: ArrayBufferView): Buffer =>
    Buffer.from(view.buffer, view.byteOffset, view.byteLength);
  expect(found.byteLength).toBe(expected.byteLength);
  const difference = bytesOf(found).compare(bytesOf(expected));
  if (difference === 0) return;
  const at = bytesOf(found).findIndex((byte, index) => byte !== bytesOf(expected)[index]);
  throw new Error(`byte ${at} of ${found.byteLength} differs`);
}

let count = 0;

/** Opens bytes with h5wasm, for as long as `look` takes. */
export async function withLibrary<Result>(
  bytes: Uint8Array,
  look: (file: LibraryGroup, module: Awaited<typeof h5wasm.ready>) => Result,
): Promise<Result> {
  const module = await library();
  const path = `/test-${count++}.h5`;
  module.FS.writeFile(path, bytes);
  const file = new h5wasm.File(path, "r");
  try {
    return look(file, module);
  } finally {
    file.close();
    module.FS.unlink(path);
  }
}

/** Makes a file with h5wasm. */
export async function madeByLibrary(
  write: (file: InstanceType<typeof h5wasm.File>) => void,
  libver: "v108" | "v110" | "latest" = "v108",
): Promise<Uint8Array<ArrayBuffer>> {
  const { FS } = await library();
  const path = `/made-${count++}.h5`;
  const file = new h5wasm.File(path, "w", { libver: [libver, "latest"] });
  write(file);
  file.close();
  const made = FS.readFile(path).slice();
  FS.unlink(path);
  return made as Uint8Array<ArrayBuffer>;
}

/** Bytes of all elements of a dataset, as h5wasm reads them: little-endian, in rows. */
function libraryBytes(
  file: LibraryGroup,
  module: Awaited<typeof h5wasm.ready>,
  path: string,
): Uint8Array {
  const dataset = file.get(path) as LibraryDataset;
  const { metadata } = dataset;
  const byteLength = metadata.size * metadata.total_size;
  const address = module._malloc(byteLength);
  const to = BigInt(address);
  const status = module.get_dataset_data(dataset.file_id, path, null, null, null, to);
  const bytes = module.HEAPU8.slice(address, address + byteLength);
  module._free(address);
  if (status < 0) throw new Error(`h5wasm cannot read ${path}`);
  return bytes;
}

/** Columns of a dataset, as h5wasm reads it. */
export async function libraryColumns(
  bytes: Uint8Array,
  dataset: Hdf5Dataset,
  choices: readonly Omit<ColumnChoice, "dataset">[],
): Promise<Uint8Array[]> {
  const all = await withLibrary(bytes, (file, module) => {
    return libraryBytes(file, module, dataset.path);
  });
  const { type, shape } = dataset;
  return choices.map(({ member, index = 0, rowDimension = 0 }) => {
    const found =
      type.kind === "compound" ? type.members.find(({ name }) => name === member) : null;
    const [offset, size] = [found?.offset ?? 0, found?.type.size ?? type.size];
    const rows = shape[rowDimension] ?? 1;
    const width = shape[1] ?? 1;
    const column = new Uint8Array(rows * size);
    for (let row = 0; row < rows; row++) {
      const element = rowDimension === 0 ? row * width + index : index * width + row;
      const at = element * type.size + offset;
      const value = all.slice(at, at + size);
      // The library turns values around, but not those of members.
      if (found?.type.kind === "integer" && found.type.isBigEndian) value.reverse();
      column.set(value, row * size);
    }
    return column;
  });
}

/** Every column of numbers that a dataset has. */
export function choicesOf({ type, shape }: Hdf5Dataset): Omit<ColumnChoice, "dataset">[] {
  if (shape.length === 0 || shape.length > 2 || shape.includes(0)) return [];
  if (type.kind === "compound") {
    const numbers = type.members.filter(
      (member) => member.type.kind === "integer" || member.type.kind === "float",
    );
    return numbers.map(({ name }) => ({ member: name }));
  }
  if (type.kind !== "integer" && type.kind !== "float") return [];
  if (shape.length === 1) return [{}];
  const [rows = 0, columns = 0] = shape;
  const rowDimension = rows < columns ? 1 : 0;
  return Array.from({ length: Math.min(rows, columns) }, (_, index) => ({ index, rowDimension }));
}

/** Compares all columns of all datasets of a file with what h5wasm reads. */
export async function expectAsLibrary(
  bytes: Uint8Array,
  skip: (dataset: Hdf5Dataset) => boolean = () => false,
): Promise<number> {
  const file = await open(bytes);
  let columns = 0;
  for (const object of await file.list()) {
    if (object.kind !== "dataset" || skip(object)) continue;
    const choices = choicesOf(object);
    if (choices.length === 0) continue;
    const expected = await libraryColumns(bytes, object, choices);
    const found = await readColumns(
      file,
      choices.map((choice) => ({ path: object.path, ...choice })),
    );
    for (const [index, values] of found.entries())
      expectSame(values, expected[index] as Uint8Array);
    columns += found.length;
  }
  return columns;
}
