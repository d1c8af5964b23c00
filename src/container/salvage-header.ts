import { isEventError } from "../errors.ts";
import { isGeometry } from "../events/geometry.ts";
import type { ByteSource } from "../source/byte-source.ts";
import { crcOf } from "./checksum.ts";
import { viewOf, writeText } from "./fields.ts";
import { ALL_LEFT_OUT, type ContainerHeader, decodeHeader } from "./header.ts";
import {
  CHECKSUMS,
  CODECS,
  FLAG_COLUMNS_LEFT_OUT,
  FLAG_COMPRESSED,
  FLAG_DETERMINISTIC,
  HEADER,
  HEADER_BYTES,
  MAGIC,
  MAJOR_VERSION,
} from "./layout.ts";
import { headersBefore } from "./text-damage.ts";
import { walkSegments } from "./walk.ts";

/** A header, or the best that can be made of a damaged one. */
export interface SalvagedHeader {
  readonly header: ContainerHeader;
  /** What is wrong with it; null when nothing is. */
  readonly error: Error | null;
  /** Whether it says which columns were left out. */
  readonly knowsColumns: boolean;
}

/** The codecs of a file, by their number. */
const FILE_CODECS = CODECS.slice(0, CODECS.indexOf("fill"));

/**
 * Reads a header. Of a damaged one each field that is possible is taken, and the codec is the one that
 * fits most chunks.
 *
 * @throws EventError `invalid-header` when there is no sound chunk either; `unsupported-format` where
 *   the header is sound, and of a later version
 */
export async function salvageHeader(
  source: ByteSource,
  signal: AbortSignal | undefined,
): Promise<SalvagedHeader> {
  const path = source.name;
  const bytes = await source.read(0, Math.min(HEADER_BYTES, source.byteLength), { signal });
  try {
    return { header: decodeHeader(bytes, { path }), error: null, knowsColumns: true };
  } catch (error) {
    const isMended = bytes.byteLength === HEADER_BYTES && !hasRightCrc(bytes);
    if (!isEventError(error) || !isMended) throw error;
    const head = await source.read(0, Math.min(2 * HEADER_BYTES, source.byteLength), { signal });
    const original = headersBefore(head).find(hasRightCrc);
    if (original !== undefined) {
      return { header: decodeHeader(original, { path }), error, knowsColumns: true };
    }
    const header = await mendedHeader(source, bytes, signal);
    if (header === null) throw error;
    return { header, error, knowsColumns: agreeOnColumns(bytes) };
  }
}

/** Whether the flag and the byte for columns that are left out say the same, which damage hardly does. */
function agreeOnColumns(bytes: Uint8Array): boolean {
  const isFlagged = (viewOf(bytes).getUint32(HEADER.flags, true) & FLAG_COLUMNS_LEFT_OUT) !== 0;
  const leftOut = bytes[HEADER.leftOut] as number;
  return isFlagged ? leftOut > 0 && leftOut < ALL_LEFT_OUT : leftOut === 0;
}

function hasRightCrc(bytes: Uint8Array): boolean {
  return viewOf(bytes).getUint32(HEADER.crc, true) === crcOf(bytes.subarray(0, HEADER.crc));
}

async function mendedHeader(
  source: ByteSource,
  bytes: Uint8Array,
  signal: AbortSignal | undefined,
): Promise<ContainerHeader | null> {
  const context = { path: undefined, signal, recover: true };
  for (const hasCrc of [true, false]) {
    const counts: number[] = [];
    for (const codec of FILE_CODECS) {
      const walk = await walkSegments(source, { ...context, codec, checkCrc: hasCrc, hasCrc });
      counts.push(walk.index.chunks);
    }
    const most = Math.max(...counts);
    if (most === 0) continue;
    const said = bytes[HEADER.compression] as number;
    const codec = counts[said] === most ? said : counts.indexOf(most);
    return decodeHeader(mend(bytes, codec, hasCrc), { verifyChecksum: false });
  }
  return null;
}

/** The same with all that is impossible replaced by what is usual, and a codec. */
function mend(bytes: Uint8Array, codec: number, hasCrc: boolean): Uint8Array {
  const mended = bytes.slice();
  const view = viewOf(mended);
  writeText(mended, HEADER.magic, MAGIC);
  view.setUint16(HEADER.major, MAJOR_VERSION, true);
  let flags = view.getUint32(HEADER.flags, true) & (FLAG_DETERMINISTIC | FLAG_COLUMNS_LEFT_OUT);
  if (!agreeOnColumns(bytes)) {
    flags &= ~FLAG_COLUMNS_LEFT_OUT;
    mended[HEADER.leftOut] = 0;
  }
  view.setUint32(HEADER.flags, flags | (codec === 0 ? 0 : FLAG_COMPRESSED), true);
  mended[HEADER.compression] = codec;
  mended[HEADER.timeUnit] = 0;
  const checksums = CHECKSUMS[mended[HEADER.checksums] as number];
  const isPossible = checksums !== undefined && (checksums !== "none") === hasCrc;
  if (!isPossible) mended[HEADER.checksums] = CHECKSUMS.indexOf(hasCrc ? "sha256" : "none");
  if ((mended[HEADER.polarityEncoding] as number) > 1) mended[HEADER.polarityEncoding] = 1;
  const [width, height] = [view.getUint32(HEADER.width, true), view.getUint32(HEADER.height, true)];
  if (!isGeometry({ width, height })) {
    view.setUint32(HEADER.width, 0, true);
    view.setUint32(HEADER.height, 0, true);
  }
  return mended;
}
