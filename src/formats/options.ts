/** What a caller can say of how a recording is written, for formats that leave it open. */
import { EventError } from "../errors.ts";
import { COLUMN_NAMES, type ColumnName } from "../events/columns.ts";
import { namesOf, type OptionNames, unknownName } from "../util/option-names.ts";
import { show } from "../util/show.ts";

/** Units of the times of a text file. */
export const TIME_UNITS = ["s", "ms", "us", "ns"] as const;

/** One of {@link TIME_UNITS}. */
export type TimeUnit = (typeof TIME_UNITS)[number];

/** How the lines of a text file are to be read; what is left out is detected. */
export interface TextOptions {
  /**
   * What the columns hold, in their order, `null` for one to pass over; those behind the last are
   * passed over, too. Default: what the header row says, else what the values allow.
   */
  columns?: readonly (ColumnName | null)[] | undefined;
  /** The character between two columns; `" "` stands for any blanks and tabs. Default: detected. */
  separator?: string | undefined;
  /**
   * Unit of the times. Default: what the header row says, else seconds for times with a decimal
   * point or an exponent, and microseconds for whole ones, or nanoseconds from 10^17 on.
   */
  timeUnit?: TimeUnit | undefined;
  /** Whether the first line names the columns. Default: detected. */
  header?: boolean | undefined;
  /** What comment lines begin with, up to eight characters. Default: `#` or `%`. */
  comment?: string | undefined;
  /** The number of the first pixel: 1 in files of MATLAB. Default: 0. */
  firstPixel?: 0 | 1 | undefined;
}

/** The names of {@link TextOptions}. */
const TEXT_NAMES = namesOf<TextOptions>()({
  columns: true,
  separator: true,
  timeUnit: true,
  header: true,
  comment: true,
  firstPixel: true,
});

/**
 * Where the events of an HDF5 file are, for layouts that are not recognised. A column is the path
 * of a dataset (`/events/x`), a member of one of records (`/CD/events.x`), or a column of one of two
 * dimensions (`/events[0]`).
 */
export interface Hdf5Options {
  x?: string | undefined;
  y?: string | undefined;
  t?: string | undefined;
  polarity?: string | undefined;
  /** Unit of the times. Default: microseconds for integers, seconds for others. */
  timeUnit?: TimeUnit | undefined;
  /**
   * Microseconds that are added to every time, or the path of a dataset that holds them. Default:
   * what the layout says, else 0.
   */
  timeOffset?: number | string | undefined;
  /** The number of the first pixel: 1 in files of MATLAB. Default: what the layout says, else 0. */
  firstPixel?: 0 | 1 | undefined;
}

/** The names of {@link Hdf5Options}. */
const HDF5_NAMES = namesOf<Hdf5Options>()({
  x: true,
  y: true,
  t: true,
  polarity: true,
  timeUnit: true,
  timeOffset: true,
  firstPixel: true,
});

/** How a compact container is read. */
export interface EvbOptions {
  /**
   * `true` checks the SHA-256 of the whole file when it is opened, too: `damaged-data` where it is wrong, or
   * the end of the file is missing that has it, `invalid-option` for files that were written with another
   * `checksum`. With `recover` a wrong or missing one is no error. `false` checks nothing, to read damaged
   * files on purpose. Default: the CRC-32 of whatever is read.
   */
  verifyChecksum?: boolean | undefined;
  /**
   * Leave out damaged chunks, whose events the report then counts as malformed, and look for sound
   * ones behind damage, which are put in the order of their rows, each row once. Default `false`: damage
   * is an error.
   */
  recover?: boolean | undefined;
  /** Refuse every version of the format but this one. Default `false`. */
  strictVersion?: boolean | undefined;
}

/** The names of {@link EvbOptions}. */
const EVB_NAMES = namesOf<EvbOptions>()({
  verifyChecksum: true,
  recover: true,
  strictVersion: true,
});

/** What to do with a line or row that holds no event: throw an error that names it, or count it. */
export const MALFORMED_MODES = ["error", "skip"] as const;

/** One of {@link MALFORMED_MODES}. */
export type OnMalformed = (typeof MALFORMED_MODES)[number];

/** Order of the halves of a 64-bit word: `little`, or `legacy` with the upper half first. */
export type ByteOrder = "little" | "legacy";

/** Options that one format or another looks at when a recording is opened. */
export interface FormatOptions {
  /**
   * Byte order of EVT 2.1, `"little"` or `"legacy"`; replaces what header and data say. Other
   * formats have one only. Default: the header's.
   */
  byteOrder?: ByteOrder | undefined;
  /** For text: how its lines are to be read. Default: as detected; the report says what is assumed. */
  text?: TextOptions | undefined;
  /**
   * For files that hold several event streams: which one to read, by the name or the path that the
   * error about them lists. Default: the only one.
   */
  stream?: string | undefined;
  /** For HDF5: where the events are. Default: as the layout of the file is recognised. */
  hdf5?: Hdf5Options | undefined;
  /** For compact containers: what is checked, and what is done about damage. */
  evb?: EvbOptions | undefined;
}

/** The names of {@link FormatOptions}. */
export const FORMAT_NAMES = namesOf<FormatOptions>()({
  byteOrder: true,
  text: TEXT_NAMES,
  stream: true,
  hdf5: HDF5_NAMES,
  evb: EVB_NAMES,
});

/**
 * Checks that what stands in the place of options is some, and that their names are known: every
 * public function does, and none of those underneath, which hand options on that are more than theirs.
 *
 * @param names - those that the function takes
 * @param others - those that it lets pass, as an object of options may serve several functions
 * @throws EventError `invalid-option`
 */
export function checkOptions(options: unknown, names: OptionNames, others?: OptionNames): void {
  if (typeof options !== "object" || options === null || Array.isArray(options)) {
    throw wrong("these are no options", "an object, or nothing", options);
  }
  checkNames(options, names, others);
}

/**
 * Checks the names in an object that a caller gave, be it options or, for example, a region. What is no
 * such object has none.
 *
 * @param path - what stands in front of a name in the error, for example `region.`
 * @throws EventError `invalid-option`
 */
export function checkNames(
  given: unknown,
  names: OptionNames,
  others?: OptionNames,
  path?: string,
): void {
  if (typeof given !== "object" || given === null || Array.isArray(given)) return;
  const slip = unknownName(given, names, others, path);
  if (slip !== null) throw new EventError("invalid-option", "there is no such option", slip);
}

/**
 * Checks the options of all formats.
 *
 * @throws EventError `invalid-option`
 */
export function checkFormatOptions(options: FormatOptions): FormatOptions {
  const { byteOrder, text, stream, hdf5, evb } = options;
  if (byteOrder !== undefined && byteOrder !== "little" && byteOrder !== "legacy") {
    throw wrong("byteOrder is not known", '"little" or "legacy"', byteOrder);
  }
  if (stream !== undefined && typeof stream !== "string") {
    throw wrong("stream is not known", "the name of an event stream", stream);
  }
  return {
    byteOrder,
    text: text === undefined ? undefined : checkTextOptions(text),
    stream,
    hdf5: hdf5 === undefined ? undefined : checkHdf5Options(hdf5),
    evb: evb === undefined ? undefined : checkEvbOptions(evb),
  };
}

/**
 * Checks what is to be done with a malformed line; `undefined` means `error`.
 *
 * @throws EventError `invalid-option`
 */
export function checkOnMalformed(mode: OnMalformed | undefined): OnMalformed {
  if (mode === undefined || MALFORMED_MODES.includes(mode)) return mode ?? "error";
  throw wrong("onMalformed is not known", MALFORMED_MODES.map(show).join(" or "), mode);
}

/** Letters, digits and what numbers are made of cannot separate them; nor can a line end. */
const SEPARATOR = /^[\t !-*,/:-@[-`{-~]$/;
const COMMENT = /^[!-~](?:[ -~]{0,6}[!-~])?$/;

function checkTextOptions(text: TextOptions): TextOptions {
  checkSet("text", text, TEXT_NAMES);
  const { columns, separator, timeUnit, header, comment, firstPixel } = text;
  if (columns !== undefined) checkTextColumns(columns);
  if (separator !== undefined && !(typeof separator === "string" && SEPARATOR.test(separator))) {
    throw wrong("text.separator cannot stand between numbers", "one character", separator);
  }
  checkTimeUnit("text.timeUnit", timeUnit);
  if (header !== undefined && typeof header !== "boolean") {
    throw wrong("text.header is not known", "true or false", header);
  }
  if (comment !== undefined && !(typeof comment === "string" && COMMENT.test(comment))) {
    throw wrong("text.comment cannot begin a comment", "one to eight ASCII characters", comment);
  }
  checkFirstPixel("text.firstPixel", firstPixel);
  return { columns: columns && [...columns], separator, timeUnit, header, comment, firstPixel };
}

function checkTextColumns(columns: NonNullable<TextOptions["columns"]>): void {
  const named = Array.isArray(columns) ? columns.filter((name) => name !== null) : [];
  const isWhole =
    named.length === COLUMN_NAMES.length && COLUMN_NAMES.every((name) => named.includes(name));
  if (isWhole) return;
  const expected = `each of ${COLUMN_NAMES.map(show).join(", ")} once, null for any other`;
  throw wrong("text.columns does not say where an event is", expected, columns);
}

function checkHdf5Options(hdf5: Hdf5Options): Hdf5Options {
  checkSet("hdf5", hdf5, HDF5_NAMES);
  const { x, y, t, polarity, timeUnit, timeOffset, firstPixel } = hdf5;
  const columns = { x, y, t, polarity };
  for (const name of COLUMN_NAMES) {
    const column = columns[name];
    if (column === undefined || (typeof column === "string" && column !== "")) continue;
    throw wrong(`hdf5.${name} is no path`, 'for example "/events/x"', column);
  }
  const named = COLUMN_NAMES.filter((name) => columns[name] !== undefined);
  if (named.length > 0 && named.length < COLUMN_NAMES.length) {
    const expected = `all of ${COLUMN_NAMES.map(show).join(", ")} or none`;
    throw wrong("hdf5 does not say where an event is", expected, named);
  }
  checkTimeUnit("hdf5.timeUnit", timeUnit);
  const isOffset =
    typeof timeOffset === "string" ? timeOffset !== "" : Number.isSafeInteger(timeOffset);
  if (timeOffset !== undefined && !isOffset) {
    const expected = "whole microseconds, or the path of a dataset";
    throw wrong("hdf5.timeOffset is not known", expected, timeOffset);
  }
  checkFirstPixel("hdf5.firstPixel", firstPixel);
  return { ...columns, timeUnit, timeOffset, firstPixel };
}

function checkEvbOptions(evb: EvbOptions): EvbOptions {
  checkSet("evb", evb, EVB_NAMES);
  const { verifyChecksum, recover, strictVersion } = evb;
  for (const [name, value] of Object.entries({ verifyChecksum, recover, strictVersion })) {
    if (value === undefined || typeof value === "boolean") continue;
    throw wrong(`evb.${name} is not known`, "true or false", value);
  }
  return { verifyChecksum, recover, strictVersion };
}

function checkSet(name: string, options: unknown, names: OptionNames): void {
  if (typeof options === "object" && options !== null && !Array.isArray(options)) return;
  throw wrong(`${name} is no set of options`, `{ ${Object.keys(names).join(", ")} }`, options);
}

function checkTimeUnit(name: string, unit: TimeUnit | undefined): void {
  if (unit === undefined || TIME_UNITS.includes(unit)) return;
  throw wrong(`${name} is not known`, TIME_UNITS.map(show).join(", "), unit);
}

function checkFirstPixel(name: string, first: number | undefined): void {
  if (first === undefined || first === 0 || first === 1) return;
  throw wrong(`${name} is not known`, "0 or 1", first);
}

function wrong(problem: string, expected: string, found: unknown): EventError {
  return new EventError("invalid-option", problem, { expected, found: show(found) });
}
