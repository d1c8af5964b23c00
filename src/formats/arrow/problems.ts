import { EventError, type EventErrorDetails } from "../../errors.ts";

/** The error of a file that contradicts itself. */
export function damaged(
  problem: string,
  details: Pick<EventErrorDetails, "path" | "byteOffset" | "expected" | "found" | "hint">,
): EventError {
  return new EventError("invalid-header", problem, { format: "arrow", ...details });
}

/** The error of a file that is sound, but not what is read here. */
export function unsupported(
  problem: string,
  details: Pick<EventErrorDetails, "path" | "expected" | "found" | "hint">,
): EventError {
  return new EventError("unsupported-format", problem, { format: "arrow", ...details });
}
