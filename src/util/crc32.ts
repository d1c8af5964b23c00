/** The polynomial of zlib, gzip and PNG, its bits in reverse. */
const POLYNOMIAL = 0xedb88320;
/** Bytes of a step. */
const SLICES = 4;

/** Entry `256 k + b`: the CRC of byte b with k zero bytes behind it. */
let tables: Uint32Array | undefined;

function makeTables(): Uint32Array {
  const made = new Uint32Array(256 * SLICES);
  for (let byte = 0; byte < 256; byte++) {
    let crc = byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? POLYNOMIAL : 0);
    made[byte] = crc;
  }
  for (let entry = 256; entry < made.length; entry++) {
    const before = made[entry - 256] as number;
    made[entry] = (before >>> 8) ^ (made[before & 255] as number);
  }
  return made;
}

/**
 * The CRC-32 of zlib, for platforms that have none, four bytes a step.
 *
 * @param start - that of the bytes in front, to go on from
 */
export function crc32(bytes: Uint8Array, start = 0): number {
  tables ??= makeTables();
  const table = tables;
  const at = (slice: number, byte: number): number => table[slice * 256 + (byte & 255)] as number;
  let crc = ~start;
  let index = 0;
  for (const end = bytes.byteLength - 3; index < end; index += SLICES) {
    crc ^=
      (bytes[index] as number) |
      ((bytes[index + 1] as number) << 8) |
      ((bytes[index + 2] as number) << 16) |
      ((bytes[index + 3] as number) << 24);
    crc = at(3, crc) ^ at(2, crc >>> 8) ^ at(1, crc >>> 16) ^ at(0, crc >>> 24);
  }
  for (; index < bytes.byteLength; index++) {
    crc = (crc >>> 8) ^ at(0, crc ^ (bytes[index] as number));
  }
  return ~crc >>> 0;
}
