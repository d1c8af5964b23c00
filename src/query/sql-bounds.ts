import type { PolarityComparison, SqlPlan } from "./sql.ts";
import { operands } from "./sql-plan.ts";

/** Least and greatest value of the types that Polars compares columns in. */
const RANGES: Readonly<Record<string, readonly [bigint, bigint]>> = {
  Int8: [-(2n ** 7n), 2n ** 7n - 1n],
  Int16: [-(2n ** 15n), 2n ** 15n - 1n],
  Int32: [-(2n ** 31n), 2n ** 31n - 1n],
  Int64: [-(2n ** 63n), 2n ** 63n - 1n],
  UInt8: [0n, 2n ** 8n - 1n],
  UInt16: [0n, 2n ** 16n - 1n],
  UInt32: [0n, 2n ** 32n - 1n],
  UInt64: [0n, 2n ** 64n - 1n],
};

/** The values of a column. */
const COLUMN_RANGES = {
  x: RANGES.UInt16,
  y: RANGES.UInt16,
  t: RANGES.Int64,
  polarity: RANGES.Int8,
} as Readonly<Record<string, readonly [bigint, bigint]>>;

const NONE = [0n, 0n] as const;

/** A whole number, and a column, each maybe as a value of another type. */
const NUMBER = /^(?:dyn int: )?(-?\d+)(?:\.cast\((\w+)\))?$/;
const COLUMN = /^col\("(x|y|t|polarity)"\)(?:\.cast\((\w+)\))?$/;

type Op = PolarityComparison["op"];

/** The same comparison with its sides exchanged. */
const EXCHANGED: Readonly<Record<string, Op>> = {
  "==": "==",
  "!=": "!=",
  "<": ">",
  "<=": ">=",
  ">": "<",
  ">=": "<=",
};

/** What conditions that all have to be fulfilled say of times, pixels and polarities. */
export class Bounds {
  /** Least and greatest value of each column, both of them possible. */
  readonly #ranges: Record<string, readonly [bigint, bigint]> = { ...COLUMN_RANGES };
  readonly #polarity: PolarityComparison[] = [];

  /** Takes in a condition as Polars writes it; false for one that is not simple enough. */
  take(condition: string): boolean {
    const comparison = readComparison(condition);
    if (comparison === null) return false;
    const { column, op, value } = comparison;
    if (column === "polarity") {
      if (!Number.isSafeInteger(Number(value))) return false;
      this.#polarity.push({ op, value: Number(value) });
      return true;
    }
    if (op === "!=") return false;
    const [least, greatest] = this.#ranges[column] as readonly [bigint, bigint];
    const [from, to] = valuesOf(op, value, [least, greatest]);
    this.#ranges[column] = [from > least ? from : least, to < greatest ? to : greatest];
    return true;
  }

  /** Whether nothing fulfils all of them. */
  get empty(): boolean {
    return Object.values(this.#ranges).some(([least, greatest]) => least > greatest);
  }

  get time(): SqlPlan["time"] {
    const [least, greatest] = this.#ranges.t ?? NONE;
    const [first, last] = COLUMN_RANGES.t ?? NONE;
    if (this.empty) return { start: null, end: null };
    return {
      start: least === first ? null : least,
      end: greatest === last ? null : greatest + 1n,
    };
  }

  get roi(): SqlPlan["roi"] {
    const { x = NONE, y = NONE } = this.#ranges;
    const size = ([least, greatest]: readonly [bigint, bigint]) => Number(greatest - least) + 1;
    const [width, height] = [size(x), size(y)];
    if (this.empty || (width > 0xffff && height > 0xffff)) return null;
    return { x: Number(x[0]), y: Number(y[0]), width, height };
  }

  get polarity(): readonly PolarityComparison[] {
    return this.empty ? [] : this.#polarity;
  }
}

/** The values of a range that fulfil a comparison: least and greatest. */
function valuesOf(
  op: Op,
  value: bigint,
  [least, greatest]: readonly [bigint, bigint],
): readonly [bigint, bigint] {
  const from = op === ">" ? value + 1n : op === ">=" || op === "==" ? value : least;
  const to = op === "<" ? value - 1n : op === "<=" || op === "==" ? value : greatest;
  return [from, to];
}

/** `[(col("t")) < (5)]`, or with its sides exchanged. */
function readComparison(condition: string): { column: string; op: Op; value: bigint } | null {
  const [left = "", op = "", right = ""] = operands(condition) ?? [];
  const exchanged = EXCHANGED[op];
  if (exchanged === undefined) return null;
  const isExchanged = NUMBER.test(left);
  const [, column = "", columnType] = COLUMN.exec(isExchanged ? right : left) ?? [];
  const [, digits, numberType] = NUMBER.exec(isExchanged ? left : right) ?? [];
  const values = COLUMN_RANGES[column];
  if (values === undefined || digits === undefined) return null;
  const value = BigInt(digits);
  // A cast that changes values would change what is compared.
  if (columnType !== undefined && !holds(columnType, ...values)) return null;
  if (numberType !== undefined && !holds(numberType, value)) return null;
  return { column, op: isExchanged ? exchanged : (op as Op), value };
}

function holds(type: string, ...values: bigint[]): boolean {
  const range = RANGES[type];
  return range !== undefined && values.every((value) => value >= range[0] && value <= range[1]);
}
