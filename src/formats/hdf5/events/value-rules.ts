import type { TimeRule } from "./times.ts";

/** What turns the values of the file into those of the tile. */
export interface ValueRules {
  readonly time: TimeRule;
  /** The number of the first pixel. */
  readonly firstPixel: number;
}
