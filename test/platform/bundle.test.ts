/** evarrow in a bundle for Node, as the README says to make one. */
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { rolldown } from "rolldown";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const root = new URL("../../", import.meta.url);
const inProject = (path: string): string => fileURLToPath(new URL(path, root));
const isBuilt = existsSync(new URL("dist/node.js", root));

const ENTRY = "entry";
const PROGRAM = `
  import { loadTable, reportOf } from "evarrow";
  const [path, threads] = process.argv.slice(2);
  const table = await loadTable(path, { threads: Number(threads) }).catch((error) => error);
  if (table instanceof Error) console.log(table.code, table.hint);
  else console.log(table.numRows, reportOf(table).threads);
`;

describe.skipIf(!isBuilt)("a bundle for Node (needs `npm run build`)", () => {
  let folder = "";
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "evarrow-bundle-"));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  /** Makes a bundle in a folder of its own; gives a function that runs it. */
  async function bundle(name: string, external: readonly string[]) {
    const dir = join(folder, name);
    const build = await rolldown({
      cwd: inProject("."),
      input: ENTRY,
      platform: "node",
      external: [...external],
      plugins: [
        {
          name: "entry",
          resolveId: (id) => (id === ENTRY ? inProject("entry.js") : null),
          load: (id) => (id === inProject("entry.js") ? PROGRAM : null),
        },
      ],
    });
    await build.write({ dir, format: "esm" });
    await build.close();
    return (sample: string, threads = 1): string => {
      const argv = [join(dir, "entry.js"), inProject(`data-samples/${sample}`), `${threads}`];
      return execFileSync(process.execPath, argv, { encoding: "utf8" }).trim();
    };
  }

  it("reads what its packages are there for", async () => {
    const run = await bundle("packages", ["nodejs-polars", "h5wasm-plugins"]);
    symlinkSync(inProject("node_modules"), join(folder, "packages/node_modules"), "junction");
    expect(run("falling-bar.lz4.h5")).toBe("3929 1");
    expect(run("falling-bar.deflate.h5")).toBe("3929 1");
    expect(run("falling-bar.evb")).toBe("3929 1");
    expect(run("falling-bar.evt3.raw", 2)).toBe("3929 1");
  });

  it("finds plugins of HDF5 in a folder beside it", async () => {
    const run = await bundle("folder", ["nodejs-polars"]);
    expect(run("falling-bar.lz4.h5")).toMatch(/^unsupported-format .*`plugins` of h5wasm-plugins/);
    expect(run("falling-bar.deflate.h5")).toBe("3929 1");
    const plugins = inProject("node_modules/h5wasm-plugins/plugins");
    symlinkSync(plugins, join(folder, "folder/plugins"), "junction");
    expect(run("falling-bar.lz4.h5")).toBe("3929 1");
  });
});
