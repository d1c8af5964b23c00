import { createRequire } from "node:module";
import { promisify } from "node:util";
import zlib from "node:zlib";
import { EventError } from "../errors.ts";
import type { BlockCodec } from "./platform.ts";

/**
 * The binding of @mongodb-js/zstd, which works in libuv's threads. Its main file passes no level on,
 * so the file behind that is used.
 */
interface ZstdBinding {
  compress(data: Buffer, level: number): Promise<Buffer>;
  decompress(data: Buffer): Promise<Buffer>;
}

let binding: ZstdBinding | undefined;

function zstd(): ZstdBinding {
  try {
    binding ??= createRequire(import.meta.url)("@mongodb-js/zstd/bindings.js") as ZstdBinding;
    return binding;
  } catch (cause) {
    throw new EventError("unsupported-compression", "zstd cannot be loaded on this platform", {
      expected: "@mongodb-js/zstd with its binary",
      found: `${process.platform} ${process.arch}, Node ${process.versions.node}`,
      hint: 'Write with `codec: "deflate"`.',
      cause,
    });
  }
}

const deflate = promisify<Uint8Array, zlib.ZlibOptions, Buffer>(zlib.deflate);
const inflate = promisify<Uint8Array, zlib.ZlibOptions, Buffer>(zlib.inflate);
const brotliCompress = promisify<Uint8Array, zlib.BrotliOptions, Buffer>(zlib.brotliCompress);
const brotliDecompress = promisify<Uint8Array, zlib.BrotliOptions, Buffer>(zlib.brotliDecompress);

/** Compresses a block in another thread. */
export async function compressBlock(
  codec: BlockCodec,
  bytes: Uint8Array,
  level: number,
): Promise<Uint8Array> {
  if (codec === "zstd") return zstd().compress(asBuffer(bytes), level);
  if (codec === "deflate") return deflate(bytes, { level });
  const { BROTLI_PARAM_QUALITY, BROTLI_PARAM_SIZE_HINT } = zlib.constants;
  const params = { [BROTLI_PARAM_QUALITY]: level, [BROTLI_PARAM_SIZE_HINT]: bytes.byteLength };
  return brotliCompress(bytes, { params });
}

/** Room behind what is expected, to see that there is no more. */
const SLACK = 64;

/** Decompresses a block in another thread. */
export async function inflateBlock(
  codec: BlockCodec,
  bytes: Uint8Array,
  size: number,
): Promise<Uint8Array> {
  const options = { chunkSize: size + SLACK, maxOutputLength: size };
  const result = await (codec === "zstd"
    ? zstd().decompress(asBuffer(bytes))
    : (codec === "deflate" ? inflate : brotliDecompress)(bytes, options));
  if (result.byteLength === size) return result;
  throw new RangeError(`${result.byteLength} bytes come out`);
}

function asBuffer({ buffer, byteOffset, byteLength }: Uint8Array): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength);
}
