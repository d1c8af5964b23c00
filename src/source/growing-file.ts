import type { ByteSource } from "./byte-source.ts";

/** A file that can be read, and whose end can be written anew. */
export interface GrowingFile extends ByteSource {
  /**
   * Writes all of `bytes` from `offset` on.
   *
   * @throws EventError `sink-unwritable`
   */
  write(bytes: Uint8Array, offset: number): Promise<void>;
  /**
   * Waits until the disk has all that was written.
   *
   * @throws EventError `sink-unwritable`
   */
  sync(): Promise<void>;
  /**
   * Cuts the end off.
   *
   * @throws EventError `sink-unwritable`
   */
  truncate(byteLength: number): Promise<void>;
  close(): Promise<void>;
}
