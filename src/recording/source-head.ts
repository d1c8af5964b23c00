/** The first bytes of a source, decompressed, and what they are judged to be. */
import { platform } from "#platform";
import { EventError, isEventError } from "../errors.ts";
import {
  detectBytes,
  type FormatDetection,
  HDF5_SIGNATURE_BYTES,
  hdf5Places,
  headIsCut,
  isHdf5At,
  type SourceFacts,
} from "../formats/detect.ts";
import type { FormatOptions } from "../formats/options.ts";
import { type ByteSource, isByteSource, type SequentialSource } from "../source/byte-source.ts";
import { CheckedByteSource, fill, ReplaySource, SourceCursor } from "../source/cursor.ts";
import { InflatedSource } from "../source/inflated.ts";
import { findZipMember, type ZipMember } from "../source/zip-directory.ts";
import { ZipInflater } from "../source/zip-inflater.ts";
import {
  COMPRESSION_MAGIC_BYTES,
  compressionOf,
  describeDamage,
  type StreamCompression,
} from "../util/compression.ts";

/** Bytes read to judge a source; more only while a header goes on. */
const HEAD_BYTES = 65536;
/** Headers with embedded settings reach 300 KB; one of this size is none. */
const MAX_HEAD_BYTES = 16 * 1024 * 1024;

/** What a recording is wrapped in: a compression, or the zip whose only file it is. */
export type Wrapping = StreamCompression | ZipMember;

/** What the first bytes of a source told. */
export interface SourceHead {
  /** The first bytes of the recording, decompressed. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly detection: FormatDetection;
  /** Null for a recording that is not compressed. */
  readonly wrapping: Wrapping | null;
  /** What comes behind the first bytes; null for what is not compressed. */
  readonly inflated: InflatedSource | null;
  /** A zip that came front to back, put aside; its owner is whoever has this. */
  readonly archive: ByteSource | null;
}

/** What reading the first bytes needs to know. */
export interface HeadOptions {
  /** What messages call the source. */
  readonly path: string | undefined;
  readonly signal: AbortSignal | undefined;
  readonly format: FormatOptions | undefined;
}

/** Enough first bytes to judge the source and to hold its whole header. */
export async function readSourceHead(
  source: ByteSource | SequentialSource,
  options: HeadOptions,
): Promise<SourceHead> {
  const { path, signal, format } = options;
  if (isByteSource(source)) {
    const { byteLength } = source;
    const bytes = await readHeader(new SourceCursor(source, 0, byteLength, signal), path);
    const compression = compressionOf(bytes);
    if (compression === null) {
      const facts = { path, byteLength, options: format };
      return plainHead(bytes, await detectAnywhere(source, bytes, facts, signal));
    }
    const wrapping =
      compression === "zip"
        ? await findZipMember(new CheckedByteSource(source), path, signal)
        : compression;
    const inflated = inflateFrom(source, wrapping, signal);
    return readInflatedHead(inflated, wrapping, options);
  }
  // No more than it takes to see a compression: a live source may be slow to send more.
  const magic = new Uint8Array(COMPRESSION_MAGIC_BYTES);
  const start = magic.subarray(0, await fill(source, magic));
  const compression = compressionOf(start);
  const all = new ReplaySource(start, source);
  if (compression === "zip") return readSpooledHead(all, options);
  if (compression === null) {
    const bytes = await readHeader(all, path);
    return plainHead(bytes, detectBytes(bytes, { path, options: format }));
  }
  const inflated = new InflatedSource(all, {
    inflater: platform.createInflater(compression, all),
  });
  return readInflatedHead(inflated, compression, options);
}

/** Names of files whose block of the user's own may look like something else. */
const HDF5_NAME = /\.(?:h5|hdf5?|he5|nxs|mat)$/i;

/**
 * Judges the first bytes; where they tell nothing, a large block of the user's own may stand in front
 * of HDF5, which a few small reads tell.
 */
async function detectAnywhere(
  source: ByteSource,
  head: Uint8Array,
  facts: SourceFacts,
  signal: AbortSignal | undefined,
): Promise<FormatDetection> {
  let detection: FormatDetection | undefined;
  let failure: unknown;
  try {
    detection = detectBytes(head, facts);
    if (detection.confidence === "certain" || !HDF5_NAME.test(facts.path ?? "")) return detection;
  } catch (error) {
    if (!isEventError(error, "unknown-format")) throw error;
    failure = error;
  }
  const checked = new CheckedByteSource(source);
  const end = source.byteLength - HDF5_SIGNATURE_BYTES;
  for (const hdf5At of hdf5Places(head.byteLength, end)) {
    const found = await checked.read(hdf5At, HDF5_SIGNATURE_BYTES, { signal });
    if (isHdf5At(found)) return detectBytes(head, { ...facts, hdf5At });
  }
  if (detection === undefined) throw failure;
  return detection;
}

/** What comes out of a source that can be read anywhere, from a byte on. */
export function inflateFrom(
  source: ByteSource,
  wrapping: Wrapping,
  signal: AbortSignal | undefined,
  skip = 0,
): InflatedSource {
  const compressed = new SourceCursor(source, 0, source.byteLength, signal);
  const inflater =
    typeof wrapping === "string"
      ? platform.createInflater(wrapping, compressed)
      : new ZipInflater(source, wrapping, (gzip) => platform.createInflater("gzip", gzip), signal);
  return new InflatedSource(compressed, { inflater, skip });
}

function plainHead(bytes: Uint8Array<ArrayBuffer>, detection: FormatDetection): SourceHead {
  return { bytes, detection, wrapping: null, inflated: null, archive: null };
}

/** A zip has its directory at the end, so all of it is put aside before anything is read. */
async function readSpooledHead(
  source: SequentialSource,
  options: HeadOptions,
): Promise<SourceHead> {
  const archive = await platform.spool(source, options.path, options.signal);
  try {
    return { ...(await readSourceHead(archive, options)), archive };
  } catch (error) {
    await archive.close?.();
    throw error;
  }
}

async function readInflatedHead(
  inflated: InflatedSource,
  wrapping: Wrapping,
  { path, format: options }: HeadOptions,
): Promise<SourceHead> {
  const member = typeof wrapping === "string" ? undefined : wrapping.name;
  const compression = typeof wrapping === "string" ? wrapping : "zip";
  const bytes = await readHeader(inflated, path);
  const inner = compressionOf(bytes);
  if (inner !== null) {
    throw new EventError("unsupported-compression", `this is ${inner} inside ${compression}`, {
      path,
      expected: "a recording that is compressed once",
      hint: `Decompress the outer ${compression} first.`,
    });
  }
  try {
    const detection = detectBytes(bytes, { path, compression, member, options });
    return { bytes, detection, wrapping, inflated, archive: null };
  } catch (cause) {
    const { damage } = inflated;
    if (damage === null) throw cause;
    throw new EventError("invalid-compression", describeDamage(compression, damage), {
      path,
      byteOffset: damage.byteOffset,
      found: damage.problem,
      hint: "Too little comes out of them to tell what they are.",
      cause,
    });
  }
}

/** First bytes until a header, if the source has one, is there to its end. */
async function readHeader(
  source: SequentialSource,
  path: string | undefined,
): Promise<Uint8Array<ArrayBuffer>> {
  let head = new Uint8Array(0);
  let size = HEAD_BYTES;
  for (;;) {
    const grown = new Uint8Array(size);
    grown.set(head);
    const filled = head.byteLength + (await fill(source, grown.subarray(head.byteLength)));
    head = grown.subarray(0, filled);
    if (filled < size || !headIsCut(head)) return head;
    if (size >= MAX_HEAD_BYTES) {
      if (!headIsCut(head, false)) return head; // data that happens to begin like a header line
      throw new EventError("invalid-header", "the header does not end", {
        path,
        byteOffset: 0,
        expected: `a header of less than ${MAX_HEAD_BYTES} bytes`,
        found: "lines that begin with `% ` all the way",
      });
    }
    size *= 4;
  }
}
