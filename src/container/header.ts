import { COLUMN_NAMES, type ColumnName } from "../events/columns.ts";
import type { SensorGeometry } from "../events/geometry.ts";
import { isGeometry } from "../events/geometry.ts";
import type { PolarityEncoding } from "../events/polarity.ts";
import { compressionOf } from "../util/compression.ts";
import { crcOf } from "./checksum.ts";
import { readText, viewOf, writeText } from "./fields.ts";
import {
  CHECKSUMS,
  type Checksums,
  CODECS,
  type CodecName,
  FLAG_COLUMNS_LEFT_OUT,
  FLAG_COMPRESSED,
  FLAG_DETERMINISTIC,
  HEADER,
  HEADER_BYTES,
  KNOWN_REQUIRED_FLAGS,
  MAGIC,
  MAJOR_VERSION,
  MINOR_VERSION,
  REQUIRED_FLAGS,
  WRITER_BYTES,
} from "./layout.ts";
import { unsupported, wrongHeader } from "./problems.ts";
import { hex } from "./segment.ts";
import { isTextDamaged, magicBytes, TEXT_DAMAGE, TEXT_DAMAGE_HINT } from "./text-damage.ts";

/** What the header says. */
export interface ContainerHeader {
  readonly major: number;
  readonly minor: number;
  /** Name of the program. */
  readonly writer: string;
  /** Milliseconds since 1970; null when it is not said. */
  readonly createdAt: number | null;
  /** Of the first event, in microseconds. */
  readonly firstTime: bigint;
  readonly geometry: SensorGeometry | null;
  /** What its streams are compressed with, all that are. */
  readonly codec: CodecName;
  readonly polarityEncoding: PolarityEncoding;
  readonly checksums: Checksums;
  /** The columns that its events have, in their usual order; mostly all. */
  readonly columns: readonly ColumnName[];
  /** Whether the writer left out what differs from run to run. */
  readonly isDeterministic: boolean;
}

/** What a header is read for. */
export interface HeaderOptions {
  readonly path?: string | undefined;
  /** Refuse every version but this one. */
  readonly strictVersion?: boolean | undefined;
  /** Do not look at the checksum when this is `false`. */
  readonly verifyChecksum?: boolean | undefined;
}

const SECOND_ENCODING = 1;
const NO_CONTAINER = "this is no compact container";
const REPAIR_HINT = "`evarrow repair` writes a sound one of what survives.";
/** With as many bytes of the magic, a file is taken for a damaged container. */
const LEAST_MAGIC_BYTES = 5;

/** Writes a header of this version. */
export function encodeHeader(
  header: Omit<ContainerHeader, "major" | "minor">,
): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(HEADER_BYTES);
  const view = viewOf(bytes);
  const codec = CODECS.indexOf(header.codec);
  writeText(bytes, HEADER.magic, MAGIC);
  view.setUint16(HEADER.major, MAJOR_VERSION, true);
  view.setUint16(HEADER.minor, MINOR_VERSION, true);
  const leftOut = leftOutBits(header.columns);
  let flags = header.isDeterministic ? FLAG_DETERMINISTIC : 0;
  if (codec !== 0) flags |= FLAG_COMPRESSED;
  if (leftOut !== 0) flags |= FLAG_COLUMNS_LEFT_OUT;
  view.setUint32(HEADER.flags, flags, true);
  writeText(bytes, HEADER.writer, header.writer.slice(0, WRITER_BYTES));
  view.setBigInt64(HEADER.createdAt, BigInt(header.createdAt ?? 0), true);
  view.setBigInt64(HEADER.firstTime, header.firstTime, true);
  view.setUint32(HEADER.width, header.geometry?.width ?? 0, true);
  view.setUint32(HEADER.height, header.geometry?.height ?? 0, true);
  bytes[HEADER.compression] = codec;
  bytes[HEADER.polarityEncoding] = header.polarityEncoding === "zero-one" ? 0 : SECOND_ENCODING;
  bytes[HEADER.checksums] = CHECKSUMS.indexOf(header.checksums);
  bytes[HEADER.leftOut] = leftOut;
  view.setUint32(HEADER.crc, crcOf(bytes.subarray(0, HEADER.crc)), true);
  return bytes;
}

/**
 * Reads a header.
 *
 * @param bytes - the first 64 bytes of the file, or all that there are
 * @throws EventError `invalid-header`, `unsupported-format`
 */
export function decodeHeader(bytes: Uint8Array, options: HeaderOptions = {}): ContainerHeader {
  const { path } = options;
  const wrong = (
    problem: string,
    byteOffset: number,
    expected: string,
    found: unknown,
    hint?: string,
  ) => wrongHeader(problem, { path, byteOffset, expected, found: String(found), hint });
  checkMagic(bytes, path);
  if (bytes.byteLength < HEADER_BYTES) {
    const found = `${bytes.byteLength} bytes`;
    throw wrong("the file ends inside its header", bytes.byteLength, "64 bytes", found);
  }
  const view = viewOf(bytes);
  const crc = view.getUint32(HEADER.crc, true);
  const major = view.getUint16(HEADER.major, true);
  const minor = view.getUint16(HEADER.minor, true);
  checkVersion(major, minor, options);
  const computed = crcOf(bytes.subarray(0, HEADER.crc));
  if (options.verifyChecksum !== false && crc !== computed) {
    const expected = `CRC-32 ${hex(crc)}`;
    const found = hex(computed);
    throw wrong("the header is damaged: its checksum is wrong", 0, expected, found, REPAIR_HINT);
  }
  const flags = view.getUint32(HEADER.flags, true);
  const unknown = (flags & REQUIRED_FLAGS & ~KNOWN_REQUIRED_FLAGS) >>> 0;
  if (unknown !== 0) {
    throw unsupported("the container needs something that this version does not know", {
      path,
      byteOffset: HEADER.flags,
      expected: "no unknown flags above 0xffff",
      found: `0x${unknown.toString(16)}`,
      hint: "Read it with a newer evarrow.",
    });
  }
  const codec = CODECS[bytes[HEADER.compression] as number];
  if (codec === undefined || codec === "fill") {
    const found = bytes[HEADER.compression];
    throw wrong("the compression is not known", HEADER.compression, "a codec from 0 to 3", found);
  }
  const isCompressed = (flags & FLAG_COMPRESSED) !== 0;
  if (isCompressed !== (codec !== "none")) {
    const expected = isCompressed ? "a codec" : "no codec, as the flags say";
    throw wrong("flags and compression disagree", HEADER.compression, expected, codec);
  }
  if (bytes[HEADER.timeUnit] !== 0) {
    const found = bytes[HEADER.timeUnit];
    throw wrong("the unit of time is not known", HEADER.timeUnit, "0, microseconds", found);
  }
  const checksums = CHECKSUMS[bytes[HEADER.checksums] as number];
  if (checksums === undefined) {
    const found = bytes[HEADER.checksums];
    throw wrong("the kind of checksums is not known", HEADER.checksums, "0, 1 or 2", found);
  }
  const encoding = bytes[HEADER.polarityEncoding] as number;
  if (encoding > SECOND_ENCODING) {
    throw wrong("the polarity encoding is not known", HEADER.polarityEncoding, "0 or 1", encoding);
  }
  const leftOut = bytes[HEADER.leftOut] as number;
  if (leftOut >= ALL_LEFT_OUT) {
    const expected = "bits for some of four columns, not all";
    throw wrong("the columns are not known", HEADER.leftOut, expected, leftOut);
  }
  const isLeftOut = (flags & FLAG_COLUMNS_LEFT_OUT) !== 0;
  if (isLeftOut !== (leftOut !== 0)) {
    const expected = isLeftOut ? "columns that are left out" : "none, as the flags say";
    throw wrong("flags and columns disagree", HEADER.leftOut, expected, leftOut);
  }
  const width = view.getUint32(HEADER.width, true);
  const height = view.getUint32(HEADER.height, true);
  const isKnown = width !== 0 || height !== 0;
  if (isKnown && !isGeometry({ width, height })) {
    const found = `${width}x${height}`;
    throw wrong("the geometry is none", HEADER.width, "sides from 1 to 65536, or 0 both", found);
  }
  const createdAt = Number(view.getBigInt64(HEADER.createdAt, true));
  return {
    major,
    minor,
    writer: readText(bytes, HEADER.writer, WRITER_BYTES),
    createdAt: createdAt === 0 ? null : createdAt,
    firstTime: view.getBigInt64(HEADER.firstTime, true),
    geometry: isKnown ? { width, height } : null,
    codec,
    polarityEncoding: encoding === SECOND_ENCODING ? "minus-one-one" : "zero-one",
    checksums,
    columns: COLUMN_NAMES.filter((_, at) => ((leftOut >> at) & 1) === 0),
    isDeterministic: (flags & FLAG_DETERMINISTIC) !== 0,
  };
}

/** A bit for each column that is left out, the lowest for the first. */
function leftOutBits(columns: readonly ColumnName[]): number {
  return COLUMN_NAMES.reduce(
    (bits, name, at) => (columns.includes(name) ? bits : bits | (1 << at)),
    0,
  );
}

/** All bits of what is left out, of which some may be set. */
export const ALL_LEFT_OUT = 2 ** COLUMN_NAMES.length - 1;

/** Tells what is a damaged container from what is something else. */
function checkMagic(bytes: Uint8Array, path: string | undefined): void {
  if (readText(bytes, HEADER.magic, MAGIC.length) === MAGIC) return;
  const wrong = (problem: string, found: string, hint?: string) =>
    wrongHeader(problem, { path, byteOffset: 0, expected: "its magic", found, hint });
  if (bytes.byteLength === 0) throw wrong(NO_CONTAINER, "no bytes at all");
  if (isTextDamaged(bytes)) throw wrong(TEXT_DAMAGE, "one that text mode makes", TEXT_DAMAGE_HINT);
  const compression = compressionOf(bytes);
  if (compression !== null) {
    const hint = "Decompress it first, if it is a container that was compressed.";
    throw wrong(NO_CONTAINER, `data compressed with ${compression}`, hint);
  }
  const right = magicBytes(bytes);
  const isDamaged = right >= Math.min(LEAST_MAGIC_BYTES, bytes.byteLength);
  if (isDamaged) {
    throw wrong("the header is damaged: its magic is wrong", `${right} bytes of it`, REPAIR_HINT);
  }
  throw wrong(NO_CONTAINER, "other bytes");
}

function checkVersion(major: number, minor: number, { path, strictVersion }: HeaderOptions): void {
  const isOwn = major === MAJOR_VERSION && minor === MINOR_VERSION;
  if (isOwn || (major >= 1 && major <= MAJOR_VERSION && strictVersion !== true)) return;
  const isNewer = major > MAJOR_VERSION || (major === MAJOR_VERSION && minor > MINOR_VERSION);
  throw unsupported(`this version of the container is not read`, {
    path,
    byteOffset: HEADER.major,
    expected: strictVersion
      ? `version ${MAJOR_VERSION}.${MINOR_VERSION}`
      : `version 1 to ${MAJOR_VERSION}`,
    found: `version ${major}.${minor}`,
    hint: isNewer ? "Read it with a newer evarrow." : undefined,
  });
}
