import { createHash } from "node:crypto";
import { fileURLToPath } from "node:url";
import { EventError } from "../errors.ts";
import { openFile } from "../source/node/file.ts";
import { createFile } from "../source/node/file-sink.ts";
import { spoolToFile } from "../source/node/spool.ts";
import type { Platform } from "./platform.ts";

/** Node: files by path, and the native libraries. */
export const platform: Platform = {
  openPath: async (path) => openFile(pathOf(path)),

  createFile: async (path) => createFile(pathOf(path)),

  spool: spoolToFile,

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

  createSha256() {
    const hash = createHash("sha256");
    return { update: (bytes) => void hash.update(bytes), hex: () => hash.digest("hex") };
  },

  yieldToEventLoop: () => new Promise((resolve) => setImmediate(resolve)),
};

/** The path that a path or a `file:` URL names. */
function pathOf(path: string | URL): string {
  if (typeof path === "string" && !/^https?:\/\//i.test(path)) return path;
  const address = URL.canParse(path) ? new URL(path).href : String(path);
  if (!address.startsWith("file:")) {
    throw new EventError("source-unsupported", "web addresses cannot be opened", {
      path: address,
      expected: "a path or a file: URL",
      hint: "Fetch it and give the response's body, a `ReadableStream`.",
    });
  }
  try {
    return fileURLToPath(address);
  } catch (cause) {
    throw new EventError("source-unsupported", "this URL names no file", { path: address, cause });
  }
}
