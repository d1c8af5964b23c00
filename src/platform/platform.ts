import type pl from "nodejs-polars";
import type { ByteSink } from "../source/byte-sink.ts";
import type { ByteSource, SequentialSource } from "../source/byte-source.ts";

/** What differs between Node and the browser. `node.ts` and `browser.ts` are the two answers. */
export interface Platform {
  /**
   * Opens a path or a `file:` URL.
   *
   * @throws EventError `source-not-found`, `source-unreadable`, `source-unsupported`
   */
  openPath(path: string | URL): Promise<ByteSource | SequentialSource>;
  /**
   * Opens a path or a `file:` URL for writing; a regular file appears when it is complete.
   *
   * @throws EventError `sink-unwritable`
   */
  createFile(path: string | URL): Promise<ByteSink>;
  /**
   * Loads nodejs-polars.
   *
   * @throws EventError `polars-unavailable`, whose hint names `loadTable`
   */
  importPolars(): Promise<typeof pl>;
  /** A SHA-256 that is fed piece by piece. */
  createSha256(): Sha256;
  /** Lets timers, input and aborts have their turn. */
  yieldToEventLoop(): Promise<void>;
}

/** A running SHA-256. */
export interface Sha256 {
  update(bytes: Uint8Array): void;
  /** The digest as 64 hexadecimal digits; ends the computation. */
  hex(): string;
}
