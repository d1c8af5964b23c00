/** Values and chunks for the tests of HDF5, and filters applied as HDF5 applies them. */
import { deflateSync } from "node:zlib";
import { fletcher32 } from "../../../src/formats/hdf5/filters/fletcher32.ts";
import { randomNumbers } from "../../support/evt2-words.ts";
import { bytes, type TestChunk, type TestFilter } from "../../support/hdf5-writer.ts";

/** Columns of events, which compress. */
export function someColumns(length: number, seed = 1) {
  const random = randomNumbers(seed);
  const t = new BigInt64Array(length);
  let time = 1_000_000;
  for (let row = 0; row < length; row++) {
    time += random(4) === 0 ? random(300) : 0;
    t[row] = BigInt(time);
  }
  return {
    x: Uint16Array.from({ length }, () => random(640)),
    y: Uint16Array.from({ length }, (_, row) => (row >> 3) % 480),
    p: Int8Array.from({ length }, () => random(2) * 2 - 1),
    t,
  };
}

/** Bytes of a typed array. */
export const bytesOf = (values: ArrayBufferView): Uint8Array =>
  new Uint8Array(values.buffer, values.byteOffset, values.byteLength).slice();

/** Values with their bytes turned around. */
export function bigEndian(values: ArrayBufferView & { BYTES_PER_ELEMENT: number }): Uint8Array {
  const size = values.BYTES_PER_ELEMENT;
  return bytesOf(values).map((_, at, all) => {
    return all[at - (at % size) + size - 1 - (at % size)] as number;
  });
}

/** Bytes in planes, as "shuffle" leaves them. */
export function shuffled(values: Uint8Array, size: number): Uint8Array {
  const count = Math.floor(values.byteLength / size);
  const result = values.slice();
  for (let index = 0; index < count * size; index++) {
    result[(index % size) * count + Math.floor(index / size)] = values[index] as number;
  }
  return result;
}

/** LZF, written with literals and with copies of the nearest same three bytes. */
export function lzfCompressed(values: Uint8Array): Uint8Array {
  const out = bytes();
  let literals: number[] = [];
  const flush = (): void => {
    for (let at = 0; at < literals.length; at += 32) {
      const part = literals.slice(at, at + 32);
      out.u8(part.length - 1).raw(part);
    }
    literals = [];
  };
  const seen = new Map<number, number>();
  for (let at = 0; at < values.byteLength; ) {
    const key = ((values[at] ?? 0) << 16) | ((values[at + 1] ?? 0) << 8) | (values[at + 2] ?? 0);
    const before = seen.get(key);
    seen.set(key, at);
    let length = 0;
    if (before !== undefined && at - before <= 8192 && at + 3 <= values.byteLength) {
      while (length < 264 && at + length < values.byteLength) {
        if (values[before + length] !== values[at + length]) break;
        length++;
      }
    }
    if (length < 3) {
      literals.push(values[at++] as number);
      continue;
    }
    flush();
    const distance = at - (before as number) - 1;
    const code = length - 2;
    out.u8((Math.min(code, 7) << 5) | (distance >> 8));
    if (code >= 7) out.u8(code - 7);
    out.u8(distance & 0xff);
    at += length;
  }
  flush();
  return out.end();
}

/** Applies filters in their order; those of the mask are left out. */
export function filtered(
  values: Uint8Array,
  filters: readonly TestFilter[],
  elementBytes: number,
  mask = 0,
): Uint8Array {
  let result = values;
  for (const [index, { id, values: [size = elementBytes] = [] }] of filters.entries()) {
    if ((mask >> index) & 1) continue;
    if (id === 1) result = deflateSync(result);
    else if (id === 2) result = shuffled(result, size);
    else if (id === 3) result = bytes().raw(result).u32(fletcher32(result)).end();
    else if (id === 32000) result = lzfCompressed(result);
    else if (id !== 36559) throw new Error(`the filter ${id} is not written`);
  }
  return result;
}

/** Rows of elements cut into chunks, the last of which is filled up with zeros. */
export function chunksOf(
  values: Uint8Array,
  rowBytes: number,
  chunkRows: number,
  encode: (chunk: Uint8Array, index: number) => { bytes: Uint8Array; mask?: number },
): TestChunk[] {
  const chunks: TestChunk[] = [];
  for (let at = 0; at * rowBytes < values.byteLength; at += chunkRows) {
    const chunk = new Uint8Array(chunkRows * rowBytes);
    chunk.set(values.subarray(at * rowBytes, (at + chunkRows) * rowBytes));
    chunks.push({ at: [at], ...encode(chunk, chunks.length) });
  }
  return chunks;
}
