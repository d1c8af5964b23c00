/** Finds the recording in a zip archive, by the directory at its end, which zip.js reads. */
import type { FileEntry, Reader } from "@zip.js/zip.js/lib/zip-core-reader.js";
import { EventError } from "../errors.ts";
import type { ByteSource } from "./byte-source.ts";

/** The one file in a zip. */
export interface ZipMember {
  /** Its name, as the archive has it. */
  readonly name: string;
  /** Whether it is compressed, or stored as it is. */
  readonly isDeflated: boolean;
  /** Where its bytes begin in the archive, and how many there are. */
  readonly dataOffset: number;
  readonly storedBytes: number;
  /** Length and CRC-32 of the file itself, as the archive states them. */
  readonly byteLength: number;
  readonly crc32: number;
}

/** The longest part of an archive that is held: a directory of some hundred thousand files. */
const MOST_HELD_BYTES = 16 * 1024 * 1024;
/** Names that a message lists. */
const MOST_NAMES = 5;
const STORED = 0;
const DEFLATED = 8;
/** The other ways to compress that have a number, by their names. */
const METHODS: Readonly<Record<number, string>> = {
  1: "Shrink",
  6: "Implode",
  9: "Deflate64",
  12: "bzip2",
  14: "LZMA",
  93: "Zstandard",
  95: "xz",
  98: "PPMd",
  99: "AES encryption",
};
/** What zip.js says of archives that are whole but not for us. */
const REFUSED = ["Split zip file", "Encrypted central directory is not supported"];
const UNPACK = "Unpack it and open the recording inside.";

/**
 * Finds the one file in an archive; folders, what macOS puts into `__MACOSX`, and files whose names
 * begin with a dot do not count.
 *
 * @param path - what messages call the archive
 * @throws EventError `invalid-compression` for an archive that is damaged or cut,
 *   `unsupported-compression` for one of several files or none, encrypted or split ones, and other
 *   methods than Deflate
 */
export async function findZipMember(
  source: ByteSource,
  path: string | undefined,
  signal: AbortSignal | undefined,
): Promise<ZipMember> {
  const { ZipReader } = await import("@zip.js/zip.js/lib/zip-core-reader.js");
  const archive = new ZipReader(readerOf(source, path, signal), {
    filenameValidation: "tolerant", // nothing is written under this name
    strictness: "balanced",
    checkOverlappingEntryOnly: true,
  });
  try {
    const files: FileEntry[] = [];
    for await (const entry of archive.getEntriesGenerator()) {
      if (!entry.directory && !isAside(entry.filename)) files.push(entry);
      if (files.length > MOST_NAMES) break;
    }
    const [file] = files;
    if (file === undefined || files.length > 1) throw notOne(path, files);
    checkMethod(path, file);
    // Reads the header in front of the data and looks at both, but not at the data themselves.
    await file.getData(new WritableStream(), { checkOverlappingEntryOnly: true });
    const { localDirectory, crc32, compressedSize, uncompressedSize } = file;
    return {
      name: file.filename,
      isDeflated: file.compressionMethod === DEFLATED,
      dataOffset: localDirectory?.dataOffset ?? 0,
      storedBytes: compressedSize,
      byteLength: uncompressedSize,
      crc32: crc32 ?? 0,
    };
  } catch (cause) {
    if (cause instanceof EventError || signal?.aborted) throw cause;
    throw unreadable(path, cause instanceof Error ? cause.message : String(cause), cause);
  }
}

/**
 * What zip.js reads with: a `Reader` in all but its class, which the reading part of zip.js does not
 * export. Of lengths nothing is believed: what is not there is left out, and too much is refused.
 */
function readerOf(
  source: ByteSource,
  path: string | undefined,
  signal: AbortSignal | undefined,
): Reader<ByteSource> {
  const size = source.byteLength;
  const reader: Pick<Reader<ByteSource>, "size" | "readUint8Array"> = {
    size,
    async readUint8Array(offset, length) {
      const start = Math.min(Math.max(offset, 0), size);
      const held = Math.max(Math.min(length, size - start), 0);
      if (held > MOST_HELD_BYTES) throw tooLarge(path, start, held);
      return source.read(start, held, { signal });
    },
  };
  return reader as Reader<ByteSource>;
}

/** Whether a file is none of the recordings. */
function isAside(path: string): boolean {
  const names = path.split(/[\\/]/);
  return names.includes("__MACOSX") || (names.at(-1) ?? "").startsWith(".");
}

function notOne(path: string | undefined, files: readonly FileEntry[]): EventError {
  const names = files.map(({ filename }) => filename);
  const isOpen = names.length > MOST_NAMES;
  const listed = names.slice(0, MOST_NAMES).join(", ");
  const problem = names.length === 0 ? "the zip holds no file" : "the zip holds several files";
  return new EventError("unsupported-compression", problem, {
    path,
    expected: "one file, the recording",
    found: names.length === 0 ? undefined : `${listed}${isOpen ? " and more" : ""}`,
    hint: names.length === 0 ? undefined : "Unpack it and open the one that is the recording.",
  });
}

function checkMethod(path: string | undefined, file: FileEntry): void {
  const { compressionMethod: method, filename } = file;
  if (file.encrypted) {
    throw new EventError("unsupported-compression", "the file in the zip is encrypted", {
      path,
      found: filename,
      hint: UNPACK,
    });
  }
  if (method === STORED || method === DEFLATED) return;
  throw new EventError("unsupported-compression", "the file in the zip is compressed otherwise", {
    path,
    expected: "Deflate, or no compression",
    found: `${METHODS[method] ?? "an unknown method"} (${method}) of ${filename}`,
    hint: UNPACK,
  });
}

function tooLarge(path: string | undefined, byteOffset: number, found: number): EventError {
  return new EventError("unsupported-compression", "the directory of the zip is too large", {
    path,
    byteOffset,
    expected: `at most ${MOST_HELD_BYTES} bytes`,
    found: String(found),
    hint: UNPACK,
  });
}

function unreadable(path: string | undefined, found: string, cause: unknown): EventError {
  if (REFUSED.includes(found)) {
    return new EventError("unsupported-compression", "this kind of zip is not read", {
      path,
      found,
      hint: UNPACK,
      cause,
    });
  }
  return new EventError("invalid-compression", "the zip is cut or damaged", {
    path,
    expected: "the directory at its end, and the file where that says",
    found,
    hint: "Was it downloaded to its end?",
    cause,
  });
}
