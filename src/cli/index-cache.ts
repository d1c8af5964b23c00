/** Indexes of times, kept in the user's cache folder from one call to the next. */
import { createHash } from "node:crypto";
import {
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import {
  decodeTimeIndex,
  type EventSource,
  encodeTimeIndex,
  type TimeIndexCache,
} from "../node.ts";

/** Files that are kept; of more, those that were not used for longest are removed. */
const MOST_FILES = 256;
const ENDING = ".time-index.json";

/**
 * The cache for a file: an index is found again by path, size and time of the file. What cannot be
 * read or written, or is damaged, is as if it were not there. Undefined for what is no file.
 */
export function indexCacheFor(source: EventSource): TimeIndexCache | undefined {
  if (typeof source !== "string" || /^[a-z]+:\/\//i.test(source)) return undefined;
  const path = resolve(source);
  const identity = identityOf(path);
  if (identity === null) return undefined;
  const nameOf = (key: string): string => {
    const hash = createHash("sha256").update(JSON.stringify([path, identity, key]));
    return join(folder(), `${hash.digest("hex").slice(0, 32)}${ENDING}`);
  };
  return {
    async load(key) {
      try {
        const [digest = "", text = ""] = splitFirst(readFileSync(nameOf(key), "utf8"));
        return digest === digestOf(text) ? decodeTimeIndex(text) : null;
      } catch {
        return null;
      }
    },
    async save(key, index) {
      // What was read while the file was changed is an index of neither state.
      if (identityOf(path) !== identity) return;
      const name = nameOf(key);
      const unfinished = `${name}.${process.pid}`;
      try {
        mkdirSync(folder(), { recursive: true, mode: 0o700 });
        const text = encodeTimeIndex(index);
        writeFileSync(unfinished, `${digestOf(text)}\n${text}`, { mode: 0o600 });
        renameSync(unfinished, name);
        prune();
      } catch {
        removeIfThere(unfinished);
      }
    },
  };
}

/** What changes when the bytes of a file do; null where there is none. */
function identityOf(path: string): string | null {
  try {
    const { size, mtimeMs, ino } = statSync(path);
    return JSON.stringify([size, mtimeMs, ino]);
  } catch {
    return null;
  }
}

function removeIfThere(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch {
    // Not even the folder is one.
  }
}

/** Where caches belong: the XDG base directory specification. */
function folder(): string {
  const { XDG_CACHE_HOME: cache } = process.env;
  return join(cache?.startsWith("/") ? cache : join(homedir(), ".cache"), "evarrow");
}

function digestOf(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

function splitFirst(text: string): [string, string] {
  const at = text.indexOf("\n");
  return [text.slice(0, at), text.slice(at + 1)];
}

function prune(): void {
  const files = readdirSync(folder()).filter((name) => name.endsWith(ENDING));
  if (files.length <= MOST_FILES) return;
  const byAge = files
    .map((name) => ({ path: join(folder(), name), at: statSync(join(folder(), name)).mtimeMs }))
    .sort((a, b) => b.at - a.at);
  for (const { path } of byAge.slice(MOST_FILES)) rmSync(path, { force: true });
}
