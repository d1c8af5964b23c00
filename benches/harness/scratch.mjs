// Folders that are gone when the process is, however it ends.

import { mkdtempSync, rmSync } from "node:fs";
import { constants, tmpdir } from "node:os";
import { join } from "node:path";

const folders = new Set();

/** @param {string} name begins that of the folder, in the system's temporary one */
export function makeScratch(name) {
  if (folders.size === 0) removeAtEnd();
  const folder = mkdtempSync(join(tmpdir(), `${name}-`));
  folders.add(folder);
  return folder;
}

function removeAtEnd() {
  process.once("exit", () => {
    for (const folder of folders) rmSync(folder, { recursive: true, force: true });
  });
  for (const signal of ["SIGINT", "SIGTERM"]) {
    process.once(signal, () => process.exit(128 + constants.signals[signal]));
  }
}
