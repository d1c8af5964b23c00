/**
 * Weaker evidence: what the bytes look like, and what their name ends in. A name alone decides
 * nothing: the bytes must fit.
 */

/** What a source is likely to be. */
export interface Guess {
  readonly format: string;
  readonly name: string;
  readonly reason: string;
}

const HASH = 0x23;
const LINE_FEED = 0x0a;
/** Bytes, and records, that a guess looks at. */
const DATA_BYTES = 4096;
const RECORDS = 64;

/**
 * Text in two bytes a character; and binary data: AEDAT 1.0, which jAER sees in any binary file with lines `#` in front; DAT without
 * a header; and the records of N-MNIST.
 *
 * @param extension - of the name, in lower case
 * @param byteLength - bytes in all; null when they are not known
 */
export function guessBinary(
  head: Uint8Array,
  extension: string,
  byteLength: number | null,
): Guess | null {
  const utf16 = guessUtf16(head);
  if (utf16 !== null) return utf16;
  if (head[0] === HASH) return guessAedat1(head, extension);
  const isMultipleOf = (bytes: number): boolean => (byteLength ?? 0) % bytes === 0;
  if (extension === "dat" && isMultipleOf(8) && lookLikeDat(head)) {
    const reason = "the name ends in .dat, and the bytes are 8-byte records without a header";
    return { format: "dat", name: "Prophesee DAT", reason };
  }
  if (extension === "bin" && byteLength !== null && isMultipleOf(5) && lookLikeNmnist(head)) {
    const reason = "the name ends in .bin, and the bytes are 5-byte records in order of time";
    return { format: "nmnist", name: "N-MNIST", reason };
  }
  return null;
}

/** Bytes that are looked at to tell UTF-16, and the fewest that do. */
const UTF16_BYTES = 128;
const LEAST_UTF16_BYTES = 8;

/** UTF-16 of characters that events are written in, in either byte order. */
function guessUtf16(head: Uint8Array): Guess | null {
  const isMarked = (head[0] === 0xff && head[1] === 0xfe) || (head[0] === 0xfe && head[1] === 0xff);
  const bytes = head.subarray(isMarked ? 2 : 0, UTF16_BYTES);
  const isCharacter = (byte: number): boolean => byte >= 0x09 && byte < 0x7f;
  const isIn = (zeros: number): boolean =>
    bytes.every((byte, at) => (at % 2 === zeros ? byte === 0 : isCharacter(byte)));
  if (bytes.byteLength < LEAST_UTF16_BYTES || !(isIn(0) || isIn(1))) return null;
  const reason = "every second byte is 0, and the others are text";
  return { format: "utf-16", name: "text in UTF-16", reason };
}

function guessAedat1(head: Uint8Array, extension: string): Guess | null {
  let end = 0;
  while (head[end] === HASH) {
    const lineFeed = head.indexOf(LINE_FEED, end);
    end = lineFeed < 0 ? head.byteLength : lineFeed + 1;
  }
  const data = head.subarray(end, end + DATA_BYTES);
  const name = "AEDAT 1.0";
  if (data.some((byte) => byte < 0x09)) {
    return { format: "aedat1", name, reason: "binary data follow lines that start with #" };
  }
  if (data.byteLength > 0 || (extension !== "aedat" && extension !== "dat")) return null;
  const reason = `the file starts with lines of #, and its name ends in .${extension}`;
  return { format: "aedat1", name, reason };
}

/** Records of u32 time and u32 pixel: times that do not fall, polarities of 0 and 1. */
function lookLikeDat(head: Uint8Array): boolean {
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  const records = Math.min(Math.floor(head.byteLength / 8), RECORDS);
  let last = 0;
  for (let record = 0; record < records; record++) {
    const time = view.getUint32(record * 8, true);
    const polarity = view.getUint32(record * 8 + 4, true) >>> 28;
    if (time < last || polarity > 1) return false;
    last = time;
  }
  return records > 0;
}

/** The row that marks an overflow of the clock, and is no pixel. */
const NMNIST_OVERFLOW_ROW = 240;

/** Records of x, y, and 23 bits of time behind the polarity: times that do not fall. */
function lookLikeNmnist(head: Uint8Array): boolean {
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  const records = Math.min(Math.floor(head.byteLength / 5), RECORDS);
  let last = 0;
  for (let record = 0; record < records; record++) {
    const row = view.getUint8(record * 5 + 1);
    if (row > NMNIST_OVERFLOW_ROW) return false;
    if (row === NMNIST_OVERFLOW_ROW) continue;
    const time = view.getUint32(record * 5 + 1) & 0x7fffff;
    if (time < last) return false;
    last = time;
  }
  return records > 0;
}
