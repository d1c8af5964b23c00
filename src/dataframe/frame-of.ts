import type pl from "nodejs-polars";
import type { DataFrame, DataType } from "nodejs-polars";
import {
  bytesPerEvent,
  ColumnBuffer,
  type ColumnName,
  type EventColumns,
} from "../events/columns.ts";
import { hurryCollector } from "../util/allocate.ts";

/** A frame of the named columns, whose values are copied. */
export function frameOf(
  polars: typeof pl,
  columns: Omit<EventColumns, "length">,
  names: readonly ColumnName[],
): DataFrame {
  // Typed arrays are taken as they are, a fact that the declarations of Polars leave out.
  return polars.DataFrame(names.map((name) => polars.Series(name, columns[name] as never)));
}

/** A frame of the named columns without any event. */
export function emptyFrame(polars: typeof pl, names: readonly ColumnName[]): DataFrame {
  return frameOf(polars, new ColumnBuffer(0, names).finish(), names);
}

/** The type that a column of events has in a frame. */
export function typeOf(polars: typeof pl, name: ColumnName): DataType {
  return name === "t" ? polars.Int64 : name === "polarity" ? polars.Int8 : polars.UInt16;
}

/** Bytes of dropped frames after which the collector is hurried: it does not know what they hold. */
const HURRY_BYTES = 8_000_000;
let dropped = 0;

/** Says that a frame of so many events is not needed any more. */
export function dropFrame(events: number, names: readonly ColumnName[]): void {
  dropped += events * (bytesPerEvent(names) + 1); // what is made of it takes a byte or so as well
  if (dropped < HURRY_BYTES) return;
  dropped = 0;
  hurryCollector();
}
