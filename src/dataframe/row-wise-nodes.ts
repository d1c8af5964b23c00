/**
 * Which Polars expressions look at one row at a time, told from their JSON. What is not named here
 * is refused: a new version of Polars may add what depends on other rows, and does so under any name.
 */

/** A part of an expression: `"Len"`, or the kind as the only key of an object. */
export type ExpressionNode = unknown;

/** What walking through an expression finds. */
export interface RowWiseFindings {
  /** Names of the columns that are read. */
  readonly columns: Set<string>;
  /** Inputs of each `isIn`, the second of them a literal list whose type has to be looked at. */
  readonly isIn: ExpressionNode[][];
}

/** Why an expression cannot be taken: `found` is the part, as people know it. */
export interface Refusal {
  readonly found: string;
  readonly reason: "not-row-wise" | "bigint" | "inexact" | "not-finite" | "strict-cast" | "names";
}

/** From here on a float does not hold every integer, and columns are compared with floats. */
export const INEXACT_FROM = 2 ** 53;

/** Operators between two values of a row. */
const OPERATORS = new Set([
  ...["Eq", "NotEq", "EqValidity", "NotEqValidity", "Lt", "LtEq", "Gt", "GtEq"],
  ...["And", "Or", "Xor", "LogicalAnd", "LogicalOr"],
  ...["Plus", "Minus", "Multiply", "RustDivide", "TrueDivide", "FloorDivide", "Modulus"],
]);

/** Types that a value can be cast to; what does not fit becomes null. */
const CAST_TYPES = new Set([
  ...["Int8", "Int16", "Int32", "Int64", "UInt8", "UInt16", "UInt32", "UInt64"],
  ...["Float32", "Float64", "Boolean"],
]);

/** Functions of the values of a row; those of `FUNCTIONS_WITH_OPTIONS` carry options. */
const FUNCTIONS = new Set([
  ...["Abs", "Floor", "Ceil", "Exp", "Log", "FillNull", "MaxHorizontal", "MinHorizontal"],
]);
const FUNCTIONS_WITH_OPTIONS = new Set(["Round", "Clip", "SumHorizontal", "Trigonometry"]);
const BOOLEAN_FUNCTIONS = new Set([
  ...["Not", "IsNull", "IsNotNull", "IsNan", "IsNotNan", "IsFinite", "IsInfinite"],
  ...["AllHorizontal", "AnyHorizontal"],
]);

/**
 * Walks through an expression.
 *
 * @returns why it is refused; null for one that looks at one row at a time
 */
export function findRefusal(node: ExpressionNode, findings: RowWiseFindings): Refusal | null {
  const [kind, value] = kindOf(node);
  const parts = (...nodes: ExpressionNode[]): Refusal | null => {
    for (const part of nodes) {
      const refusal = findRefusal(part, findings);
      if (refusal !== null) return refusal;
    }
    return null;
  };
  const fields = asFields(value);
  switch (kind) {
    case "Column":
      findings.columns.add(String(value));
      return null;
    case "Literal":
      return refusedLiteral(value);
    case "Alias":
      return Array.isArray(value) ? parts(value[0]) : notRowWise(kind);
    case "KeepName":
      return parts(value);
    case "BinaryExpr":
      if (!OPERATORS.has(String(fields.op))) return notRowWise(String(fields.op));
      return parts(fields.left, fields.right);
    case "Cast": {
      const [, type] = kindOf(fields.dtype);
      if (!CAST_TYPES.has(type as string)) return notRowWise(`cast to ${JSON.stringify(type)}`);
      if (fields.options !== "NonStrict") return { found: "cast", reason: "strict-cast" };
      return parts(fields.expr);
    }
    case "Ternary":
      return parts(fields.predicate, fields.truthy, fields.falsy);
    case "Function":
      return refusedFunction(fields, findings, parts);
    case "Selector":
      return { found: "several columns at once", reason: "names" };
    default:
      return notRowWise(kind === "Agg" ? kindOf(value)[0] : kind);
  }
}

function refusedFunction(
  { input, function: called }: Readonly<Record<string, unknown>>,
  findings: RowWiseFindings,
  parts: (...nodes: ExpressionNode[]) => Refusal | null,
): Refusal | null {
  const [name, options] = kindOf(called);
  const inputs = Array.isArray(input) ? input : [];
  if (name === "Boolean") {
    const [test] = kindOf(options);
    if (test === "IsIn") return refusedIsIn(inputs, findings, parts);
    return BOOLEAN_FUNCTIONS.has(test) ? parts(...inputs) : notRowWise(test);
  }
  // An integer power casts its exponent strictly: a float stands there, or some row may throw.
  if (name === "Pow" && options === "Generic") {
    const [, exponent] = kindOf(inputs[1]);
    if (kindOf(kindOf(exponent)[1])[0] === "Float") return parts(...inputs);
  }
  const known = typeof called === "string" ? FUNCTIONS : FUNCTIONS_WITH_OPTIONS;
  return known.has(name) ? parts(...inputs) : notRowWise(name);
}

/** What is looked for stands in the expression: a column of it would be all rows of that column. */
function refusedIsIn(
  inputs: ExpressionNode[],
  findings: RowWiseFindings,
  parts: (...nodes: ExpressionNode[]) => Refusal | null,
): Refusal | null {
  const [value, list] = inputs;
  const [kind, literal] = kindOf(list);
  const [type, content] = kindOf(literal);
  const isList = type === "Series" || (type === "Scalar" && kindOf(content)[0] === "List");
  if (kind !== "Literal" || !isList) return notRowWise("isIn of something computed");
  findings.isIn.push(inputs);
  return parts(value);
}

/** Literals of one value. Polars takes the sign off a bigint, so none can be believed. */
function refusedLiteral(literal: unknown): Refusal | null {
  const [form, content] = kindOf(literal);
  const [type, value] = kindOf(content);
  if (form !== "Scalar" && form !== "Dyn") return notRowWise("a list of values");
  switch (type) {
    case "Null":
    case "Boolean":
    case "String":
      return null;
    case "UInt64":
      return { found: `${value}n`, reason: "bigint" };
    case "Float64":
    case "Float":
    case "Int":
      if (typeof value !== "number") return { found: "NaN or Infinity", reason: "not-finite" };
      return Math.abs(value) < INEXACT_FROM ? null : { found: `${value}`, reason: "inexact" };
    default:
      return notRowWise(`a literal of the type ${type}`);
  }
}

function notRowWise(found: string): Refusal {
  return { found, reason: "not-row-wise" };
}

/** The kind of a node and what belongs to it. */
export function kindOf(node: ExpressionNode): readonly [string, unknown] {
  if (typeof node === "string") return [node, undefined];
  const [entry, another] = Object.entries(asFields(node));
  return entry === undefined || another !== undefined ? ["something unknown", undefined] : entry;
}

function asFields(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : {};
}
