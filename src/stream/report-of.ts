import { EventError } from "../errors.ts";
import type { LoadReport } from "../events/report.ts";

/** Frames keep no metadata, so the report of a result is remembered beside it. */
const reports = new WeakMap<object, LoadReport>();

/** Remembers the report of a table or frame. */
export function rememberReport(result: object, report: LoadReport): void {
  reports.set(result, report);
}

/**
 * The report of a table or DataFrame that this library returned. Any operation of Polars or Arrow
 * makes a new object, which has none.
 *
 * @example
 * ```ts
 * const frame = await loadEvents("recording.raw");
 * console.log(reportOf(frame).backwardSteps);
 * ```
 *
 * @throws EventError `invalid-option` for any other object
 */
export function reportOf(result: object): LoadReport {
  const report = reports.get(result);
  if (report !== undefined) return report;
  throw new EventError("invalid-option", "this object was not returned by evarrow", {
    expected: "the very table or DataFrame that a load returned",
    hint: "Take the report before you derive another table from it, or use `onReport`.",
  });
}
