import { makeData, RecordBatch, type Schema, Struct, Table, type TypeMap } from "apache-arrow";
import type { EventColumns, TriggerColumns } from "./columns.ts";
import type { EventTypes, TriggerTypes } from "./schema.ts";

/**
 * An Arrow table of events: `x`, `y` (Uint16), `t` (Int64, microseconds) and `polarity` (Int8),
 * 13 bytes per event and no null bitmaps. A projection lacks the columns that were left out.
 */
export type EventTable = Table<EventTypes>;

/** A batch of an {@link EventTable}. */
export type EventBatch = RecordBatch<EventTypes>;

/** An Arrow table of external triggers: `t` (Int64, microseconds), `id` (Int16), `value` (Uint8). */
export type TriggerTable = Table<TriggerTypes>;

/** A batch of a {@link TriggerTable}. */
export type TriggerBatch = RecordBatch<TriggerTypes>;

/** Wraps columns as an Arrow record batch; the arrays are shared, not copied. */
export function toEventBatch(columns: EventColumns, schema: Schema<EventTypes>): EventBatch {
  return wrap(columns, columns.length, schema);
}

/** A table of the given batches, which may be none. */
export function toEventTable(batches: EventBatch[], schema: Schema<EventTypes>): EventTable {
  return new Table(schema, batches);
}

/** Wraps triggers as an Arrow record batch; the arrays are shared, not copied. */
export function toTriggerBatch(
  columns: TriggerColumns,
  schema: Schema<TriggerTypes>,
): TriggerBatch {
  return wrap(columns, columns.length, schema);
}

/** A trigger table of the given batches, which may be none. */
export function toTriggerTable(
  batches: TriggerBatch[],
  schema: Schema<TriggerTypes>,
): TriggerTable {
  return new Table(schema, batches);
}

function wrap<Types extends TypeMap>(columns: object, length: number, schema: Schema<Types>) {
  const arrays = columns as Record<string, ArrayBufferView>;
  const children = schema.fields.map((field) =>
    makeData({ type: field.type, length, nullCount: 0, data: arrays[field.name] } as never),
  );
  const struct = makeData({
    type: new Struct<Types>(schema.fields),
    length,
    nullCount: 0,
    children,
  });
  return new RecordBatch<Types>(schema, struct);
}
