import { randomBytes } from "node:crypto";
import { type Stats, write } from "node:fs";
import { type FileHandle, open, realpath, rename, rm, stat } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { setTimeout } from "node:timers/promises";
import { promisify } from "node:util";
import { EventError } from "../../errors.ts";
import { untilAborted } from "../../util/until-aborted.ts";
import type { ByteSink, ReadableSink, RoomySink } from "../byte-sink.ts";
import type { ByteSource } from "../byte-source.ts";
import type { ScratchFolder } from "../scratch-folder.ts";
import type { ScratchSpace } from "../scratch-space.ts";
import { openFile } from "./file.ts";
import { createScratchFile } from "./scratch-file.ts";
import { createScratchFolder } from "./scratch-folder.ts";
import { forgetTemporary, rememberTemporary } from "./temporaries.ts";

const writeAsync = promisify(write);

/** Names of what this process has open already; `/dev/shm` is a folder like any other. */
const OPEN_FILE = /^\/(?:dev\/(?:(stdout)|(stderr)|fd\/(\d+))|proc\/self\/fd\/(\d+))$/;
/** Characters of the file's name that are in the temporary one: a name may have 255 bytes. */
const TEMPORARY_NAME_LENGTH = 50;
const PERMISSIONS = 0o777;
/** Time until a socket that was full is tried again. */
const FULL_SOCKET_MS = 5;

/**
 * Opens a file for writing. A regular file appears under its name when it is complete, and not at
 * all when writing fails; what was there before stays until then. A pipe or a device is written
 * directly, and so is the file that standard output was sent to, from where others got to.
 *
 * @param signal - ends the wait for a pipe that nobody reads from
 * @throws EventError `sink-unwritable`; the signal's reason
 */
export async function createFile(
  path: string,
  signal?: AbortSignal,
): Promise<ByteSink | ReadableSink> {
  const existing = await statOf(path);
  if (path === "" || path.endsWith("/") || existing?.isDirectory()) {
    throw new EventError("sink-unwritable", "this names a directory", {
      path,
      expected: "the name of a file",
    });
  }
  const descriptor = descriptorOf(path);
  if (descriptor !== undefined && (existing?.isFile() || existing?.isSocket())) {
    return new OpenFileSink(path, descriptor);
  }
  if (descriptor !== undefined || (existing && !existing.isFile())) {
    return new DirectSink(path, await openDirectly(path, signal));
  }
  if (existing) await checkWritable(path);
  // Through a link the file it names is replaced, not the link.
  const target = existing ? await realpath(path) : path;
  const name = basename(target).slice(0, TEMPORARY_NAME_LENGTH);
  const temporary = join(dirname(target), `.${name}.${randomBytes(6).toString("hex")}.tmp`);
  const mode = existing && existing.mode & PERMISSIONS;
  rememberTemporary(temporary);
  const handle = await openAs(path, temporary, "wx", mode).catch((error) => {
    forgetTemporary(temporary);
    throw error;
  });
  // What the process takes from new files is given back, on file systems that know permissions.
  if (mode !== undefined) await handle.chmod(mode).catch(() => {});
  return new AtomicSink(path, target, temporary, handle);
}

/** The number of the open file that a path names. */
function descriptorOf(path: string): number | undefined {
  const match = OPEN_FILE.exec(resolve(path));
  if (match === null) return undefined;
  const [, stdout, stderr, device, process] = match;
  return stdout ? 1 : stderr ? 2 : Number(device ?? process);
}

async function statOf(path: string): Promise<Stats | undefined> {
  try {
    return await stat(path);
  } catch (cause) {
    if (path === "" || (cause as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw cannotOpen(path, cause);
  }
}

/** Renaming would replace a file that may not be written, too. */
async function checkWritable(path: string): Promise<void> {
  try {
    await (await open(path, "r+")).close();
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code !== "EACCES" && code !== "EPERM") throw cannotOpen(path, cause);
    throw new EventError("sink-unwritable", "no permission to write this file", { path, cause });
  }
}

async function openAs(
  path: string,
  opened: string,
  flags: string,
  mode?: number,
): Promise<FileHandle> {
  try {
    return await open(opened, flags, mode);
  } catch (cause) {
    throw cannotOpen(path, cause);
  }
}

/** A pipe opens when somebody reads from it; where nobody waits any more, it is closed again then. */
async function openDirectly(path: string, signal: AbortSignal | undefined): Promise<FileHandle> {
  const opening = openAs(path, path, "a");
  try {
    return await untilAborted(opening, signal);
  } catch (error) {
    opening.then((handle) => handle.close()).catch(() => {});
    throw error;
  }
}

function cannotOpen(path: string, cause: unknown): EventError {
  const problem = OPEN_PROBLEMS[(cause as NodeJS.ErrnoException).code ?? ""];
  if (problem === undefined) return unwritable(path, "the file cannot be created", cause);
  return new EventError("sink-unwritable", problem, { path, cause });
}

const OPEN_PROBLEMS: Readonly<Record<string, string>> = {
  ENOENT: "there is no such folder",
  ENOTDIR: "there is no such folder",
  EACCES: "no permission to write here",
  EPERM: "no permission to write here",
  EROFS: "nothing can be written here (read-only file system)",
};

/** A pipe or a device. */
class DirectSink implements ByteSink {
  readonly name: string;
  protected readonly handle: FileHandle;

  constructor(path: string, handle: FileHandle) {
    this.name = path;
    this.handle = handle;
  }

  write(bytes: Uint8Array): Promise<void> {
    return writeAll(this.name, bytes, (offset) => this.handle.write(bytes, offset));
  }

  async close(): Promise<void> {
    try {
      await this.handle.close();
    } catch (cause) {
      throw unwritable(this.name, "the file cannot be completed", cause);
    }
  }

  async abort(): Promise<void> {
    // Not awaited: a write to a pipe that nobody reads from ends when the other side does.
    this.handle.close().catch(() => {});
  }
}

/**
 * A regular file or a socket that is open already. Opened again, the file would be written from its
 * start, and the socket cannot be.
 */
class OpenFileSink implements ByteSink {
  readonly name: string;
  readonly #descriptor: number;

  constructor(path: string, descriptor: number) {
    this.name = path;
    this.#descriptor = descriptor;
  }

  write(bytes: Uint8Array): Promise<void> {
    return writeAll(this.name, bytes, async (offset) => {
      for (;;) {
        try {
          return await writeAsync(this.#descriptor, bytes, offset);
        } catch (error) {
          if ((error as NodeJS.ErrnoException).code !== "EAGAIN") throw error;
          await setTimeout(FULL_SOCKET_MS); // Node made the socket one that does not wait itself
        }
      }
    });
  }
}

/** A regular file, written under a temporary name beside its own. */
class AtomicSink extends DirectSink implements ReadableSink, RoomySink {
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

  createScratch(): Promise<ScratchSpace> {
    return createScratchFile(dirname(this.#temporary), this.name);
  }

  createScratchFolder(): Promise<ScratchFolder> {
    return createScratchFolder(dirname(this.#temporary), this.name);
  }

  override async close(): Promise<void> {
    try {
      await this.handle.sync(); // or the name could outlive a crash that the bytes do not
      await this.handle.close();
      await rename(this.#temporary, this.#target);
      forgetTemporary(this.#temporary);
    } catch (cause) {
      await this.abort();
      throw unwritable(this.name, "the file cannot be completed", cause);
    }
  }

  override async abort(): Promise<void> {
    await this.handle.close().catch(() => {});
    await rm(this.#temporary, { force: true });
    forgetTemporary(this.#temporary);
  }
}

/** Writes until all is written: the system may take less at once. */
async function writeAll(
  path: string,
  bytes: Uint8Array,
  writeFrom: (offset: number) => Promise<{ bytesWritten: number }>,
): Promise<void> {
  try {
    for (let at = 0; at < bytes.byteLength; ) at += (await writeFrom(at)).bytesWritten;
  } catch (cause) {
    throw unwritable(path, "the file cannot be written", cause);
  }
}

function unwritable(path: string, problem: string, cause: unknown): EventError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new EventError("sink-unwritable", `${problem} (${reason})`, { path, cause });
}
