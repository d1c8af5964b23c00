/** What loading an HDF5 file must give, by the reference reader. */
import { expect } from "vitest";
import { createChunkIndex } from "../../../src/formats/hdf5/chunks/chunk-index.ts";
import {
  type EventError,
  isEventError,
  type LoadReport,
  loadTable,
  type OpenOptions,
  reportOf,
} from "../../../src/index.ts";
import {
  type Hdf5Reference,
  type Hdf5ReferenceOptions,
  readHdf5Reference,
} from "../../reference/hdf5.ts";
import { columnsOf, type PlainColumns, toColumns } from "../../support/expected-load.ts";
import { datasetOf, open, withLibrary } from "./files.ts";

/** `EVARROW_SOAK=n` makes n times as many runs. */
export const SOAK = Math.max(Number(process.env.EVARROW_SOAK ?? 1) || 1, 1);

const ECF = 36559;

/** What the reference reader makes of a file. */
export async function referenceOf(
  bytes: Uint8Array,
  options: Hdf5ReferenceOptions = {},
): Promise<Hdf5Reference> {
  const ecfChunks = await ecfChunksOf(bytes);
  return withLibrary(bytes, (file) => readHdf5Reference(file, { ...options, ecfChunks }));
}

/** The chunks of openeb's own files, as they are stored. */
async function ecfChunksOf(bytes: Uint8Array): Promise<Uint8Array[]> {
  if (!Buffer.from(bytes).includes("CD")) return [];
  const dataset = await (await open(bytes)).dataset("/CD/events");
  if (!dataset?.filters.some(({ id }) => id === ECF)) return [];
  const chunks = await storedChunks(bytes, "/CD/events");
  return chunks.map(({ offset, byteLength }) => bytes.subarray(offset, offset + byteLength));
}

/** Where the chunks of a dataset are, and the first row of each; one dimension may have several. */
export async function storedChunks(
  bytes: Uint8Array,
  path: string,
): Promise<{ offset: number; byteLength: number; row: number }[]> {
  const file = await open(bytes);
  const { layout, shape, maxShape } = await datasetOf(file, path);
  if (layout.kind !== "chunked") throw new Error(`${path} is ${layout.kind}`);
  const { chunkShape } = layout;
  const [chunkRows = 1] = chunkShape;
  const grid = { shape, maxShape, chunkShape, chunkBytes: 0, hasFilters: true };
  const from = shape.map(() => 0);
  const to = shape.map((length, index) => (index === 0 ? Math.ceil(length / chunkRows) - 1 : 0));
  const chunks = await createChunkIndex(file.reader, layout, grid).find(from, to);
  return chunks.map(({ offset, byteLength, at: [place = 0] }) => {
    return { offset, byteLength, row: place * chunkRows };
  });
}

/** Columns and the counts of a report, by the reference reader. */
export interface ExpectedRows {
  columns: PlainColumns;
  report: Pick<
    LoadReport,
    | "format"
    | "events"
    | "geometry"
    | "polarityEncoding"
    | "timeOffset"
    | "malformedLines"
    | "eventsOutsideGeometry"
    | "backwardSteps"
    | "firstRow"
  >;
}

export async function expectedRows(
  bytes: Uint8Array,
  options: Hdf5ReferenceOptions = {},
): Promise<ExpectedRows> {
  const { events, triggers: _, timeOffset, ...counts } = await referenceOf(bytes, options);
  return {
    columns: toColumns(events, "zero-one"),
    report: {
      format: "hdf5",
      polarityEncoding: "zero-one",
      events: events.length,
      timeOffset: Number(timeOffset),
      ...counts,
    },
  };
}

/** Columns and report of a load. */
export async function loaded(
  source: Parameters<typeof loadTable>[0],
  options: Parameters<typeof loadTable>[1] = {},
): Promise<{ columns: PlainColumns; report: LoadReport }> {
  const table = await loadTable(source, options);
  return { columns: columnsOf(table), report: reportOf(table) };
}

/** The error of a load, which is one of ours and has the given code. */
export async function errorOf(
  source: Parameters<typeof loadTable>[0],
  code: EventError["code"],
  options: OpenOptions & { rebase?: boolean } = {},
): Promise<EventError> {
  const result = await loadTable(source, options).catch((caught: unknown) => caught);
  expect(isEventError(result, code), `${String(result)} for ${code}`).toBe(true);
  return result as EventError;
}
