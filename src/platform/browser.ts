import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex } from "@noble/hashes/utils.js";
import { EventError } from "../errors.ts";
import { spoolToBlob } from "../source/blob.ts";
import { FzstdInflater } from "../source/fzstd-inflater.ts";
import { withoutSecrets } from "../source/http-address.ts";
import { ScratchMemory } from "../source/scratch-memory.ts";
import { WebInflater } from "../source/web-inflater.ts";
import { crc32 } from "../util/crc32.ts";
import type { Platform } from "./platform.ts";
import { compressWithWasm, inflateWithWasm } from "./wasm-zstd.ts";

/** The browser: no files by path, no Polars. */
export const platform: Platform = {
  name: "browser",

  bestCodec: "zstd",

  async openPath(path) {
    throw noPaths(path);
  },

  async createFile(path) {
    throw new EventError("sink-unwritable", "a browser cannot write a file by its path", {
      path: withoutSecrets(path),
      hint: "Give a `WritableStream` or a `ByteSink`.",
    });
  },

  async openToGrow(path) {
    throw new EventError("sink-unwritable", "a browser cannot add to a file by its path", {
      path: withoutSecrets(path),
      hint: "Write a new container with `concatEvents`.",
    });
  },

  fileExists: async () => false,

  spool: spoolToBlob,

  createScratch: async (name) => new ScratchMemory(name),

  async createScratchFolder(name) {
    throw new EventError("sink-unwritable", "a browser has no folder for temporary files", {
      path: name,
      hint: "Write it with Node, or choose a format that is written front to back, as Arrow IPC.",
    });
  },

  createInflater: (compression, source) =>
    compression === "gzip" ? new WebInflater(source) : new FzstdInflater(source),

  async importPolars() {
    throw new EventError("polars-unavailable", "Polars does not run in a browser", {
      hint: "Use `loadTable`, which gives the same events as an Arrow table.",
    });
  },

  async inflate(bytes, most) {
    const compressed = new Blob([bytes as Uint8Array<ArrayBuffer>]).stream();
    const reader = compressed.pipeThrough(new DecompressionStream("deflate")).getReader();
    const result = new Uint8Array(most);
    let length = 0;
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return result.subarray(0, length);
      if (length + value.byteLength > most) {
        await reader.cancel();
        throw new RangeError(`more than ${most} bytes come out`);
      }
      result.set(value, length);
      length += value.byteLength;
    }
  },

  inflateAtOnce: 0, // it decompresses in streams only

  inflateInto: () => null,

  async compressBlock(codec, bytes, level) {
    if (codec === "brotli") throw noCodec(codec, 'Give `codec: "zstd"`, `"deflate"` or `"none"`.');
    if (codec === "zstd") {
      await platform.yieldToEventLoop(); // it runs in this thread, which may be that of a page
      return compressWithWasm(bytes, level);
    }
    const stream = new Blob([bytes as Uint8Array<ArrayBuffer>]).stream();
    const compressed = stream.pipeThrough(new CompressionStream("deflate"));
    return new Uint8Array(await new Response(compressed).arrayBuffer());
  },

  async inflateBlock(codec, bytes, size) {
    if (codec === "brotli") throw noCodec(codec, "Read it with Node.");
    if (codec === "deflate") {
      const result = await platform.inflate(bytes, size);
      if (result.byteLength === size) return result;
      throw new RangeError(`${result.byteLength} bytes come out`);
    }
    return inflateWithWasm(bytes, size);
  },

  loadFrameInflater: async () => null,

  crc32,

  openPathToBlock(path) {
    throw noPaths(path);
  },

  startThread: () => null, // only isolated pages can share memory between threads

  async readAsset(url) {
    const response = await fetch(url);
    if (!response.ok) throw new Error(`${url}: ${response.status} ${response.statusText}`);
    return new Uint8Array(await response.arrayBuffer());
  },

  createSha256() {
    const hash = sha256.create();
    return { update: (bytes) => void hash.update(bytes), hex: () => bytesToHex(hash.digest()) };
  },

  touchMemory: null,

  peakMemory: () => null,

  availableMemory() {
    // Rounded, at most 8, and Chromium's alone: a share of it is what a page can count on.
    const { deviceMemory } = (globalThis.navigator ?? {}) as { deviceMemory?: number };
    return deviceMemory === undefined ? null : (deviceMemory * 2 ** 30) / PAGES_OF_A_DEVICE;
  },

  yieldToEventLoop: () =>
    new Promise((resolve) => {
      // A message is a macrotask without the 4 ms that browsers add to nested timers.
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = () => {
        port1.close();
        resolve();
      };
      port2.postMessage(null);
    }),
};

/** A page shares the memory of its device with so many others like it. */
const PAGES_OF_A_DEVICE = 4;

function noCodec(codec: string, hint: string): EventError {
  return new EventError("unsupported-compression", `a browser has no ${codec} for this`, { hint });
}

function noPaths(path: string | URL): EventError {
  return new EventError("source-unsupported", "a browser cannot open a file by its path", {
    path: withoutSecrets(path),
    hint: "Give a web address, a `Blob` or `File`, a `ReadableStream`, or the bytes.",
  });
}
