/** Writes tables as HDF5, tile by tile, and reads them with the library and with our own reader. */
import type { Dataset as LibraryDataset } from "h5wasm";
import { COLUMN_NAMES } from "../../../src/events/columns.ts";
import type { PolarityEncoding } from "../../../src/events/polarity.ts";
import { createReport, type LoadReport } from "../../../src/events/report.ts";
import { hdf5Target } from "../../../src/formats/hdf5/writing/target.ts";
import type { EventWriter } from "../../../src/formats/writer.ts";
import { EventMemory } from "../../../src/kernels/event-memory.ts";
import { ScratchMemory } from "../../../src/source/scratch-memory.ts";
import type { ScratchSpace } from "../../../src/source/scratch-space.ts";
import { concatBytes, randomNumbers } from "../../support/evt2-words.ts";
import { open, readColumns, withLibrary } from "./files.ts";

/** The values of the datasets. */
export interface Columns {
  x: Uint16Array;
  y: Uint16Array;
  t: BigInt64Array;
  p: Uint8Array | Int8Array;
}

/** Events of any values, times in any order among them. */
export function anyColumns(length: number, encoding: PolarityEncoding, seed = 1): Columns {
  const random = randomNumbers(seed);
  const off = encoding === "zero-one" ? 0 : -1;
  const extremes = [2n ** 63n - 1n, -(2n ** 63n), -1n, 0n, 2n ** 53n + 1n];
  const t = BigInt64Array.from({ length }, (_, row) =>
    random(50) === 0 ? (extremes[random(extremes.length)] as bigint) : BigInt(row * 3),
  );
  const p = Array.from({ length }, () => (random(2) === 0 ? off : 1));
  return {
    x: Uint16Array.from({ length }, () => random(65_536)),
    y: Uint16Array.from({ length }, (_, row) => (row >> 3) % 65_536),
    t,
    p: encoding === "zero-one" ? Uint8Array.from(p) : Int8Array.from(p),
  };
}

/** A report of a load whose tiles are written. */
export function reportFor(
  encoding: PolarityEncoding,
  facts: Partial<Parameters<typeof createReport>[0]> = {},
): LoadReport {
  return createReport({
    format: "evt2",
    sourceName: null,
    geometry: null,
    polarityEncoding: encoding,
    assumptions: [],
    ...facts,
  });
}

/** A writer over `space`, and what puts the next rows of a table into its memory. */
export async function startWriting(
  report: LoadReport,
  tileEvents: number,
  space: ScratchSpace,
): Promise<{ writer: EventWriter; put: (columns: Columns, from: number, to: number) => void }> {
  const memory = new EventMemory({ inputBytes: 64, tileEvents });
  const facts = { report, columns: COLUMN_NAMES, geometry: report.geometry, leaveOut: false };
  const writer = await hdf5Target.createWriter(memory, {
    ...facts,
    createScratch: async () => space,
    createScratchFolder: () => Promise.reject(new Error("HDF5 needs none")),
  });
  const put = ({ x, y, t, p }: Columns, from: number, to: number): void => {
    const { columns } = memory;
    columns.x.set(x.subarray(from, to));
    columns.y.set(y.subarray(from, to));
    columns.t.set(t.subarray(from, to));
    columns.polarity.set(p.subarray(from, to));
    memory.setTile(to - from);
  };
  return { writer, put };
}

/** The file of a table, written in tiles of `tileOf(row)` events. */
export async function written(
  columns: Columns,
  report: LoadReport,
  tileOf: (row: number) => number = () => 5000,
  space: ScratchSpace = new ScratchMemory(undefined),
): Promise<Uint8Array<ArrayBuffer>> {
  const { length } = columns.x;
  const { writer, put } = await startWriting(report, 300_000, space);
  try {
    const chunks: Uint8Array[] = [];
    const take = (some: Iterable<Uint8Array>): void => {
      for (const chunk of some) chunks.push(chunk.slice());
    };
    take(writer.start());
    for (let row = 0; row < length; ) {
      const end = Math.min(row + tileOf(row), length);
      put(columns, row, end);
      take(await writer.write());
      row = end;
    }
    take(await writer.finish());
    return concatBytes(...chunks);
  } finally {
    writer.close?.();
  }
}

/** What our own reader finds. */
export async function readBack(bytes: Uint8Array): Promise<Columns> {
  const paths = ["x", "y", "t", "p"].map((name) => ({ path: `/events/${name}` }));
  const [x, y, t, p] = await readColumns(await open(bytes), paths);
  return { x, y, t, p } as Columns;
}

/** What the library finds. */
export async function readByLibrary(bytes: Uint8Array): Promise<Columns> {
  return withLibrary(bytes, (file) => {
    const value = (name: string) => (file.get(`/events/${name}`) as LibraryDataset).value;
    return { x: value("x"), y: value("y"), t: value("t"), p: value("p") } as unknown as Columns;
  });
}
