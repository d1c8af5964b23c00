/**
 * Numbers of HDF5 files, and the payload of ECF, the filter of Prophesee's own ones.
 *
 * ```text
 *   file       superblock (at 0, 512, 1024, ...) -> root group
 *   group      object header -> symbol table (B-tree 1, local heap) or links (fractal heap)
 *   dataset    object header -> dataspace, datatype, fill value, data layout, filter pipeline
 *   layout     compact | contiguous | chunked, with an index of the chunks
 *   chunk      filters applied one after the other; a mask tells which of them were left out
 * ```
 *
 * Numbers are little-endian. AssemblyScript compiles this file, too, so it holds integers only.
 * Source: "HDF5 File Format Specification Version 3.0".
 */

// Messages of an object header.
export const DATASPACE_MESSAGE = 0x01;
export const LINK_INFO_MESSAGE = 0x02;
export const DATATYPE_MESSAGE = 0x03;
export const OLD_FILL_VALUE_MESSAGE = 0x04;
export const FILL_VALUE_MESSAGE = 0x05;
export const LINK_MESSAGE = 0x06;
export const EXTERNAL_FILES_MESSAGE = 0x07;
export const DATA_LAYOUT_MESSAGE = 0x08;
export const FILTER_PIPELINE_MESSAGE = 0x0b;
export const ATTRIBUTE_MESSAGE = 0x0c;
export const CONTINUATION_MESSAGE = 0x10;
export const SYMBOL_TABLE_MESSAGE = 0x11;
export const MODIFICATION_TIME_MESSAGE = 0x12;
export const ATTRIBUTE_INFO_MESSAGE = 0x15;
/** Bit of a message's flags: it stands somewhere else. */
export const SHARED_FLAG = 2;

// Classes of datatypes.
export const FIXED_POINT_CLASS = 0;
export const FLOATING_POINT_CLASS = 1;
export const STRING_CLASS = 3;
export const COMPOUND_CLASS = 6;
export const ENUM_CLASS = 8;
export const VARIABLE_LENGTH_CLASS = 9;
export const ARRAY_CLASS = 10;

// Classes of data layouts.
export const COMPACT_LAYOUT = 0;
export const CONTIGUOUS_LAYOUT = 1;
export const CHUNKED_LAYOUT = 2;
export const VIRTUAL_LAYOUT = 3;

// Indexes of chunks, as a data layout message of version 4 names them.
export const SINGLE_CHUNK_INDEX = 1;
export const IMPLICIT_INDEX = 2;
export const FIXED_ARRAY_INDEX = 3;
export const EXTENSIBLE_ARRAY_INDEX = 4;
export const BTREE2_INDEX = 5;
/** Bit of such a message's flags: chunks that the edge of the dataset cuts have no filters. */
export const UNFILTERED_EDGES_FLAG = 1;
/** Bit of such a message's flags: the single chunk has filters. */
export const FILTERED_SINGLE_CHUNK_FLAG = 2;

// Filters.
export const DEFLATE_FILTER = 1;
export const SHUFFLE_FILTER = 2;
export const FLETCHER32_FILTER = 3;
export const LZF_FILTER = 32000;
export const ECF_FILTER = 36559;

// The payload of an ECF chunk: header, times, then coordinates and polarities in one of three ways.
//   header    n:30 | yxp:1 | xp:1, then t0:64
//   times     delta:4 | count:4; delta 15 is 4 bits of an escape, the lowest first
//   yxp       4 events in 3 words of 32 bits, each y:12 | x:11 | p:1
//   or y      y:11 | count:5, then
//     xp      4 events in 3 words of 16 bits, each x:11 | p:1
//     or x    x:11 | mask:5 of the next pixels, the highest bit the nearest
//        p    p:1 | count:7
// A count of ones only means that the count is in the next 16 bits.
export const ECF_HEADER_BYTES = 12;
export const ECF_MODE_XP = 1;
export const ECF_MODE_YXP = 2;
export const ECF_COUNT_SHIFT = 2;
/** More events than this are in no chunk. */
export const ECF_MAX_EVENTS = 65535;
export const ECF_TIME_ESCAPE = 0xf;
export const ECF_TIME_WIDE_COUNT = 0xf;
export const ECF_Y_SHIFT = 5;
export const ECF_Y_WIDE_COUNT = 0x1f;
export const ECF_X_SHIFT = 5;
export const ECF_X_MASK_BITS = 5;
export const ECF_P_SHIFT = 7;
export const ECF_P_WIDE_COUNT = 0x7f;

// The records that ECF makes of it.
export const ECF_RECORD_BYTES = 16;
export const ECF_RECORD_X = 0;
export const ECF_RECORD_Y = 2;
export const ECF_RECORD_P = 4;
export const ECF_RECORD_T = 8;
