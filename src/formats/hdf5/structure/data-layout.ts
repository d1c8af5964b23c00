import {
  BTREE2_INDEX,
  CHUNKED_LAYOUT,
  COMPACT_LAYOUT,
  CONTIGUOUS_LAYOUT,
  EXTENSIBLE_ARRAY_INDEX,
  FILTERED_SINGLE_CHUNK_FLAG,
  FIXED_ARRAY_INDEX,
  IMPLICIT_INDEX,
  SINGLE_CHUNK_INDEX,
  UNFILTERED_EDGES_FLAG,
} from "../layout.ts";
import type { Block } from "./block.ts";

/** Where the elements of a dataset are. */
export type DataLayout = CompactLayout | ContiguousLayout | ChunkedLayout | UnreadLayout;

/** In the object header itself. */
export interface CompactLayout {
  readonly kind: "compact";
  readonly bytes: Uint8Array;
}

/** One behind the other in the file. */
export interface ContiguousLayout {
  readonly kind: "contiguous";
  /** Null when nothing was ever written. */
  readonly offset: number | null;
  readonly byteLength: number;
}

/** In chunks of one shape, each of which has its place. */
export interface ChunkedLayout {
  readonly kind: "chunked";
  /** Length along each dimension. */
  readonly chunkShape: readonly number[];
  readonly elementBytes: number;
  readonly index: ChunkIndexLayout;
  /** Whether chunks that the edge of the dataset cuts have no filters. */
  readonly unfilteredEdges: boolean;
}

/** Where the places of the chunks are. */
export interface ChunkIndexLayout {
  readonly kind: "btree1" | "single" | "implicit" | "fixed-array" | "extensible-array" | "btree2";
  /** Where the index is, or the only or first chunk; null when nothing was ever written. */
  readonly offset: number | null;
  /** Of a single chunk with filters: its bytes in the file, and which filters were left out. */
  readonly single?: { readonly byteLength: number; readonly filterMask: number };
}

/** In a way that is not read here. */
export interface UnreadLayout {
  readonly kind: "unread";
  readonly reason: string;
}

/**
 * Reads where the elements of a dataset are.
 *
 * @throws EventError `invalid-header`
 */
export function readDataLayout(block: Block): DataLayout {
  const version = block.u8();
  if (version < 3 || version > 5) {
    return { kind: "unread", reason: `a data layout of version ${version}` };
  }
  const layoutClass = block.u8();
  if (layoutClass === COMPACT_LAYOUT) {
    return { kind: "compact", bytes: block.take(block.u16()).slice() };
  }
  if (layoutClass === CONTIGUOUS_LAYOUT) {
    return { kind: "contiguous", offset: block.address(), byteLength: block.length() };
  }
  if (layoutClass !== CHUNKED_LAYOUT) return { kind: "unread", reason: "a virtual dataset" };
  return version === 3 ? readChunked3(block) : readChunked4(block);
}

function readChunked3(block: Block): ChunkedLayout {
  const dimensions = block.u8();
  const offset = block.address();
  const lengths = readLengths(block, dimensions, 4);
  return { kind: "chunked", ...lengths, index: { kind: "btree1", offset }, unfilteredEdges: false };
}

function readChunked4(block: Block): ChunkedLayout {
  const flags = block.u8();
  const dimensions = block.u8();
  const lengths = readLengths(block, dimensions, block.u8());
  const index = readIndex(block, flags);
  const unfilteredEdges = (flags & UNFILTERED_EDGES_FLAG) !== 0;
  return { kind: "chunked", ...lengths, index, unfilteredEdges };
}

/** Lengths of a chunk along each dimension, and behind them the bytes of an element. */
function readLengths(
  block: Block,
  dimensions: number,
  bytes: number,
): Pick<ChunkedLayout, "chunkShape" | "elementBytes"> {
  const start = block.at;
  if (dimensions < 2 || dimensions > 33 || bytes < 1 || bytes > 8) {
    throw block.damaged("a shape of chunks", `${dimensions} numbers of ${bytes} bytes`);
  }
  const lengths = Array.from({ length: dimensions }, () => block.uint(bytes));
  if (lengths.includes(0)) {
    block.at = start;
    throw block.damaged("a shape of chunks", lengths.join(" x "));
  }
  const elementBytes = lengths.at(-1) as number;
  return { chunkShape: lengths.slice(0, -1), elementBytes };
}

function readIndex(block: Block, flags: number): ChunkIndexLayout {
  const type = block.u8();
  if (type === SINGLE_CHUNK_INDEX) {
    if (!(flags & FILTERED_SINGLE_CHUNK_FLAG)) return { kind: "single", offset: block.address() };
    const single = { byteLength: block.length(), filterMask: block.u32() };
    return { kind: "single", offset: block.address(), single };
  }
  // What follows for the others stands in the index itself, too.
  if (type === IMPLICIT_INDEX) return { kind: "implicit", offset: block.address() };
  if (type === FIXED_ARRAY_INDEX) {
    block.skip(1);
    return { kind: "fixed-array", offset: block.address() };
  }
  if (type === EXTENSIBLE_ARRAY_INDEX) {
    block.skip(5);
    return { kind: "extensible-array", offset: block.address() };
  }
  if (type === BTREE2_INDEX) {
    block.skip(6);
    return { kind: "btree2", offset: block.address() };
  }
  block.at--;
  throw block.damaged("an index of chunks of type 1 to 5", `type ${type}`);
}
