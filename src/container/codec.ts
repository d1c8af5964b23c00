import { platform } from "#platform";
import { isEventError } from "../errors.ts";
import { inflateWithFzstd } from "../source/fzstd-block.ts";
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

/**
 * Undoes {@link compressStream} for streams of a chunk.
 *
 * @throws EventError `damaged-data`, `unsupported-compression`
 */
export async function inflateStreams(streams: readonly StreamToInflate[]): Promise<Uint8Array[]> {
  const inflate = ({ size, place, ...stream }: StreamToInflate) =>
    inflateStream(stream, size, place);
  const isJoined = streams.map(isTrusted);
  const frames = streams.filter((_, index) => isJoined[index]);
  const { inflateFrames } = platform;
  if (inflateFrames === null || frames.length < 2) return Promise.all(streams.map(inflate));
  const total = frames.reduce((sum, { size }) => sum + size, 0);
  const joining = inflateFrames(
    frames.map(({ bytes }) => bytes),
    total,
  ).catch(() => null);
  const others = await Promise.all(
    streams.map((stream, index) => (isJoined[index] ? null : inflate(stream))),
  );
  const joined = await joining;
  if (joined === null) return Promise.all(streams.map(inflate)); // finds the one that is damaged
  let end = 0;
  return streams.map(({ size }, index) => {
    const other = others[index];
    if (other) return other;
    end += size;
    return joined.subarray(end - size, end);
  });
}

/** Whether it is a sound frame of zstd that cannot give much more than it says. */
function isTrusted({ codec, bytes, size }: StreamToInflate): boolean {
  if (CODECS[codec] !== "zstd") return false;
  const frame = judgeFrame(bytes, size);
  return typeof frame !== "string" && frame.most <= TRUSTED_BYTES;
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
