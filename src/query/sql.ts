import { explainSql } from "../dataframe/sql.ts";
import { EventError } from "../errors.ts";
import { COLUMN_NAMES, type ColumnName } from "../events/columns.ts";
import type { PolarityEncoding } from "../events/polarity.ts";
import { Bounds } from "./sql-bounds.ts";
import { cutsRowsMidway, onlyScan, readsEvents } from "./sql-plan.ts";

/** A comparison of the polarity column with a whole number. */
export interface PolarityComparison {
  readonly op: "==" | "!=" | "<" | "<=" | ">" | ">=";
  readonly value: number;
}

/** What of an SQL query can be done while the events are read, before Polars runs all of it. */
export interface SqlPlan {
  /** The columns that the query reads, in the order of the schema; at least one. */
  readonly columns: readonly ColumnName[];
  /** The times it looks at, in microseconds: half-open; null for a side that is open. */
  readonly time: { readonly start: bigint | null; readonly end: bigint | null };
  /**
   * The pixels it looks at; null for all. A side that is open ends at 65 536, so the region may be
   * larger than the sensor.
   */
  readonly roi: {
    readonly x: number;
    readonly y: number;
    readonly width: number;
    readonly height: number;
  } | null;
  /** What it asks of the polarity; {@link keptPolarities} tells what that means. */
  readonly polarity: readonly PolarityComparison[];
  /** True when the conditions contradict each other: no event is looked at. */
  readonly empty: boolean;
  /** The conditions that stand in `time`, `roi`, `polarity` and `empty`, as Polars writes them. */
  readonly pushed: readonly string[];
  /** The optimised plan of Polars. */
  readonly text: string;
}

/**
 * Plans a query in SQL over the table `events`, without any event. What is told of times, pixels and
 * polarity is a prefilter: events outside of it change nothing, and the query has to be run on what
 * is left by `runSql`. Nothing is told where the query reads the events twice or cuts off rows
 * before it filters.
 *
 * @param available - the columns that the table has. Default: all
 * @throws EventError `invalid-query` when it is no SELECT, reads files, does not read the events, or
 *   Polars cannot run it, as with an unknown column; `polars-unavailable`
 * @example
 * ```ts
 * const plan = await planSql("SELECT x, y FROM events WHERE t < 1000000 AND x < 64");
 * plan.columns; // ["x", "y", "t"]
 * plan.time; // { start: null, end: 1000000n }
 * plan.roi; // { x: 0, y: 0, width: 64, height: 65536 }
 * ```
 */
export async function planSql(
  sql: string,
  available: readonly ColumnName[] = COLUMN_NAMES,
): Promise<SqlPlan> {
  const { asWritten, optimized } = await explainSql(sql, available);
  if (!readsEvents(asWritten, available)) {
    throw new EventError("invalid-query", "this query reads no events", {
      expected: "SELECT ... FROM events",
      found: sql,
    });
  }
  const scan = isPlain(sql) ? onlyScan(optimized, available) : null;
  const bounds = new Bounds();
  const conditions = scan === null || cutsRowsMidway(asWritten) ? [] : scan.conditions;
  const pushed = conditions.filter((condition) => bounds.take(condition));
  const { time, roi, polarity, empty } = bounds;
  const columns = scan?.columns ?? available;
  return { columns, time, roi, polarity, empty, pushed, text: optimized };
}

/** Which events a query asks for, by their polarity. */
export function keptPolarities(
  comparisons: readonly PolarityComparison[],
  encoding: PolarityEncoding,
): { readonly on: boolean; readonly off: boolean } {
  const keeps = (polarity: number): boolean =>
    comparisons.every(({ op, value }) => COMPARE[op](polarity, value));
  return { on: keeps(1), off: keeps(encoding === "zero-one" ? 0 : -1) };
}

const COMPARE: {
  readonly [Op in PolarityComparison["op"]]: (a: number, b: number) => boolean;
} = {
  "==": (a, b) => a === b,
  "!=": (a, b) => a !== b,
  "<": (a, b) => a < b,
  "<=": (a, b) => a <= b,
  ">": (a, b) => a > b,
  ">=": (a, b) => a >= b,
};

/**
 * Whether names and strings of a query cannot be taken for parts of a plan, in whose text they
 * stand as they are.
 */
function isPlain(sql: string): boolean {
  const hasQuotes = /['"`]/.test(sql);
  if (!hasQuotes) return true;
  if (/--|\/\*|[\\$]/.test(sql)) return false; // quotes may not be what they seem
  const outside = sql.replace(/(['"`])[\w .:+%-]*\1/g, "");
  return !/['"`]/.test(outside);
}
