/**
 * Puts the modules that Node runs together in few files, in the place of those that the compiler made:
 * to find and load 275 files took three times as long as to load these. What is loaded when it is used stays apart.
 * `index.js` and what it imports stay as they are: what runs in browsers has a bundler of its own.
 */
import { readFileSync, rmSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { rolldown } from "rolldown";

const root = new URL("../", import.meta.url);
const dist = new URL("dist/", root);
const { dependencies } = JSON.parse(readFileSync(new URL("package.json", root), "utf8"));

const bundle = await rolldown({
  cwd: fileURLToPath(root),
  input: {
    node: "./src/node.ts",
    "cli/main": "./src/cli/main.ts",
    thread: "./src/thread.ts",
    // For who loads a module by its path in Node, as scripts/time-kernels.mjs does: `#platform` is this.
    "platform/node": "./src/platform/node.ts",
  },
  platform: "node",
  resolve: { alias: { "#platform": fileURLToPath(new URL("src/platform/node.ts", root)) } },
  external: Object.keys(dependencies).map((name) => new RegExp(`^${name}(?:/|$)`)),
});
rmSync(new URL("chunks", dist), { recursive: true, force: true });
const { output } = await bundle.write({
  dir: fileURLToPath(dist),
  format: "esm",
  entryFileNames: "[name].js",
  chunkFileNames: "chunks/[name].js",
});
await bundle.close();
console.log(`${output.length} files for Node in dist`);
