/** Looks for events in files of no known dialect: by the names and types of what is there. */
import { COLUMN_NAMES, type ColumnName } from "../../../events/columns.ts";
import { namedColumn } from "../../column-names.ts";
import type { TimeUnit } from "../../options.ts";
import type { Hdf5Dataset } from "../file.ts";
import { RowReader } from "../rows/row-reader.ts";
import { type Catalog, childOf, chooseColumns, type EventColumns, isColumn } from "./catalog.ts";
import type { EventStream } from "./streams.ts";

/** What names tell: where the columns are, and perhaps the unit of time. */
interface NamedPlaces {
  readonly places: Readonly<Record<ColumnName, string>>;
  readonly timeUnit: TimeUnit | undefined;
}

/** Rows that are looked at to tell which column of a matrix holds what. */
const SAMPLE_ROWS = 4096;
const MOST_COORDINATE = 65535;
/** The orders that matrices of events have. */
const ORDERS: readonly (readonly ColumnName[])[] = [
  ["t", "x", "y", "polarity"],
  ["x", "y", "t", "polarity"],
  ["x", "y", "polarity", "t"],
];
/** Columns that a matrix of events has: a few more may say what an event was made of. */
const LEAST_COLUMNS = 4;
const MOST_COLUMNS = 8;

/** Finds every group, every dataset of records and every matrix that holds events. */
export async function searchStreams(catalog: Catalog): Promise<EventStream[]> {
  const streams: EventStream[] = [];
  for await (const object of catalog.walk()) {
    const stream =
      object.kind === "group"
        ? await groupStream(catalog, object.path)
        : ((await recordStream(object)) ?? (await matrixStream(catalog, object)));
    if (stream !== null) streams.push(stream);
  }
  return streams;
}

/** A group with a dataset for every column. */
async function groupStream(catalog: Catalog, path: string): Promise<EventStream | null> {
  const named = placesIn(await catalog.names(path));
  if (named === null) return null;
  const columns = await chooseColumns(async (name) => {
    const dataset = await catalog.dataset(childOf(path, named.places[name]));
    return dataset && { dataset };
  });
  return columns && streamOf(path, columns, named);
}

/** Records with a member for every column. */
async function recordStream(dataset: Hdf5Dataset): Promise<EventStream | null> {
  if (dataset.type.kind !== "compound") return null;
  const named = placesIn(dataset.type.members.map(({ name }) => name));
  if (named === null) return null;
  const columns = await chooseColumns(async (name) => ({ dataset, member: named.places[name] }));
  return columns && streamOf(dataset.path, columns, named);
}

function streamOf(path: string, columns: EventColumns, { places, timeUnit }: NamedPlaces) {
  const names = COLUMN_NAMES.map((name) => places[name]).join(",");
  return { name: path, path, columns, layout: { name: `${path} with ${names}`, timeUnit } };
}

/** Which of some names are those of the columns; null when not each of them is there. */
function placesIn(names: readonly string[]): NamedPlaces | null {
  const places: Partial<Record<ColumnName, string>> = {};
  let timeUnit: TimeUnit | undefined;
  for (const name of names) {
    const named = namedColumn(name);
    if (named === null) continue;
    // `x` and not `xs` where a group has both: the shortest name is the plainest.
    const other = places[named.column];
    if (other !== undefined && other.length <= name.length) continue;
    places[named.column] = name;
    if (named.column === "t") timeUnit = named.timeUnit;
  }
  if (COLUMN_NAMES.some((name) => places[name] === undefined)) return null;
  return { places: places as Record<ColumnName, string>, timeUnit };
}

/** A matrix that is called events, with four columns whose values tell what they hold. */
async function matrixStream(catalog: Catalog, dataset: Hdf5Dataset): Promise<EventStream | null> {
  const { path, shape } = dataset;
  if (shape[1] !== LEAST_COLUMNS || !/event/i.test(path)) return null;
  const orders = await matrixOrders(catalog, dataset);
  const [order] = orders ?? [];
  if (order === undefined || orders?.length !== 1) return null;
  const columns = Object.fromEntries(order.map((name, index) => [name, { dataset, index }]));
  const value = order.join(",");
  return {
    ...{ name: path, path, columns: columns as unknown as EventColumns },
    layout: { name: `${path} with columns ${value}` },
    assumption: {
      what: "columns",
      value,
      reason: `nothing names the columns of ${path}; their values allow no other usual order`,
    },
  };
}

/**
 * The usual orders of columns that the first values of a matrix allow; null for what is no matrix of
 * events.
 */
export async function matrixOrders(
  catalog: Catalog,
  dataset: Hdf5Dataset,
): Promise<readonly (readonly ColumnName[])[] | null> {
  const { shape } = dataset;
  const [, width = 0] = shape;
  if (shape.length !== 2 || width < LEAST_COLUMNS || width > MOST_COLUMNS) return null;
  const choices = [0, 1, 2, 3].map((index) => ({ dataset, index }));
  if (!choices.every(isColumn)) return null;
  const reader = await RowReader.open(catalog.file, choices);
  const { ranges } = await reader.written();
  if (ranges.length === 0) await reader.checkStored();
  const values = await reader.sample(ranges, SAMPLE_ROWS);
  return ORDERS.filter((order) => order.every((name, index) => fits(name, values[index] ?? [])));
}

function fits(name: ColumnName, values: readonly number[]): boolean {
  if (name === "polarity") return values.every((value) => Math.abs(value) <= 1);
  if (name === "t") return values.every((value, index) => value >= (values[index - 1] ?? value));
  return values.every((value) => Number.isInteger(value) && value >= 0 && value <= MOST_COORDINATE);
}
