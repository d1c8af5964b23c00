import { EventError } from "../errors.ts";
import { isNodeStream } from "../util/is-node-stream.ts";
import type { ByteSource } from "./byte-source.ts";
import type { ScratchFolder } from "./scratch-folder.ts";
import type { ScratchSpace } from "./scratch-space.ts";

/** Where bytes go, one after the other. */
export interface ByteSink {
  /** What messages call it. */
  readonly name?: string | undefined;
  /** Takes all of `bytes`, which are overwritten once this has resolved. */
  write(bytes: Uint8Array): Promise<void>;
  /** Ends the output: what was written is complete. */
  close?(): Promise<void>;
  /** Gives the output up: what was written is not complete and not to be kept. */
  abort?(reason: unknown): Promise<void>;
}

/** A sink whose bytes can be read again before it is closed. */
export interface ReadableSink extends ByteSink {
  /** What was written so far; to be closed before the sink is. */
  written(): Promise<ByteSource>;
}

/** A sink that has room for more than its bytes, where these go: on the same disk. */
export interface RoomySink extends ByteSink {
  /** Makes scratch space. */
  createScratch(): Promise<ScratchSpace>;
  /** Makes a scratch folder; the platform does where it is left out. */
  createScratchFolder?(): Promise<ScratchFolder>;
}

/**
 * Whether a value fulfils {@link ByteSink}. Streams of Node and writers of Web streams have a
 * `write` as well, but keep the bytes they are given.
 */
export function isByteSink(value: object): value is ByteSink {
  const keepsBytes = isNodeStream(value) || "releaseLock" in value;
  return !keepsBytes && "write" in value && typeof value.write === "function";
}

/** Whether a sink can be read again. */
export function isReadableSink(sink: ByteSink): sink is ReadableSink {
  return "written" in sink && typeof sink.written === "function";
}

/** Whether a sink has room for scratch space. */
export function isRoomySink(sink: ByteSink): sink is RoomySink {
  return "createScratch" in sink && typeof sink.createScratch === "function";
}

/**
 * A Web `WritableStream` of bytes as a {@link ByteSink}.
 *
 * @throws EventError `sink-unwritable` when somebody else is writing to it
 */
export function streamSink(stream: WritableStream<Uint8Array>): ByteSink {
  if (stream.locked) {
    throw new EventError("sink-unwritable", "the stream is locked by another writer");
  }
  const writer = stream.getWriter();
  return {
    write: (bytes) => writer.write(bytes.slice()), // the stream may keep what it is given
    close: () => writer.close(),
    async abort(reason) {
      // Not awaited: it comes behind a write that is under way, and that may never end.
      writer.abort(reason).catch(() => {});
    },
  };
}
