import { close, write } from "node:fs";
import { tmpdir } from "node:os";
import { promisify } from "node:util";
import { EventError } from "../../errors.ts";
import { untilAborted } from "../../util/until-aborted.ts";
import type { ByteSource, SequentialSource } from "../byte-source.ts";
import { FileSource } from "./file.ts";
import { createNameless } from "./nameless-file.ts";

const closeAsync = promisify(close);
const writeAsync = promisify(write);

/** Bytes that are taken from the source at once. */
const PIECE_BYTES = 1024 * 1024;

/**
 * Copies a source into a temporary file that nobody else can open, and that is gone when it is
 * closed or the process ends.
 *
 * @param name - what messages call the source
 * @throws EventError `source-unreadable` when there is no room for it
 */
export async function spoolToFile(
  source: SequentialSource,
  name: string | undefined,
  signal: AbortSignal | undefined,
): Promise<ByteSource> {
  const descriptor = await createNameless(tmpdir()).catch((cause) => {
    throw cannotSpool(name, cause);
  });
  try {
    const piece = new Uint8Array(PIECE_BYTES);
    let length = 0;
    for (;;) {
      const count = await untilAborted(source.next(piece), signal);
      if (count === 0) return new FileSource(name ?? "a temporary file", descriptor, length);
      await writeAll(descriptor, piece.subarray(0, count), name);
      signal?.throwIfAborted();
      length += count;
    }
  } catch (error) {
    await closeAsync(descriptor);
    throw error;
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
