/**
 * Removes the files of `dist` that nothing loads: modules that Node has in `chunks`, modules that hold
 * only types, and declarations that the public ones do not lead to.
 */
import { existsSync, readdirSync, readFileSync, rmdirSync, rmSync, statSync } from "node:fs";

const root = new URL("../", import.meta.url);
const dist = new URL("dist/", root);
const { exports, imports, bin } = JSON.parse(readFileSync(new URL("package.json", root), "utf8"));

const reached = new Set();
for (const path of pathsIn([exports, imports, bin])) {
  if (path.startsWith("./dist/")) visit(new URL(path, root));
}
// What is typed by name, `#platform`, is not in `exports`.
for (const path of pathsIn(imports)) {
  const types = new URL(path.replace(/\.js$/, ".d.ts"), root);
  if (existsSync(types)) visit(types);
}
let files = 0;
let bytes = 0;
prune(dist);
// The compiler believes that its files are there, and would not write those again that it takes for unchanged.
rmSync(new URL("node_modules/.cache/tsc", root), { recursive: true, force: true });
console.log(
  `${files} files of ${Math.round(bytes / 1000)} kB that nothing loads are gone from dist`,
);

/** Every path in a tree of conditions. */
function pathsIn(tree) {
  return typeof tree === "string" ? [tree] : Object.values(tree).flatMap(pathsIn);
}

/** Follows a file to all that it imports, now or later. */
function visit(file) {
  if (reached.has(file.href)) return;
  reached.add(file.href);
  const isTypes = file.pathname.endsWith(".d.ts");
  const text = readFileSync(file, "utf8");
  for (const [, target] of text.matchAll(/\b(?:from|import)\s*\(?\s*["'](\.[^"']+)["']/g)) {
    visit(new URL(isTypes ? target.replace(/\.[jt]s$/, ".d.ts") : target, file));
  }
}

/** Removes what was not reached; whether the folder is empty then. */
function prune(folder) {
  let left = 0;
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = new URL(entry.isDirectory() ? `${entry.name}/` : entry.name, folder);
    if (entry.isDirectory() ? !prune(path) : reached.has(path.href)) {
      left++;
    } else if (entry.isDirectory()) {
      rmdirSync(path);
    } else {
      bytes += statSync(path).size;
      files++;
      rmSync(path);
    }
  }
  return left === 0;
}
