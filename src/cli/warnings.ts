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
