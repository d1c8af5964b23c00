/** Tables and frames that somebody holds already, as runs of columns; and new ones of the same kind. */
import type { DataFrame } from "nodejs-polars";
import { platform } from "#platform";
import { EventError } from "../errors.ts";
import {
  COLUMN_NAMES,
  type ColumnArrays,
  ColumnBuffer,
  type ColumnName,
  type EventColumns,
} from "../events/columns.ts";
import { formatGeometry, parseGeometry, type SensorGeometry } from "../events/geometry.ts";
import { METADATA_KEYS } from "../events/metadata-keys.ts";
import type { LoadReport } from "../events/report.ts";
import type { EventBatch, EventTable } from "../events/table.ts";
import { TILE_EVENTS } from "../recording/pass-memory.ts";
import { rememberReport, reportOf } from "../stream/report-of.ts";

/** Events that are held: a table with the columns of events, or a frame with them. */
export type HeldEvents = EventTable | DataFrame;

/** Puts what is left of tiles together. */
export interface EventGatherer {
  append(columns: ColumnArrays, events: number): void;
  /** @param geometry - the sensor of what is left */
  finish(geometry: SensorGeometry | null): HeldEvents;
}

/** What is done with held events, whatever they are held in. */
export interface EventHolder {
  readonly rows: number;
  /** The columns that there are, in their order. */
  readonly names: readonly ColumnName[];
  /** The events as columns; each run is valid until the next one is asked for. */
  runs(): Generator<EventColumns, void, void>;
  /** @param expected - events that will be left, where that is known */
  gather(expected: number | null): EventGatherer;
}

/** The Arrow types of the columns, as text. */
const ARROW_TYPES = { x: "Uint16", y: "Uint16", t: "Int64", polarity: "Int8" } as const;
const ARRAYS = { x: Uint16Array, y: Uint16Array, t: BigInt64Array, polarity: Int8Array } as const;
/** The most events of a batch: 218 MB. */
const BATCH_EVENTS = 2 ** 24;
/** Events of a piece that Polars copies. */
const PIECE_EVENTS = 2 ** 20;

/**
 * Tells tables and frames apart.
 *
 * @throws EventError `invalid-query` for anything else
 */
export function isFrame(events: HeldEvents): events is DataFrame {
  if (typeof events === "object" && events !== null) {
    // Frames are proxies, which do not tell of all that they have.
    const { getColumn, withColumns } = events as Partial<DataFrame>;
    if (typeof getColumn === "function" && typeof withColumns === "function") return true;
    const { batches, schema } = events as Partial<EventTable>;
    if (Array.isArray(batches) && Array.isArray(schema?.fields)) return false;
  }
  throw new EventError("invalid-query", "these are no events to filter", {
    expected: "an Arrow table or a Polars DataFrame",
    found: events === null ? "null" : (Object(events).constructor?.name ?? typeof events),
    hint: "`scanEvents` filters recordings; of a lazy frame `collect` gives a DataFrame.",
  });
}

/** The sensor that events say they lie on; null when they do not. */
export function geometryOf(events: HeldEvents): SensorGeometry | null {
  if (isFrame(events)) return reportIfAny(events)?.geometry ?? null;
  const text = events.schema.metadata.get(METADATA_KEYS.geometry);
  return text === undefined ? null : parseGeometry(text);
}

/** Frames have no metadata, so that what is derived from a result gets a report of its own. */
export function passReportOn(
  from: HeldEvents,
  to: HeldEvents,
  geometry: SensorGeometry | null,
): void {
  const report = reportIfAny(from);
  if (report === null || to === from) return;
  const events = isFrame(to) ? to.height : to.numRows;
  rememberReport(to, { ...report, events, geometry: geometry ?? report.geometry });
}

function reportIfAny(events: HeldEvents): LoadReport | null {
  try {
    return reportOf(events);
  } catch {
    return null;
  }
}

/**
 * A table that has the columns of events, or some of them, and nothing else.
 *
 * @throws EventError `invalid-query`
 */
export async function holdTable(table: EventTable): Promise<EventHolder> {
  const { schemaWith } = await import("../events/schema.ts");
  const { toEventBatch, toEventTable } = await import("../events/table.ts");
  const names = table.schema.fields.map(({ name, type }) => checkType(name, String(type)));
  checkNames("table", names);
  return {
    rows: table.numRows,
    names,
    *runs() {
      for (const batch of table.batches) yield columnsOf(batch, names);
    },
    gather(expected) {
      const batches: EventColumns[] = [];
      let left = expected ?? TILE_EVENTS;
      let buffer: ColumnBuffer | undefined;
      const close = (): void => {
        if (buffer !== undefined) batches.push(buffer.finish());
        buffer = undefined;
      };
      return {
        append(columns, events) {
          if (buffer !== undefined && buffer.length + events > BATCH_EVENTS) close();
          buffer ??= new ColumnBuffer(Math.min(Math.max(left, events), BATCH_EVENTS), names);
          buffer.append(columns, 0, events);
          left -= events;
        },
        finish(geometry) {
          close();
          const schema = schemaWith(metadataWith(table, geometry), names);
          return toEventTable(
            batches.map((columns) => toEventBatch(columns, schema)),
            schema,
          );
        },
      };
    },
  };
}

/**
 * The named columns of a table, in the order of the names; their values are shared.
 *
 * @throws EventError `invalid-query` when one is not there
 */
export function selectTableColumns(table: EventTable, names: readonly ColumnName[]): EventTable {
  const all = table.schema.fields.map(({ name }) => name);
  const missing = names.find((name) => !all.includes(name));
  if (missing !== undefined) throw missingColumn(missing, all);
  return table.select([...names]) as unknown as EventTable; // a projection, as its type says
}

/**
 * A frame that has the columns of events, or some of them, and nothing else.
 *
 * @throws EventError `invalid-query`, `polars-unavailable`
 */
export async function holdFrame(frame: DataFrame): Promise<EventHolder> {
  const { checkFrame } = await import("../dataframe/filters.ts");
  const { FrameBuilder } = await import("../dataframe/polars.ts");
  const { dropFrame } = await import("../dataframe/frame-of.ts");
  const names = frame.columns as ColumnName[];
  checkNames("frame", names);
  checkFrame(await platform.importPolars(), frame, names);
  const columns = names.map((name) => [name, frame.getColumn(name)] as const);
  for (const [name, column] of columns) checkNulls(name, column.nullCount());
  const builder = await FrameBuilder.create(names);
  const rows = frame.height;
  return {
    rows,
    names,
    *runs() {
      for (let at = 0; at < rows; at += TILE_EVENTS) {
        const length = Math.min(TILE_EVENTS, rows - at);
        const arrays = columns.map(
          ([name, column]) => [name, column.slice(at, length).toTypedArray()] as const,
        );
        yield checkRun({ length, ...Object.fromEntries(arrays) }, names);
        dropFrame(length, names); // the arrays are copies
      }
    },
    gather(expected) {
      const buffer = new ColumnBuffer(Math.min(expected ?? TILE_EVENTS, PIECE_EVENTS), names);
      const flush = (): void => {
        if (buffer.length > 0) builder.append(buffer.view());
        buffer.clear();
      };
      return {
        append(tile, events) {
          if (buffer.length + events > PIECE_EVENTS) flush();
          buffer.append(tile, 0, events);
        },
        finish() {
          flush();
          return builder.finish();
        },
      };
    },
  };
}

/** @throws EventError `invalid-query` when a column that is needed is not there */
export function checkPresent(needed: readonly ColumnName[], names: readonly string[]): void {
  const missing = needed.find((name) => !names.includes(name));
  if (missing !== undefined) throw missingColumn(missing, names);
}

function missingColumn(name: ColumnName, names: readonly string[]): EventError {
  return new EventError("invalid-query", `there is no column ${name}`, {
    expected: `a column ${name}`,
    found: names.join(", "),
  });
}

function checkNames(holder: "table" | "frame", names: readonly string[]): void {
  const other = names.find(
    (name, at) => !COLUMN_NAMES.includes(name as ColumnName) || names.indexOf(name) !== at,
  );
  if (other === undefined) return;
  throw new EventError("invalid-query", `the ${holder} has a column ${other}, which no event has`, {
    expected: `columns out of ${COLUMN_NAMES.join(", ")}, each at most once`,
    found: names.join(", "),
    hint: "Take the columns of the events with `selectColumns` first.",
  });
}

function checkType(name: string, found: string): ColumnName {
  const expected = ARROW_TYPES[name as ColumnName];
  if (expected !== undefined && found !== expected) throw wrongType(name, expected, found);
  return name as ColumnName;
}

function wrongType(name: string, expected: string, found: string): EventError {
  return new EventError("invalid-query", `the column ${name} has not the type of events`, {
    expected,
    found,
  });
}

function checkNulls(name: string, nulls: number): void {
  if (nulls === 0) return;
  throw new EventError("invalid-query", `the column ${name} has values that are missing`, {
    expected: "a value for every event",
    found: `${nulls} nulls`,
    hint: "Fill them or drop their rows first.",
  });
}

function columnsOf(batch: EventBatch, names: readonly ColumnName[]): EventColumns {
  checkNulls("of the rows", batch.nullCount);
  const arrays = names.map((name) => {
    const column = batch.getChild(name);
    checkNulls(name, column?.nullCount ?? 0);
    return [name, column?.toArray()] as const;
  });
  return checkRun({ length: batch.numRows, ...Object.fromEntries(arrays) }, names);
}

/** What others hold is looked at once more, as arrays of another length would shift rows. */
function checkRun(columns: EventColumns, names: readonly ColumnName[]): EventColumns {
  for (const name of names) {
    const values = columns[name];
    if (values instanceof ARRAYS[name] && values.length === columns.length) continue;
    const found = `${values?.constructor.name} of length ${values?.length}`;
    throw wrongType(name, `${ARRAYS[name].name} of length ${columns.length}`, found);
  }
  return columns;
}

function metadataWith(table: EventTable, geometry: SensorGeometry | null): Map<string, string> {
  const metadata = new Map(table.schema.metadata);
  if (geometry !== null) metadata.set(METADATA_KEYS.geometry, formatGeometry(geometry));
  return metadata;
}
