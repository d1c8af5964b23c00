import { EventError } from "../../../errors.ts";
import { COLUMN_NAMES, type ColumnName } from "../../../events/columns.ts";
import type { Assumption } from "../../../events/report.ts";
import { show } from "../../../util/show.ts";
import type { RowOptions } from "../../decoder.ts";
import type { Hdf5Options } from "../../options.ts";
import type { Hdf5Dataset } from "../file.ts";
import { unsupported } from "../problems.ts";
import type { ColumnChoice } from "../rows/row-column.ts";
import {
  type Catalog,
  chooseColumns,
  type EventColumns,
  MAX_OBJECTS,
  parentOf,
  refusalOf,
} from "./catalog.ts";
import { DIALECTS, type Dialect, type Layout } from "./dialects.ts";
import { matrixOrders, searchStreams } from "./search.ts";

/** What to do about links into other files. */
const EXTERNAL_HINT =
  "Links into other files are not followed: open the file that they lead to, or copy it into one with `h5copy -f ext`.";

/** Events of one camera. */
export interface EventStream {
  /** What the option `stream` chooses it by; so does its path. */
  readonly name: string;
  /** The group or dataset that holds it. */
  readonly path: string;
  readonly columns: EventColumns;
  /** Its places have no `*`. */
  readonly layout: Layout;
  /** What was told from values. */
  readonly assumption?: Assumption;
}

/** The stream that was chosen, or the only one. */
export interface ChosenStream {
  readonly stream: EventStream;
  /** The names of all that the file has. */
  readonly names: readonly string[];
}

/**
 * Finds the event streams of a file, and the one to read.
 *
 * @throws EventError `unsupported-format` when there is none, `stream-ambiguous` when there are
 *   several and none is chosen, `invalid-option` when the one chosen is not there
 */
export async function findStream(catalog: Catalog, options: RowOptions): Promise<ChosenStream> {
  const { hdf5, stream: wanted, path } = options;
  const streams = await findStreams(catalog, hdf5, path);
  const names = streams.map(({ name }) => name);
  const [first] = streams;
  if (first === undefined) {
    const found = await catalog.describe();
    const cut = catalog.isCut ? `Only ${MAX_OBJECTS} objects were looked at. ` : "";
    const links = catalog.external.size > 0 ? `${EXTERNAL_HINT} ` : "";
    throw unsupported("no events are recognised in this file", {
      path,
      expected: "datasets of x, y, t and polarity, or records or columns of them",
      found,
      hint: `${cut}${links}Name them: \`hdf5: { x, y, t, polarity }\`.`,
    });
  }
  const listed = streams.map(({ name, path }) => (name === path ? name : `${name} (${path})`));
  if (wanted === undefined) {
    if (streams.length === 1) return { stream: first, names };
    throw new EventError("stream-ambiguous", `the file has ${streams.length} event streams`, {
      path,
      format: "hdf5",
      found: listed.join(", "),
      hint: `Choose one, for example \`stream: ${show(first.name)}\`.`,
    });
  }
  const chosen = streams.find((one) => one.name === wanted || one.path === absolute(wanted));
  if (chosen !== undefined) return { stream: chosen, names };
  throw new EventError("invalid-option", "the file has no such event stream", {
    path,
    format: "hdf5",
    expected: listed.join(" or "),
    found: show(wanted),
  });
}

async function findStreams(
  catalog: Catalog,
  options: Hdf5Options | undefined,
  path: string | undefined,
): Promise<EventStream[]> {
  const { x, y, t, polarity } = options ?? {};
  if (x !== undefined && y !== undefined && t !== undefined && polarity !== undefined) {
    return [await statedStream(catalog, { x, y, t, polarity }, path)];
  }
  for (const dialect of DIALECTS) {
    const streams = await streamsOf(catalog, dialect);
    if (streams.length > 0) return streams;
  }
  return searchStreams(catalog);
}

/** The stream whose columns the caller names. */
async function statedStream(
  catalog: Catalog,
  names: Readonly<Record<ColumnName, string>>,
  path: string | undefined,
): Promise<EventStream> {
  const columns: Partial<Record<ColumnName, ColumnChoice>> = {};
  for (const name of COLUMN_NAMES) {
    const choice = await catalog.column(names[name]);
    const details = { path, format: "hdf5", found: show(names[name]) };
    const link = choice === null ? catalog.linkOn(absolute(names[name])) : null;
    if (link !== null) {
      const problem = `hdf5.${name} names a link into another file, which is not followed`;
      throw unsupported(problem, { path, found: link, hint: EXTERNAL_HINT });
    }
    if (choice === null) {
      const expected = await catalog.describe();
      const problem = `hdf5.${name} names no dataset of the file`;
      throw new EventError("invalid-option", problem, { ...details, expected });
    }
    const refusal = refusalOf(choice);
    if (refusal !== null) {
      const expected = `${refusal.expected} in ${choice.dataset.path}, which has ${refusal.found}`;
      const problem = `hdf5.${name} names no column of the file`;
      throw new EventError("invalid-option", problem, { ...details, expected });
    }
    columns[name] = choice;
  }
  const at = streamPath(names.x);
  const layout = { name: "as the option `hdf5` states it" };
  return { name: at, path: at, columns: columns as EventColumns, layout };
}

/** The streams of a file that fits a dialect; none when it does not. */
async function streamsOf(catalog: Catalog, dialect: Dialect): Promise<EventStream[]> {
  for (const mark of dialect.marks ?? []) {
    if ((await catalog.object(mark)) === null) return [];
  }
  const [before = "", after] = dialect.columns.x.split("/*");
  const names = after === undefined ? [undefined] : await catalog.names(before);
  const streams: EventStream[] = [];
  for (const name of names) {
    const placed = (place: string): string => place.replace("*", name ?? "*");
    const columns = await chooseColumns((column) =>
      catalog.column(placed(dialect.columns[column])),
    );
    if (columns === null || !hasType(columns, dialect.type)) continue;
    const path = streamPath(placed(dialect.columns.x));
    const { timeIndex } = dialect;
    const layout = {
      ...dialect,
      timeIndex: timeIndex === undefined ? undefined : placed(timeIndex),
    };
    const order = await checkOrder(catalog, dialect, columns.t.dataset);
    if (order === null) continue;
    streams.push({ name: name ?? path, path, columns, layout, ...order });
  }
  return streams;
}

/** Whether a matrix has the columns of a dialect, null if not; and what had to be assumed. */
async function checkOrder(
  catalog: Catalog,
  { name, order }: Dialect,
  dataset: Hdf5Dataset,
): Promise<Pick<EventStream, "assumption"> | null> {
  if (order === undefined) return {};
  const orders = await matrixOrders(catalog, dataset);
  if (orders === null) return null;
  const value = order.join(",");
  // Where no order fits, a row is malformed, which reading tells.
  if (orders.length > 0 && !orders.some((one) => one.join(",") === value)) return null;
  if (orders.length <= 1 || dataset.elements === 0) return {};
  const reason = `the values of ${dataset.path} allow another order, too; this is that of ${name}`;
  return { assumption: { what: "columns", value, reason } };
}

function hasType(columns: EventColumns, kind: Dialect["type"]): boolean {
  return (
    kind === undefined || COLUMN_NAMES.every((name) => columns[name].dataset.type.kind === kind)
  );
}

/** The group, or the dataset of records or columns, that a column stands in. */
export function streamPath(column: string): string {
  const path = absolute(column);
  const dataset = path.replace(/(?:\[\d+\]|\.[^./]+)$/, "");
  return dataset === path ? parentOf(path) : dataset;
}

function absolute(path: string): string {
  return path.startsWith("/") ? path : `/${path}`;
}
