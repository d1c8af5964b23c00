import type { ByteSource } from "./byte-source.ts";

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

/** Whether a value fulfils {@link ByteSink}. */
export function isByteSink(value: object): value is ByteSink {
  return "write" in value && typeof value.write === "function";
}

/** A Web `WritableStream` of bytes as a {@link ByteSink}. */
export function streamSink(stream: WritableStream<Uint8Array>): ByteSink {
  const writer = stream.getWriter();
  return {
    write: (bytes) => writer.write(bytes.slice()), // the stream may keep what it is given
    close: () => writer.close(),
    abort: (reason) => writer.abort(reason),
  };
}
