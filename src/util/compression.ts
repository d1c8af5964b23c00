/** How a recording may be compressed as a whole, by its first bytes or its name. */

/** What a recording is wrapped in; of a zip it is the only file. */
export type Compression = StreamCompression | "zip";

/** What is decompressed from front to back. */
export type StreamCompression = "gzip" | "zstd";

/** What was found wrong with compressed data; nothing behind it was read. */
export interface CompressionDamage {
  /**
   * `truncated`: the data end in the middle; `corrupt`: they contradict themselves, or a checksum
   * does not match; `trailing`: what stands behind their end is something else.
   */
  readonly kind: "truncated" | "corrupt" | "trailing";
  /** Where, as a byte offset in the compressed data. */
  readonly byteOffset: number;
  /** What is wrong, for people. */
  readonly problem: string;
}

/** What is wrong and where, without the reason: `the gzip data are cut`. */
export function describeDamage(
  compression: Compression | null,
  { kind }: Pick<CompressionDamage, "kind">,
): string {
  const what = {
    truncated: "are cut",
    corrupt: "are damaged",
    trailing: "are followed by something else",
  };
  return `the ${compression ?? "compressed"} data ${what[kind]}`;
}

/** As many bytes tell whether data are compressed. */
export const COMPRESSION_MAGIC_BYTES = 4;

const GZIP_MAGIC = [0x1f, 0x8b];
const ZSTD_MAGIC = [0x28, 0xb5, 0x2f, 0xfd];
/** Of a file in a zip, of a zip of none, and of one of several parts. */
const ZIP_MAGICS = [
  [0x50, 0x4b, 3, 4],
  [0x50, 0x4b, 5, 6],
  [0x50, 0x4b, 7, 8],
];
/** Of a frame of zstd that holds no data; the low half of its first byte is free. */
const SKIPPABLE_MAGIC = [0x50, 0x2a, 0x4d, 0x18];

/** How data that start like this are compressed; null when they are not. */
export function compressionOf(head: Uint8Array): Compression | null {
  const startsWith = (magic: readonly number[]): boolean =>
    magic.every((byte, at) => head[at] === byte);
  if (startsWith(GZIP_MAGIC)) return "gzip";
  if (startsWith(ZSTD_MAGIC)) return "zstd";
  if (ZIP_MAGICS.some(startsWith)) return "zip";
  const isSkippable = SKIPPABLE_MAGIC.every(
    (byte, at) => byte === (at === 0 ? (head[at] ?? 0) & 0xf0 : head[at]),
  );
  return isSkippable ? "zstd" : null;
}

/** A name without the ending that its compression gave it: `a.raw` of `a.raw.gz`. */
export function withoutCompression(name: string): string {
  return name.replace(/\.(?:gz|gzip|zst|zstd|zip)$/i, "");
}
