import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import { freemem, tmpdir, totalmem } from "node:os";
import { fileURLToPath } from "node:url";
import { isMainThread } from "node:worker_threads";
import zlib from "node:zlib";
import { EventError, type EventErrorCode } from "../errors.ts";
import { FzstdInflater } from "../source/fzstd-inflater.ts";
import { withoutSecrets } from "../source/http-address.ts";
import { openFile, openFileToBlock } from "../source/node/file.ts";
import { createFile } from "../source/node/file-sink.ts";
import { openToGrow } from "../source/node/growing-file.ts";
import { GzipInflater } from "../source/node/gzip-inflater.ts";
import { createScratchFile } from "../source/node/scratch-file.ts";
import { createScratchFolder } from "../source/node/scratch-folder.ts";
import { spoolToFile } from "../source/node/spool.ts";
import { zstdInflater } from "../source/node/zlib-inflater.ts";
import { readAvailableMemory } from "./available-memory.ts";
import { compressBlock, inflateBlock } from "./node-codecs.ts";
import { inflateInto } from "./node-inflate.ts";
import { touchMemory } from "./node-memory.ts";
import { startNodeThread } from "./node-thread.ts";
import { loadFrameInflater } from "./node-zstd.ts";
import type { Platform } from "./platform.ts";

/** From Node 22.15 on. */
const { createZstdDecompress } = zlib as unknown as {
  createZstdDecompress?: () => zlib.InflateRaw;
};

/**
 * Sending so few bytes to another thread and back costs about as much as decompressing them here: 0.2 ms
 * where a machine is virtual, for 0.25 ms of work.
 */
const INFLATE_AT_ONCE = 1024 * 1024;

/** Node: files by path, and the native libraries. */
export const platform: Platform = {
  name: `${process.platform} ${process.arch}, Node ${process.versions.node}`,

  bestCodec: "zstd",

  openPath: async (path) => openFile(pathOf(path, UNREADABLE_ADDRESS)),

  createFile: async (path, signal) => createFile(pathOf(path, UNWRITABLE_ADDRESS), signal),

  openToGrow: async (path) => openToGrow(pathOf(path, UNWRITABLE_ADDRESS)),

  fileExists: async (path) => {
    const found = await stat(pathOf(path, UNWRITABLE_ADDRESS)).catch(() => null);
    return found?.isFile() ?? false;
  },

  spool: spoolToFile,

  createScratch: (name) => createScratchFile(tmpdir(), name),

  createScratchFolder: (name) => createScratchFolder(tmpdir(), name),

  createInflater: (compression, source) => {
    if (compression === "gzip") return new GzipInflater(source);
    return createZstdDecompress === undefined
      ? new FzstdInflater(source)
      : zstdInflater(source, createZstdDecompress());
  },

  async importPolars() {
    try {
      return (await import("nodejs-polars")).default;
    } catch (cause) {
      throw new EventError("polars-unavailable", "Polars cannot be loaded on this platform", {
        found: `${process.platform} ${process.arch}, Node ${process.versions.node}`,
        hint: "Use `loadTable`, which gives the same events as an Arrow table.",
        cause,
      });
    }
  },

  inflate(bytes, most) {
    // Room for all and a little more, or a second buffer is made to see that there is no more.
    const chunkSize = most + INFLATE_SLACK;
    const options = { chunkSize, maxOutputLength: chunkSize };
    if (most <= INFLATE_AT_ONCE || !isMainThread)
      return atMost(zlib.inflateSync(bytes, options), most);
    return new Promise((resolve, reject) => {
      zlib.inflate(bytes, options, (cause, result) => {
        if (cause !== null) reject(cause);
        else if (result.byteLength > most) reject(tooMany(most));
        else resolve(plain(result));
      });
    });
  },

  inflateAtOnce: INFLATE_AT_ONCE,

  inflateInto,

  compressBlock,

  inflateBlock,

  loadFrameInflater,

  crc32: (bytes, start = 0) => zlib.crc32(bytes, start),

  openPathToBlock: openFileToBlock,

  startThread: startNodeThread,

  readAsset: async (url) => plain(await readFile(fileURLToPath(url))),

  createSha256() {
    const hash = createHash("sha256");
    return { update: (bytes) => void hash.update(bytes), hex: () => hash.digest("hex") };
  },

  touchMemory,

  peakMemory: () => process.resourceUsage().maxRSS * 1024, // in kilobytes, whatever the system

  availableMemory() {
    const now = performance.now();
    if (now - lookedAt >= LOOK_INTERVAL_MS) {
      available = lookForMemory();
      lookedAt = now;
    }
    return available;
  },

  yieldToEventLoop: () => new Promise((resolve) => setImmediate(resolve)),
};

/** Looking for memory takes half a millisecond, as long as loading a small recording. */
const LOOK_INTERVAL_MS = 250;
let lookedAt = Number.NEGATIVE_INFINITY;
let available = 0;

function lookForMemory(): number {
  const seen = readAvailableMemory(readSystemFile) ?? unusedMemory();
  // What Node knows of limits that stand in no file; the largest of numbers where it knows none.
  const limit = process.constrainedMemory?.() ?? 0;
  if (!(limit > 0 && limit < totalmem())) return seen;
  return Math.min(seen, Math.max(limit - process.memoryUsage.rss(), 0));
}

/** A file below `/proc` or `/sys`; null where there is none, or the process may not look. */
function readSystemFile(path: string): string | null {
  try {
    // To look first costs less than an error.
    return existsSync(path) ? readFileSync(path, "latin1") : null;
  } catch {
    return null;
  }
}

/** Systems without `/proc`. macOS counts memory as used that it only keeps files in. */
function unusedMemory(): number {
  return process.platform === "darwin" ? Math.max(freemem(), totalmem() / 4) : freemem();
}

/** The least that zlib works with. */
const INFLATE_SLACK = 64;

function atMost(result: Buffer, most: number): Uint8Array {
  if (result.byteLength > most) throw tooMany(most);
  return plain(result);
}

/** A `Buffer` as what it is: its own `slice` shares bytes. */
function plain({ buffer, byteOffset, byteLength }: Buffer): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

function tooMany(most: number): RangeError {
  return new RangeError(`more than ${most} bytes come out`);
}

/** What is said of an address that names no file. */
interface AddressProblem {
  readonly code: EventErrorCode;
  readonly problem: string;
  readonly expected: string;
  readonly hint: string;
}

const UNREADABLE_ADDRESS: AddressProblem = {
  code: "source-unsupported",
  problem: "addresses of this kind cannot be opened",
  expected: "a path, or a URL with file:, http: or https:",
  hint: "Fetch it and give the response's body, a `ReadableStream`.",
};
const UNWRITABLE_ADDRESS: AddressProblem = {
  code: "sink-unwritable",
  problem: "web addresses cannot be written",
  expected: "a path or a file: URL",
  hint: "Write a file, or give a `WritableStream` that uploads.",
};

/** The path that a path or a `file:` URL names. */
function pathOf(path: string | URL, { code, problem, expected, hint }: AddressProblem): string {
  if (typeof path === "string" && !/^[a-z][a-z0-9+.-]+:\/\//i.test(path)) return path;
  const address = URL.canParse(path) ? new URL(path).href : String(path);
  if (!address.startsWith("file:")) {
    const found = address.slice(0, address.indexOf(":") + 1);
    throw new EventError(code, problem, { path: withoutSecrets(address), expected, found, hint });
  }
  try {
    return fileURLToPath(address);
  } catch (cause) {
    throw new EventError(code, "this URL names no file", { path: address, cause });
  }
}
