import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { rolldown } from "rolldown";
import { describe, expect, it } from "vitest";
import { VERSION } from "../src/index.ts";

const root = new URL("../", import.meta.url);
const read = (name: string): string => readFileSync(new URL(name, root), "utf8");
const manifest = JSON.parse(read("package.json"));
const lock = JSON.parse(read("package-lock.json"));

/** What the build makes `dist/x.js` and `dist/x.d.ts` of. */
function sourceOf(built: string): string {
  expect(built).toMatch(/^\.\/dist\/.*\.(?:d\.ts|js)$/);
  const name = built.replace(/^\.\/dist\//, "src/").replace(/\.(?:d\.ts|js)$/, ".ts");
  return fileURLToPath(new URL(name, root));
}

/** Every path in a tree of conditions. */
function pathsIn(tree: unknown): string[] {
  if (typeof tree === "string") return [tree];
  return Object.values(tree as object).flatMap(pathsIn);
}

/** Every innermost table of conditions. */
function leavesOf(tree: object): object[] {
  const inner = Object.values(tree).filter((value) => typeof value === "object");
  return inner.length === 0 ? [tree] : inner.flatMap(leavesOf);
}

describe("package.json", () => {
  it("has the version that the code has", () => {
    expect(manifest.version).toBe(VERSION);
    expect(lock.version).toBe(VERSION);
    expect(lock.packages[""].version).toBe(VERSION);
  });

  it("is an ES module for Node 20.19 and newer, without side effects", () => {
    expect(manifest.name).toBe("evarrow");
    expect(manifest.type).toBe("module");
    expect(manifest.engines).toEqual({ node: ">=20.19" });
    expect(manifest.sideEffects).toBe(false);
    expect(manifest.license).toBe("MIT");
  });

  it("runs nothing when it is installed", () => {
    const atInstall = /^(?:pre|post)?(?:install|prepare|prepublish)$|^dependencies$/;
    const names = Object.keys(manifest.scripts ?? {});
    expect(names.filter((name) => atInstall.test(name))).toEqual([]);
    expect(manifest).not.toHaveProperty("gypfile");
  });

  it("exports paths that the build makes, types first", () => {
    const own = { ".": manifest.exports["."] };
    for (const path of pathsIn(own)) expect(existsSync(sourceOf(path)), path).toBe(true);
    for (const leaf of leavesOf(own)) expect(Object.keys(leaf)).toEqual(["types", "default"]);
    expect(pathsIn(own["."].browser)).toEqual(["./dist/index.d.ts", "./dist/index.js"]);
    expect(pathsIn(own["."].default)).toEqual(["./dist/node.d.ts", "./dist/node.js"]);
    expect(Object.keys(manifest.exports["."])).toEqual(["browser", "default"]);
    expect(manifest.exports["./package.json"]).toBe("./package.json");
  });

  it("knows both platforms", () => {
    const { "#platform": platform, "#thread": thread, ...others } = manifest.imports;
    expect(others).toEqual({});
    expect(thread).toBe("./dist/thread.js");
    expect(existsSync(sourceOf(thread))).toBe(true);
    expect(platform).toEqual({
      browser: "./dist/platform/browser.js",
      default: "./dist/platform/node.js",
    });
    for (const path of pathsIn(platform)) expect(existsSync(sourceOf(path)), path).toBe(true);
  });

  it("has the command line as its program", () => {
    expect(Object.keys(manifest.bin)).toEqual(["evarrow"]);
    const source = sourceOf(manifest.bin.evarrow);
    expect(readFileSync(source, "utf8")).toMatch(/^#!\/usr\/bin\/env node\n/);
  });

  it("publishes the build and what a reader needs, no sources and no tests", () => {
    expect(manifest.files).toContain("dist");
    for (const name of manifest.files) {
      expect(name).not.toMatch(/^[./]*(?:src|test|benches|scripts|node_modules|\.ci)\b/);
    }
  });

  it("comes with packages that README has the versions of", () => {
    const readme = read("README.md");
    const { "nodejs-polars": polars, "apache-arrow": arrow } = manifest.dependencies;
    expect(readme).toContain(`npm install evarrow nodejs-polars@${polars}\n`);
    expect(readme).toContain(`nodejs-polars ${polars} and\napache-arrow ${arrow} come with it`);
  });

  it("pins every package exactly", () => {
    const wanted = { ...manifest.dependencies, ...manifest.devDependencies };
    for (const [name, version] of Object.entries(wanted)) {
      expect(`${name} ${version}`).toMatch(/ \d+\.\d+\.\d+$/);
      expect(lock.packages[`node_modules/${name}`]?.version).toBe(version);
    }
  });
});

describe("package-lock.json", () => {
  const packages: [string, { hasInstallScript?: boolean; integrity?: string; link?: boolean }][] =
    Object.entries(lock.packages);

  it("holds no package that runs something when it is installed", () => {
    expect(packages.length).toBeGreaterThan(50);
    const scripted = packages.filter(([, { hasInstallScript }]) => hasInstallScript);
    expect(scripted.map(([name]) => name)).toEqual([]);
  });

  it("holds no download addresses, so that any registry serves", () => {
    expect(read("package-lock.json")).not.toMatch(/"resolved": "http/);
    expect(read(".npmrc")).toMatch(/^omit-lockfile-registry-resolved=true$/m);
  });

  it("holds a checksum of every package", () => {
    const unchecked = packages.filter(([name, { integrity }]) => name !== "" && !integrity);
    expect(unchecked.map(([name]) => name)).toEqual([]);
  });
});

const isBuilt = existsSync(new URL("dist/node.d.ts", root));

describe.skipIf(!isBuilt)("declarations (need dist)", () => {
  it("name nothing of WebAssembly, which consumers without the DOM types do not have", () => {
    const files = declarationsFrom("dist/node.d.ts");
    for (const file of files)
      expect(readFileSync(file, "utf8"), file).not.toContain("WebAssembly.");
    expect(files.size).toBeGreaterThan(10);
  });
});

describe.skipIf(!isBuilt)("dist (needs `npm run build`)", () => {
  const built = readdirSync(new URL("dist/", root), { recursive: true })
    .map((name) => fileURLToPath(new URL(`dist/${String(name).replaceAll("\\", "/")}`, root)))
    .filter((path) => statSync(path).isFile());

  it("holds no module that nothing loads", async () => {
    const { exports, imports, bin } = manifest;
    const entries = pathsIn([exports, imports, bin]).filter((path) =>
      /^\.\/dist\/.*\.js$/.test(path),
    );
    const modules = await modulesFrom(entries);
    expect(modules.size).toBeGreaterThan(100);
    expect(built.filter((path) => path.endsWith(".js") && !modules.has(path))).toEqual([]);
  });

  it("holds no declarations that nothing leads to", () => {
    const entries = ["dist/index.d.ts", "dist/node.d.ts", "dist/thread.d.ts"];
    // `#platform` leads the tests to it.
    entries.push("dist/platform/node.d.ts", "dist/platform/browser.d.ts");
    const files = new Set(entries.flatMap((entry) => [...declarationsFrom(entry)]));
    expect(built.filter((path) => path.endsWith(".d.ts") && !files.has(path))).toEqual([]);
  });

  it("holds modules and declarations", () => {
    expect(built.filter((path) => !/\.(?:js|d\.ts)$/.test(path))).toEqual([]);
  });
});

/** A file of declarations and all that it refers to. */
function declarationsFrom(entry: string): Set<string> {
  const seen = new Set<string>();
  const visit = (file: string): void => {
    if (seen.has(file) || !existsSync(file)) return;
    seen.add(file);
    const text = readFileSync(file, "utf8");
    const targets = text.matchAll(/(?:from |import\()["'](\.[^"']+)\.(?:js|ts)["']/g);
    for (const [, target = ""] of targets) visit(join(dirname(file), `${target}.d.ts`));
  };
  visit(fileURLToPath(new URL(entry, root)));
  return seen;
}

/** Modules of the package that a bundler finds from some on. */
async function modulesFrom(entries: string[]): Promise<Set<string>> {
  const modules = new Set<string>();
  const bundle = await rolldown({
    cwd: fileURLToPath(root),
    input: entries,
    platform: "node",
    treeshake: false,
    external: Object.keys(manifest.dependencies).map((name) => new RegExp(`^${name}(?:/|$)`)),
    plugins: [{ name: "modules", moduleParsed: ({ id }) => void modules.add(id) }],
  });
  await bundle.generate({ format: "esm" });
  await bundle.close();
  return modules;
}
