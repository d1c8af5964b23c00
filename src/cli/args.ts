/** The options that every command takes, and how they are parsed. */
import { type Command, InvalidArgumentError, Option } from "commander";
import type {
  ByteOrder,
  Checksums,
  ColumnName,
  ContainerCodec,
  ContainerPreset,
  OnMalformed,
  OpenOptions,
  PolarityEncoding,
  SensorGeometry,
  Strictness,
  TimeUnit,
} from "../node.ts";
import type { FilterOptions } from "./filters.ts";

/** Options of every command that reads a recording, parsed. */
export interface RecordingOptions {
  json?: boolean;
  strict?: Strictness;
  geometry?: SensorGeometry;
  byteOrder?: ByteOrder;
  polarityEncoding?: PolarityEncoding;
  textColumns?: (ColumnName | null)[];
  timeUnit?: TimeUnit;
  firstPixel?: 0 | 1;
  onMalformed?: OnMalformed;
  stream?: string;
  hdf5Columns?: Record<ColumnName, string>;
}

/** Options of `evarrow info`. */
export interface InfoOptions extends RecordingOptions {
  full?: boolean;
}

/** Options of `evarrow digest`. */
export interface DigestOptions extends RecordingOptions, FilterOptions {}

/** Options of `evarrow head`. */
export interface HeadOptions extends RecordingOptions, FilterOptions {
  count: number;
}

/** Options of `evarrow stats`. */
export interface StatsOptions extends RecordingOptions, FilterOptions {
  window: number;
  hotPixels: number;
}

/** Options of `evarrow convert`. */
export interface ConvertCommandOptions extends RecordingOptions, FilterOptions {
  format?: string;
  verify?: boolean;
  force?: boolean;
  rebase?: boolean;
  endianness?: "little" | "legacy";
}

/** Options of `evarrow export`. */
export interface ExportCommandOptions extends RecordingOptions, FilterOptions {
  preset?: ContainerPreset;
  codec?: ContainerCodec | "auto";
  level?: number;
  chunkEvents?: number;
  checksum?: Checksums;
  columns?: ColumnName[];
  rebase?: boolean;
  overwrite?: boolean;
  compare?: boolean;
  describe?: string;
  includeMetadata?: string[];
  excludeMetadata?: string[];
}

/** Options of `evarrow verify`. */
export interface VerifyCommandOptions {
  json?: boolean;
  deep?: boolean;
}

/** Options of `evarrow repair`. */
export interface RepairCommandOptions {
  json?: boolean;
  overwrite?: boolean;
}

/** Options of `evarrow query`. */
export interface QueryCommandOptions extends RecordingOptions, FilterOptions {
  output?: "table" | "csv" | "json" | "arrow" | "parquet";
  memoryLimit?: number;
}

/** Stated here so that `--help` need not load the library. */
const POLARITY_ENCODINGS = ["minus-one-one", "zero-one"] satisfies PolarityEncoding[];
const TIME_UNITS = ["s", "ms", "us", "ns"] satisfies TimeUnit[];
const MALFORMED_MODES = ["error", "skip"] satisfies OnMalformed[];
export const PRESETS = [
  "speed",
  "balanced",
  "size",
  "store",
  "lowMemory",
] satisfies ContainerPreset[];
export const CODECS = ["auto", "none", "zstd", "deflate", "brotli"] satisfies (
  | ContainerCodec
  | "auto"
)[];
export const CHECKSUM_NAMES = ["none", "crc32", "sha256"] satisfies Checksums[];
const MAX_SIDE = 65536;
/** The FILE that is standard input. */
export const STDIN = "-";

/** Gives a command its first argument, a file, and the way to ask for JSON. */
export function addFileOptions(command: Command, argument: string, what = "container"): Command {
  const described =
    argument === "FILE"
      ? command.argument(
          "<FILE>",
          `the ${what}: a file or a web address; - reads standard input`,
          parseInput,
        )
      : command.argument(`<${argument}>`, `the ${what}: a file or a web address`, parseFile);
  return described.option("--json", "print JSON");
}

/** Gives a command its first argument, the recording, and the common options. */
export function addRecordingOptions(command: Command, argument = "FILE"): Command {
  return addFileOptions(command, argument, "recording")
    .option(
      "--geometry <WxH>",
      "the sensor in pixels, instead of what the header says",
      parseGeometry,
    )
    .addOption(
      new Option(
        "--byte-order <order>",
        "of the words of an EVT 2.1 recording, instead of what the header says",
      ).choices(["little", "legacy"]),
    )
    .addOption(
      new Option(
        "--polarity-encoding <name>",
        "what the polarity column holds; default: as the format has it",
      ).choices(POLARITY_ENCODINGS),
    )
    .option(
      "--strict [=assumptions]",
      "fail when data is lost or out of order; with =assumptions also when anything is assumed",
      parseStrict,
    )
    .option(
      "--text-columns <names>",
      "what the columns of a text file hold: t, x, y and p in any order, - for others",
      parseTextColumns,
    )
    .addOption(
      new Option("--time-unit <unit>", "unit of the times of text or HDF5").choices(TIME_UNITS),
    )
    .option(
      "--first-pixel <number>",
      "the number of the first pixel in text or HDF5: 0, or 1 as in MATLAB",
      parseFirstPixel,
    )
    .addOption(
      new Option(
        "--on-malformed <mode>",
        "what to do with a line of text or a row of HDF5 that holds no event: fail, or skip and count it (default: error)",
      ).choices(MALFORMED_MODES),
    )
    .option("--stream <name>", "the event stream to read of an HDF5 file with several, as left")
    .option(
      "--hdf5-columns <places>",
      "where an HDF5 file of unknown layout has x, y, t and p: x=/a/x,y=/a/y,t=/a/t,p=/a/p",
      parseHdf5Columns,
    );
}

/**
 * Commander would take the word behind a bare `--strict` for its value, and that is FILE: so a bare
 * one is spelled out.
 */
export function explicitStrict(argv: readonly string[]): string[] {
  const end = argv.includes("--") ? argv.indexOf("--") : argv.length;
  return argv.map((word, at) => (word === "--strict" && at < end ? "--strict=loss" : word));
}

/** What the library is told when it opens the recording. */
export function openOptions(
  options: RecordingOptions,
  signal: AbortSignal | undefined,
): OpenOptions {
  const { geometry, byteOrder, strict, textColumns, hdf5Columns, onMalformed, stream } = options;
  const { timeUnit, firstPixel } = options;
  // Any file of lines is text once this is given.
  const isText = textColumns ?? timeUnit ?? firstPixel;
  const text = isText === undefined ? undefined : { columns: textColumns, timeUnit, firstPixel };
  const hdf5 = { ...hdf5Columns, timeUnit, firstPixel };
  return { geometry, byteOrder, strict, text, hdf5, stream, onMalformed, signal };
}

/** A number of events, from 0. */
export function parseCount(text: string): number {
  const count = Number(text);
  if (/^\d+$/.test(text) && Number.isSafeInteger(count)) return count;
  throw new InvalidArgumentError("Expected a whole number from 0.");
}

const UNIT_BYTES: Readonly<Record<string, number>> = { "": 1, k: 1e3, M: 1e6, G: 1e9 };

/** A number of bytes, from 1: `2000000`, `500M` or `2G`. */
export function parseBytes(text: string): number {
  const [, number = "", unit = ""] = /^(\d+(?:\.\d+)?)\s*([kMG]?)B?$/.exec(text) ?? [];
  const bytes = number === "" ? 0 : Math.floor(Number(number) * (UNIT_BYTES[unit] ?? 0));
  if (bytes >= 1 && Number.isSafeInteger(bytes)) return bytes;
  throw new InvalidArgumentError("Expected a number of bytes from 1, for example 500M or 2G.");
}

const UNIT_US: Readonly<Record<string, number>> = { us: 1, µs: 1, ms: 1e3, s: 1e6, min: 6e7 };

/** A length of time in whole microseconds, from 1: a number of them, or one with its unit. */
export function parseDuration(text: string): number {
  const [, number = "", unit = "us"] = /^(\d+(?:\.\d+)?)\s*(us|µs|ms|s|min)?$/.exec(text) ?? [];
  const scaled = number === "" ? Number.NaN : Number(number) * (UNIT_US[unit] ?? Number.NaN);
  const us = Math.round(scaled);
  // 0.07 s is 70 000.00000000001 us: what is that close to a whole number was meant so.
  const isWhole = Math.abs(scaled - us) <= us * 1e-12;
  if (isWhole && us >= 1 && Number.isSafeInteger(us)) return us;
  throw new InvalidArgumentError(
    "Expected a time of whole microseconds from 1, for example 1s, 100ms or 500us.",
  );
}

/** The name of a file to write. */
export function parseTarget(text: string): string {
  if (text === "") throw new InvalidArgumentError("The name of the output is empty.");
  if (text === "-") {
    throw new InvalidArgumentError("To write standard output, name /dev/stdout; a file, ./-.");
  }
  return text;
}

/** Standard output, which then holds nothing but what is written. */
export const STDOUT = /^\/(?:dev\/(?:stdout|fd\/1)|proc\/self\/fd\/1)$/;

/** Names between commas. */
export function parseNames(text: string): string[] {
  return text.split(",").map((name) => name.trim());
}

/** A container to write: a name that says so, or a pipe. */
export function parseContainer(text: string): string {
  const name = parseTarget(text);
  if (/\.evb$/i.test(name) || /^\/(?:dev|proc)\//.test(name)) return name;
  throw new InvalidArgumentError("The name of a compact container ends in .evb.");
}

function parseInput(text: string): string {
  return text === STDIN ? text : parseFile(text);
}

function parseFile(text: string): string {
  if (text === "") throw new InvalidArgumentError("The name of the file is empty.");
  if (text === "-") {
    throw new InvalidArgumentError("To read standard input, name /dev/stdin; a file, ./-.");
  }
  return text;
}

function parseGeometry(text: string): SensorGeometry {
  const match = /^(\d{1,6})x(\d{1,6})$/i.exec(text);
  const geometry = { width: Number(match?.[1]), height: Number(match?.[2]) };
  const isSide = (side: number): boolean => side >= 1 && side <= MAX_SIDE; // not for NaN
  if (isSide(geometry.width) && isSide(geometry.height)) return geometry;
  throw new InvalidArgumentError(
    `Expected WIDTHxHEIGHT in pixels from 1 to ${MAX_SIDE}, for example 640x480.`,
  );
}

const COLUMNS: Readonly<Record<string, ColumnName | null>> = {
  t: "t",
  x: "x",
  y: "y",
  p: "polarity",
  polarity: "polarity",
  "-": null,
};

function parseTextColumns(text: string): (ColumnName | null)[] {
  const columns = text.split(",").map((name) => COLUMNS[name.trim()]);
  const named = columns.filter((column) => typeof column === "string");
  if (named.length === 4 && new Set(named).size === 4 && !columns.includes(undefined)) {
    return columns.map((column) => column ?? null);
  }
  throw new InvalidArgumentError(
    "Expected t, x, y and p once each, for example t,x,y,p or x,y,-,p,t.",
  );
}

function parseFirstPixel(text: string): 0 | 1 {
  if (text === "0") return 0;
  if (text === "1") return 1;
  throw new InvalidArgumentError("Expected 0 or 1.");
}

/** Places, each with its name in front, in any order. */
function parseHdf5Columns(text: string): Record<ColumnName, string> {
  const places = text.split(",").map((place): [ColumnName | null | undefined, string] => {
    const [, name = "", path = ""] = /^\s*([a-z]+)\s*=\s*(.+?)\s*$/.exec(place) ?? [];
    return [COLUMNS[name], path];
  });
  const named = new Map(places);
  if (places.length === 4 && named.size === 4 && !named.has(undefined) && !named.has(null)) {
    return Object.fromEntries(places) as Record<ColumnName, string>;
  }
  throw new InvalidArgumentError(
    "Expected x, y, t and p once each, for example x=/a/x,y=/a/y,t=/a/t,p=/a/p.",
  );
}

function parseStrict(text: string): Strictness {
  if (text === "loss") return true;
  if (text === "assumptions") return text;
  throw new InvalidArgumentError("Expected --strict or --strict=assumptions.");
}
