/**
 * Reference reading of the Prophesee text header, written from section 2 of the format fact sheet
 * and from nothing else. It exists to be checked by eye, not to be fast.
 */

export type HeaderEntry = [key: string, value: string];

export interface ReferenceHeader {
  /** Offset of the first byte after the header. */
  dataOffset: number;
  /** Keys and values in file order; the closing `end` is not among them. */
  entries: HeaderEntry[];
  /** Whether the header was closed by `% end`. */
  hasEnd: boolean;
}

export interface ReferenceGeometry {
  width: number;
  height: number;
}

const PERCENT = 0x25;
const SPACE = 0x20;
const TAB = 0x09;
const LF = 0x0a;
const CR = 0x0d;

/**
 * Project rule beyond the fact sheet: a line `% end` vouches for all lines in front of it. Without
 * one, a line that holds a control character is data that begins with 25 20 by chance.
 */
export function parseRawHeader(bytes: Uint8Array): ReferenceHeader {
  const trusted = readHeader(bytes, true);
  return trusted.hasEnd ? trusted : readHeader(bytes, false);
}

function readHeader(bytes: Uint8Array, trustText: boolean): ReferenceHeader {
  const entries: HeaderEntry[] = [];
  let offset = 0;

  // "continues while the next two bytes are exactly 25 20"
  while (bytes[offset] === PERCENT && bytes[offset + 1] === SPACE) {
    // "reads to LF", "trim a trailing CR". Without an LF it is not a line.
    const lineFeed = bytes.indexOf(LF, offset);
    if (lineFeed === -1) break;
    const textEnd = bytes[lineFeed - 1] === CR ? lineFeed - 1 : lineFeed;
    const text = bytes.subarray(offset + 2, textEnd);

    if (!trustText && text.some(isControlCharacter)) break;
    offset = lineFeed + 1;

    // "first blank-separated token as key, the remaining tokens joined by one space as value"
    const tokens = latin1(text)
      .split(/[ \t]+/)
      .filter((token) => token !== "");
    const [key, ...rest] = tokens;
    if (key === undefined) continue;
    const value = rest.join(" ");

    // "stops after a line whose key is `end` with no value"
    if (key === "end" && value === "") return { dataOffset: offset, entries, hasEnd: true };
    entries.push([key, value]);
  }
  // "`% end` is optional": the header ends at the first position that is not a header line.
  return { dataOffset: offset, entries, hasEnd: false };
}

/** "`geometry` or `format` options, else system id"; null stands for the reference's error. */
export function geometryOf(entries: readonly HeaderEntry[]): ReferenceGeometry | null {
  const header = new Map(entries); // a repeated key: the last one counts

  // geometry: `1280x720` (width first)
  const geometry = /^(\d+)x(\d+)$/.exec(header.get("geometry") ?? "");
  if (geometry) return { width: Number(geometry[1]), height: Number(geometry[2]) };

  // format: name, then `;opt=value` in any order
  const options = (header.get("format") ?? "").split(";").slice(1);
  const width = options.find((option) => /^width=\d+$/.test(option));
  const height = options.find((option) => /^height=\d+$/.test(option));
  if (width !== undefined && height !== undefined) {
    return {
      width: Number(width.slice("width=".length)),
      height: Number(height.slice("height=".length)),
    };
  }

  // system_ID: decimal
  const systemId = header.get("system_ID") ?? "";
  if (!/^\d+$/.test(systemId)) return null;
  if (SYSTEM_IDS_640X480.includes(Number(systemId))) return { width: 640, height: 480 };
  if (SYSTEM_IDS_1280X720.includes(Number(systemId))) return { width: 1280, height: 720 };
  return null; // 52-55, 58, 59, 64-66: "header geometry required"
}

const SYSTEM_IDS_640X480 = [
  ...[21, 23, 25, 29, 33, 151, 153, 161], // Gen 3.0
  ...[28, 34, 35, 41, 162], // Gen 3.1
  ...[40], // Gen 3.1 EVK3
];

const SYSTEM_IDS_1280X720 = [
  ...[26, 31, 39], // Gen 4.0, Gen 4.1 EVK2
  ...[30, 46, 48, 49, 50], // Gen 4.0, Gen 4.1 EVK3, IMX636
];

/** 00-1F except TAB. The CR right before the LF has been trimmed by then. */
function isControlCharacter(byte: number): boolean {
  return byte < 0x20 && byte !== TAB;
}

/** "Do not require UTF-8; decode Latin-1": each byte is the code point of the same number. */
function latin1(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return text;
}
