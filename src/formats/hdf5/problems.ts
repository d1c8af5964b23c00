import { EventError, type EventErrorDetails } from "../../errors.ts";

/** What is said of a problem, beside what it is. */
export type ProblemDetails = Pick<
  EventErrorDetails,
  "path" | "byteOffset" | "row" | "expected" | "found" | "hint" | "cause"
>;

/** The error of a structure of the file that contradicts itself or the length of the file. */
export function damaged(problem: string, details: ProblemDetails): EventError {
  return new EventError("invalid-header", problem, { format: "hdf5", ...details });
}

/** The error of stored values that do not give what the dataset says. */
export function damagedData(problem: string, details: ProblemDetails): EventError {
  return new EventError("damaged-data", problem, { format: "hdf5", ...details });
}

/** The error of a file that is sound, but not what is read here. */
export function unsupported(problem: string, details: ProblemDetails): EventError {
  return new EventError("unsupported-format", problem, { format: "hdf5", ...details });
}
