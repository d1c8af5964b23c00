import type { RecordBatch } from "apache-arrow";
import { EventError } from "../errors.ts";
import {
  COLUMN_NAMES,
  type ColumnArrays,
  type ColumnName,
  type EventColumns,
  type TriggerColumns,
} from "./columns.ts";
import type { EventTable, TriggerTable } from "./table.ts";

/** A run of events that has all four columns. */
export type WholeEventColumns = EventColumns & Readonly<ColumnArrays>;

/**
 * The batches of an event table as columns, or columns as the only batch. The arrays are shared,
 * not copied.
 *
 * @param names - the columns that are looked at; zeros stand for the others
 * @throws EventError `invalid-option` when a column is missing or of another type or length
 */
export function toColumnBatches(
  events: EventColumns | EventTable,
  names: readonly ColumnName[] = COLUMN_NAMES,
): WholeEventColumns[] {
  if (typeof events !== "object" || events === null || "getColumn" in events) {
    throw new EventError("invalid-option", "these are no events to encode", {
      expected: "an Arrow table, or columns { x, y, t, polarity, length } of typed arrays",
      found: events === null ? "null" : (Object(events).constructor?.name ?? typeof events),
      hint: "`loadTable` gives a table where `loadEvents` gives a frame.",
    });
  }
  const batches = "batches" in events ? columnsOf(events, names) : [events];
  return batches.map((batch) => {
    const columns = batch as EventColumns;
    // Columns from JavaScript may leave it out.
    const length = batch.length ?? columns[names[0] as ColumnName]?.length;
    const has = (name: ColumnName): boolean => names.includes(name);
    const x = has("x") ? columns.x : new Uint16Array(length);
    const y = has("y") ? columns.y : new Uint16Array(length);
    const t = has("t") ? columns.t : new BigInt64Array(length);
    const polarity = has("polarity") ? columns.polarity : new Int8Array(length);
    check("x", x, Uint16Array, length);
    check("y", y, Uint16Array, length);
    check("t", t, BigInt64Array, length);
    check("polarity", polarity, Int8Array, length);
    return { x, y, t, polarity, length } as WholeEventColumns;
  });
}

/**
 * The batches of a trigger table as columns, or columns as the only batch.
 *
 * @throws EventError `invalid-option` when a column is missing or of another type or length
 */
export function toTriggerBatches(triggers: TriggerColumns | TriggerTable): TriggerColumns[] {
  const batches =
    "batches" in triggers ? columnsOf(triggers, ["t", "id", "value"] as const) : [triggers];
  return batches.map((batch) => {
    const { t, id, value } = batch as TriggerColumns;
    check("t", t, BigInt64Array, batch.length);
    check("id", id, Int16Array, batch.length);
    check("value", value, Uint8Array, batch.length);
    return batch as TriggerColumns;
  });
}

function columnsOf(table: object, names: readonly string[]): { length: number }[] {
  // Event and trigger tables differ in their types only.
  const { batches } = table as { batches: RecordBatch[] };
  return batches.map((batch) => {
    const arrays = names.map((name) => {
      const column = batch.getChild(name);
      checkNulls(name, (column?.nullCount ?? 0) + batch.nullCount);
      return [name, column?.toArray()] as const;
    });
    return { length: batch.numRows, ...Object.fromEntries(arrays) };
  });
}

/** An array shows something where a value is missing: an event that nobody recorded. */
function checkNulls(name: string, nulls: number): void {
  if (nulls === 0) return;
  throw new EventError("invalid-option", `the column ${name} has values that are missing`, {
    expected: "a value for every event",
    found: `${nulls} nulls`,
    hint: "Fill them or drop their rows first.",
  });
}

function check(
  name: string,
  values: ArrayBufferView | undefined,
  type: { readonly name: string; new (length: number): ArrayBufferView & { length: number } },
  length: number,
): void {
  if (values instanceof type && values.length === length) return;
  throw new EventError("invalid-option", `the column ${name} cannot be encoded`, {
    expected: `${type.name} of length ${length}`,
    found:
      values === undefined
        ? "no such column"
        : `${values.constructor.name} of length ${(values as Uint8Array).length}`,
  });
}
