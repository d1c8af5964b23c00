import { close, constants, open, unlink, write } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { EventError } from "../../errors.ts";
import { untilAborted } from "../../util/until-aborted.ts";
import type { ByteSource, SequentialSource } from "../byte-source.ts";
import { FileSource } from "./file.ts";

const openAsync = promisify(open);
const closeAsync = promisify(close);
const unlinkAsync = promisify(unlink);
const writeAsync = promisify(write);

/** Bytes that are taken from the source at once. */
const PIECE_BYTES = 1024 * 1024;

/**
 * Copies a source into a temporary file that nobody else can open: it has lost its name before the
 * first byte is written, and is gone when it is closed or the process ends.
 *
 * @param name - what messages call the source
 * @throws EventError `source-unreadable` when there is no room for it
 */
export async function spoolToFile(
  source: SequentialSource,
  name: string | undefined,
  signal: AbortSignal | undefined,
): Promise<ByteSource> {
  const path = join(tmpdir(), `evarrow-${globalThis.crypto.randomUUID()}`);
  const descriptor = await createNameless(path, name);
  try {
    const piece = new Uint8Array(PIECE_BYTES);
    let length = 0;
    for (;;) {
      const count = await untilAborted(source.next(piece), signal);
      if (count === 0) return new FileSource(name ?? path, descriptor, length);
      await writeAll(descriptor, piece.subarray(0, count), name);
      signal?.throwIfAborted();
      length += count;
    }
  } catch (error) {
    await closeAsync(descriptor);
    throw error;
  }
}

/** A new file that its owner alone may open, and that has lost its name. */
async function createNameless(path: string, name: string | undefined): Promise<number> {
  const { O_RDWR, O_CREAT, O_EXCL } = constants;
  let descriptor: number | undefined;
  try {
    descriptor = await openAsync(path, O_RDWR | O_CREAT | O_EXCL, 0o600);
    await unlinkAsync(path);
    return descriptor;
  } catch (cause) {
    if (descriptor !== undefined) await closeAsync(descriptor);
    throw cannotSpool(name, cause);
  }
}

async function writeAll(
  descriptor: number,
  bytes: Uint8Array,
  name: string | undefined,
): Promise<void> {
  for (let written = 0; written < bytes.byteLength; ) {
    try {
      const { bytesWritten } = await writeAsync(descriptor, bytes, written);
      written += bytesWritten;
    } catch (cause) {
      throw cannotSpool(name, cause);
    }
  }
}

function cannotSpool(path: string | undefined, cause: unknown): EventError {
  const problem = `the source cannot be put aside in a temporary file (${(cause as Error).message})`;
  return new EventError("source-unreadable", problem, {
    path,
    hint: "This format is not read front to back: give a file, or point TMPDIR to a larger disk.",
    cause,
  });
}
