import type { EventEstimate } from "../recording/event-estimate.ts";
import type { LoadPlan, PlanTarget } from "./plan.ts";
import type { CheckedPlanOptions } from "./plan-options.ts";

/** What a load in one piece would take. */
interface PieceMemory {
  /** Bytes that it needs, and that one in chunks needs, at least. */
  readonly needed: number;
  readonly inChunks: number;
  /** Bytes that there are. */
  readonly budget: number;
  /** Whether the caller has set them as a limit. */
  readonly isLimit: boolean;
}

/** Whether a load is made in one piece or in chunks, and why. @internal */
export function chooseMode(
  target: PlanTarget,
  { events, kind }: EventEstimate,
  { mode, streamingThreshold }: CheckedPlanOptions,
  { needed, inChunks, budget, isLimit }: PieceMemory,
): Pick<LoadPlan, "mode" | "reason"> {
  if (mode !== "auto") return { mode, reason: `\`mode: "${mode}"\` asks for it` };
  if (target === "batches" || target === "borrowed") {
    return { mode: "chunked", reason: "a stream hands over batches" };
  }
  if (events === null) {
    return { mode: "chunked", reason: "only reading it tells the number of events" };
  }
  const about = kind === "exact" ? "" : kind === "atMost" ? "at most " : "about ";
  const some = `${about}${count(events)} ${events === 1 ? "event" : "events"}`;
  if (events > streamingThreshold) {
    return { mode: "chunked", reason: `${some}, more than ${count(streamingThreshold)}` };
  }
  // A recording of few events takes less in one piece.
  if (target === "table" && needed > budget && inChunks < needed) {
    const what = isLimit ? "that the memory limit allows" : "that are available";
    const found = `${count(needed)} bytes of the ${count(budget)} ${what}`;
    return { mode: "chunked", reason: `${some} in one piece would take ${found}` };
  }
  return { mode: "direct", reason: `${some}, no more than ${count(streamingThreshold)}` };
}

/** `12345` as `12,345`: `toLocaleString` takes longer than the rest of a plan. */
function count(value: number): string {
  return String(value).replace(/\B(?=(?:\d{3})+$)/g, ",");
}
