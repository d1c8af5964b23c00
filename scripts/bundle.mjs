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
/** What threads that read rows load. */
const ROWS = "recording/row-work";
const { dependencies } = JSON.parse(readFileSync(new URL("package.json", root), "utf8"));

const external = Object.keys(dependencies).map((name) => new RegExp(`^${name}(?:/|$)`));
const common = {
  cwd: fileURLToPath(root),
  platform: "node",
  resolve: { alias: { "#platform": fileURLToPath(new URL("src/platform/node.ts", root)) } },
};
const bundles = [
  {
    ...common,
    input: {
      node: "./src/node.ts",
      "cli/main": "./src/cli/main.ts",
      [ROWS]: `./src/${ROWS}.ts`,
      // For who loads a module by its path in Node, as scripts/time-kernels.mjs does: `#platform` is this.
      "platform/node": "./src/platform/node.ts",
    },
    external,
  },
  {
    ...common,
    input: { thread: "./src/thread.ts" },
    external,
    // The library, which few threads need, is that of the others.
    plugins: [
      {
        name: "rows-apart",
        resolveId: (source) =>
          source.endsWith(`${ROWS}.ts`) ? { id: `./${ROWS}.js`, external: true } : null,
      },
    ],
  },
];
rmSync(new URL("chunks", dist), { recursive: true, force: true });
let files = 0;
for (const options of bundles) {
  const bundle = await rolldown(options);
  const { output } = await bundle.write({
    dir: fileURLToPath(dist),
    format: "esm",
    entryFileNames: "[name].js",
    chunkFileNames: "chunks/[name].js",
    // A thread is started for a stream: twelve milliseconds of fifty were spent on finding its files.
    codeSplitting: options.input.thread === undefined,
  });
  await bundle.close();
  files += output.length;
}
console.log(`${files} files for Node in dist`);
