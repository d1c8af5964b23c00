/** How a file of text writes its events, and how that is told to the kernel. */
import { COLUMN_NAMES, type ColumnName } from "../../events/columns.ts";
import type { EventMemory } from "../../kernels/event-memory.ts";
import { FORMAT_FIELDS } from "../../kernels/layout.ts";
import type { TimeUnit } from "../options.ts";
import * as layout from "./layout.ts";

/** Everything that differs between files of text. */
export interface TextDialect {
  /** Code of the character between two columns. */
  readonly separator: number;
  /** What each column holds; null for what is no part of an event. */
  readonly columns: readonly (ColumnName | null)[];
  readonly timeUnit: TimeUnit;
  /**
   * Whether a time with a fraction is malformed: the unit was told from the first times, which have
   * none, and would be another one if they had.
   */
  readonly hasWholeTimes: boolean;
  /** The number of the first pixel. */
  readonly firstPixel: 0 | 1;
  /** What comments begin with: one mark or two. */
  readonly comments: readonly string[];
  /** What most lines look like: a sum of the shapes in `layout.ts`. */
  readonly shape: number;
}

/** A time in this unit times ten to the power of this is in microseconds. */
const EXPONENTS: Readonly<Record<TimeUnit, number>> = { s: 6, ms: 3, us: 0, ns: -3 };

const FIELDS: Readonly<Record<ColumnName, number>> = {
  x: layout.X_INDEX,
  y: layout.Y_INDEX,
  t: layout.T_INDEX,
  polarity: layout.POLARITY_INDEX,
};

/** Tells the kernel that works in `memory` what it will read. */
export function setDialect(memory: EventMemory, dialect: TextDialect): void {
  const { separator, columns, timeUnit, hasWholeTimes, firstPixel, comments, shape } = dialect;
  const set = (offset: number, value: number): void => {
    memory.setField(FORMAT_FIELDS + offset, value);
  };
  set(layout.SEPARATOR, separator);
  set(layout.COLUMNS, columns.length);
  for (const name of COLUMN_NAMES) set(FIELDS[name], columns.indexOf(name));
  set(layout.TIME_EXPONENT, EXPONENTS[timeUnit]);
  set(layout.FIRST_PIXEL, firstPixel);
  set(layout.ONLY_WHOLE_TIMES, hasWholeTimes ? 1 : 0);
  set(layout.SHAPE, shape);
  set(layout.ORDER, orderOf(dialect));
  for (const [at, mark] of comments.entries()) {
    const offset = layout.COMMENT_MARKS + at * layout.COMMENT_MARK_BYTES;
    set(offset, mark.length);
    for (let part = 0; part < layout.MOST_COMMENT_BYTES; part += 4) {
      const code = (index: number): number => mark.charCodeAt(part + index) || 0;
      set(offset + 4 + part, code(0) | (code(1) << 8) | (code(2) << 16) | (code(3) << 24));
    }
  }
}

/** Orders of columns that have a way of their own through the kernel. */
const ORDERS: Readonly<Record<string, number>> = {
  "t,x,y,polarity": layout.T_X_Y_P,
  "x,y,polarity,t": layout.X_Y_P_T,
  "x,y,t,polarity": layout.X_Y_T_P,
};

function orderOf({ columns, shape }: TextDialect): number {
  const order = ORDERS[columns.join()] ?? layout.NO_ORDER;
  if (shape === layout.NO_SHAPE || shape & layout.SIGNED_OFF) return layout.NO_ORDER;
  // The others have whole times only.
  return shape & layout.DECIMAL_TIMES && order !== layout.T_X_Y_P ? layout.NO_ORDER : order;
}

/**
 * What most lines look like, judged by some.
 *
 * @param lines - columns of some lines, as many of each as the dialect has
 * @param end - how they end
 */
export function shapeOf(
  lines: readonly (readonly string[])[],
  end: string | null,
  { columns, timeUnit }: Pick<TextDialect, "columns" | "timeUnit">,
): number {
  const valuesOf = (name: ColumnName): string[] =>
    lines.map((line) => line[columns.indexOf(name)] ?? "");
  const most = (values: readonly string[], pattern: RegExp): boolean =>
    values.filter((value) => pattern.test(value)).length * 2 > values.length;
  const times = valuesOf("t");
  const polarities = valuesOf("polarity");
  let shape = layout.NO_SHAPE;
  if (timeUnit === "us" && most(times, /^\d+$/)) shape = layout.WHOLE_TIMES;
  if (timeUnit === "s" && most(times, /^\d+\.\d+$/)) shape = layout.DECIMAL_TIMES;
  if (shape === layout.NO_SHAPE || !most(polarities, /^-?\d$/)) return layout.NO_SHAPE;
  if (end === "\r\n") shape |= layout.CR_LF;
  if (polarities.some((value) => value === "-1")) shape |= layout.SIGNED_OFF;
  return shape;
}

const SEPARATOR_NAMES: Readonly<Record<string, string>> = {
  ",": "commas",
  ";": "semicolons",
  "\t": "tabs",
  " ": "blanks",
};

/** The dialect in words. */
export function describeDialect(dialect: TextDialect): string {
  const { separator, columns, timeUnit, firstPixel } = dialect;
  const character = String.fromCharCode(separator);
  const names = columns.map((name) => name ?? "-").join(",");
  const pixels = firstPixel === 0 ? "" : `, pixels from ${firstPixel} on`;
  return `${names}, separated by ${SEPARATOR_NAMES[character] ?? character}, times in ${timeUnit}${pixels}`;
}
