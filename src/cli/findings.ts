import type { ContainerFinding } from "../node.ts";
import { formatCount } from "./format.ts";

/** Findings that are printed; `--json` has more. */
const MOST_LINES = 50;

/**
 * What was found in a container, with its place, as lines under a heading; none where nothing was.
 *
 * @param leftOut - how many more there are
 */
export function findingLines(findings: readonly ContainerFinding[], leftOut = 0): string[] {
  if (findings.length === 0) return [];
  const lines = findings.slice(0, MOST_LINES).map(({ byteOffset, problem, expected, found }) => {
    const values = [
      ...(expected === undefined ? [] : [`expected ${expected}`]),
      ...(found === undefined ? [] : [`found ${found}`]),
    ];
    const detail = values.length === 0 ? "" : `: ${values.join(", ")}`;
    return `  byte ${formatCount(byteOffset)}: ${problem}${detail}`;
  });
  const more = findings.length - lines.length + leftOut;
  return ["", "Findings", ...lines, ...(more > 0 ? [`  ... and ${formatCount(more)} more`] : [])];
}
