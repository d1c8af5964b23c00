import { COLUMN_NAMES, type ColumnName } from "../events/columns.ts";
import type { PolarityEncoding } from "../events/polarity.ts";
import { keptPolarities, type SqlPlan } from "./sql.ts";
import type { QueryStep } from "./steps.ts";

/**
 * What a plan of SQL tells of events, as steps in front of it: they leave all that it looks at.
 *
 * @param columns - those that the events have: a region needs x and y
 */
export function stepsOf(
  plan: SqlPlan,
  encoding: PolarityEncoding,
  columns: readonly ColumnName[] = COLUMN_NAMES,
): QueryStep[] {
  const { time, roi, polarity, empty } = plan;
  const { on, off } = keptPolarities(polarity, encoding);
  if (empty || !(on || off)) return [{ kind: "head", most: 0 }];
  const steps: QueryStep[] = [];
  if (time.start !== null || time.end !== null) {
    const bound = (us: bigint | null) => (us === null ? null : { us, isOffset: false });
    steps.push({ kind: "time", start: bound(time.start), end: bound(time.end) });
  }
  const isPlace = columns.includes("x") && columns.includes("y");
  if (roi !== null && isPlace) steps.push({ kind: "roi", regions: [roi], mayReachOut: true });
  if (on !== off) steps.push({ kind: "polarity", on });
  return steps;
}
