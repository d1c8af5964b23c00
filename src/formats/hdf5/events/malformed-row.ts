import { EventError } from "../../../errors.ts";
import type { ColumnName } from "../../../events/columns.ts";
import type { RowColumn } from "../rows/row-column.ts";
import type { ValueRules } from "./value-rules.ts";

/** A value that is no part of an event. */
export interface MalformedValue {
  readonly name: ColumnName;
  readonly column: RowColumn;
  /** Row of the dataset, from 0. */
  readonly row: number;
  /** As the file has it. */
  readonly value: number | bigint;
  /** What was to turn it into that of the tile. */
  readonly rules: ValueRules;
}

/** The error that names a row that holds no event. */
export function malformedRow(
  { name, column, row, value, rules }: MalformedValue,
  path: string | undefined,
): EventError {
  return new EventError("malformed-row", `a row of ${column.dataset.path} holds no event`, {
    path,
    format: "hdf5",
    row,
    expected: expectedOf(name, rules),
    found: name === "t" && rules.time.unit !== "us" ? `${value} ${rules.time.unit}` : `${value}`,
    hint: 'Load with `onMalformed: "skip"` to count such rows and read the rest.',
  });
}

function expectedOf(name: ColumnName, { firstPixel, time }: ValueRules): string {
  if (name === "t") {
    const added = time.offset === 0n ? "" : `, ${time.offset} added`;
    return `t in 64 bits of microseconds${added}`;
  }
  if (name === "polarity") return "polarity as 0, 1 or -1";
  return `${name} as a whole number from ${firstPixel} to ${65535 + firstPixel}`;
}
