/**
 * The stateless steps of a query for frames that are there already, with the expressions of Polars.
 * Arguments come checked; each gives a new frame of the same types.
 */
import type pl from "nodejs-polars";
import type { DataFrame, Expr } from "nodejs-polars";
import { EventError } from "../errors.ts";
import type { ColumnName } from "../events/columns.ts";
import { formatGeometry, type SensorGeometry } from "../events/geometry.ts";
import { typeOf } from "./frame-of.ts";

/** A time of the column `t`, or an offset from the first event. */
export interface FrameTime {
  /** Microseconds. */
  readonly us: bigint;
  /** Whether it counts from the first event of the frame, in its order. */
  readonly isOffset: boolean;
}

/** A rectangle of pixels. */
export interface FrameRegion {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

type Polars = typeof pl;

const LEAST_TIME = -(2n ** 63n);
const GREATEST_TIME = 2n ** 63n - 1n;
const GREATEST_PIXEL = 0xffff;

/**
 * The events from `start` up to, and without, `end`; null leaves a side open.
 *
 * @throws EventError `invalid-query` when the frame has no `t` of the type Int64
 */
export function filterFrameTime(
  polars: Polars,
  frame: DataFrame,
  start: FrameTime | null,
  end: FrameTime | null,
): DataFrame {
  checkFrame(polars, frame, ["t"]);
  if (frame.height === 0) return frame;
  const needsFirst = start?.isOffset || end?.isOffset;
  const first = needsFirst ? (frame.getColumn("t").head(1).toTypedArray()[0] as bigint) : 0n;
  const timeOf = ({ us, isOffset }: FrameTime): bigint => (isOffset ? first + us : us);
  const from = start === null ? LEAST_TIME : timeOf(start);
  const to = end === null ? GREATEST_TIME + 1n : timeOf(end);
  if (from >= to || from > GREATEST_TIME || to <= LEAST_TIME) return frame.head(0);
  // A bigint loses its sign on the way into an expression, a text does not.
  const literal = (time: bigint): Expr => polars.lit(String(time)).cast(polars.Int64);
  const t = polars.col("t");
  const conditions: Expr[] = [];
  if (from > LEAST_TIME) conditions.push(t.gtEq(literal(from)));
  if (to <= GREATEST_TIME) conditions.push(t.lt(literal(to)));
  return filterAll(frame, conditions);
}

/**
 * The events in any of the regions, where they are.
 *
 * @throws EventError `invalid-query` when the frame has no `x` and `y` of the type UInt16
 */
export function filterFrameRoi(
  polars: Polars,
  frame: DataFrame,
  regions: readonly FrameRegion[],
): DataFrame {
  checkFrame(polars, frame, ["x", "y"]);
  const inside = regions.map((region) => isInside(polars, region));
  const [first, ...others] = inside;
  if (first === undefined) return frame.head(0);
  return frame.filter(others.reduce((any, one) => any.or(one), first));
}

/**
 * The ON or the OFF events, in either encoding.
 *
 * @throws EventError `invalid-query` when the frame has no `polarity` of the type Int8
 */
export function filterFramePolarity(
  polars: Polars,
  frame: DataFrame,
  polarity: "on" | "off",
): DataFrame {
  checkFrame(polars, frame, ["polarity"]);
  const column = polars.col("polarity");
  const zero = polars.lit(0).cast(polars.Int8);
  return frame.filter(polarity === "on" ? column.gt(zero) : column.ltEq(zero));
}

/** Every `step`-th event, the first one included. */
export function filterFrameEvery(polars: Polars, frame: DataFrame, step: number): DataFrame {
  if (step === 1 || frame.width === 0) return frame;
  if (step >= frame.height) return frame.head(1);
  return frame.select(...frame.columns.map((name) => polars.col(name).gatherEvery(step)));
}

/** The first events, at most so many. */
export function filterFrameHead(frame: DataFrame, most: number): DataFrame {
  return frame.head(Math.min(most, frame.height));
}

/**
 * The named columns, in the order of the names.
 *
 * @throws EventError `invalid-query` when one is not there
 */
export function selectFrameColumns(frame: DataFrame, columns: readonly ColumnName[]): DataFrame {
  for (const name of columns) checkColumn(frame, name);
  return frame.select(...columns);
}

/**
 * The image mirrored: `"x"` exchanges left and right, `"y"` top and bottom.
 *
 * @throws EventError `invalid-query` when the column is not there with the type UInt16, or has a pixel
 *   outside the sensor
 */
export function flipFrame(
  polars: Polars,
  frame: DataFrame,
  axis: "x" | "y",
  { width, height }: SensorGeometry,
): DataFrame {
  checkFrame(polars, frame, [axis]);
  const last = (axis === "x" ? width : height) - 1;
  const greatest = frame.getColumn(axis).max();
  if (greatest !== null && greatest > last) {
    throw new EventError("invalid-query", "an event lies outside the sensor", {
      expected: `pixels inside ${formatGeometry({ width, height })}`,
      found: `${axis} ${greatest}`,
    });
  }
  return frame.withColumns(pixelLiteral(polars, last).minus(polars.col(axis)).alias(axis));
}

/**
 * The events of a region, whose corner becomes the origin.
 *
 * @throws EventError `invalid-query` when the frame has no `x` and `y` of the type UInt16
 */
export function cropFrame(polars: Polars, frame: DataFrame, region: FrameRegion): DataFrame {
  const moved = (["x", "y"] as const).map((axis) =>
    polars.col(axis).minus(pixelLiteral(polars, region[axis])).alias(axis),
  );
  return filterFrameRoi(polars, frame, [region]).withColumns(...moved);
}

/**
 * Coordinates divided by `factor`, rounded down.
 *
 * @throws EventError `invalid-query` when the frame has no `x` and `y` of the type UInt16
 */
export function downsampleFrame(polars: Polars, frame: DataFrame, factor: number): DataFrame {
  checkFrame(polars, frame, ["x", "y"]);
  const divided = (["x", "y"] as const).map((axis) => {
    const column = polars.col(axis);
    // Integers are divided as such; nothing is left of a pixel by more than it can be.
    return factor > GREATEST_PIXEL
      ? column.minus(column).alias(axis)
      : column.divideBy(pixelLiteral(polars, factor)).alias(axis);
  });
  return frame.withColumns(...divided);
}

function isInside(polars: Polars, { x, y, width, height }: FrameRegion): Expr {
  const within = (axis: "x" | "y", start: number, size: number): Expr => {
    const column = polars.col(axis);
    const last = Math.min(start + size - 1, GREATEST_PIXEL);
    const isNotBefore = column.gtEq(pixelLiteral(polars, start));
    return isNotBefore.and(column.ltEq(pixelLiteral(polars, last)));
  };
  return within("x", x, width).and(within("y", y, height));
}

/** A literal of the columns' own type, so that these are not made floats to be compared. */
function pixelLiteral(polars: Polars, value: number): Expr {
  return polars.lit(value).cast(polars.UInt16);
}

function filterAll(frame: DataFrame, [first, ...others]: readonly Expr[]): DataFrame {
  if (first === undefined) return frame;
  return frame.filter(others.reduce((all, one) => all.and(one), first));
}

/**
 * Checks that a frame has the named columns with the types of events.
 *
 * @throws EventError `invalid-query`
 */
export function checkFrame(polars: Polars, frame: DataFrame, names: readonly ColumnName[]): void {
  for (const name of names) {
    checkColumn(frame, name);
    const expected = typeOf(polars, name);
    const { dtype } = frame.getColumn(name);
    if (dtype.equals(expected)) continue;
    throw new EventError("invalid-query", `the column ${name} has not the type of events`, {
      expected: expected.variant,
      found: dtype.variant,
      hint: `Cast it: \`frame.withColumns(pl.col("${name}").cast(pl.${expected.variant}))\`.`,
    });
  }
}

function checkColumn(frame: DataFrame, name: ColumnName): void {
  if (frame.columns.includes(name)) return;
  throw new EventError("invalid-query", `the frame has no column ${name}`, {
    found: frame.columns.join(", "),
  });
}
