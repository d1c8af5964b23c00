/** What is known of filters before any chunk is looked at. */
import type { EventError } from "../../../errors.ts";
import type { Hdf5Dataset } from "../file.ts";
import {
  DEFLATE_FILTER,
  ECF_FILTER,
  FLETCHER32_FILTER,
  LZF_FILTER,
  SHUFFLE_FILTER,
} from "../layout.ts";
import { type ProblemDetails, unsupported } from "../problems.ts";
import { describeFilter, type Filter } from "../structure/filter-pipeline.ts";
import { isForeign } from "./foreign-filters.ts";

/** The most that a filter makes of a byte: those that are undone here. */
export const EXPANSIONS: Readonly<Record<number, number>> = {
  [DEFLATE_FILTER]: 1032,
  [LZF_FILTER]: 88,
  [SHUFFLE_FILTER]: 1,
  [FLETCHER32_FILTER]: 1,
};

/** Chunks are held in memory whole, and several at once. */
export const MAX_CHUNK_BYTES = 1024 * 1024 * 1024;

/**
 * Refuses filters that are not known. Those that chunks may be stored without are found out about
 * when they are met.
 *
 * @throws EventError `unsupported-format`, which names the filter and its number
 */
export function checkFilters(dataset: Hdf5Dataset, path: string | undefined): void {
  const unknown = dataset.filters.find(({ id, isOptional }, index) => {
    return !isOptional && !isKnown(id) && !(id === ECF_FILTER && index === 0);
  });
  if (unknown !== undefined) throw unknownFilter(unknown, dataset, { path });
}

function isKnown(id: number): boolean {
  return id in EXPANSIONS || isForeign(id);
}

/** Whether filters are such as are undone without waiting, and take the memory for that once. */
export function areAtOnce(filters: readonly Filter[]): boolean {
  const others = filters.filter(({ id }) => id !== SHUFFLE_FILTER && id !== FLETCHER32_FILTER);
  return others.length === 1 && others[0]?.id === DEFLATE_FILTER;
}

export const REWRITE_HINT = "Write the dataset anew with gzip, LZF, Blosc, Zstandard or LZ4.";

/** The error of a filter that is not known. */
export function unknownFilter(
  filter: Filter,
  dataset: Hdf5Dataset,
  details: Pick<ProblemDetails, "path" | "byteOffset" | "row">,
): EventError {
  return unsupported(`the filter ${describeFilter(filter)} is not known`, {
    ...details,
    found: `it in the dataset ${dataset.path}`,
    hint: REWRITE_HINT,
  });
}
