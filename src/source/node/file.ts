import {
  close,
  closeSync,
  constants,
  fstat,
  fstatSync,
  open,
  openSync,
  read,
  readSync,
  type Stats,
} from "node:fs";
import { promisify } from "node:util";
import { EventError } from "../../errors.ts";
import {
  type ByteSource,
  checkReadOptions,
  type ReadOptions,
  type SequentialSource,
  tooShort,
} from "../byte-source.ts";

const openAsync = promisify(open);
const closeAsync = promisify(close);
const fstatAsync = promisify(fstat);

/**
 * Opens a file: anything with a length can be read anywhere, a pipe or device only front to back.
 *
 * @throws EventError `source-not-found`, `source-unreadable`
 */
export async function openFile(path: string): Promise<ByteSource | SequentialSource> {
  let descriptor: number;
  try {
    descriptor = await openAsync(path, constants.O_RDONLY);
  } catch (cause) {
    throw cannotOpen(path, cause);
  }
  try {
    const status = await fstatAsync(descriptor);
    if (status.isDirectory()) {
      throw new EventError("source-unreadable", "this is a directory", {
        path,
        expected: "a recording",
        hint: "Name the file inside it.",
      });
    }
    if (status.isFile()) return new FileSource(path, descriptor, status.size, identityOf(status));
    return new PipeSource(path, descriptor);
  } catch (error) {
    await closeAsync(descriptor);
    throw error;
  }
}

/** A file on disk. Bytes go straight from the system into the memory that is given. */
export class FileSource implements ByteSource {
  readonly byteLength: number;
  readonly name: string;
  readonly identity: string | undefined;
  readonly #descriptor: Descriptor;

  constructor(path: string, descriptor: number, byteLength: number, identity?: string) {
    this.name = path;
    this.byteLength = byteLength;
    this.identity = identity;
    this.#descriptor = new Descriptor(path, descriptor);
  }

  async read(offset: number, length: number, options: ReadOptions = {}): Promise<Uint8Array> {
    checkReadOptions(options);
    options.signal?.throwIfAborted();
    const into = options.into?.subarray(0, length) ?? new Uint8Array(length);
    let filled = 0;
    while (filled < length) {
      const count = await this.#descriptor.read(into, filled, length - filled, offset + filled);
      options.signal?.throwIfAborted();
      if (count === 0) throw tooShort(this.name, offset, length, filled);
      filled += count;
    }
    return into;
  }

  get blocking(): ByteSource {
    return {
      name: this.name,
      byteLength: this.byteLength,
      read: async (offset, length, { into = new Uint8Array(length) } = {}) => {
        return readWhole(this.name, this.#descriptor.number, offset, into.subarray(0, length));
      },
    };
  }

  close(): Promise<void> {
    return this.#descriptor.close();
  }
}

/**
 * Opens a file for a thread that has nothing else to do while it reads: each read then spares the
 * way to another thread and back.
 *
 * @throws EventError `source-not-found`, `source-unreadable`
 */
export function openFileToBlock(path: string): ByteSource {
  let descriptor: number | null;
  try {
    descriptor = openSync(path, constants.O_RDONLY);
  } catch (cause) {
    throw cannotOpen(path, cause);
  }
  const status = fstatSync(descriptor);
  return {
    name: path,
    byteLength: status.size,
    identity: identityOf(status),
    async read(offset, length, { into = new Uint8Array(length) } = {}) {
      return readWhole(path, descriptor, offset, into.subarray(0, length));
    },
    async close() {
      if (descriptor !== null) closeSync(descriptor);
      descriptor = null;
    },
  };
}

function identityOf({ dev, ino, size, mtimeMs }: Stats): string {
  return [dev, ino, size, mtimeMs].join(" ");
}

/** Fills `into`, at once. */
function readWhole(
  path: string,
  descriptor: number | null,
  offset: number,
  into: Uint8Array,
): Uint8Array {
  if (descriptor === null) throw isClosed(path);
  const { byteLength } = into;
  let filled = 0;
  while (filled < byteLength) {
    let count: number;
    try {
      count = readSync(descriptor, into, filled, byteLength - filled, offset + filled);
    } catch (cause) {
      throw cannotRead(path, offset + filled, cause);
    }
    if (count === 0) throw tooShort(path, offset, byteLength, filled);
    filled += count;
  }
  return into;
}

/** A pipe or a device: no length, no second reading. */
class PipeSource implements SequentialSource {
  readonly name: string;
  readonly #descriptor: Descriptor;

  constructor(path: string, descriptor: number) {
    this.name = path;
    this.#descriptor = new Descriptor(path, descriptor);
  }

  next(into: Uint8Array): Promise<number> {
    return this.#descriptor.read(into, 0, into.byteLength, null);
  }

  async close(): Promise<void> {
    // Not awaited: a read from a pipe that nobody writes to ends when the other side does.
    void this.#descriptor.close();
  }
}

/** An open descriptor that is closed once, when no read is under way, and never used after that. */
class Descriptor {
  readonly #path: string;
  #number: number | null;
  readonly #reads = new Set<Promise<number>>();

  constructor(path: string, number: number) {
    this.#path = path;
    this.#number = number;
  }

  /** For reading at once; null when it is closed. */
  get number(): number | null {
    return this.#number;
  }

  async read(
    into: Uint8Array,
    at: number,
    length: number,
    position: number | null,
  ): Promise<number> {
    const number = this.#number;
    if (number === null) {
      throw isClosed(this.#path);
    }
    const pending = new Promise<number>((resolve, reject) => {
      read(number, into, at, length, position, (cause, count) => {
        if (cause === null) resolve(count);
        else reject(cause);
      });
    });
    this.#reads.add(pending);
    try {
      return await pending;
    } catch (cause) {
      throw cannotRead(this.#path, position ?? undefined, cause);
    } finally {
      this.#reads.delete(pending);
    }
  }

  /** Closed under a read, the number could mean another file before that read begins. */
  async close(): Promise<void> {
    const number = this.#number;
    this.#number = null;
    if (number === null) return;
    await Promise.allSettled(this.#reads);
    await closeAsync(number);
  }
}

function isClosed(path: string): EventError {
  return new EventError("source-unreadable", "the file is closed", {
    path,
    hint: "Read before the recording is closed.",
  });
}

function cannotRead(path: string, byteOffset: number | undefined, cause: unknown): EventError {
  const problem = `the file cannot be read (${(cause as Error).message})`;
  return new EventError("source-unreadable", problem, { path, byteOffset, cause });
}

function cannotOpen(path: string, cause: unknown): EventError {
  const code = (cause as NodeJS.ErrnoException).code;
  if (code === "ENOENT" || code === "ENOTDIR") {
    return new EventError("source-not-found", "no such file", { path, cause });
  }
  const problem =
    code === "EACCES" || code === "EPERM"
      ? "no permission to read this file"
      : `the file cannot be opened (${(cause as Error).message})`;
  return new EventError("source-unreadable", problem, { path, cause });
}
