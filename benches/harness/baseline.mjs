/** The C programs beside which evarrow is measured. */
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/**
 * Compiles the baseline of a format; undefined where no C compiler is found, null where there is no
 * program for it.
 *
 * @param {import("../inputs.mjs").InputFormat} format
 * @returns {{
 *   loops: string[], run: (...args: string[]) => object, remove: () => void
 * } | null | undefined} `loops` are its decoding loops, the best of plain C first
 */
export function compileBaseline(format) {
  const name = `${format.replace(".", "")}_baseline`;
  const source = fileURLToPath(new URL(`../c/${name}.c`, import.meta.url));
  if (!existsSync(source)) return null;
  const folder = mkdtempSync(join(tmpdir(), "evarrow-baseline-"));
  const program = join(folder, name);
  for (const compiler of [process.env.CC, "gcc", "clang", "cc"].filter(Boolean)) {
    try {
      execFileSync(compiler, ["-O3", "-march=native", "-o", program, source], { stdio: "pipe" });
    } catch (error) {
      if (error.code === "ENOENT") continue;
      rmSync(folder, { recursive: true, force: true });
      throw new Error(`${compiler} cannot compile the baseline:\n${error.stderr}`);
    }
    const run = (...args) => JSON.parse(execFileSync(program, args, { encoding: "utf8" }));
    const remove = () => rmSync(folder, { recursive: true, force: true });
    return { loops: run("loops").loops, run, remove };
  }
  rmSync(folder, { recursive: true, force: true });
  return undefined;
}
