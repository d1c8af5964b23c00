/**
 * The file that is written, as h5py and others know it:
 *
 * ```text
 * /                 attributes: width, height, geometry "WxH", and the texts of METADATA_KEYS
 * /events           attributes: width, height
 * /events/x         uint16   pixels from the left
 * /events/y         uint16   pixels from the top
 * /events/t         int64    microseconds; attribute: unit "us"
 * /events/p         uint8    0 or 1; int8, -1 or 1, where that was asked for
 * ```
 *
 * A dataset has one dimension, which may grow, and chunks compressed with deflate (filter 1). The
 * bounds of the format are those of HDF5 1.6: superblock 0, chunks found by a B-tree of version 1.
 */
import type { PolarityEncoding } from "../../../events/polarity.ts";

export const EVENTS_GROUP = "events";

/**
 * Values of a chunk. Larger ones make the file hardly smaller, and a short time window slower to
 * read; a chunk of times that is larger than 1 MiB does not fit the cache of other readers.
 */
export const CHUNK_EVENTS = 65_536;

/** Level 4 makes the file smaller by an eighth, and takes nearly twice as long to write. */
export const DEFLATE_LEVEL = 1;

/** Attributes by name: a number becomes an int32, a text one of variable length in UTF-8. */
export type WrittenAttributes = Readonly<Record<string, string | number>>;

/** A dataset: its name, its attributes, and the array that has such values. */
export interface WrittenColumn {
  readonly name: string;
  readonly attributes?: WrittenAttributes;
  readonly Values: typeof Uint8Array | typeof Int8Array | typeof Uint16Array | typeof BigInt64Array;
}

/** The datasets, in the order of the columns of an event table. */
export function writtenColumns(polarity: PolarityEncoding): readonly WrittenColumn[] {
  return [
    { name: "x", Values: Uint16Array },
    { name: "y", Values: Uint16Array },
    { name: "t", Values: BigInt64Array, attributes: { unit: "us" } },
    { name: "p", Values: polarity === "zero-one" ? Uint8Array : Int8Array },
  ];
}
