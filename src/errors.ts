/**
 * The one error class of the library, its codes and its guard.
 */

/** Every code an {@link EventError} can carry; a test pins the list. */
export const EVENT_ERROR_CODES = [
  /** No file has this path. */
  "source-not-found",
  /** The source is there but cannot be read: a directory, no permission, a failing disk. */
  "source-unreadable",
  /** The source ended before the bytes it promised. */
  "source-too-short",
  /** A value that is no source this platform can open. */
  "source-unsupported",
  /** A source that can be read only once was read before. */
  "source-consumed",
  /** The source holds no bytes at all. */
  "empty-source",
  /** A Git-LFS pointer stands where the recording should be. */
  "git-lfs-pointer",
  /** The first bytes belong to no format that is known. */
  "unknown-format",
  /** The format is known by name, but this version does not read it. */
  "unsupported-format",
  /** A zip without its directory, or damaged data out of which too little comes, or no recording. */
  "invalid-compression",
  /** Compressed in a way that is refused: twice, encrypted, a zip of several files and the like. */
  "unsupported-compression",
  /** The header contradicts its own grammar. */
  "invalid-header",
  /** Stored values are damaged: a wrong checksum, compressed bytes that give nothing. */
  "damaged-data",
  /** Two places in the header name different sensor geometries. */
  "geometry-conflict",
  /** An option has a value that it cannot have, or a name that is not known. */
  "invalid-option",
  /** A line of text that holds no event. */
  "malformed-line",
  /** A row of a table that holds no event. */
  "malformed-row",
  /** A file with several event streams, none of which was chosen. */
  "stream-ambiguous",
  /** A memory limit that cannot be kept; `expected` tells the one that can, where that is known. */
  "memory-limit",
  /** `strict`: something in the data would have been dropped, skipped or out of order. */
  "data-loss",
  /** `strict: "assumptions"`: something had to be assumed. */
  "assumption",
  /** A time too large for 64 bits of microseconds, or for a number where one was asked for. */
  "unsafe-time",
  /** A borrowed batch was used after the next one was asked for. */
  "batch-expired",
  /** A step of a query, an expression or an SQL statement that a query cannot take. */
  "invalid-query",
  /** A column that is needed, and that the events were written without. */
  "missing-column",
  /** Events that the target format cannot hold. */
  "not-encodable",
  /** The output cannot be created, written or completed. */
  "sink-unwritable",
  /** What was written does not read back as what was converted. */
  "verification-failed",
  /** Polars cannot be loaded on this platform. */
  "polars-unavailable",
  /** This platform has no WebAssembly SIMD. */
  "kernel-unavailable",
] as const;

/** A code of {@link EventError}, to narrow on. */
export type EventErrorCode = (typeof EVENT_ERROR_CODES)[number];

/** Where it happened, what was expected and found, and the way out; every field is optional. */
export interface EventErrorDetails {
  /** The file, URL or other name of the source. */
  path?: string | undefined;
  /** The format id, where it is known already. */
  format?: string | undefined;
  /** Offset in bytes from the start of the source. */
  byteOffset?: number | undefined;
  /** Line number, from 1. */
  line?: number | undefined;
  /** Where in that line, in characters from 1. */
  column?: number | undefined;
  /** Row number, from 0. */
  row?: number | undefined;
  /** What should have been there. */
  expected?: string | undefined;
  /** What was there. */
  found?: string | undefined;
  /** What to do about it. */
  hint?: string | undefined;
  /** The error underneath. */
  cause?: unknown;
}

/**
 * What every function of this library throws, or rejects with, when the input or a call is bad.
 *
 * @example
 * ```ts
 * try {
 *   await loadEvents("recording.raw", { strict: true });
 * } catch (error) {
 *   if (isEventError(error, "data-loss")) console.log(error.byteOffset, error.hint);
 *   else throw error;
 * }
 * ```
 */
export class EventError extends Error {
  override readonly name = "EventError";
  readonly code: EventErrorCode;
  readonly path: string | undefined;
  readonly format: string | undefined;
  readonly byteOffset: number | undefined;
  readonly line: number | undefined;
  readonly column: number | undefined;
  readonly row: number | undefined;
  readonly expected: string | undefined;
  readonly found: string | undefined;
  readonly hint: string | undefined;

  constructor(code: EventErrorCode, problem: string, details: EventErrorDetails = {}) {
    super(describe(problem, details), "cause" in details ? { cause: details.cause } : undefined);
    this.code = code;
    this.path = details.path;
    this.format = details.format;
    this.byteOffset = details.byteOffset;
    this.line = details.line;
    this.column = details.column;
    this.row = details.row;
    this.expected = details.expected;
    this.found = details.found;
    this.hint = details.hint;
  }
}

/**
 * Whether a caught value is an {@link EventError}, and of the given code where one is given.
 *
 * @param error - any caught value
 * @param code - the code it must have; any when left out
 */
export function isEventError(error: unknown, code?: EventErrorCode): error is EventError {
  return error instanceof EventError && (code === undefined || error.code === code);
}

function describe(problem: string, details: EventErrorDetails): string {
  const place = [
    details.byteOffset === undefined ? undefined : `at byte ${details.byteOffset}`,
    details.line === undefined ? undefined : `line ${details.line}`,
    details.column === undefined ? undefined : `column ${details.column}`,
    details.row === undefined ? undefined : `row ${details.row}`,
  ].filter((part) => part !== undefined);
  let text = details.path === undefined ? clip(problem) : `${details.path}: ${clip(problem)}`;
  if (place.length > 0) text += ` (${place.join(", ")})`;
  const comparison = [
    details.expected === undefined ? undefined : `expected ${clip(details.expected)}`,
    details.found === undefined ? undefined : `found ${clip(details.found)}`,
  ].filter((part) => part !== undefined);
  if (comparison.length > 0) text += `: ${comparison.join(", ")}`;
  text += ".";
  return details.hint === undefined ? text : `${text} ${details.hint}`;
}

/** Longest part of a message; what comes from a file may have megabytes. */
const MAX_PART_LENGTH = 300;

function clip(text: string): string {
  return text.length <= MAX_PART_LENGTH ? text : `${text.slice(0, MAX_PART_LENGTH)}...`;
}
