/**
 * Room for files with names, as libraries want them that open files themselves. Nobody else may
 * look into it, and it is gone when it is closed.
 */
export interface ScratchFolder {
  /** Where it is. */
  readonly path: string;
  /** The path of a file in it, which need not be there; names may have slashes in them. */
  pathOf(name: string): string;
  /** Whether a file or a folder is in it. */
  has(name: string): boolean;
  /** Makes a folder in it. */
  addFolder(name: string): void;
  /**
   * All bytes of a file, in pieces that overwrite each other.
   *
   * @throws EventError `sink-unwritable` when they cannot be read again
   */
  piecesOf(name: string): Iterable<Uint8Array>;
  /** Removes a file or a folder with all that is in it. Never throws. */
  remove(name: string): void;
  /** Removes everything. Never throws. */
  close(): void;
}
