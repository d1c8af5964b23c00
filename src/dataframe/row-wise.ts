import type pl from "nodejs-polars";
import type { DataFrame, Expr } from "nodejs-polars";
import { platform } from "#platform";
import { EventError } from "../errors.ts";
import { COLUMN_NAMES, type ColumnArrays, type ColumnName } from "../events/columns.ts";
import { show } from "../util/show.ts";
import { dropFrame, emptyFrame, frameOf } from "./frame-of.ts";
import { findRefusal, INEXACT_FROM, kindOf, type Refusal } from "./row-wise-nodes.ts";

/** A Polars expression that tells of each event whether it stays, from that event alone. */
export interface RowWiseFilter {
  /** The expression as Polars writes it. */
  readonly text: string;
  /** The columns it reads, in the order of the schema; none for a constant. */
  readonly columns: readonly ColumnName[];
  /**
   * Evaluates it. Never throws for what the values are: a division by zero gives null, and null
   * keeps no event.
   *
   * @param columns - arrays of the same length; those of {@link RowWiseFilter.columns} are read, and
   *   copied. `length` is the number of events; that of an array that is there when it is left out
   * @returns one byte for each event: 1 to keep it, 0 to drop it
   */
  keep(columns: Partial<Readonly<ColumnArrays>> & { readonly length?: number }): Uint8Array;
}

/**
 * Judges a Polars expression by which events are to be filtered batch by batch: it must look at one
 * row at a time, read columns of the event table only, and be boolean. Nothing is decoded for that.
 *
 * Numbers in an expression are floats to Polars: below 2^53 comparisons with every `t` are exact,
 * while a sum or product with `t` is rounded from there on. Larger ones and bigints, whose sign
 * Polars loses, are refused; `pl.lit("9007199254740993").cast(pl.Int64)` is exact.
 *
 * @throws EventError `invalid-query` when it is no expression of Polars, or none of that kind;
 *   `polars-unavailable`
 * @example
 * ```ts
 * const filter = await checkRowWise(pl.col("x").plus(pl.col("y")).lt(100));
 * filter.columns; // ["x", "y"]
 * ```
 */
export async function checkRowWise(expr: unknown): Promise<RowWiseFilter> {
  const polars = await platform.importPolars();
  const { json, bytes } = serialize(polars, expr);
  const node: unknown = JSON.parse(json);
  const findings = { columns: new Set<string>(), isIn: [] as unknown[][] };
  const refusal = refusalOf(node, findings);
  if (refusal !== null) throw refused(refusal);
  const lists = findings.isIn.map((inputs) => checkList(polars, inputs));
  for (const name of findings.columns) checkName(name);
  const columns = COLUMN_NAMES.filter((name) => findings.columns.has(name));
  // A copy, whichever copy of Polars the caller has; its JSON would round numbers.
  const judged = lists.includes("series")
    ? rewritten(polars, node)
    : deserialize(polars, bytes, "bincode");
  checkBoolean(polars, judged, columns);
  const text = String(judged);
  const kept = judged.fillNull(polars.lit(false)).cast(polars.UInt8).alias(KEPT);
  const valuesOf = (frame: DataFrame): Uint8Array =>
    frame.select(kept).getColumn(KEPT).toTypedArray() as Uint8Array;
  if (columns.length === 0) {
    const [value = 0] = valuesOf(frameOf(polars, TRIAL, ["x"]));
    return { text, columns, keep: (given) => new Uint8Array(lengthOf(given)).fill(value) };
  }
  const keep: RowWiseFilter["keep"] = (given) => {
    const kept = valuesOf(frameOf(polars, given, columns));
    dropFrame(kept.length, columns);
    return kept;
  };
  return { text, columns, keep };
}

const KEPT = "kept";

function lengthOf(given: Parameters<RowWiseFilter["keep"]>[0]): number {
  if (given.length !== undefined) return given.length;
  return (
    COLUMN_NAMES.map((name) => given[name]?.length).find((length) => length !== undefined) ?? 0
  );
}

/** An expression as text and as bytes; of one with a function in it there are none. */
function serialize(polars: typeof pl, expr: unknown): { json: string; bytes: Uint8Array } {
  if (!polars.Expr.isExpr(expr)) {
    throw new EventError("invalid-query", "this is no expression of Polars", {
      expected: 'for example pl.col("x").lt(100)',
      found: show(expr),
    });
  }
  try {
    return { json: expr.serialize("json").toString(), bytes: expr.serialize("bincode") };
  } catch (cause) {
    throw new EventError("invalid-query", "what this expression does cannot be told", {
      found: String(expr),
      hint: WAY_OUT,
      cause,
    });
  }
}

function deserialize(polars: typeof pl, bytes: Uint8Array, format: "json" | "bincode"): Expr {
  try {
    return polars.Expr.deserialize(bytes as Buffer, format);
  } catch (cause) {
    throw new EventError("invalid-query", "this expression is of another version of Polars", {
      hint: "Build it with the nodejs-polars that this package depends on.",
      cause,
    });
  }
}

function fromJson(polars: typeof pl, node: unknown): Expr {
  return deserialize(polars, new TextEncoder().encode(JSON.stringify(node)), "json");
}

/** An expression whose JSON was changed. Polars reads some numbers back with another last digit. */
function rewritten(polars: typeof pl, node: unknown): Expr {
  const expr = fromJson(polars, node);
  const again: unknown = JSON.parse(expr.serialize("json").toString());
  if (JSON.stringify(again) === JSON.stringify(node)) return expr;
  throw new EventError("invalid-query", "Polars rounds a number beside isIn of a series", {
    found: String(expr),
    hint: "Give isIn an array of numbers, or make two filters of the expression.",
  });
}

/**
 * Looks at the values of a literal list. A series is made a list of one row, as Polars asks for:
 * one of the column's own type could be meant row by row.
 *
 * @returns what it was
 */
function checkList(polars: typeof pl, inputs: unknown[]): "list" | "series" {
  const [, list] = inputs;
  const [form] = kindOf(kindOf(list)[1]);
  const values = polars.DataFrame({ one: [0] }).select(fromJson(polars, list).alias("one"));
  const series = form === "Series" ? values : values.explode("one");
  const type = series.getColumn("one").dtype;
  if (type.equals(polars.UInt64)) throw refused({ found: "bigints in isIn", reason: "bigint" });
  if (type.equals(polars.Float64)) {
    const large = polars.col("one").abs().gtEq(INEXACT_FROM);
    if (series.filter(large).height > 0) {
      throw refused({ found: "numbers from 2^53 on in isIn", reason: "inexact" });
    }
  }
  if (form !== "Series") return "list";
  inputs[1] = { Agg: { Implode: list } };
  return "series";
}

function checkName(name: string): void {
  if ((COLUMN_NAMES as readonly string[]).includes(name)) return;
  throw new EventError("invalid-query", "events have no such column", {
    expected: COLUMN_NAMES.join(", "),
    found: name,
    hint: "A string that is compared with stands in `pl.lit`.",
  });
}

/** Evaluates it without an event and with some, as types alone do not tell of every problem. */
function checkBoolean(polars: typeof pl, judged: Expr, columns: readonly ColumnName[]): void {
  const names = columns.length === 0 ? COLUMN_NAMES : columns;
  let type: pl.DataType;
  try {
    type = emptyFrame(polars, names).select(judged.alias(KEPT)).getColumn(KEPT).dtype;
    frameOf(polars, TRIAL, names).select(judged.alias(KEPT));
  } catch (cause) {
    const [reason = ""] = (cause instanceof Error ? cause.message : String(cause)).split("\n");
    throw new EventError("invalid-query", `Polars cannot evaluate this filter (${reason})`, {
      found: String(judged),
      cause,
    });
  }
  if (type.equals(polars.Bool)) return;
  throw new EventError("invalid-query", "a filter must be true or false for each event", {
    expected: "an expression of the type Bool",
    found: `${judged}, which has the type ${type.variant}`,
    hint: 'Compare it with something, as in `pl.col("polarity").gt(0)`.',
  });
}

/** Events that are as far apart as they can be. */
const TRIAL: ColumnArrays = {
  x: Uint16Array.of(0, 0xffff),
  y: Uint16Array.of(0xffff, 0),
  t: BigInt64Array.of(-(2n ** 63n), 2n ** 63n - 1n),
  polarity: Int8Array.of(-1, 1),
};

/** @throws EventError `invalid-query` for one that is too deep to be gone through */
function refusalOf(...judged: Parameters<typeof findRefusal>): Refusal | null {
  try {
    return findRefusal(...judged);
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    throw new EventError("invalid-query", "this expression is nested too deeply", {
      hint: "Make several filters of it.",
      cause,
    });
  }
}

const WAY_OUT =
  "Filter what comes out of the query instead: `(await query.lazy()).filter(...)` sees all rows.";
const EXACT = 'An exact literal is `pl.lit("9007199254740993").cast(pl.Int64)`.';

/** What is said of each reason: the problem, and the way out. */
const REASONS: Readonly<Record<Refusal["reason"], readonly [string, string]>> = {
  "not-row-wise": [
    "a filter looks at one event at a time, and this expression is not known to",
    WAY_OUT,
  ],
  bigint: ["Polars takes the sign off a bigint in an expression", `Give a number. ${EXACT}`],
  inexact: ["Polars rounds this number when it compares it with times", EXACT],
  "not-finite": ["a literal that is not finite cannot be told apart from others", WAY_OUT],
  "strict-cast": [
    "a strict cast throws at the first value that does not fit",
    "Leave `strict` out: what does not fit becomes null, which keeps no event.",
  ],
  names: ["the columns of a filter are named one by one", "Combine them with `pl.allHorizontal`."],
};

function refused({ found, reason }: Refusal): EventError {
  const [problem, hint] = REASONS[reason];
  return new EventError("invalid-query", problem, { found, hint });
}
