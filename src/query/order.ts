/** In which order the steps of a query are done. */
import type { QueryStep } from "./steps.ts";

/** Steps that look at more than one event: none moves across them. */
const STATEFUL: ReadonlySet<QueryStep["kind"]> = new Set([
  "every",
  "head",
  "refractory",
  "backgroundActivity",
  "hotPixels",
]);
/** Steps that change coordinates: what looks at them stays on its side. */
const MOVING: ReadonlySet<QueryStep["kind"]> = new Set(["flip", "crop", "downsample"]);
/** What a step costs for each event, as a rank: the cheaper are done first. */
const COST: Readonly<Partial<Record<QueryStep["kind"], number>>> = {
  time: 0,
  polarity: 1,
  roi: 2,
  mask: 3,
  dropPixels: 3,
  filter: 4,
};

/** Whether a step looks at more than one event. */
export function isStateful({ kind }: QueryStep): boolean {
  return STATEFUL.has(kind);
}

/** Whether a step changes coordinates. */
export function isMoving({ kind }: QueryStep): boolean {
  return MOVING.has(kind);
}

/**
 * The steps in an order that gives the same events for less work: between two that look at several
 * events, time and polarity come first, which nothing there changes; those that look at coordinates
 * move between changes of them only. The choice of columns is no step of its own here.
 */
export function orderSteps(steps: readonly QueryStep[]): QueryStep[] {
  const ordered: QueryStep[] = [];
  let segment: QueryStep[] = [];
  const close = (): void => {
    ordered.push(...orderSegment(segment));
    segment = [];
  };
  for (const step of steps) {
    if (step.kind === "select") continue;
    if (!isStateful(step)) {
      segment.push(step);
      continue;
    }
    close();
    ordered.push(step);
  }
  close();
  return ordered;
}

function orderSegment(segment: readonly QueryStep[]): QueryStep[] {
  const isFixed = ({ kind }: QueryStep): boolean => kind === "time" || kind === "polarity";
  const rest: QueryStep[] = [];
  let run: QueryStep[] = [];
  const close = (): void => {
    rest.push(...byCost(run));
    run = [];
  };
  for (const step of segment) {
    if (isFixed(step)) continue;
    if (!isMoving(step)) {
      run.push(step);
      continue;
    }
    close();
    rest.push(step);
  }
  close();
  return [...byCost(segment.filter(isFixed)), ...rest];
}

function byCost(steps: readonly QueryStep[]): QueryStep[] {
  return [...steps].sort((a, b) => (COST[a.kind] ?? 0) - (COST[b.kind] ?? 0));
}
