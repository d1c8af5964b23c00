/**
 * First bytes to format: the content decides, never the file's name.
 */
import { EventError } from "../errors.ts";
import type { EventFormat } from "./decoder.ts";
import { parseRawHeader, rawHeaderIsCut, rawHeaderStarts } from "./prophesee-header.ts";
import { FORMATS } from "./registry.ts";

/** What the first bytes of a source were recognised as. */
export interface FormatDetection {
  /** Format id, as options and metadata spell it. */
  readonly format: string;
  /** The format's name for people. */
  readonly name: string;
  /** Whether this version reads it. */
  readonly supported: boolean;
  /** `certain`: a signature or a header says so; `likely`: it follows from something weaker. */
  readonly confidence: "certain" | "likely";
  /** What the judgement rests on. */
  readonly reason: string;
}

interface Signature {
  readonly format: string;
  readonly name: string;
  readonly bytes: readonly number[] | string;
}

/** Formats with a fixed signature at their start. */
const SIGNATURES: readonly Signature[] = [
  { format: "aedat1", name: "AEDAT 1.0", bytes: "#!AER-DAT1.0" },
  { format: "aedat2", name: "AEDAT 2.0", bytes: "#!AER-DAT2.0" },
  { format: "aedat3", name: "AEDAT 3.0", bytes: "#!AER-DAT3.0" },
  { format: "aedat3.1", name: "AEDAT 3.1", bytes: "#!AER-DAT3.1" },
  { format: "aedat4", name: "AEDAT 4.0", bytes: "#!AER-DAT4.0" },
  { format: "es", name: "Event Stream", bytes: "Event Stream" },
  { format: "ros2-db3", name: "ROS 2 bag (SQLite)", bytes: "SQLite format 3\0" },
  { format: "rosbag", name: "ROS 1 bag", bytes: "#ROSBAG V2.0\n" },
  { format: "mcap", name: "MCAP", bytes: [0x89, 0x4d, 0x43, 0x41, 0x50, 0x30, 0x0d, 0x0a] },
  { format: "gzip", name: "gzip", bytes: [0x1f, 0x8b] },
  { format: "zstd", name: "Zstandard", bytes: [0x28, 0xb5, 0x2f, 0xfd] },
  { format: "zip", name: "zip", bytes: "PK\x03\x04" },
  { format: "arrow", name: "Arrow IPC", bytes: "ARROW1" },
];

const HDF5_SIGNATURE = [0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a];
const LFS_POINTER = "version https://git-lfs";

/** Whether a header goes on behind `head`, so that more bytes are needed to judge it. */
export function headIsCut(head: Uint8Array, trustText = true): boolean {
  return rawHeaderStarts(head) && rawHeaderIsCut(head, trustText);
}

/**
 * Judges the first bytes of a source.
 *
 * @param head - the first bytes: all that there are, or at least a whole header
 * @param path - what messages call the source
 * @throws EventError `empty-source`, `git-lfs-pointer`, `unknown-format`, `invalid-header`
 */
export function detectBytes(head: Uint8Array, path?: string): FormatDetection {
  if (head.byteLength === 0) {
    throw new EventError("empty-source", "the source is empty", {
      path,
      byteOffset: 0,
      expected: "a recording",
      found: "0 bytes",
    });
  }
  if (startsWith(head, LFS_POINTER)) {
    throw new EventError("git-lfs-pointer", "this is a Git-LFS pointer, not the recording", {
      path,
      byteOffset: 0,
      hint: "Fetch the recording itself with `git lfs pull`.",
    });
  }
  if (rawHeaderStarts(head)) return detectProphesee(head, path);
  for (const { format, name, bytes } of SIGNATURES) {
    if (!startsWith(head, bytes)) continue;
    return certain(format, name, `the file starts with the signature of ${name}`);
  }
  // HDF5 leaves room for a block of the user's own, of 512 bytes or a power of two times that.
  for (let offset = 0; offset < head.byteLength; offset = offset === 0 ? 512 : offset * 2) {
    if (!startsWith(head.subarray(offset), HDF5_SIGNATURE)) continue;
    return certain("hdf5", "HDF5", `the signature of HDF5 stands at byte ${offset}`);
  }
  if (OWN_CSV.test(textOf(head))) {
    return certain("csv", "CSV", "the first line names the columns x,y,t,polarity");
  }
  for (const { id, name, probe } of FORMATS) {
    const reason = probe?.(head) ?? null;
    if (reason !== null) return certain(id, name, reason);
  }
  if (looksLikeText(head)) {
    return judged("text", "text", "likely", "the file starts with lines of numbers");
  }
  throw new EventError("unknown-format", "this is no format that evarrow knows", {
    path,
    byteOffset: 0,
    expected: "the start of an event recording",
    found: `bytes ${hex(head.subarray(0, 16))}`,
    hint: "RAW recordings start with a text header; a file without it cannot be recognised.",
  });
}

/** Keys that DAT files have and RAW files do not. */
const DAT_KEYS = ["data", "version", "width", "height"];

function detectProphesee(head: Uint8Array, path: string | undefined): FormatDetection {
  const header = parseRawHeader(head, path);
  const { encoding } = header;
  const datKey = header.entries.find(([key]) => DAT_KEYS.includes(key.toLowerCase()))?.[0];
  if (datKey !== undefined && (encoding === null || encoding.assumed)) {
    const reason = `the header has the key \`${datKey}\` of DAT files`;
    return certain("dat", "Prophesee DAT", reason);
  }
  if (encoding !== null) {
    const { format, source, assumed } = encoding;
    const name = encodingName(format);
    const confidence = assumed ? "likely" : "certain";
    return judged(format, name, confidence, `the header says \`${source}\``);
  }
  throw new EventError("unknown-format", "the header names no encoding", {
    path,
    byteOffset: 0,
    expected: "a line `% format NAME`, `% evt VERSION` or a known `% system_ID`",
    found:
      header.entries.length === 0
        ? "an empty header"
        : header.entries.map(([key]) => `% ${key}`).join(", "),
    hint: "Was the header cut or edited?",
  });
}

/** `evt4` as `Prophesee EVT 4.0`; whatever else a header names, as it stands. */
function encodingName(format: string): string {
  const version = /^evt(\d)(\d)?$/.exec(format);
  if (version === null) return `Prophesee RAW (${format})`;
  return `Prophesee EVT ${version[1]}.${version[2] ?? 0}`;
}

/**
 * The format that was detected.
 *
 * @throws EventError `unsupported-format`
 */
export function formatOf(detection: FormatDetection, path?: string): EventFormat {
  const { name, format, reason } = detection;
  const found = FORMATS.find(({ id }) => id === format);
  if (found !== undefined) return found;
  throw new EventError("unsupported-format", `${name} is not supported yet (${reason})`, {
    path,
    format,
    hint: `This version reads ${FORMATS.map((read) => read.name).join(", ")}.`,
  });
}

function certain(format: string, name: string, reason: string): FormatDetection {
  return judged(format, name, "certain", reason);
}

/** A judgement; the name of a format that is read is its own. */
function judged(
  format: string,
  name: string,
  confidence: FormatDetection["confidence"],
  reason: string,
): FormatDetection {
  const read = FORMATS.find(({ id }) => id === format);
  return { format, name: read?.name ?? name, supported: read !== undefined, confidence, reason };
}

function startsWith(head: Uint8Array, signature: readonly number[] | string): boolean {
  const bytes = typeof signature === "string" ? new TextEncoder().encode(signature) : signature;
  if (head.byteLength < bytes.length) return false;
  for (let at = 0; at < bytes.length; at++) if (head[at] !== bytes[at]) return false;
  return true;
}

/** The header row of CSV as this library writes it. */
const OWN_CSV = /^x,y,t,polarity\r?(?:\n|$)/;
const COMMENT = /^\s*[#%]/;
const NUMBERS = /^\s*[-+]?\d[\d.eE+-]*(?:[\s,;]+(?:[-+]?\d[\d.eE+-]*|true|false))+[\s,;]*$/i;
const COLUMN_HEADER = /^\s*"?(?:x|t|ts|timestamp|time)\b.*[\s,;]"?y\b/i;

/** Lines of numbers, or a row of column names, behind any comments, in the first kilobytes. */
function looksLikeText(head: Uint8Array): boolean {
  const lines = textOf(head).split(/\r?\n/);
  const first = lines.find((line) => line.trim() !== "" && !COMMENT.test(line));
  return first !== undefined && (NUMBERS.test(first) || COLUMN_HEADER.test(first));
}

/** The first kilobytes as text, without a byte order mark. */
function textOf(head: Uint8Array): string {
  return new TextDecoder().decode(head.subarray(0, 4096)).replace(/^\ufeff/, "");
}

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join(" ");
}
