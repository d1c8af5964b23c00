/**
 * Room for bytes that are put together in any order and then read from the front. All of it happens
 * at once: the libraries that write files of their own know no promises.
 */
export interface ScratchSpace {
  /** Bytes up to the last one that was written. */
  readonly byteLength: number;
  /**
   * Writes all of `bytes`; what lies between them and the end so far becomes 0.
   *
   * @throws EventError `sink-unwritable` when there is no room for them
   */
  write(bytes: Uint8Array, offset: number): void;
  /**
   * Reads into the front of `into`; returns the number of bytes, fewer only at the end.
   *
   * @throws EventError `sink-unwritable` when they cannot be read again
   */
  read(into: Uint8Array, offset: number): number;
  /**
   * Cuts off the end, or puts zeros there.
   *
   * @throws EventError `sink-unwritable`
   */
  resize(byteLength: number): void;
  /** Gives the room back; nothing can be read any more. */
  close(): void;
}
