import { rmSync } from "node:fs";

/** Files and folders that are to be gone when the process ends, whatever it is doing then. */
const temporaries = new Set<string>();
let isWatching = false;

/**
 * Remembers a file or folder that is about to be created. When the process exits before it is forgotten,
 * it is removed: nothing that is still under way, such as compression in another thread, is waited for.
 */
export function rememberTemporary(path: string): void {
  temporaries.add(path);
  if (isWatching) return;
  isWatching = true;
  process.on("exit", removeAll);
}

/** Forgets what has got its name, or was removed. */
export function forgetTemporary(path: string): void {
  temporaries.delete(path);
}

function removeAll(): void {
  for (const path of temporaries) {
    try {
      rmSync(path, { recursive: true, force: true });
    } catch {
      // Some systems keep files that are open; there is nobody left to tell.
    }
  }
}
