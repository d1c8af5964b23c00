import { formatReport, type LoadReport } from "../node.ts";
import type { Output } from "./output.ts";

/**
 * Tells what was lost and what was assumed; wraps of the clock and vendor words are neither, and
 * only `info` lists them.
 */
export function warn(output: Output, report: LoadReport): Promise<void> {
  const lines = formatReport({ ...report, clockWraps: 0, skippedWords: {} });
  return output.message(lines.map((line) => `evarrow: warning: ${line}`));
}

/** What is said of an output that has fewer columns than usual though nobody asked for that. */
export function missingColumnsWarning(missing: readonly string[]): string[] {
  if (missing.length === 0) return [];
  const columns = missing.length === 1 ? "column" : "columns";
  return [
    `evarrow: warning: the output has no ${columns} ${missing.join(", ")}: the recording was written without`,
  ];
}
