/** Columns that nothing names, told apart by what they hold. */
import type { ColumnName } from "../../events/columns.ts";
import type { SensorGeometry } from "../../events/geometry.ts";
import { isNumber, isTruth } from "./line.ts";

/** What the values of columns say. */
export interface JudgedColumns {
  readonly columns: readonly (ColumnName | null)[];
  /** Why. */
  readonly reason: string;
}

/** The orders that are known, the more usual first; further columns follow them. */
const LAYOUTS: readonly (readonly ColumnName[])[] = [
  ["t", "x", "y", "polarity"],
  ["x", "y", "polarity", "t"],
  ["x", "y", "t", "polarity"],
];

/** What the sampled values of a column have in common; a few malformed ones change none of it. */
interface Trait {
  /** They are numbers. */
  readonly numbers: boolean;
  /** They can be polarities: -1, 0, 1, true, false. */
  readonly polarity: boolean;
  /** They can be coordinates: whole, from 0 to 65535. */
  readonly pixel: boolean;
  /** Many are no whole numbers. */
  readonly fractions: boolean;
  /** Many are written with a decimal point or an exponent. */
  readonly points: boolean;
  /** They hardly ever fall. */
  readonly rises: boolean;
  readonly greatest: number;
}

const POLARITIES = [-1, 0, 1];
const GREATEST_PIXEL = 65_535;
/** Of all values, those that may differ from the rest. */
const FEW = 0.1;

function traitOf(values: readonly string[]): Trait {
  let [numbers, polarities, pixels, fractions, points, falls, greatest] = [0, 0, 0, 0, 0, 0, 0];
  let last = Number.NaN;
  for (const text of values) {
    const isOne = isNumber(text);
    const value = isOne ? Number(text) : Number.NaN;
    if (isOne) numbers++;
    if (isOne ? POLARITIES.includes(value) : isTruth(text)) polarities++;
    if (isPixel(value)) {
      pixels++;
      greatest = Math.max(greatest, value);
    }
    if (value % 1 !== 0) fractions++;
    if (/[.eE]/.test(text)) points++;
    if (value < last) falls++;
    last = value;
  }
  const few = values.length * FEW;
  const mostly = (count: number): boolean => values.length - count <= few;
  return {
    numbers: mostly(numbers),
    polarity: mostly(polarities),
    pixel: mostly(pixels),
    fractions: fractions > few,
    points: points > few,
    rises: falls <= few,
    greatest,
  };
}

const isPixel = (value: number): boolean =>
  Number.isInteger(value) && value >= 0 && value <= GREATEST_PIXEL;

/**
 * Tells columns apart. Time is the column with fractions; else the only ones written with a decimal
 * point; else those that no coordinate can have; else those that rise. Polarity has no other values
 * than -1, 0, 1, true and false. What then still fits in more than one way is taken in the order of
 * the layouts that are known, x in front of y, unless the geometry speaks against it.
 *
 * @param lines - columns of some lines, as many of each
 * @returns null when the columns can be no events
 */
export function judgeColumns(
  lines: readonly (readonly string[])[],
  geometry: SensorGeometry | null,
): JudgedColumns | null {
  const count = lines[0]?.length ?? 0;
  const traits = Array.from({ length: count }, (_, column) =>
    traitOf(lines.map((line) => line[column] ?? "")),
  );
  const times = timeColumns(traits);
  const can: Readonly<Record<ColumnName, (column: number) => boolean>> = {
    x: (column) => traits[column]?.pixel ?? false,
    y: (column) => traits[column]?.pixel ?? false,
    t: (column) => times.includes(column),
    polarity: (column) => traits[column]?.polarity ?? false,
  };
  const fitting = LAYOUTS.filter((names) => names.every((name, column) => can[name](column)));
  const [layout] = fitting;
  const order = layout ?? otherOrder(traits, times);
  if (order === null) return null;
  const columns = Array.from({ length: count }, (_, column) => order[column] ?? null);
  const [x, y] = [columns.indexOf("x"), columns.indexOf("y")];
  const names = "nothing names the columns";
  if (isTransposed(traits[x], traits[y], geometry)) {
    [columns[x], columns[y]] = ["y", "x"];
    return { columns, reason: `${names}, and with x in front of y pixels lie outside the sensor` };
  }
  const why =
    fitting.length > 1
      ? `${names}, and their values allow this order first`
      : `${names}; t and polarity follow from their values, x in front of y is what is usual`;
  return { columns, reason: why };
}

function timeColumns(traits: readonly Trait[]): number[] {
  const where = (test: (trait: Trait) => boolean): number[] =>
    traits.flatMap((trait, column) => (trait.numbers && test(trait) ? [column] : []));
  const all = where(() => true);
  const fractions = where(({ fractions }) => fractions);
  if (fractions.length > 0) return fractions;
  const points = where(({ points }) => points);
  if (points.length === 1) return points;
  const others = where(({ pixel, polarity }) => !pixel && !polarity);
  if (others.length > 0) return others;
  const rising = where(({ rises }) => rises);
  return rising.length > 0 || points.length === all.length ? rising : points;
}

/** An order of no known layout, where values leave no choice but that of x and y. */
function otherOrder(
  traits: readonly Trait[],
  times: readonly number[],
): (ColumnName | null)[] | null {
  const [time] = times;
  const rest = traits.flatMap((trait, column) => (column === time ? [] : [{ ...trait, column }]));
  const polarities = rest.filter(({ polarity }) => polarity);
  const pixels = rest.filter(({ pixel, polarity }) => pixel && !polarity);
  const [first, second] = pixels;
  if (times.length !== 1 || polarities.length !== 1 || !first || !second || pixels.length > 2) {
    return null;
  }
  const order: (ColumnName | null)[] = traits.map(() => null);
  order[time ?? 0] = "t";
  order[polarities[0]?.column ?? 0] = "polarity";
  order[first.column] = "x";
  order[second.column] = "y";
  return order;
}

function isTransposed(
  x: Trait | undefined,
  y: Trait | undefined,
  geometry: SensorGeometry | null,
): boolean {
  if (geometry === null || x === undefined || y === undefined) return false;
  const { width, height } = geometry;
  const fits = x.greatest < width && y.greatest < height;
  return !fits && y.greatest < width && x.greatest < height;
}
