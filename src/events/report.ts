import { EventError } from "../errors.ts";
import { type Compression, type CompressionDamage, describeDamage } from "../util/compression.ts";
import { formatGeometry, type SensorGeometry } from "./geometry.ts";
import type { PolarityEncoding } from "./polarity.ts";

/** The kinds of loss that `strict` throws on. */
export const LOSS_KINDS = [
  "unknownWord",
  "eventBeforeTimeBase",
  "triggerBeforeTimeBase",
  "eventWithoutAddress",
  "outsideGeometry",
  "backwardStep",
  "malformedLine",
  "truncated",
  "damagedCompression",
] as const;

/** One of {@link LOSS_KINDS}. */
export type LossKind = (typeof LOSS_KINDS)[number];

/** Something that the recording does not say and that had to be taken from elsewhere. */
export interface Assumption {
  /** What was assumed, for example `geometry`. */
  readonly what: string;
  /** The value it was given. */
  readonly value: string;
  /** Where the value comes from. */
  readonly reason: string;
}

/** `false`: report losses; `true`: throw on loss; `"assumptions"`: throw on assumptions too. */
export type Strictness = boolean | "assumptions";

/** How a query found the part of a recording that it read. */
export type FoundBy = "index" | "order" | "chunks";

/**
 * What happened while a recording was read, and the facts of the recording that a Polars frame
 * cannot carry. Before anything is decoded it covers the header only and all counts are 0; after an
 * error in the data it covers what stands in front of that.
 */
export interface LoadReport {
  /** Format id, for example `evt2`. */
  readonly format: string;
  /** Name of the source; null for bytes in memory. */
  readonly sourceName: string | null;
  /** What the recording is compressed with as a whole; null when it is not. */
  readonly compression: Compression | null;
  /** Pixels of the sensor; null when unknown, and coordinates are then not checked. */
  readonly geometry: SensorGeometry | null;
  /** What the polarity column holds. */
  readonly polarityEncoding: PolarityEncoding;
  /** Microseconds subtracted from every time, by `rebase` or before the file was written; else 0. */
  readonly timeOffset: number;
  /** Id of the format that the events were converted from, where the file records one. */
  readonly originalFormat?: string | undefined;
  /** Events delivered. */
  readonly events: number;
  /** Events that were decoded to find those; only for queries. */
  readonly eventsDecoded?: number | undefined;
  /**
   * How the part of the recording that a query read was found: by an index of all its times; by their
   * order, which the file states or the caller takes on trust; or by what a compact container says of
   * its chunks. Only where not all was read.
   */
  readonly foundBy?: FoundBy | undefined;
  /** External triggers seen. */
  readonly triggers: number;
  /**
   * Bytes of the recording that were read, header included; what came out of a compressed one. After an
   * error in the data, those in front of it.
   */
  readonly bytesRead: number;
  /** Vendor words that hold no events, by the vendor's name of their type. */
  readonly skippedWords: Readonly<Record<string, number>>;
  /** The vendor words OTHERS by subtype, for example `0x14`, for formats that have subtypes. */
  readonly otherSubtypes: Readonly<Record<string, number>>;
  /** Words of a type the format does not define, by type, for example `0x3`. */
  readonly unknownWords: Readonly<Record<string, number>>;
  /** Events dropped because no time had been sent yet. */
  readonly eventsBeforeTimeBase: number;
  /** Triggers dropped because no time had been sent yet. */
  readonly triggersBeforeTimeBase: number;
  /** Events dropped because no row, or no base of a vector, had been sent yet. */
  readonly eventsWithoutAddress: number;
  /** Events dropped because their pixel is not on the sensor. */
  readonly eventsOutsideGeometry: number;
  /** Events kept though their time is before that of the event in front of them. */
  readonly backwardSteps: number;
  /** How often the camera's clock started again; the times go on rising across a wrap. */
  readonly clockWraps: number;
  /** Lines of text, or rows of an HDF5 file, that hold no event. */
  readonly malformedLines: number;
  /** Bytes at the end that do not fill a word or line, or belong to no rows. */
  readonly truncatedBytes: number;
  /** What is wrong with compressed data; nothing behind it was read. Null when nothing is. */
  readonly compressionDamage: CompressionDamage | null;
  /** Byte offset of the first loss of each kind: in the recording, not in its compressed form. */
  readonly firstAt: Readonly<Partial<Record<LossKind, number>>>;
  /**
   * Row of the first loss of each kind, from 0; only for formats of rows, whose `firstAt` holds
   * nothing but the place where a file was cut.
   */
  readonly firstRow?: Readonly<Partial<Record<LossKind, number>>> | undefined;
  /** Line of the first loss of each kind, from 1; only for text. */
  readonly firstLine?: Readonly<Partial<Record<LossKind, number>>> | undefined;
  /** What had to be assumed. */
  readonly assumptions: readonly Assumption[];
  /** How the recording was loaded; null before that. */
  readonly mode: "direct" | "chunked" | null;
  /** Why it was loaded that way, as a sentence for people; null where nothing was chosen. */
  readonly modeReason: string | null;
  /** Threads that decoded. */
  readonly threads: number;
}

/** A report that is still being written. */
export type MutableReport = { -readonly [Key in keyof LoadReport]: Mutable<LoadReport[Key]> };
type Mutable<T> =
  T extends Readonly<Record<string, number>> ? { -readonly [K in keyof T]: T[K] } : T;

/** A report of nothing but the header. */
export function createReport(
  facts: Pick<
    LoadReport,
    | "format"
    | "sourceName"
    | "geometry"
    | "polarityEncoding"
    | "assumptions"
    | "originalFormat"
    | "firstRow"
  > &
    Partial<Pick<LoadReport, "timeOffset" | "compression">>,
): MutableReport {
  return {
    ...facts,
    compression: facts.compression ?? null,
    timeOffset: facts.timeOffset ?? 0,
    events: 0,
    triggers: 0,
    bytesRead: 0,
    skippedWords: {},
    otherSubtypes: {},
    unknownWords: {},
    eventsBeforeTimeBase: 0,
    triggersBeforeTimeBase: 0,
    eventsWithoutAddress: 0,
    eventsOutsideGeometry: 0,
    backwardSteps: 0,
    clockWraps: 0,
    malformedLines: 0,
    truncatedBytes: 0,
    compressionDamage: null,
    firstAt: {},
    mode: null,
    modeReason: null,
    threads: 1,
  };
}

/** Puts everything in a report back to what it was; a copy of it then is `structuredClone(report)`. */
export function restoreReport(report: MutableReport, before: MutableReport): void {
  for (const key of Object.keys(report)) {
    if (!(key in before)) delete report[key as keyof MutableReport];
  }
  Object.assign(report, before);
}

/** Puts what is counted by kind into order; it is else in that in which the data were taken apart. */
export function sortCounts(report: MutableReport): void {
  report.skippedWords = sorted(report.skippedWords);
  report.otherSubtypes = sorted(report.otherSubtypes);
  report.unknownWords = sorted(report.unknownWords);
  report.firstAt = sorted(report.firstAt);
  if (report.firstRow !== undefined) report.firstRow = sorted(report.firstRow);
  if (report.firstLine !== undefined) report.firstLine = sorted(report.firstLine);
}

function sorted<Counts extends object>(counts: Counts): Counts {
  return Object.fromEntries(Object.entries(counts).sort(([a], [b]) => byNumber(a, b))) as Counts;
}

/** `0x3` in front of `0x14`, and names by their letters. */
function byNumber(a: string, b: string): number {
  return Number(a) - Number(b) || (a < b ? -1 : 1);
}

const STRICT_HINT = "Load without `strict` to keep the rest; the report then counts what was lost.";

const LOSS_PROBLEMS: Readonly<Record<LossKind, string>> = {
  unknownWord: "a word of a type that the format does not define",
  eventBeforeTimeBase: "an event before the first time word",
  triggerBeforeTimeBase: "a trigger before the first time word",
  eventWithoutAddress: "an event before its row or vector base was sent",
  outsideGeometry: "an event outside the sensor",
  malformedLine: "a line that is no event",
  backwardStep: "an event earlier than the one in front of it",
  truncated: "the recording ends inside a word",
  damagedCompression: "the compressed data are damaged",
};

const CUT_LINE = "the recording ends inside a line";
const MALFORMED_ROW = "a row that is no event";
const CUT_TABLE = "the file was cut, or goes on behind its end";

/**
 * Throws when `strict` is set and a loss was reported: the one that stands first in the source.
 *
 * @throws EventError `data-loss`
 */
export function checkLoss(report: LoadReport, strict: Strictness): void {
  if (strict === false) return;
  const { firstAt, firstRow = {}, firstLine = {} } = report;
  // Where there are rows, they all stand in front of the place where the file was cut.
  const inRow = firstKind(firstRow);
  const first = inRow ?? firstKind(firstAt);
  if (first === undefined) return;
  const { compressionDamage } = report;
  if (compressionDamage !== null && (first === "truncated" || first === "damagedCompression")) {
    throw damageError(report, compressionDamage);
  }
  throw new EventError("data-loss", problemOf(first, report), {
    path: report.sourceName ?? undefined,
    format: report.format,
    byteOffset: inRow === undefined ? firstAt[first] : undefined,
    line: firstLine[first],
    row: firstRow[first],
    ...(first === "outsideGeometry" &&
      report.geometry && { expected: `a pixel inside ${formatGeometry(report.geometry)}` }),
    hint: STRICT_HINT,
  });
}

function problemOf(kind: LossKind, { firstRow, firstLine }: LoadReport): string {
  if (kind === "malformedLine" && firstRow !== undefined) return MALFORMED_ROW;
  if (kind !== "truncated") return LOSS_PROBLEMS[kind];
  if (firstRow !== undefined) return CUT_TABLE;
  return firstLine?.truncated === undefined ? LOSS_PROBLEMS[kind] : CUT_LINE;
}

/** The kind with the lowest place. */
function firstKind(places: Readonly<Partial<Record<LossKind, number>>>): LossKind | undefined {
  let first: LossKind | undefined;
  for (const kind of LOSS_KINDS) {
    const at = places[kind];
    if (at !== undefined && (first === undefined || at < (places[first] ?? 0))) first = kind;
  }
  return first;
}

/** What came out of damaged data may end inside a word; the damage is what to name. */
function damageError(report: LoadReport, damage: CompressionDamage): EventError {
  return new EventError("data-loss", describeDamage(report.compression, damage), {
    path: report.sourceName ?? undefined,
    format: report.format,
    byteOffset: damage.byteOffset,
    found: damage.problem,
    hint: STRICT_HINT,
  });
}

/** What can be stated instead of being assumed, and how; in front of it the format, where only one. */
const STATED_BY: Readonly<Record<string, string>> = {
  geometry: "Give `geometry` to state it yourself.",
  "byte order": "Give `byteOrder` to state it yourself.",
  "text columns": "Give `text: { columns }` to state them yourself.",
  "hdf5 columns": "Give `hdf5: { x, y, t, polarity }` to state them yourself.",
  "text timeUnit": "Give `text: { timeUnit }` to state it yourself.",
  "hdf5 timeUnit": "Give `hdf5: { timeUnit }` to state it yourself.",
};

/**
 * Throws when `strict` is `"assumptions"` and something was assumed.
 *
 * @throws EventError `assumption`
 */
export function checkAssumptions(report: LoadReport, strict: Strictness): void {
  const first = report.assumptions[0];
  if (strict !== "assumptions" || first === undefined) return;
  const problem = `${first.what} ${first.value} would be assumed: ${first.reason}`;
  throw new EventError("assumption", problem, {
    path: report.sourceName ?? undefined,
    format: report.format,
    hint:
      STATED_BY[`${report.format} ${first.what}`] ??
      STATED_BY[first.what] ??
      'Load without `strict: "assumptions"` to accept it.',
  });
}

/**
 * The report as sentences for people, the losses first; empty when there is nothing to say.
 *
 * @example
 * ```ts
 * const frame = await loadEvents("recording.raw");
 * for (const line of formatReport(reportOf(frame))) console.warn(line);
 * ```
 */
export function formatReport(report: LoadReport): string[] {
  const lines: string[] = [];
  const damage = report.compressionDamage;
  if (damage !== null) {
    const what = describeDamage(report.compression, damage);
    lines.push(`${what} at byte ${damage.byteOffset}: ${damage.problem}`);
  }
  const say = (count: number, one: string, many: string, kind?: LossKind): void => {
    if (count === 0) return;
    const where = kind === undefined ? "" : placeOf(kind, report);
    lines.push(`${count.toLocaleString("en-US")} ${count === 1 ? one : many}${where}`);
  };
  const unknown = Object.entries(report.unknownWords);
  const types = unknown.map(([type]) => type).join(", ");
  say(
    unknown.reduce((total, [, count]) => total + count, 0),
    `word of unknown type (${types}) skipped`,
    `words of unknown type (${types}) skipped`,
    "unknownWord",
  );
  say(
    report.eventsBeforeTimeBase,
    "event dropped: it comes before the first time word",
    "events dropped: they come before the first time word",
    "eventBeforeTimeBase",
  );
  say(
    report.triggersBeforeTimeBase,
    "trigger dropped: it comes before the first time word",
    "triggers dropped: they come before the first time word",
    "triggerBeforeTimeBase",
  );
  say(
    report.eventsWithoutAddress,
    "event dropped: its row or vector base was not sent",
    "events dropped: their row or vector base was not sent",
    "eventWithoutAddress",
  );
  const sensor = report.geometry ? ` (${formatGeometry(report.geometry)})` : "";
  say(
    report.eventsOutsideGeometry,
    `event dropped: outside the sensor${sensor}`,
    `events dropped: outside the sensor${sensor}`,
    "outsideGeometry",
  );
  say(
    report.backwardSteps,
    "step back in time (event kept)",
    "steps back in time (events kept)",
    "backwardStep",
  );
  say(
    report.malformedLines,
    `${report.firstRow ? "row" : "line"} skipped: it is no event`,
    `${report.firstRow ? "rows" : "lines"} skipped: they are no events`,
    "malformedLine",
  );
  say(report.truncatedBytes, ...restOf(report), "truncated");
  if (report.truncatedBytes === 0 && report.firstAt.truncated !== undefined) {
    lines.push("the end of the file is missing");
  }
  say(report.clockWraps, "clock wrap undone", "clock wraps undone");
  for (const [type, count] of Object.entries(report.skippedWords)) {
    say(count, `${type} word without events skipped`, `${type} words without events skipped`);
  }
  if (report.foundBy === "order") {
    lines.push("events were looked for where their times would be if none goes back");
  }
  for (const { what, value, reason } of report.assumptions) {
    lines.push(`assumed ${what} ${value}: ${reason}`);
  }
  return lines;
}

/** What bytes at the end are: one, and several. */
function restOf({ firstRow, firstLine }: LoadReport): [one: string, many: string] {
  if (firstRow !== undefined) {
    return ["byte at the end belongs to no row", "bytes at the end belong to no row"];
  }
  return firstLine?.truncated === undefined
    ? ["byte at the end does not fill a word", "bytes at the end do not fill a word"]
    : ["byte at the end is no whole line", "bytes at the end are no whole line"];
}

function placeOf(kind: LossKind, { firstRow, firstLine, firstAt }: LoadReport): string {
  const [row, line, at] = [firstRow?.[kind], firstLine?.[kind], firstAt[kind]];
  if (line !== undefined) return `, first at line ${line}`;
  if (row !== undefined) return `, first at row ${row}`;
  return at === undefined ? "" : `, first at byte ${at}`;
}
