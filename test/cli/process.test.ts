/**
 * The built command line as a process of its own: what only a process has. It needs `npm run build`
 * and is skipped, with a word, where that has not been done.
 */
import { spawnSync } from "node:child_process";
import { closeSync, existsSync, openSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { evarrow, evt2File, THREE_EVENTS, temporaryPath } from "./support.ts";

const main = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));
const isBuilt = existsSync(main);
if (!isBuilt) console.warn("skipped: dist/cli/main.js is absent; `npm run build` makes it");

/** Writes the URL of every module that is loaded to stderr. */
const LIST_MODULES = dataUrl(`
  import { register } from "node:module";
  register(${JSON.stringify(
    dataUrl(`
      import { writeSync } from "node:fs";
      export async function load(url, context, next) {
        writeSync(2, url + "\\n");
        return next(url, context);
      }`),
  )});`);

function dataUrl(code: string): string {
  return `data:text/javascript,${encodeURIComponent(code)}`;
}

function node(...argv: string[]) {
  return spawnSync(process.execPath, argv, { encoding: "utf8" });
}

describe.skipIf(!isBuilt)("the built command", () => {
  const file = evt2File("three.raw", THREE_EVENTS);

  it("prints data and exits with 0", () => {
    const { status, stdout, stderr } = node(main, "head", "-n1", file);
    expect([status, stdout, stderr]).toEqual([0, "x  y    t  polarity\n5  7  640         1\n", ""]);
  });

  it("prints messages on stderr and exits with 1 or 2", () => {
    const missing = temporaryPath("missing.raw");
    const bad = node(main, "stats", missing);
    expect([bad.status, bad.stdout]).toEqual([1, ""]);
    expect(bad.stderr).toBe(`evarrow: error: ${missing}: no such file.\n`);
    expect(node(main, "stats").status).toBe(2);
  });

  it.each(["info", "head", "stats", "digest"])("%s reads standard input", async (command) => {
    // A socket here, and a file below.
    const argv = [main, command, "--json"];
    const options = { encoding: "utf8", input: readFileSync(file) } as const;
    const piped = spawnSync(process.execPath, [...argv, "-"], options);
    expect([piped.status, piped.stderr]).toEqual([0, ""]);
    const descriptor = openSync(file, "r");
    const read = spawnSync(process.execPath, [...argv, "-"], {
      encoding: "utf8",
      stdio: [descriptor, "pipe", "pipe"],
    });
    closeSync(descriptor);
    expect([read.status, read.stderr]).toEqual([0, ""]);
    if (command === "info") expect(JSON.parse(piped.stdout)).toMatchObject({ file: "-" });
    else {
      const { stdout } = await evarrow([command, "--json", file]);
      expect([piped.stdout, read.stdout]).toEqual([stdout, stdout]);
    }
  });

  it("loads the library, Arrow, Polars and the bar only where they are used", () => {
    const modules = (...argv: string[]) => node("--import", LIST_MODULES, main, ...argv).stderr;
    const help = modules("--help");
    expect(help).toContain("dist/cli/main.js");
    expect(help).not.toMatch(/kernel\.js|dist\/node\.js/);
    expect(help.match(/\/dist\//g)?.length).toBeLessThan(8);
    const info = modules("info", file);
    expect(info).toContain("kernel.js");
    expect(info).not.toMatch(/apache-arrow|nodejs-polars|cli-progress/);
    expect(modules("head", file)).toContain("apache-arrow");
    // Each costs about half a millisecond; before they were put together there were 275.
    expect(info.match(/\/dist\//g)?.length).toBeLessThan(50);
  });
});
