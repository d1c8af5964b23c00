import type { ByteSource } from "../../../source/byte-source.ts";
import { damaged, unsupported } from "../problems.ts";
import { Block } from "./block.ts";
import { MetadataReader } from "./metadata-reader.ts";

const SIGNATURE = [0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a];
/** A superblock of any version has fewer bytes. */
const MOST_BYTES = 256;
const WHAT = "the superblock";
const WIDTHS = [2, 4, 8];

/** What the superblock says. */
export interface Superblock {
  readonly version: number;
  /** Where the object header of the root group is. */
  readonly root: number;
  /** Where the file ended when it was closed; null when that is not known. */
  readonly end: number | null;
  /** Reads structures; knows what the superblock says of them. */
  readonly reader: MetadataReader;
}

/**
 * Finds and reads the superblock. It may stand behind a block of the user's own, of 512 bytes or a
 * power of two times that.
 *
 * @throws EventError `invalid-header`, `unsupported-format`
 */
export async function readSuperblock(
  source: ByteSource,
  path: string | undefined,
): Promise<Superblock> {
  const reader = new MetadataReader(source, path);
  for (let offset = 0; offset < source.byteLength; offset = offset === 0 ? 512 : offset * 2) {
    const block = await reader.blockUpTo(offset, SIGNATURE.length, WHAT);
    if (SIGNATURE.every((byte, index) => block.bytes[index] === byte)) {
      return readAt(reader, offset);
    }
  }
  throw damaged("this is no HDF5 file", { path, byteOffset: 0, expected: "the signature of HDF5" });
}

async function readAt(reader: MetadataReader, offset: number): Promise<Superblock> {
  const block = await reader.blockUpTo(offset, MOST_BYTES, WHAT);
  block.skip(SIGNATURE.length);
  const version = block.u8();
  if (version > 3) {
    throw unsupported("the file is of a newer HDF5", {
      path: block.file.path,
      byteOffset: offset + SIGNATURE.length,
      expected: "a superblock of version 0 to 3",
      found: `version ${version}`,
    });
  }
  const isOld = version < 2;
  if (isOld) block.skip(4); // versions of other structures
  const addressBytes = block.u8();
  const lengthBytes = block.u8();
  if (!WIDTHS.includes(addressBytes) || !WIDTHS.includes(lengthBytes)) {
    block.at -= 2;
    throw block.damaged("addresses of 2, 4 or 8 bytes", `${addressBytes} and ${lengthBytes}`);
  }
  reader.facts = { ...reader.facts, base: offset, addressBytes, lengthBytes };
  const wide = new Block(reader.facts, block.bytes, offset, WHAT);
  wide.at = block.at;
  if (isOld)
    wide.skip(version === 0 ? 9 : 13); // sizes of B-tree nodes, flags
  else wide.skip(1); // flags
  // Where the superblock was when it was written. Addresses count from where it is now.
  const base = wide.definedAddress();
  wide.address(); // free space, or the superblock's extension
  const stored = wide.address();
  const end = stored === null ? null : stored - base + offset;
  if (isOld) {
    wide.address(); // driver information
    wide.skip(addressBytes); // name of the root group
    return { version, root: wide.definedAddress(), end, reader };
  }
  const root = wide.definedAddress();
  wide.checksum();
  return { version, root, end, reader };
}
