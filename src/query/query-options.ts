import { EventError } from "../errors.ts";
import { checkOptions } from "../formats/options.ts";
import { EXPORT_NAMES, type ExportOptions } from "../stream/export-stats.ts";
import { LOAD_NAMES, type LoadOptions } from "../stream/load-options.ts";
import type { StreamOptions } from "../stream/stream-options.ts";
import { namesOf, type OptionNames, without } from "../util/option-names.ts";
import { show } from "../util/show.ts";
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

/** The names of {@link QueryOptions}. */
export const QUERY_NAMES = namesOf<QueryOptions>()({
  ...without(LOAD_NAMES, { columns: true, threads: true }),
  index: true,
  assumeSorted: true,
  indexPartBytes: false,
  indexCache: true,
});

/** Options of what a query gives; they replace those of the query itself. */
export type ResultOptions = Omit<QueryOptions, "geometry" | "index" | "assumeSorted">;

/** The names of {@link ResultOptions}. */
export const RESULT_NAMES = namesOf<ResultOptions>()(
  without(QUERY_NAMES, { geometry: true, index: true, assumeSorted: true }),
);

/** Options of {@link EventQuery.stream}. */
export interface QueryStreamOptions
  extends ResultOptions,
    Pick<
      StreamOptions,
      "batchEvents" | "batchBytes" | "windowUs" | "windowStart" | "emptyWindows" | "prefetch"
    > {}

/** The names of {@link QueryStreamOptions}. */
export const QUERY_STREAM_NAMES = namesOf<QueryStreamOptions>()({
  ...RESULT_NAMES,
  batchEvents: true,
  batchBytes: true,
  windowUs: true,
  windowStart: true,
  emptyWindows: true,
  prefetch: true,
});

/** Options of {@link EventQuery.export}: those of an export, and those of the query. */
export type QueryExportOptions = ExportOptions & ResultOptions;

/** The names of {@link QueryExportOptions}. */
export const QUERY_EXPORT_NAMES = namesOf<QueryExportOptions>()({
  ...EXPORT_NAMES,
  ...RESULT_NAMES,
});

/** What queries alone look at. */
const OWN_NAMES = without(QUERY_NAMES, LOAD_NAMES);

/** What a stream is told of the options of a query. */
export function streamOptionsOf(options: QueryOptions): StreamOptions {
  return without(options, OWN_NAMES);
}

/**
 * Checks the names of options of a query, or of what it gives.
 *
 * @param names - those that are taken
 * @param others - those that are let pass
 * @throws EventError `invalid-option`, also for columns, which a step chooses
 */
export function checkQueryOptions(
  options: object,
  names: OptionNames,
  others: OptionNames = {},
): void {
  checkOptions(options, names, { ...others, columns: true });
  const { columns } = options as { readonly columns?: unknown };
  if (columns === undefined) return;
  throw new EventError("invalid-option", "columns are chosen by a step of the query", {
    expected: "no columns",
    found: show(columns),
    hint: 'For example `.select("x", "y")`.',
  });
}
