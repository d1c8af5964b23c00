import { type FileHandle, open } from "node:fs/promises";
import { EventError } from "../../errors.ts";
import { type ReadOptions, tooShort } from "../byte-source.ts";
import type { GrowingFile } from "../growing-file.ts";

/**
 * Opens a file that is there to add to it.
 *
 * @throws EventError `source-not-found`, `sink-unwritable`
 */
export async function openToGrow(path: string): Promise<GrowingFile> {
  let handle: FileHandle;
  try {
    handle = await open(path, "r+");
  } catch (cause) {
    throw cannotOpen(path, cause);
  }
  const status = await handle.stat();
  if (status.isFile()) return new OpenGrowingFile(path, handle, status.size);
  await handle.close();
  throw new EventError("sink-unwritable", "only to a regular file can be added", { path });
}

class OpenGrowingFile implements GrowingFile {
  readonly name: string;
  readonly #handle: FileHandle;
  #byteLength: number;

  constructor(path: string, handle: FileHandle, byteLength: number) {
    this.name = path;
    this.#handle = handle;
    this.#byteLength = byteLength;
  }

  get byteLength(): number {
    return this.#byteLength;
  }

  async read(offset: number, length: number, options: ReadOptions = {}): Promise<Uint8Array> {
    options.signal?.throwIfAborted();
    const into = options.into?.subarray(0, length) ?? new Uint8Array(length);
    for (let filled = 0; filled < length; ) {
      const count = await this.#readInto(into, filled, length - filled, offset + filled);
      if (count === 0) throw tooShort(this.name, offset, length, filled);
      filled += count;
    }
    return into;
  }

  write(bytes: Uint8Array, offset: number): Promise<void> {
    return this.#do("the file cannot be written", async () => {
      await this.#refuseOthers();
      for (let at = 0; at < bytes.byteLength; ) {
        const rest = bytes.byteLength - at;
        at += (await this.#handle.write(bytes, at, rest, offset + at)).bytesWritten;
        this.#byteLength = Math.max(this.#byteLength, offset + at);
      }
    });
  }

  sync(): Promise<void> {
    return this.#do("the file cannot be completed", () => this.#handle.sync());
  }

  truncate(byteLength: number): Promise<void> {
    return this.#do("the file cannot be cut", async () => {
      await this.#refuseOthers();
      await this.#handle.truncate(byteLength);
      this.#byteLength = byteLength;
    });
  }

  close(): Promise<void> {
    return this.#handle.close();
  }

  /** Somebody else who adds to the file must not be written over: what they wrote shows in its length. */
  async #refuseOthers(): Promise<void> {
    const { size } = await this.#handle.stat();
    if (size === this.#byteLength) return;
    throw new EventError("sink-unwritable", "somebody else writes to the file", {
      path: this.name,
      expected: `${this.#byteLength} bytes`,
      found: `${size}`,
      hint: "One append at a time: add again when the other one is done.",
    });
  }

  async #readInto(into: Uint8Array, at: number, length: number, offset: number): Promise<number> {
    try {
      return (await this.#handle.read(into, at, length, offset)).bytesRead;
    } catch (cause) {
      const problem = `the file cannot be read (${(cause as Error).message})`;
      throw new EventError("source-unreadable", problem, {
        path: this.name,
        byteOffset: offset,
        cause,
      });
    }
  }

  async #do(problem: string, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (cause) {
      if (cause instanceof EventError) throw cause;
      const text = `${problem} (${(cause as Error).message})`;
      throw new EventError("sink-unwritable", text, { path: this.name, cause });
    }
  }
}

function cannotOpen(path: string, cause: unknown): EventError {
  const { code, message } = cause as NodeJS.ErrnoException;
  if (code === "ENOENT" || code === "ENOTDIR") {
    return new EventError("source-not-found", "no such file", { path, cause });
  }
  const isForbidden = code === "EACCES" || code === "EPERM";
  const problem = isForbidden
    ? "no permission to write this file"
    : code === "EISDIR"
      ? "this is a directory"
      : `the file cannot be opened to add to it (${message})`;
  return new EventError("sink-unwritable", problem, { path, cause });
}
