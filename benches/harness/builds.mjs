// The built package, and copies of it that are kept to be set beside later ones.

import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { CACHE_FOLDER } from "../inputs.mjs";
import { makeScratch } from "./scratch.mjs";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const KEPT = join(CACHE_FOLDER, "builds");
const FIGURES = "figures.json";
const LIBRARY = "library.mjs";

/**
 * @typedef {object} Build
 * @property {string} name
 * @property {string} build address of the folder that has `dist` and `package.json`
 * @property {string} library the module in it that gives `evarrow`
 */

/** What `npm run build` made. @type {Build} */
export const CURRENT = {
  name: "current",
  build: pathToFileURL(ROOT).href,
  library: `benches/${LIBRARY}`,
};

/**
 * Copies a build, kernels included; what it depends on is shared with this checkout.
 *
 * @param {string} folder is made
 * @param {string} name
 * @returns {Build}
 */
export function copyBuild(folder, name) {
  mkdirSync(folder, { recursive: true });
  cpSync(join(ROOT, "dist"), join(folder, "dist"), { recursive: true });
  cpSync(join(ROOT, "package.json"), join(folder, "package.json"));
  cpSync(join(ROOT, "benches", LIBRARY), join(folder, LIBRARY));
  symlinkSync(join(ROOT, "node_modules"), join(folder, "node_modules"), "junction");
  return describe(folder, name);
}

/**
 * A copy that a build under way cannot change, and which is run like the one it is set beside: from
 * the same file system, by the same kind of path. It goes with the process.
 *
 * @returns {Build}
 */
export function freezeBuild() {
  return copyBuild(makeScratch("evarrow-build"), "current");
}

/**
 * Keeps the present build and what was measured of it; an older one of that name goes.
 *
 * @param {string} name letters, digits, `.`, `_` and `-`
 * @param {object} figures
 */
export function saveBuild(name, figures) {
  const folder = folderOf(name);
  rmSync(folder, { recursive: true, force: true });
  copyBuild(folder, name);
  writeFileSync(join(folder, FIGURES), `${JSON.stringify(figures)}\n`);
  return folder;
}

/**
 * @param {string} name
 * @returns {Build & { figures: any }}
 * @throws {RangeError} where there is none of that name
 */
export function savedBuild(name) {
  const folder = folderOf(name);
  if (!existsSync(join(folder, "dist"))) {
    const names = existsSync(KEPT) ? readdirSync(KEPT) : [];
    const there = names.length > 0 ? `there are ${names.join(", ")}` : "none was saved yet";
    throw new RangeError(`no saved build ${name}; ${there} (--save NAME)`);
  }
  const figures = JSON.parse(readFileSync(join(folder, FIGURES), "utf8"));
  return { ...describe(folder, name), figures };
}

function folderOf(name) {
  if (!/^\w[\w.-]*$/.test(name)) throw new RangeError(`${name} cannot be the name of a build`);
  return join(KEPT, name);
}

function describe(folder, name) {
  return { name, build: `${pathToFileURL(folder).href}/`, library: LIBRARY };
}
