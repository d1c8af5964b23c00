import { createHash } from "node:crypto";
import { fileURLToPath } from "node:url";
import { EventError } from "../errors.ts";
import { openFile } from "../source/node/file.ts";
import type { Platform } from "./platform.ts";

/** Node: files by path, and the native libraries. */
export const platform: Platform = {
  async openPath(path) {
    const isWebAddress = typeof path === "string" && /^https?:\/\//i.test(path);
    if (typeof path === "string" && !isWebAddress) return openFile(path);
    const url = new URL(path);
    if (url.protocol === "file:") return openFile(fileURLToPath(url));
    throw new EventError("source-unsupported", `${url.protocol} URLs cannot be opened`, {
      path: url.href,
      expected: "a path or a file: URL",
      hint: "Fetch it and give the response's body, a `ReadableStream`.",
    });
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

  createSha256() {
    const hash = createHash("sha256");
    return { update: (bytes) => void hash.update(bytes), hex: () => hash.digest("hex") };
  },

  yieldToEventLoop: () => new Promise((resolve) => setImmediate(resolve)),
};
