import { platform } from "#platform";
import { type EventError, isEventError } from "../errors.ts";
import type { FrameInflater } from "../platform/platform.ts";
import { inflateWithFzstd } from "../source/fzstd-block.ts";
import { copyValues } from "../util/copy-values.ts";
import { CODEC_FILL, CODEC_NONE, CODECS, type CodecName } from "./layout.ts";
import { damaged, type Place } from "./problems.ts";
import { judgeFrame, withContentSize } from "./zstd-frame.ts";

/** A codec that a writer can be asked for. */
export type ContainerCodec = Exclude<CodecName, "fill">;

/** The codecs that can be asked for. */
export const CONTAINER_CODECS: readonly ContainerCodec[] = ["none", "zstd", "deflate", "brotli"];

/** The levels of each codec, and the one that is taken when nothing else is said. */
export const CODEC_LEVELS: Readonly<
  Record<ContainerCodec, { least: number; most: number; usual: number }>
> = {
  none: { least: 0, most: 0, usual: 0 },
  zstd: { least: 1, most: 19, usual: 1 },
  deflate: { least: 1, most: 9, usual: 6 },
  brotli: { least: 0, most: 11, usual: 5 },
};

/** A stream as it is stored. */
export interface StoredStream {
  /** Number of the codec. */
  readonly codec: number;
  readonly bytes: Uint8Array;
}

/** What compression must save of a stream to be worth undoing. */
const WORTH = 0.97;
/** Streams that are shorter are stored as they are. */
const LEAST_BYTES = 64;

/**
 * Compresses a stream, which must stay as it is until that is done. One that hardly shrinks is stored.
 *
 * @param isConstant - whether all its bytes are the same
 */
export async function compressStream(
  raw: Uint8Array,
  isConstant: boolean,
  codec: ContainerCodec,
  level: number,
): Promise<StoredStream> {
  if (isConstant) return { codec: CODEC_FILL, bytes: raw.slice(0, 1) };
  if (codec === "none" || raw.byteLength < LEAST_BYTES) return { codec: CODEC_NONE, bytes: raw };
  let bytes = await platform.compressBlock(codec, raw, level);
  if (codec === "zstd") bytes = withContentSize(bytes, raw.byteLength);
  if (bytes.byteLength > raw.byteLength * WORTH) return { codec: CODEC_NONE, bytes: raw };
  return { codec: CODECS.indexOf(codec), bytes };
}

/** Frames that could give more than this go where they cannot give more than was asked for. */
const TRUSTED_BYTES = 64 * 1024 * 1024;

/** A stream that is to be inflated. */
export interface StreamToInflate extends StoredStream {
  /** Bytes that must come out, bounded by the caller. */
  readonly size: number;
  readonly place: Place;
}

/** A stream of a chunk: its raw bytes, or what puts them where they are wanted. */
export type RawStream = Uint8Array | ((into: Uint8Array) => void);

/** Puts a stream where it is wanted, which has exactly room for it. */
export function putStream(stream: RawStream, into: Uint8Array): void {
  if (typeof stream === "function") stream(into);
  else if (stream.byteLength === into.byteLength) copyValues(stream, into, 0);
  else throw new RangeError(`${stream.byteLength} bytes for ${into.byteLength}`);
}

/** Longer ones would have WebAssembly keep as much memory, which it never gives back. */
const MOST_IN_PLACE = 2 ** 20;

/**
 * Undoes {@link compressStream} for streams of a chunk.
 *
 * @param inflateFrame - decompresses frames of zstd, which is then left to be done when a stream is wanted: its
 *   bytes have to stay as they are until then, and what comes out needs no memory of its own. Default: null,
 *   other threads decompress them
 * @throws EventError `damaged-data`, `unsupported-compression`; so do the functions that it returns
 */
export async function inflateStreams(
  streams: readonly StreamToInflate[],
  inflateFrame: FrameInflater | null = null,
): Promise<RawStream[]> {
  return Promise.all(
    streams.map((stream) =>
      inflateFrame !== null && CODECS[stream.codec] === "zstd" && stream.size <= MOST_IN_PLACE
        ? frameOf(stream, inflateFrame)
        : inflateStream(stream, stream.size, stream.place),
    ),
  );
}

/** What decompresses a frame where it is wanted. */
function frameOf({ bytes, size, place }: StreamToInflate, inflate: FrameInflater): RawStream {
  const wrong = (found: string): EventError =>
    damaged("a stream is damaged", { ...place, expected: `${size} bytes of zstd`, found });
  const frame = judgeFrame(bytes, size);
  if (typeof frame === "string") throw wrong(frame);
  return (into) => {
    if (!inflate(bytes, into)) throw wrong("a frame that is damaged");
  };
}

/**
 * Undoes {@link compressStream}.
 *
 * @param size - bytes that must come out, bounded by the caller
 * @throws EventError `damaged-data`, `unsupported-compression`
 */
export async function inflateStream(
  { codec, bytes }: StoredStream,
  size: number,
  place: Place,
): Promise<Uint8Array> {
  if (codec === CODEC_NONE) return bytes;
  if (codec === CODEC_FILL) return new Uint8Array(size).fill(bytes[0] as number);
  const name = CODECS[codec] as "zstd" | "deflate" | "brotli";
  const expected = `${size} bytes of ${name}`;
  if (name === "zstd") {
    const frame = judgeFrame(bytes, size);
    if (typeof frame === "string") {
      throw damaged("a stream is damaged", { ...place, expected, found: frame });
    }
    if (frame.most > TRUSTED_BYTES) return inflateCarefully(bytes, size, place);
  }
  try {
    return await platform.inflateBlock(name, bytes, size);
  } catch (cause) {
    if (isEventError(cause)) throw cause;
    throw damaged("a stream is damaged", { ...place, expected, found: messageOf(cause), cause });
  }
}

/** Slower, and ended as soon as more comes out. */
async function inflateCarefully(bytes: Uint8Array, size: number, place: Place) {
  try {
    return await inflateWithFzstd(bytes, size);
  } catch (cause) {
    const expected = `${size} bytes of zstd`;
    throw damaged("a stream is damaged", { ...place, expected, found: messageOf(cause), cause });
  }
}

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
