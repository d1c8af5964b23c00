/** The first lines of a text file to its dialect: what they say, and what has to be assumed. */
import { EventError } from "../../errors.ts";
import { COLUMN_NAMES, type ColumnName } from "../../events/columns.ts";
import type { SensorGeometry } from "../../events/geometry.ts";
import type { Assumption } from "../../events/report.ts";
import { KNOWN_NAMES, type NamedColumns, namedColumns } from "../column-names.ts";
import type { FormatHeader } from "../decoder.ts";
import type { TextOptions, TimeUnit } from "../options.ts";
import { EPOCH_NANOSECONDS } from "../time-magnitudes.ts";
import { judgeColumns } from "./column-values.ts";
import { describeDialect, shapeOf, type TextDialect } from "./dialect.ts";
import { LEAST_COLUMNS, MOST_COLUMNS } from "./layout.ts";
import { columnsOf, isNumber, isValue, isWhole } from "./line.ts";
import { COMMENT_MARKS, type Preamble, readPreamble } from "./preamble.ts";

/** A header of text, as its own decoder needs it. */
export interface TextHeader extends FormatHeader {
  readonly text: {
    readonly dialect: TextDialect;
    /** Number of the line at the data offset, from 1. */
    readonly firstLine: number;
    /** What messages call the source. */
    readonly path: string | undefined;
  };
}

/** The columns of our own CSV, whose times are in microseconds. */
export const CSV_COLUMNS = "x,y,t,polarity";
/** What no header row, no option and no line says. */
const DEFAULT_COLUMNS: readonly ColumnName[] = ["t", "x", "y", "polarity"];
/** What separates columns; where lines can be split by several, the first counts. */
const SEPARATORS = [",", ";", "\t", "|", ":", " "];
/** Lines that tell the separator. */
const SEPARATOR_LINES = 100;
/** Bytes in which the first event is looked for. */
const HEAD_BYTES = 65_536;
/** More seconds than 64 bits of microseconds hold. */
const MOST_SECONDS = 9.3e12;
const HINT = "Give `text: { columns }` to say what the columns hold.";

/**
 * Reads the first lines of a text file.
 *
 * @throws EventError `invalid-header`, `geometry-conflict`, `invalid-option`
 */
export function readTextHeader(
  head: Uint8Array,
  override: SensorGeometry | undefined,
  path: string | undefined,
  options: TextOptions,
): TextHeader {
  const comments = options.comment === undefined ? COMMENT_MARKS : [options.comment];
  const bytes = head.subarray(0, HEAD_BYTES);
  const preamble = readPreamble(bytes, comments, options.header, path);
  if (preamble.lines.length === 0 && bytes.byteLength === HEAD_BYTES) {
    throw new EventError("invalid-header", "the file does not come to its events", {
      path,
      expected: `an event in the first ${HEAD_BYTES} bytes`,
    });
  }
  const separator = options.separator ?? separatorOf(preamble);
  const code = separator.charCodeAt(0);
  const split = (text: string): string[] => columnsOf(text, code).map((column) => column.text);
  const lines = preamble.lines.map(({ text }) => split(text));
  const geometry = override ?? preamble.geometry;
  const assumptions: Assumption[] = [];
  const events = lines.filter(isEvent);
  const reader = { preamble, split, lines, events, path };

  const named = options.columns === undefined ? namesOf(reader) : null;
  const count = columnCount(reader, named, options);
  const sample = events.filter((line) => line.length === count);
  const columns =
    (options.columns && padded(options.columns, count, reader)) ??
    named?.columns ??
    assumedColumns(sample, numbersOf(geometry, options.firstPixel), reader, assumptions);
  let timeUnit = options.timeUnit ?? named?.timeUnit;
  let hasWholeTimes = false;
  if (timeUnit === undefined) {
    const { fractions, ...assumed } = assumedUnit(sample, columns);
    // Our own CSV has microseconds, however many: a single fraction there is damage.
    const isOurs = preamble.names?.text === CSV_COLUMNS && fractions !== "most";
    timeUnit = isOurs ? "us" : assumed.value;
    hasWholeTimes = isOurs || (fractions === "none" && timeUnit === "us");
    if (sample.length > 0 && !isOurs) assumptions.push({ what: "timeUnit", ...assumed });
  }
  const shape = shapeOf(sample, preamble.lines[0]?.end ?? null, { columns, timeUnit });
  const { firstPixel = 0 } = options;
  const dialect: TextDialect = {
    ...{ separator: code, columns, timeUnit, hasWholeTimes },
    ...{ firstPixel, comments, shape },
  };
  const { dataOffset, firstLine } = preamble;
  return {
    entries: preamble.comments.map(entryOf),
    dataOffset,
    geometry,
    assumptions,
    dialect: describeDialect(dialect),
    text: { dialect, firstLine, path },
  };
}

/** What the steps of {@link readTextHeader} share. */
interface Reader {
  readonly preamble: Preamble;
  readonly split: (text: string) => string[];
  /** Columns of the first lines. */
  readonly lines: readonly (readonly string[])[];
  /** Those that have values enough for an event. */
  readonly events: readonly (readonly string[])[];
  readonly path: string | undefined;
}

/**
 * The separator that makes the most lines of values, of those that split the row of names where
 * there is one; without lines, one that makes names of a comment.
 */
function separatorOf({ lines, names, comments }: Preamble): string {
  const named = (row: string): string[] =>
    SEPARATORS.filter((separator) => namedColumns(columnTexts(row, separator)));
  const ofNames = named(names?.text ?? "");
  const candidates = ofNames.length > 0 ? ofNames : SEPARATORS;
  const some = lines.slice(0, SEPARATOR_LINES);
  const counts = candidates.map(
    (separator) => some.filter(({ text }) => isEvent(columnTexts(text, separator))).length,
  );
  const most = Math.max(...counts);
  const best = candidates[counts.indexOf(most)] ?? " ";
  if (most > 0 || ofNames.length > 0) return best;
  return comments.flatMap(named).at(-1) ?? " ";
}

function columnTexts(text: string, separator: string): string[] {
  return columnsOf(text, separator.charCodeAt(0)).map((column) => column.text);
}

/**
 * What the row of names says, or else the last of the comments that names columns.
 *
 * @throws EventError `invalid-header` for a row that names no event
 */
function namesOf({ preamble, split, lines, path }: Reader): NamedColumns | null {
  const { names, comments } = preamble;
  if (names !== null) {
    const named = namedColumns(split(names.text));
    if (named !== null) return named;
    throw new EventError("invalid-header", "the first line does not name the columns of events", {
      path,
      line: names.number,
      expected: `names for x, y, t and polarity (${KNOWN_NAMES})`,
      found: JSON.stringify(names.text),
      hint: HINT,
    });
  }
  const fits = ({ columns }: NamedColumns): boolean =>
    lines.length === 0 || lines.some((line) => line.length === columns.length);
  const named = comments.map(namedIn).filter((columns) => columns !== null);
  return named.findLast(fits) ?? null;
}

/** What a comment says, when it does nothing but name columns. */
function namedIn(comment: string): NamedColumns | null {
  const named = SEPARATORS.map((separator) => namedColumns(columnTexts(comment, separator)));
  return named.find((columns) => columns !== null) ?? null;
}

/** Whether a line has values enough for an event. */
function isEvent(columns: readonly string[]): boolean {
  return columns.filter(isValue).length >= LEAST_COLUMNS;
}

/** How many columns a line has. */
function columnCount(reader: Reader, named: NamedColumns | null, { columns }: TextOptions): number {
  const { preamble, lines, events, path } = reader;
  const lengths = events.map(({ length }) => length);
  const stated = columns?.length ?? 0;
  const usual = mostFrequent(lengths.filter((length) => length >= stated)) ?? lengths[0];
  if (named !== null) {
    const { length } = named.columns;
    if (usual === undefined || lengths.includes(length)) return length;
    throw new EventError("invalid-header", "the lines have other columns than are named", {
      path,
      line: preamble.firstLine,
      expected: `${length} columns`,
      found: `${usual} columns`,
      hint: HINT,
    });
  }
  if (usual !== undefined && usual <= MOST_COLUMNS) return usual;
  const isOpen = lines.length === 0 || columns !== undefined;
  if (usual === undefined && isOpen) return Math.max(stated, LEAST_COLUMNS);
  throw unclear(reader);
}

/** The first of the values that there are most of. */
function mostFrequent(values: readonly number[]): number | undefined {
  const counts = new Map<number, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  const most = Math.max(...counts.values());
  return values.find((value) => counts.get(value) === most);
}

/** What the values allow, as an assumption. */
function assumedColumns(
  sample: readonly (readonly string[])[],
  geometry: SensorGeometry | null,
  reader: Reader,
  assumptions: Assumption[],
): readonly (ColumnName | null)[] {
  if (sample.length === 0) return DEFAULT_COLUMNS;
  const judged = judgeColumns(sample, geometry);
  if (judged === null) throw unclear(reader);
  const value = judged.columns.map((name) => name ?? "-").join(",");
  assumptions.push({ what: "columns", value, reason: judged.reason });
  return judged.columns;
}

/** How large the numbers of pixels can be, as the geometry of a sensor that counts from 0. */
function numbersOf(geometry: SensorGeometry | null, firstPixel = 0): SensorGeometry | null {
  if (geometry === null) return null;
  return { width: geometry.width + firstPixel, height: geometry.height + firstPixel };
}

function padded(
  columns: readonly (ColumnName | null)[],
  count: number,
  { preamble, path }: Reader,
): readonly (ColumnName | null)[] {
  if (columns.length <= count) {
    return Array.from({ length: count }, (_, at) => columns[at] ?? null);
  }
  throw new EventError("invalid-option", "text.columns has more columns than the lines", {
    path,
    line: preamble.firstLine,
    expected: `at most ${count} columns`,
    found: `${columns.length} columns`,
  });
}

function unclear({ preamble, path }: Reader): EventError {
  const [line] = preamble.lines;
  if (line?.text.includes("\r")) {
    return new EventError("invalid-header", "lines end with a carriage return alone", {
      path,
      expected: "LF or CR LF at the end of a line",
      hint: "Give them line feeds, for example with `tr '\\r' '\\n' < IN > OUT`.",
    });
  }
  return new EventError("invalid-header", "the lines do not look like events", {
    path,
    line: line?.number,
    expected: `numbers for each of ${COLUMN_NAMES.join(", ")}, and at most ${MOST_COLUMNS} columns`,
    found: JSON.stringify(line?.text ?? ""),
    hint: HINT,
  });
}

/**
 * The unit that the way in which times are written speaks for, and how many have a fraction. A single
 * one does for seconds: the times in front of it may be whole by chance.
 */
function assumedUnit(
  lines: readonly (readonly string[])[],
  columns: readonly (ColumnName | null)[],
): { value: TimeUnit; reason: string; fractions: "none" | "some" | "most" } {
  const most = (name: ColumnName, test: (value: string) => boolean): boolean => {
    const column = columns.indexOf(name);
    return lines.filter((line) => test(line[column] ?? "")).length * 2 > lines.length;
  };
  const hasPoint = (value: string): boolean => /[.eE]/.test(value);
  const hasFraction = (value: string): boolean => isNumber(value) && !isWhole(value);
  const isFrom = (least: number) => (value: string) => Math.abs(Number(value)) >= least;
  const column = columns.indexOf("t");
  const some = lines.some((line) => hasFraction(line[column] ?? ""));
  const fractions = most("t", hasFraction) ? "most" : some ? "some" : "none";
  const unknown = "nothing says the unit";
  if (some || (most("t", hasPoint) && !most("x", hasPoint))) {
    return most("t", isFrom(MOST_SECONDS))
      ? { value: "us", reason: `${unknown}, and seconds would be too many in the times`, fractions }
      : { value: "s", reason: `${unknown}; times with decimals are taken for seconds`, fractions };
  }
  return most("t", isFrom(EPOCH_NANOSECONDS))
    ? {
        value: "ns",
        reason: `${unknown}, and microseconds would be too many in the times`,
        fractions,
      }
    : { value: "us", reason: `${unknown}; whole times are taken for microseconds`, fractions };
}

/** `geometry:1280,720` as key and value; any other comment as it stands. */
function entryOf(comment: string): [key: string, value: string] {
  const [, key, value] = /^([\w-]+)\s*[:=]\s*(.+)$/.exec(comment) ?? [];
  return key !== undefined && value !== undefined ? [key, value] : ["comment", comment];
}
