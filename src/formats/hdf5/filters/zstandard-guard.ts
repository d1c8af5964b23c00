/**
 * The plugin for Zstandard does not look whether its library failed: it takes the number of the
 * error, as an unsigned number one of nearly 2^32, for the length of what it made, and HDF5 then
 * reads whatever stands in memory. So a filter is put in front of all others, "shuffle" of two
 * bytes, which is undone last and fails at that length; what it does to the bytes is undone here.
 */
import { SHUFFLE_FILTER } from "../layout.ts";
import type { ForeignChunk } from "./foreign-filters.ts";

const ZSTANDARD = 32015;
const ELEMENT_BYTES = 2;

/** Whether a chunk takes the guard. */
export function needsGuard({ filters }: ForeignChunk): boolean {
  return filters.some(({ id }) => id === ZSTANDARD) && filters.length < 32;
}

/** A chunk whose filters have the guard in front. */
export function guarded(chunk: ForeignChunk): ForeignChunk {
  const guard = { id: SHUFFLE_FILTER, name: "", isOptional: false, clientData: [ELEMENT_BYTES] };
  const filters = [guard, ...chunk.filters];
  const bytes: number[] = [2, filters.length]; // version, and how many there are
  const u16 = (value: number): void => void bytes.push(value & 0xff, value >> 8);
  for (const { id, clientData } of filters) {
    u16(id);
    if (id >= 256) u16(0); // no name
    u16(0); // flags
    u16(clientData.length);
    for (const value of clientData) {
      u16(value & 0xffff);
      u16(value >>> 16);
    }
  }
  const filterMask = (chunk.filterMask << 1) >>> 0;
  return { ...chunk, filters, filterMessage: Uint8Array.from(bytes), filterMask };
}

/** The bytes of a chunk, out of what the library made of it with the guard. */
export function withoutGuard(bytes: Uint8Array): Uint8Array {
  const elements = bytes.byteLength >> 1;
  const result = bytes.slice(); // a byte that fills no element stays at the end
  if (elements < 2) return result;
  for (let index = 0; index < elements; index++) {
    result[index] = bytes[index * 2] as number;
    result[elements + index] = bytes[index * 2 + 1] as number;
  }
  return result;
}
