/** Words after which the sums are folded, so that they stay within 32 bits. */
const WORDS_PER_FOLD = 360;

/** The checksum that HDF5's filter "Fletcher-32" puts behind the bytes of a chunk. */
export function fletcher32(bytes: Uint8Array): number {
  let first = 0;
  let second = 0;
  const words = bytes.byteLength >> 1;
  for (let word = 0; word < words; ) {
    const stop = Math.min(word + WORDS_PER_FOLD, words);
    for (; word < stop; word++) {
      first += ((bytes[word * 2] as number) << 8) | (bytes[word * 2 + 1] as number);
      second += first;
    }
    first = fold(first);
    second = fold(second);
  }
  if (bytes.byteLength % 2 === 1) {
    first += (bytes[bytes.byteLength - 1] as number) << 8;
    second += first;
    first = fold(first);
    second = fold(second);
  }
  return ((fold(second) << 16) | fold(first)) >>> 0;
}

/** The same as HDF5 before 1.6.3 wrote it, on little-endian machines: words turned around. */
export function swappedFletcher32(checksum: number): number {
  return (((checksum & 0xff00ff) << 8) | ((checksum >>> 8) & 0xff00ff)) >>> 0;
}

function fold(sum: number): number {
  return (sum & 0xffff) + (sum >>> 16);
}
