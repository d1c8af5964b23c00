/**
 * What an event table is: names, Arrow types and metadata keys, stated once.
 *
 * This file loads apache-arrow; whatever must start fast imports `columns.ts` instead.
 */
import { Field, Int8, Int16, Int64, Schema, Uint8, Uint16 } from "apache-arrow";
import { COLUMN_NAMES, type ColumnName } from "./columns.ts";
import { metadataOf } from "./metadata.ts";
import { METADATA_KEYS } from "./metadata-keys.ts";
import type { LoadReport } from "./report.ts";

/** Arrow types of an event table; a projection lacks some of the columns. */
export type EventTypes = { x: Uint16; y: Uint16; t: Int64; polarity: Int8 };

/** Arrow types of a trigger table. */
export type TriggerTypes = { t: Int64; id: Int16; value: Uint8 };

const FIELDS: { readonly [Name in ColumnName]: Field<EventTypes[Name]> } = {
  x: new Field("x", new Uint16(), false),
  y: new Field("y", new Uint16(), false),
  t: new Field("t", new Int64(), false),
  polarity: new Field("polarity", new Int8(), false),
};

const TRIGGER_FIELDS = [
  new Field("t", new Int64(), false),
  new Field("id", new Int16(), false),
  new Field("value", new Uint8(), false),
];

/** The schema of an event table of the given recording, without the columns left out. */
export function eventSchema(
  report: LoadReport,
  columns: readonly ColumnName[] = COLUMN_NAMES,
): Schema<EventTypes> {
  return schemaWith(metadataOf(report), columns);
}

/** The schema of an event table with these columns and metadata. */
export function schemaWith(
  metadata: Map<string, string>,
  columns: readonly ColumnName[],
): Schema<EventTypes> {
  const fields = columns.map((name) => FIELDS[name]);
  return new Schema<EventTypes>(fields as Field<EventTypes[ColumnName]>[], metadata);
}

/** The schema of a trigger table of the given recording. */
export function triggerSchema(report: LoadReport): Schema<TriggerTypes> {
  const metadata = metadataOf(report);
  metadata.delete(METADATA_KEYS.polarityEncoding);
  return new Schema<TriggerTypes>(
    TRIGGER_FIELDS as Field<TriggerTypes[keyof TriggerTypes]>[],
    metadata,
  );
}
