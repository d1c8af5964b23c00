import type pl from "nodejs-polars";
import type { DataFrame, LazyDataFrame } from "nodejs-polars";
import { platform } from "#platform";
import { EventError } from "../errors.ts";
import { COLUMN_NAMES, type ColumnArrays, type ColumnName } from "../events/columns.ts";
import { show } from "../util/show.ts";
import { emptyFrame, frameOf, typeOf } from "./frame-of.ts";

/** The name that SQL gives the events. */
const TABLE = "events";

/** The plans that Polars makes of a statement, as text. */
export interface SqlPlans {
  /** What the statement says, step by step; the last step comes first. */
  readonly asWritten: string;
  /** The same after filters and projections were moved to where they cost least. */
  readonly optimized: string;
}

/**
 * Has Polars plan a statement over a table `events` without events, and tries it on a few. Nothing
 * else can be reached from a statement: no other table, and no file.
 *
 * @throws EventError `invalid-query` for anything but one SELECT of what `events` has;
 *   `polars-unavailable`
 */
export async function explainSql(
  sql: string,
  names: readonly ColumnName[] = COLUMN_NAMES,
): Promise<SqlPlans> {
  checkStatement(sql);
  const polars = await platform.importPolars();
  const none = emptyFrame(polars, names);
  const plans = attempt(sql, names, () => {
    const lazy = execute(polars, none, sql);
    return { asWritten: lazy.describePlan(), optimized: lazy.describeOptimizedPlan() };
  });
  // The words were looked for in the text; this is what became of it.
  if (/\bSCAN \[/i.test(plans.asWritten)) throw readsFiles(sql);
  attempt(sql, names, () => {
    // Some functions want a row: the statement is wrong if it works neither way.
    try {
      execute(polars, none, sql).collectSync();
    } catch {
      execute(polars, frameOf(polars, TRIAL, names), sql).collectSync();
    }
  });
  return plans;
}

/**
 * Runs a statement over a frame of events, as the table `events`. The frame may lack columns that
 * the statement names without reading them, as those that planning left out.
 *
 * @throws EventError `invalid-query`, `polars-unavailable`
 * @example
 * ```ts
 * const busy = await runSql(frame, "SELECT x, count(*) AS n FROM events GROUP BY x ORDER BY n");
 * ```
 */
export async function runSql(
  frame: DataFrame,
  sql: string,
  names: readonly ColumnName[] = COLUMN_NAMES,
): Promise<DataFrame> {
  checkStatement(sql);
  const polars = await platform.importPolars();
  const columns = names.map((name) =>
    frame.columns.includes(name)
      ? polars.col(name)
      : polars.lit(0).cast(typeOf(polars, name)).alias(name),
  );
  const whole = frame.lazy().select(...columns);
  const lazy = attempt(sql, names, () => execute(polars, whole, sql));
  try {
    return await lazy.collect();
  } catch (cause) {
    throw refused(sql, names, cause);
  }
}

/** Events that are evaluated to see whether a statement fits the types of the columns. */
const TRIAL: ColumnArrays = {
  x: Uint16Array.of(0, 1),
  y: Uint16Array.of(1, 0),
  t: BigInt64Array.of(0n, 1n),
  polarity: Int8Array.of(0, 1),
};

/** Comments and white space in front of the first word. */
const IN_FRONT = /^(?:\s|--[^\n]*(?:\n|$)|\/\*[\s\S]*?\*\/)*/;
/**
 * Functions that read files. They are looked for in all of the text, strings and comments too: what
 * is one of those is up to the grammar of Polars, which is not to be guessed here.
 */
const FILE_FUNCTION = /(?:\b|_)(?:read|scan)_\w+/i;

/** @throws EventError `invalid-query` for anything but a SELECT that names no file */
function checkStatement(sql: string): void {
  const word = typeof sql === "string" ? /^\w*/.exec(sql.replace(IN_FRONT, ""))?.[0] : undefined;
  if (word === undefined || !/^(?:select|with)$/i.test(word)) {
    throw new EventError("invalid-query", "this is no query in SQL", {
      expected: `one statement that begins with SELECT or WITH`,
      found: show(sql),
      hint: `For example: SELECT x, y, t FROM ${TABLE} WHERE t < 1000000`,
    });
  }
  if (FILE_FUNCTION.test(sql)) throw readsFiles(sql);
}

function readsFiles(sql: string): EventError {
  return new EventError("invalid-query", "a query reads no files", {
    expected: `the table ${TABLE} alone`,
    found: FILE_FUNCTION.exec(sql)?.[0] ?? show(sql),
    hint: "Load them with nodejs-polars, and join the frames there.",
  });
}

/** Polars hands back the error where others would throw it. */
function execute(polars: typeof pl, frame: DataFrame | LazyDataFrame, sql: string): LazyDataFrame {
  const lazy = polars.SQLContext({ [TABLE]: frame }).execute(sql);
  const { _ldf: inner } = lazy as LazyDataFrame & { readonly _ldf: unknown };
  if (inner instanceof Error) throw inner;
  return lazy;
}

function attempt<Result>(sql: string, names: readonly ColumnName[], work: () => Result): Result {
  try {
    return work();
  } catch (cause) {
    throw refused(sql, names, cause);
  }
}

function refused(sql: string, names: readonly ColumnName[], cause: unknown): EventError {
  const [reason = ""] = (cause instanceof Error ? cause.message : String(cause)).split("\n");
  const hint = HINTS.find(([pattern]) => pattern.test(reason))?.[1](names);
  return new EventError("invalid-query", `Polars cannot run this query (${reason})`, {
    found: sql,
    ...(hint !== undefined && { hint }),
    cause,
  });
}

/** What to do about what Polars says. */
const HINTS: readonly (readonly [RegExp, (names: readonly ColumnName[]) => string])[] = [
  [/^relation /, () => `The one table is ${TABLE}.`],
  [/unable to find column/, (names) => `The columns of ${TABLE} are ${names.join(", ")}.`],
  [/cannot parse literal: "[\d.]+e/i, () => "Write numbers out: 1000000 for 1e6."],
  [/one \(and only one\) statement/, () => "Run one after the other."],
  [/^sql parser error/, () => `For example: SELECT x, y, t FROM ${TABLE} WHERE t < 1000000`],
];
