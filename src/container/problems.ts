import { EventError, type EventErrorDetails } from "../errors.ts";

/** Where a structure was read from, for messages and bounds. */
export interface Place {
  /** What messages call the file. */
  readonly path: string | undefined;
  /** Offset in the file. */
  readonly byteOffset: number;
  /** Of a chunk, the number of its first event. */
  readonly row?: number | undefined;
}

type Details = Omit<EventErrorDetails, "format">;

/** The error of a file whose bytes are not what was written. */
export function damaged(problem: string, details: Details): EventError {
  return new EventError("damaged-data", problem, { format: "evb", ...details });
}

/** The error of a header that contradicts itself. */
export function wrongHeader(problem: string, details: Details): EventError {
  return new EventError("invalid-header", problem, { format: "evb", ...details });
}

/** The error of a file that this version does not read. */
export function unsupported(problem: string, details: Details): EventError {
  return new EventError("unsupported-format", problem, { format: "evb", ...details });
}
