/** Zip archives put together by hand, sound or with any field as a test wants it. */
import { crc32, deflateRawSync } from "node:zlib";
import { littleEndian } from "./compressed.ts";
import { concatBytes } from "./evt2-words.ts";

/** A file in an archive, and how its record deviates from what it should be. */
export interface ZipFile {
  name: string;
  content: Uint8Array;
  /** Default 8, Deflate; 0 stores. Others get the bytes as they are. */
  method?: number;
  /** Level of Deflate. */
  level?: number;
  /** Compressed bytes, instead of those that the method gives. */
  data?: Uint8Array;
  /** Bit 0: encrypted. */
  flags?: number;
  /** Checksum and sizes behind the data, as a writer leaves them that cannot go back. */
  descriptor?: boolean;
  /** Sizes and offset in the extra field for archives beyond 4 GB. */
  zip64?: boolean;
  crc32?: number;
  storedBytes?: number;
  byteLength?: number;
  /** Bytes of an extra field in front of the data, which the directory does not repeat. */
  localExtra?: Uint8Array;
}

/** An archive, and how its end deviates. */
export interface ZipEnd {
  comment?: Uint8Array;
  /** Entries that the end claims. */
  count?: number;
  directoryBytes?: number;
  directoryOffset?: number;
  /** Number of this part of an archive in parts. */
  disk?: number;
}

const NONE = new Uint8Array(0);
const LIMIT_32 = 0xffffffff;

/** Puts an archive together. */
export function zipOf(files: readonly ZipFile[], end: ZipEnd = {}): Uint8Array<ArrayBuffer> {
  const parts: Uint8Array[] = [];
  const directory: Uint8Array[] = [];
  let offset = 0;
  for (const file of files) {
    const { local, record } = recordsOf(file, offset);
    parts.push(local);
    directory.push(record);
    offset += local.byteLength;
  }
  const directoryBytes = directory.reduce((sum, { byteLength }) => sum + byteLength, 0);
  const { comment = NONE, count = files.length, disk = 0 } = end;
  return concatBytes(
    ...parts,
    ...directory,
    littleEndian(0x06054b50, 4),
    littleEndian(disk, 2),
    littleEndian(0, 2),
    littleEndian(count, 2),
    littleEndian(count, 2),
    littleEndian(end.directoryBytes ?? directoryBytes, 4),
    littleEndian(end.directoryOffset ?? offset, 4),
    littleEndian(comment.byteLength, 2),
    comment,
  );
}

/** The header and data of a file, and its record in the directory. */
function recordsOf(file: ZipFile, offset: number): { local: Uint8Array; record: Uint8Array } {
  const { content, method = 8, level, descriptor = false, zip64 = false, localExtra } = file;
  const name = new TextEncoder().encode(file.name);
  const data =
    file.data ??
    (method === 8 ? deflateRawSync(content, level === undefined ? {} : { level }) : content);
  const crc = file.crc32 ?? crc32(content);
  const storedBytes = file.storedBytes ?? data.byteLength;
  const byteLength = file.byteLength ?? content.byteLength;
  const flags = 0x800 | (file.flags ?? 0) | (descriptor ? 8 : 0);
  const large = zip64 ? extraOf(byteLength, storedBytes, offset) : NONE;
  const sizes = (known: boolean): Uint8Array =>
    concatBytes(
      littleEndian(known ? crc : 0, 4),
      littleEndian(zip64 ? LIMIT_32 : known ? storedBytes : 0, 4),
      littleEndian(zip64 ? LIMIT_32 : known ? byteLength : 0, 4),
    );
  const start = concatBytes(
    littleEndian(zip64 ? 45 : 20, 2),
    littleEndian(flags, 2),
    littleEndian(method, 2),
    littleEndian(0, 2),
    littleEndian(0x21, 2), // the first of January 1980
  );
  const ownExtra = concatBytes(zip64 ? extraOf(byteLength, storedBytes) : NONE, localExtra ?? NONE);
  const trailer = concatBytes(
    littleEndian(0x08074b50, 4),
    littleEndian(crc, 4),
    littleEndian(storedBytes, zip64 ? 8 : 4),
    littleEndian(byteLength, zip64 ? 8 : 4),
  );
  const local = concatBytes(
    littleEndian(0x04034b50, 4),
    start,
    sizes(!descriptor),
    littleEndian(name.byteLength, 2),
    littleEndian(ownExtra.byteLength, 2),
    name,
    ownExtra,
    data,
    descriptor ? trailer : NONE,
  );
  const record = concatBytes(
    littleEndian(0x02014b50, 4),
    littleEndian(20, 2),
    start,
    sizes(true),
    littleEndian(name.byteLength, 2),
    littleEndian(large.byteLength, 2),
    new Uint8Array(10), // comment, part, attributes
    littleEndian(zip64 ? LIMIT_32 : offset, 4),
    name,
    large,
  );
  return { local, record };
}

function extraOf(...numbers: readonly number[]): Uint8Array {
  return concatBytes(
    littleEndian(1, 2),
    littleEndian(numbers.length * 8, 2),
    ...numbers.map((number) => littleEndian(number, 8)),
  );
}
