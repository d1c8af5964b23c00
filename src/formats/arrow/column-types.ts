import type { ColumnName } from "../../events/columns.ts";
import { INTEGERS, type IntegerType, type TimeScale } from "../column-converter.ts";
import type { ColumnType } from "./columns.ts";
import { Duration, type Field, Int, Timestamp, TimeUnit, Type } from "./flatbuffers.ts";
import { unsupported } from "./problems.ts";

const MICROSECONDS: TimeScale = { factor: 1, divisor: 1 };

/** What each unit of time is in microseconds; nanoseconds are rounded down. */
const SCALES: Readonly<Record<TimeUnit, TimeScale>> = {
  [TimeUnit.SECOND]: { factor: 1_000_000, divisor: 1 },
  [TimeUnit.MILLISECOND]: { factor: 1000, divisor: 1 },
  [TimeUnit.MICROSECOND]: MICROSECONDS,
  [TimeUnit.NANOSECOND]: { factor: 1, divisor: 1000 },
};

const EXPECTED: Readonly<Record<ColumnName, string>> = {
  x: "an integer",
  y: "an integer",
  t: "an integer, a timestamp or a duration",
  polarity: "an integer or a boolean",
};

/**
 * The type of a column of events.
 *
 * @throws EventError `unsupported-format` for any that is not read
 */
export function columnType(
  column: ColumnName,
  label: string,
  field: Field,
  path: string | undefined,
): ColumnType {
  const type = field.dictionary() === null ? typeOf(column, field) : null;
  if (type !== null) return type;
  throw unsupported(`the column ${label} holds no ${column} of events`, {
    path,
    expected: EXPECTED[column],
    found: typeName(field),
    hint: "Cast the column before the file is written.",
  });
}

function typeOf(column: ColumnName, field: Field): ColumnType | null {
  const type = field.typeType();
  if (type === Type.Int) {
    const values = integerName(field);
    return isInteger(values) ? { values, scale: MICROSECONDS, hasUnit: false } : null;
  }
  if (type === Type.Bool && column === "polarity") {
    return { values: "bool", scale: MICROSECONDS, hasUnit: false };
  }
  if (column !== "t" || (type !== Type.Timestamp && type !== Type.Duration)) return null;
  const unit = unitOf(field);
  if (unit === undefined || SCALES[unit] === undefined) return null;
  return { values: "int64", scale: SCALES[unit], hasUnit: true };
}

/** The type as messages call it, for example `int32` or `Timestamp(NANOSECOND)`. */
export function typeName(field: Field): string {
  if (field.dictionary() !== null) return "a dictionary";
  const type = field.typeType();
  if (type === Type.Int) return integerName(field);
  if (type === Type.Timestamp || type === Type.Duration) {
    return `${Type[type]}(${TimeUnit[unitOf(field) ?? -1] ?? "unknown unit"})`;
  }
  return Type[type]?.replace("_", "") ?? `type ${type}`;
}

function integerName(field: Field): string {
  const int: Int | null = field.type(new Int());
  return int === null ? "int" : `${int.isSigned() ? "" : "u"}int${int.bitWidth()}`;
}

function isInteger(name: string): name is IntegerType {
  return Object.hasOwn(INTEGERS, name);
}

function unitOf(field: Field): TimeUnit | undefined {
  const isDuration = field.typeType() === Type.Duration;
  const type: Duration | Timestamp | null = field.type(
    isDuration ? new Duration() : new Timestamp(),
  );
  return type?.unit();
}
