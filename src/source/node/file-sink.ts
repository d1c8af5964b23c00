import { randomBytes } from "node:crypto";
import { type FileHandle, open, realpath, rename, rm, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { EventError } from "../../errors.ts";
import type { ByteSink, ReadableSink } from "../byte-sink.ts";
import type { ByteSource } from "../byte-source.ts";
import { openFile } from "./file.ts";

/**
 * Opens a file for writing. A regular file appears under its name when it is complete, and not at
 * all when writing fails; what was there before stays until then. A pipe or a device is written
 * directly.
 *
 * @throws EventError `sink-unwritable`
 */
export async function createFile(path: string): Promise<ByteSink | ReadableSink> {
  const existing = await stat(path).catch(() => undefined);
  if (existing?.isDirectory()) {
    throw new EventError("sink-unwritable", "this is a directory", {
      path,
      expected: "the name of a file",
    });
  }
  // `/dev/stdout` may lead to a regular file, which others write to as well.
  const isOutlet = /^\/(?:dev|proc)\//.test(path) || (existing && !existing.isFile());
  if (isOutlet) return new DirectSink(path, await openAs(path, path, "a"));
  // Through a link the file it names is replaced, not the link.
  const target = existing === undefined ? path : await realpath(path);
  const temporary = join(
    dirname(target),
    `.${basename(target)}.${randomBytes(6).toString("hex")}.tmp`,
  );
  const handle = await openAs(path, temporary, "wx", existing?.mode);
  return new AtomicSink(path, target, temporary, handle);
}

async function openAs(path: string, opened: string, flags: string, mode?: number) {
  try {
    return await open(opened, flags, mode === undefined ? undefined : mode & 0o777);
  } catch (cause) {
    throw unwritable(path, "the file cannot be created", cause);
  }
}

/** A pipe or a device. */
class DirectSink implements ByteSink {
  readonly name: string;
  protected readonly handle: FileHandle;

  constructor(path: string, handle: FileHandle) {
    this.name = path;
    this.handle = handle;
  }

  async write(bytes: Uint8Array): Promise<void> {
    let written = 0;
    try {
      while (written < bytes.byteLength) {
        written += (await this.handle.write(bytes, written)).bytesWritten;
      }
    } catch (cause) {
      throw unwritable(this.name, "the file cannot be written", cause);
    }
  }

  async close(): Promise<void> {
    await this.handle.close();
  }

  async abort(): Promise<void> {
    await this.handle.close();
  }
}

/** A regular file, written under a temporary name beside its own. */
class AtomicSink extends DirectSink implements ReadableSink {
  readonly #target: string;
  readonly #temporary: string;

  constructor(path: string, target: string, temporary: string, handle: FileHandle) {
    super(path, handle);
    this.#target = target;
    this.#temporary = temporary;
  }

  written(): Promise<ByteSource> {
    return openFile(this.#temporary) as Promise<ByteSource>; // a regular file
  }

  override async close(): Promise<void> {
    try {
      await this.handle.sync(); // or the name could outlive a crash that the bytes do not
      await this.handle.close();
      await rename(this.#temporary, this.#target);
    } catch (cause) {
      await this.abort();
      throw unwritable(this.name, "the file cannot be completed", cause);
    }
  }

  override async abort(): Promise<void> {
    await this.handle.close().catch(() => {});
    await rm(this.#temporary, { force: true });
  }
}

function unwritable(path: string, problem: string, cause: unknown): EventError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new EventError("sink-unwritable", `${problem} (${reason})`, { path, cause });
}
