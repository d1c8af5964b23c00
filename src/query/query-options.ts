import type { LoadOptions } from "../stream/load-options.ts";
import type { TimeIndexCache } from "./time-index-store.ts";

/** Options of a query, for all that comes of it. */
export interface QueryOptions extends Omit<LoadOptions, "columns" | "threads"> {
  /**
   * Where a window of time is in the recording is found by reading all its times once. `false` reads
   * everything each time instead, and keeps no index. Default `true`.
   */
  index?: boolean | undefined;
  /**
   * Take the times of the recording for ascending: a window of time is then found by halving, where
   * the format allows it (HDF5), and no index is made. Events that stand elsewhere are missed. Default
   * `false`.
   */
  assumeSorted?: boolean | undefined;
  /** Bytes that an entry of the index stands for, and rows at most. Default 1 MiB. @internal */
  indexPartBytes?: number | undefined;
  /** Keeps indexes of times from one process to the next. Default: they are kept while open. */
  indexCache?: TimeIndexCache | undefined;
}
