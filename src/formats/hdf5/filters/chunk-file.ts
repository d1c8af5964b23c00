/**
 * Writes the smallest HDF5 file with some chunks and their filters, for the HDF5 library to undo
 * them: a superblock, a root group with the one dataset `d` of bytes, a B-tree of one node.
 */

import {
  CHUNKED_LAYOUT,
  DATA_LAYOUT_MESSAGE,
  DATASPACE_MESSAGE,
  DATATYPE_MESSAGE,
  FILL_VALUE_MESSAGE,
  FILTER_PIPELINE_MESSAGE,
  LINK_INFO_MESSAGE,
  LINK_MESSAGE,
} from "../layout.ts";
import { lookup3 } from "../structure/checksum.ts";

/** Chunks that one node of a B-tree holds, unless the file says otherwise. */
export const MAX_FILE_CHUNKS = 64;
/** The name of the dataset. */
export const CHUNK_DATASET = "d";

/** What stands in the file of a chunk. */
interface FileChunk {
  readonly filterMessage: Uint8Array;
  readonly filterMask: number;
  readonly chunkBytes: number;
  readonly stored: Uint8Array;
}

const SUPERBLOCK_BYTES = 48;
/** A key is a size, a mask and two offsets; behind each stands an address. */
const KEY_BYTES = 24;
const NODE_BYTES = 24 + MAX_FILE_CHUNKS * (KEY_BYTES + 8) + KEY_BYTES;
const UNDEFINED = 0xffffffffffffffffn;

/**
 * Makes the file.
 *
 * @param chunks - 1 to {@link MAX_FILE_CHUNKS} of them, with the same filters and size
 */
export function buildChunkFile(chunks: readonly FileChunk[]): Uint8Array {
  const [first] = chunks;
  if (first === undefined) throw new RangeError("a file of no chunks");
  const rows = first.chunkBytes * chunks.length;
  const treeAt = SUPERBLOCK_BYTES;
  const datasetAt = treeAt + NODE_BYTES;
  const dataset = objectHeader([
    [DATASPACE_MESSAGE, bytes((w) => w.u8(2).u8(1).u8(0).u8(1).u64(rows))],
    [DATATYPE_MESSAGE, bytes((w) => w.u8(0x10).u8(0).u16(0).u32(1).u16(0).u16(8))],
    [FILL_VALUE_MESSAGE, bytes((w) => w.u8(3).u8(0x0b))],
    [
      DATA_LAYOUT_MESSAGE,
      bytes((w) => w.u8(3).u8(CHUNKED_LAYOUT).u8(2).u64(treeAt).u32(first.chunkBytes).u32(1)),
    ],
    [FILTER_PIPELINE_MESSAGE, first.filterMessage],
  ]);
  const rootAt = datasetAt + dataset.byteLength;
  const root = objectHeader([
    [LINK_INFO_MESSAGE, bytes((w) => w.u8(0).u8(0).u64(UNDEFINED).u64(UNDEFINED))],
    [
      LINK_MESSAGE,
      bytes((w) => w.u8(1).u8(0).u8(1).u8(CHUNK_DATASET.charCodeAt(0)).u64(datasetAt)),
    ],
  ]);
  const dataAt = rootAt + root.byteLength;
  const end = chunks.reduce((at, { stored }) => at + stored.byteLength, dataAt);

  const file = new Uint8Array(end);
  file.set(superblock(rootAt, end), 0);
  file.set(node(chunks, dataAt), treeAt);
  file.set(dataset, datasetAt);
  file.set(root, rootAt);
  let at = dataAt;
  for (const { stored } of chunks) {
    file.set(stored, at);
    at += stored.byteLength;
  }
  return file;
}

function superblock(root: number, end: number): Uint8Array {
  return checked(
    bytes((w) => {
      for (const byte of [0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a]) w.u8(byte);
      w.u8(2).u8(8).u8(8).u8(0).u64(0).u64(UNDEFINED).u64(end).u64(root);
    }),
  );
}

/** The B-tree: keys and addresses of the chunks, and the key of where they end. */
function node(chunks: readonly FileChunk[], dataAt: number): Uint8Array {
  return bytes((w) => {
    w.text("TREE").u8(1).u8(0).u16(chunks.length).u64(UNDEFINED).u64(UNDEFINED);
    let [at, row] = [dataAt, 0];
    for (const { stored, filterMask, chunkBytes } of chunks) {
      w.u32(stored.byteLength).u32(filterMask).u64(row).u64(0).u64(at);
      at += stored.byteLength;
      row += chunkBytes;
    }
    w.u32(0).u32(0).u64(row).u64(0);
  });
}

/** An object header of version 2. */
function objectHeader(
  messages: readonly (readonly [type: number, body: Uint8Array])[],
): Uint8Array {
  const length = messages.reduce((sum, [, body]) => sum + 4 + body.byteLength, 0);
  return checked(
    bytes((w) => {
      w.text("OHDR").u8(2).u8(2).u32(length);
      for (const [type, body] of messages) w.u8(type).u16(body.byteLength).u8(0).raw(body);
    }),
  );
}

/** The bytes and their checksum. */
function checked(body: Uint8Array): Uint8Array {
  return bytes((w) => w.raw(body).u32(lookup3(body)));
}

function bytes(write: (writer: Writer) => void): Uint8Array {
  const writer = new Writer();
  write(writer);
  return Uint8Array.from(writer.bytes);
}

/** Puts little-endian numbers together. */
class Writer {
  readonly bytes: number[] = [];

  u8(value: number): this {
    this.bytes.push(value);
    return this;
  }

  u16(value: number): this {
    return this.u8(value & 0xff).u8(value >> 8);
  }

  u32(value: number): this {
    return this.u16(value & 0xffff).u16(value >>> 16);
  }

  u64(value: number | bigint): this {
    const wide = BigInt(value);
    return this.u32(Number(wide & 0xffffffffn)).u32(Number(wide >> 32n));
  }

  text(value: string): this {
    for (const letter of value) this.u8(letter.charCodeAt(0));
    return this;
  }

  raw(values: Uint8Array): this {
    for (const value of values) this.bytes.push(value);
    return this;
  }
}
