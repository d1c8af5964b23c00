import type pl from "nodejs-polars";
import type { DataFrame } from "nodejs-polars";
import { ColumnBuffer, type ColumnName, type EventColumns } from "../events/columns.ts";

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
