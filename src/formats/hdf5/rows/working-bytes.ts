/** What reading rows holds beside the tile, and how a limit is divided. */
import { platform } from "#platform";
import type { WorkingBytes } from "../../decoder.ts";
import type { Hdf5Dataset } from "../file.ts";
import { ECF_DECODER_BYTES } from "../filters/ecf-decoder.ts";
import { isForeign } from "../filters/foreign-filters.ts";
import { DEFLATE_FILTER, ECF_FILTER, LZF_FILTER } from "../layout.ts";
import { BUFFER_BYTES } from "./row-plan.ts";

/** How many bytes of the file are read and worked on at a time. */
export interface PieceBudget {
  /** Pieces that lie close to each other are joined up to so many bytes. */
  readonly spanBytes: number;
  /** Buffers of that size that are kept. */
  readonly freeBuffers: number;
  /** Bytes that are read or worked on at the same time, unless a single piece takes more. */
  readonly inFlightBytes: number;
}

const MIB = 1024 * 1024;
/** Eight buffers of 1 MiB and 24 MiB in flight: more make no file faster. */
const USUAL_PIECE_BYTES = 32 * MIB;
const LEAST_SPAN_BYTES = 65536;
/** Pages of metadata that are kept, the small kernels and their memory. */
const BASE_BYTES = 2.5 * MIB;
/** h5wasm and its plugins, loaded: its heap of 16 MiB to begin with, and its code. */
const LIBRARY_BYTES = 32 * MIB;
/**
 * The library has the chunks of a piece five times: as they are in the file, in the file made for
 * it, in its copy of that, decoded in its heap, and what it hands over.
 */
const LIBRARY_COPIES = 5;
/** What filters may add to a chunk. */
const SLACK = 1024;

/** Divides bytes: a quarter is for buffers that are kept. */
export function pieceBudget(bytes = USUAL_PIECE_BYTES): PieceBudget {
  const share = 2 ** Math.floor(Math.log2(bytes / 32));
  const spanBytes = Math.min(Math.max(share, LEAST_SPAN_BYTES), MIB);
  const freeBuffers = Math.floor(bytes / 4 / spanBytes);
  return { spanBytes, freeBuffers, inFlightBytes: bytes - freeBuffers * spanBytes };
}

/** What a reader of some datasets holds. */
export interface ReaderBytes extends WorkingBytes {
  /** What of so many bytes is for pieces. */
  forPieces(workingBytes: number): number;
}

/** Adds up what the datasets take; `lanes` tells how many rows of chunks of each are read. */
export function readerBytes(
  datasets: readonly { readonly dataset: Hdf5Dataset; readonly lanes: number }[],
): ReaderBytes {
  let fixed = BASE_BYTES;
  let piece = BUFFER_BYTES;
  let all = 0;
  let inflated = 0;
  let isOfLibrary = false;
  for (const { dataset, lanes } of datasets) {
    const { layout, filters, type, elements } = dataset;
    all += elements * type.size;
    if (layout.kind !== "chunked" || filters.length === 0) continue;
    const chunkBytes = layout.chunkShape.reduce((product, n) => product * n, layout.elementBytes);
    const has = (id: number): boolean => filters.some((filter) => filter.id === id);
    // The last chunk is held while rows of it are to come.
    if (has(ECF_FILTER)) fixed += 2 * (ECF_DECODER_BYTES + chunkBytes);
    else fixed += lanes * chunkBytes;
    if (has(DEFLATE_FILTER) && chunkBytes <= platform.inflateAtOnce)
      inflated = Math.max(inflated, chunkBytes + SLACK);
    if (has(LZF_FILTER)) fixed += 2 * chunkBytes + SLACK;
    if (filters.some(({ id }) => isForeign(id))) isOfLibrary = true;
    // As it is in the file, without filters, and once more between two of them.
    piece = Math.max(piece, 3 * (chunkBytes + SLACK));
  }
  const copies = isOfLibrary ? LIBRARY_COPIES : 1;
  if (isOfLibrary) fixed += LIBRARY_BYTES;
  fixed += inflated;
  const leastPieces = Math.ceil((piece * 4) / 3);
  const usualPieces = Math.max(Math.min(USUAL_PIECE_BYTES, 2 * all), leastPieces);
  return {
    least: Math.ceil(fixed + copies * leastPieces),
    usual: Math.ceil(fixed + copies * usualPieces),
    forPieces: (bytes) => Math.max(Math.floor((bytes - fixed) / copies), leastPieces),
  };
}
