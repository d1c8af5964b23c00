/**
 * First bytes to format: the content decides; the file's name counts only where it alone tells
 * what fitting bytes are.
 */
import { isTextDamaged, TEXT_DAMAGE, TEXT_DAMAGE_HINT } from "../container/text-damage.ts";
import { EventError } from "../errors.ts";
import { type Compression, withoutCompression } from "../util/compression.ts";
import type { EventFormat } from "./decoder.ts";
import { guessBinary } from "./guess.ts";
import type { FormatOptions } from "./options.ts";
import {
  headerValue,
  parseRawHeader,
  type RawHeader,
  rawHeaderIsCut,
  rawHeaderStarts,
} from "./prophesee-header.ts";
import { adviceFor, SIGNATURES } from "./recognised.ts";
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
  /** What the recording is compressed with as a whole; null when it is not. */
  readonly compression: Compression | null;
}

/** What is known of a source beside its first bytes. */
export interface SourceFacts {
  /** What messages call it; its ending may tell a format. */
  readonly path?: string | undefined;
  /** Bytes of the recording; left out when not known. */
  readonly byteLength?: number | undefined;
  /** What the first bytes came out of. */
  readonly compression?: Compression | undefined;
  /** Name of the file in an archive; its ending may then tell the format. */
  readonly member?: string | undefined;
  /** What the caller says of how it is written. */
  readonly options?: FormatOptions | undefined;
  /** Where the signature of HDF5 was found behind the first bytes. */
  readonly hdf5At?: number | undefined;
}

/** A judgement before it is known who reads the format. */
type Judgement = Pick<FormatDetection, "format" | "name" | "confidence" | "reason">;

const HDF5_SIGNATURE = "\x89HDF\r\n\x1a\n";
const LFS_POINTER = "version https://git-lfs";

/** Bytes that tell whether HDF5 begins at one of {@link hdf5Places}. */
export const HDF5_SIGNATURE_BYTES = HDF5_SIGNATURE.length;
/** Places behind this one are not looked at: each is a read. */
const LAST_HDF5_PLACE = 16 * 1024 * 1024;

/**
 * Where HDF5 may begin: at the start, or behind a block of the user's own, of 512 bytes or a power of
 * two times that.
 *
 * @param from - the first byte that counts
 * @param end - the byte behind the last one
 */
export function* hdf5Places(from: number, end: number): Generator<number, void, void> {
  for (let place = 0; place < end; place = place === 0 ? 512 : place * 2) {
    if (place > LAST_HDF5_PLACE) return;
    if (place >= from) yield place;
  }
}

/** Whether the signature of HDF5 stands at a byte. */
export function isHdf5At(bytes: Uint8Array, offset = 0): boolean {
  return startsWith(bytes, HDF5_SIGNATURE, offset);
}

/** Whether a header goes on behind `head`, so that more bytes are needed to judge it. */
export function headIsCut(head: Uint8Array, trustText = true): boolean {
  return rawHeaderStarts(head) && rawHeaderIsCut(head, trustText);
}

/**
 * Judges the first bytes of a source.
 *
 * @param head - the first bytes, decompressed: all that there are, or at least a whole header
 * @throws EventError `empty-source`, `git-lfs-pointer`, `unknown-format`, `invalid-header`
 */
export function detectBytes(head: Uint8Array, facts: SourceFacts = {}): FormatDetection {
  const { path, compression = null } = facts;
  if (head.byteLength === 0) {
    throw new EventError("empty-source", "the source is empty", {
      path,
      byteOffset: 0,
      expected: "a recording",
      found: compression === null ? "0 bytes" : `0 bytes inside ${compression}`,
    });
  }
  if (startsWith(head, LFS_POINTER)) {
    throw new EventError("git-lfs-pointer", "this is a Git-LFS pointer, not the recording", {
      path,
      byteOffset: 0,
      hint: "Fetch the recording itself with `git lfs pull`.",
    });
  }
  const judgement = judge(head, facts);
  const read = FORMATS.find(({ id }) => id === judgement.format);
  const member = facts.member === undefined ? "" : ` (${facts.member})`;
  const inside = compression === null ? "" : `inside ${compression}${member}, `;
  const reason = `${inside}${judgement.reason}`;
  // The name of a format that is read is its own.
  const name = read?.name ?? judgement.name;
  return { ...judgement, name, reason, supported: read !== undefined, compression };
}

function judge(head: Uint8Array, facts: SourceFacts): Judgement {
  if (facts.hdf5At !== undefined) return judgedHdf5(facts.hdf5At);
  return rawHeaderStarts(head) ? judgeHeader(head, facts) : judgeOther(head, facts);
}

const judgedHdf5 = (place: number): Judgement =>
  certain("hdf5", "HDF5", `the signature of HDF5 stands at byte ${place}`);

function judgeOther(head: Uint8Array, facts: SourceFacts): Judgement {
  if (isTextDamaged(head)) {
    throw new EventError("invalid-header", TEXT_DAMAGE, {
      path: facts.path,
      format: "evb",
      byteOffset: 0,
      expected: "the magic of a container",
      found: `bytes ${hex(head.subarray(0, 10))}`,
      hint: TEXT_DAMAGE_HINT,
    });
  }
  for (const { format, name, bytes, offset } of SIGNATURES) {
    if (!startsWith(head, bytes, offset)) continue;
    return certain(format, name, `the file has the signature of ${name}`);
  }
  for (const place of hdf5Places(0, head.byteLength)) {
    if (isHdf5At(head, place)) return judgedHdf5(place);
  }
  const probed = probe(head, facts);
  if (probed !== null) return probed;
  const { path, member = path, byteLength = null } = facts;
  const guess = guessBinary(head, extensionOf(member), byteLength);
  if (guess !== null) return { ...guess, confidence: "likely" };
  throw new EventError("unknown-format", "this is no format that evarrow knows", {
    path,
    byteOffset: 0,
    expected: "the start of an event recording",
    found: `bytes ${hex(head.subarray(0, 16))}`,
    hint: PRINTABLE.test(latin1(head.subarray(0, 256)))
      ? "If it holds events as text, give `text: { columns }` to say where in a line they are."
      : "RAW recordings start with a text header; a file without it cannot be recognised.",
  });
}

/** Keys that DAT files have and RAW files do not. */
const DAT_KEYS = ["data", "version", "width", "height"];
/** Key of the index that the vendor's software puts beside a recording. */
const INDEX_KEY = "index_version";

/** A text header of lines `% key value`: RAW, DAT or an index. */
function judgeHeader(head: Uint8Array, facts: SourceFacts): Judgement {
  const { path } = facts;
  const header = parseRawHeader(head, path);
  const { encoding } = header;
  if (headerValue(header, INDEX_KEY) !== undefined) {
    const reason = `the header has the key \`${INDEX_KEY}\` of index files`;
    return certain("prophesee-index", "index of a Prophesee recording", reason);
  }
  // Comments of text may begin with `% `, too, and hold any words.
  const probed = encoding === null || encoding.assumed ? probe(head, facts) : null;
  if (probed !== null) return probed;
  const datKey = header.entries.find(([key]) => DAT_KEYS.includes(key.toLowerCase()))?.[0];
  if (datKey !== undefined && (encoding === null || encoding.assumed)) {
    return certain("dat", "Prophesee DAT", `the header has the key \`${datKey}\` of DAT files`);
  }
  if (encoding !== null) {
    const { format, source, assumed } = encoding;
    const reason = `the header says \`${source}\``;
    return {
      format,
      name: encodingName(format),
      confidence: assumed ? "likely" : "certain",
      reason,
    };
  }
  const datRecords = judgeRecordType(head, header);
  if (datRecords !== null) return { ...datRecords, confidence: "likely" };
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

/** Bytes of a record by the event types that DAT files have. */
const DAT_RECORD_BYTES: Readonly<Record<number, number>> = { 0: 8, 12: 8, 14: 8, 40: 28 };

/** DAT, by the event type and the record size behind the header. */
function judgeRecordType(head: Uint8Array, { dataOffset }: RawHeader) {
  const [type = -1, size] = head.subarray(dataOffset, dataOffset + 2);
  if (size === undefined || DAT_RECORD_BYTES[type] !== size) return null;
  const reason = `behind the header stand the event type ${type} and the record size ${size} of DAT`;
  return { format: "dat", name: "Prophesee DAT", reason };
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
  throw new EventError("unsupported-format", `${name} is recognised, but not read (${reason})`, {
    path,
    format,
    hint: `${adviceFor(format)} What is read: ${FORMATS.map((read) => read.name).join(", ")}.`,
  });
}

/** Asks every format that has no signature. */
function probe(head: Uint8Array, { options = {} }: SourceFacts): Judgement | null {
  for (const format of FORMATS) {
    const evidence = format.probe?.(head, options) ?? null;
    if (evidence !== null) return { format: format.id, name: format.name, ...evidence };
  }
  return null;
}

function certain(format: string, name: string, reason: string): Judgement {
  return { format, name, confidence: "certain", reason };
}

/** Whether the bytes of a text in Latin-1 stand at `offset`. */
function startsWith(head: Uint8Array, text: string, offset = 0): boolean {
  if (head.byteLength < offset + text.length) return false;
  for (let at = 0; at < text.length; at++) {
    if (head[offset + at] !== text.charCodeAt(at)) return false;
  }
  return true;
}

/** What the name ends in, without the dot, in lower case, and without the ending of a compression. */
function extensionOf(path: string | undefined): string {
  const name = withoutCompression(path ?? "");
  return /\.([^./\\]+)$/.exec(name)?.[1]?.toLowerCase() ?? "";
}

/** Nothing but text. */
const PRINTABLE = /^[\t\n\r -~\x80-\xff]*$/;

function latin1(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes);
}

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join(" ");
}
