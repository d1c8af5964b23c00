import { close, constants, open, unlink } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";

const openAsync = promisify(open);
const closeAsync = promisify(close);
const unlinkAsync = promisify(unlink);

/**
 * A new file that nobody else can open: its owner alone may, and it has lost its name before the
 * first byte is written. It is gone when it is closed or the process ends.
 *
 * @returns its descriptor, for reading and writing; the system's error is thrown
 */
export async function createNameless(folder: string): Promise<number> {
  const path = join(folder, `evarrow-${globalThis.crypto.randomUUID()}`);
  const { O_RDWR, O_CREAT, O_EXCL } = constants;
  const descriptor = await openAsync(path, O_RDWR | O_CREAT | O_EXCL, 0o600);
  try {
    await unlinkAsync(path);
    return descriptor;
  } catch (cause) {
    await closeAsync(descriptor);
    await unlinkAsync(path).catch(() => {}); // some systems want it closed
    throw cause;
  }
}
