import { closeSync, existsSync, mkdirSync, openSync, readSync, rmSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { join, resolve } from "node:path";
import { EventError } from "../../errors.ts";
import type { ScratchFolder } from "../scratch-folder.ts";
import { forgetTemporary, rememberTemporary } from "./temporaries.ts";

/** Bytes of a file that are read at once. */
const PIECE_BYTES = 1024 * 1024;
/** How often a folder is removed into which somebody puts files meanwhile. */
const MOST_ATTEMPTS = 100;

/**
 * Creates a scratch folder on disk, which its owner alone may look into.
 *
 * @param folder - where there is room for it
 * @param name - what messages call the output
 * @throws EventError `sink-unwritable`
 */
export async function createScratchFolder(
  folder: string,
  name: string | undefined,
): Promise<ScratchFolder> {
  try {
    return new NodeScratchFolder(await mkdtemp(join(resolve(folder), ".evarrow-")), name);
  } catch (cause) {
    throw unwritable(folder, name, cause);
  }
}

class NodeScratchFolder implements ScratchFolder {
  readonly path: string;
  readonly #name: string | undefined;

  constructor(path: string, name: string | undefined) {
    this.path = path;
    this.#name = name;
    rememberTemporary(path);
  }

  pathOf(name: string): string {
    return join(this.path, name);
  }

  has(name: string): boolean {
    return existsSync(this.pathOf(name));
  }

  addFolder(name: string): void {
    try {
      mkdirSync(this.pathOf(name));
    } catch (cause) {
      throw unwritable(this.path, this.#name, cause);
    }
  }

  *piecesOf(name: string): Generator<Uint8Array> {
    const descriptor = this.#attempt(() => openSync(this.pathOf(name), "r"));
    try {
      const piece = new Uint8Array(PIECE_BYTES);
      for (;;) {
        const count = this.#attempt(() => readSync(descriptor, piece));
        if (count === 0) return;
        yield piece.subarray(0, count);
      }
    } finally {
      closeSync(descriptor);
    }
  }

  remove(name: string): void {
    this.#remove(this.pathOf(name));
  }

  close(): void {
    if (this.#remove(this.path)) forgetTemporary(this.path);
  }

  /** Whether it is gone. Some systems keep files that are open; the output is complete, or given up. */
  #remove(path: string): boolean {
    for (let attempt = 1; ; attempt++) {
      try {
        rmSync(path, { recursive: true, force: true });
        return true;
      } catch (error) {
        // A library that is still at work made another file; it cannot go on for long without the folder.
        const isFilled = (error as NodeJS.ErrnoException).code === "ENOTEMPTY";
        if (!isFilled || attempt === MOST_ATTEMPTS) return false;
      }
    }
  }

  #attempt<Result>(work: () => Result): Result {
    try {
      return work();
    } catch (cause) {
      throw unwritable(this.path, this.#name, cause);
    }
  }
}

function unwritable(folder: string, path: string | undefined, cause: unknown): EventError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  const problem = `the output cannot be put together in temporary files (${reason})`;
  return new EventError("sink-unwritable", problem, {
    path,
    hint: `They take room in ${folder} until it is complete.`,
    cause,
  });
}
