import { cd, latin1Bytes, PLAIN_HEADER, timeHigh } from "./evt2-words.ts";

const EVENTS_PER_STEP = 99;

/**
 * A recording of at least `bytes` bytes with a steady rate: 99 events every 64 microseconds, six in
 * ten of them ON. Made fast, as a block of words of which only the time words change.
 *
 * @param start - the first time word; close to the end of the range, the clock wraps
 */
export function longRecording(bytes: number, start = 1000): Uint8Array<ArrayBuffer> {
  const header = latin1Bytes(PLAIN_HEADER.replace("% end", "% fill x\n% end"));
  // The header is padded to whole words, so that the data can be written as words.
  const dataOffset = Math.ceil(header.byteLength / 4) * 4;
  const padded = latin1Bytes(
    PLAIN_HEADER.replace(
      "% end",
      `% fill ${"x".repeat(1 + dataOffset - header.byteLength)}\n% end`,
    ),
  );
  const block = Uint32Array.from({ length: EVENTS_PER_STEP + 1 }, (_, index) =>
    index === 0
      ? 0
      : cd(index % 10 < 6 ? 1 : 0, Math.floor((index * 63) / 99), index * 6, index * 4),
  );
  const steps = Math.ceil((bytes - dataOffset) / block.byteLength);
  const words = new Uint32Array(dataOffset / 4 + steps * block.length);
  const all = new Uint8Array(words.buffer);
  all.set(padded);
  for (let step = 0; step < steps; step++) {
    const at = dataOffset / 4 + step * block.length;
    words.set(block, at);
    words[at] = timeHigh((start + step) % 2 ** 28);
  }
  return all;
}
