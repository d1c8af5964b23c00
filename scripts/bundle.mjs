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
/** What threads that read rows load: the library, which few need. */
const ROWS = { file: "thread-rows", source: "recording/row-work.ts" };
const { dependencies } = JSON.parse(readFileSync(new URL("package.json", root), "utf8"));

const common = {
  cwd: fileURLToPath(root),
  external: Object.keys(dependencies).map((name) => new RegExp(`^${name}(?:/|$)`)),
  platform: "node",
  resolve: { alias: { "#platform": fileURLToPath(new URL("src/platform/node.ts", root)) } },
};
const bundles = [
  {
    ...common,
    input: {
      node: "./src/node.ts",
      "cli/main": "./src/cli/main.ts",
      [ROWS.file]: `./src/${ROWS.source}`,
      // For who loads a module by its path in Node, as scripts/time-kernels.mjs does: `#platform` is this.
      "platform/node": "./src/platform/node.ts",
    },
  },
  {
    ...common,
    input: { thread: "./src/thread.ts" },
    inOneFile: true,
    plugins: [
      {
        name: "rows-apart",
        resolveId: (source) =>
          source.endsWith(ROWS.source) ? { id: `./${ROWS.file}.js`, external: true } : null,
      },
    ],
  },
];
rmSync(new URL("chunks", dist), { recursive: true, force: true });
let files = 0;
for (const { inOneFile = false, ...options } of bundles) {
  const bundle = await rolldown(options);
  const { output } = await bundle.write({
    dir: fileURLToPath(dist),
    format: "esm",
    entryFileNames: "[name].js",
    chunkFileNames: "chunks/[name].js",
    // A thread is started for a stream: twelve milliseconds of fifty were spent on finding its files.
    codeSplitting: !inOneFile,
  });
  await bundle.close();
  files += output.length;
}
console.log(`${files} files for Node in dist`);
