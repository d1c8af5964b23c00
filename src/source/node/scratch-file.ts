import { closeSync, ftruncateSync, readSync, writeSync } from "node:fs";
import { EventError } from "../../errors.ts";
import type { ScratchSpace } from "../scratch-space.ts";
import { createNameless } from "./nameless-file.ts";

/**
 * Creates scratch space on disk: a file without a name, gone when it is closed or the process ends.
 *
 * @param folder - where there is room for it
 * @param name - what messages call the output
 * @throws EventError `sink-unwritable`
 */
export async function createScratchFile(
  folder: string,
  name: string | undefined,
): Promise<ScratchSpace> {
  try {
    return new ScratchFile(folder, name, await createNameless(folder));
  } catch (cause) {
    throw unwritable(folder, name, cause);
  }
}

class ScratchFile implements ScratchSpace {
  readonly #folder: string;
  readonly #name: string | undefined;
  #descriptor: number | null;
  #byteLength = 0;

  constructor(folder: string, name: string | undefined, descriptor: number) {
    this.#folder = folder;
    this.#name = name;
    this.#descriptor = descriptor;
  }

  get byteLength(): number {
    return this.#byteLength;
  }

  write(bytes: Uint8Array, offset: number): void {
    this.#do((descriptor) => {
      for (let done = 0; done < bytes.byteLength; ) {
        done += writeSync(descriptor, bytes, done, bytes.byteLength - done, offset + done);
      }
      this.#byteLength = Math.max(this.#byteLength, offset + bytes.byteLength);
    });
  }

  read(into: Uint8Array, offset: number): number {
    return this.#do((descriptor) => {
      let done = 0;
      while (done < into.byteLength) {
        const count = readSync(descriptor, into, done, into.byteLength - done, offset + done);
        if (count === 0) break;
        done += count;
      }
      return done;
    });
  }

  resize(byteLength: number): void {
    this.#do((descriptor) => {
      ftruncateSync(descriptor, byteLength);
      this.#byteLength = byteLength;
    });
  }

  close(): void {
    const descriptor = this.#descriptor;
    this.#descriptor = null;
    if (descriptor !== null) closeSync(descriptor);
  }

  #do<Result>(work: (descriptor: number) => Result): Result {
    try {
      if (this.#descriptor === null) throw new Error("it is closed");
      return work(this.#descriptor);
    } catch (cause) {
      throw unwritable(this.#folder, this.#name, cause);
    }
  }
}

function unwritable(folder: string, path: string | undefined, cause: unknown): EventError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  const problem = `the output cannot be put together in a temporary file (${reason})`;
  return new EventError("sink-unwritable", problem, {
    path,
    hint: `It takes room in ${folder} until it is complete.`,
    cause,
  });
}
