import { open, readv } from "node:fs";
import { availableParallelism } from "node:os";

/**
 * Has the system give pages to memory that nobody has written to, in one of Node's threads: whoever writes to
 * it first waits for each page, which takes longer than decoding what is written. The memory becomes zeros.
 */
export function touchMemory(rooms: readonly Uint8Array[]): Promise<void> {
  zeros ??= openZeros().catch(() => null);
  return zeros.then((file) => {
    if (file === null) return;
    return new Promise((resolve) => readv(file, rooms, null, () => resolve()));
  });
}

/** A file of as many zeros as are read; null where there is none. */
let zeros: Promise<number | null> | undefined;

function openZeros(): Promise<number | null> {
  return new Promise((resolve) => {
    if (process.platform === "win32" || availableParallelism() < 2) resolve(null);
    else open("/dev/zero", (error, file) => resolve(error === null ? file : null));
  });
}
