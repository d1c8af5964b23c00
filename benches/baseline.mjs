/** The C program beside which evarrow is measured. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const SOURCE = fileURLToPath(new URL("c/evt2_baseline.c", import.meta.url));

/**
 * Compiles the baseline; undefined, with a message, where no C compiler is found.
 *
 * @returns {{ run: (...args: string[]) => object, remove: () => void } | undefined}
 */
export function compileBaseline() {
  const folder = mkdtempSync(join(tmpdir(), "evarrow-baseline-"));
  const program = join(folder, "evt2_baseline");
  for (const compiler of [process.env.CC, "gcc", "clang", "cc"].filter(Boolean)) {
    try {
      execFileSync(compiler, ["-O3", "-march=native", "-o", program, SOURCE], { stdio: "pipe" });
    } catch (error) {
      if (error.code === "ENOENT") continue;
      throw new Error(`${compiler} cannot compile the baseline:\n${error.stderr}`);
    }
    return {
      run: (...args) => JSON.parse(execFileSync(program, args, { encoding: "utf8" })),
      remove: () => rmSync(folder, { recursive: true, force: true }),
    };
  }
  rmSync(folder, { recursive: true, force: true });
  console.log("No C compiler found: the comparison with C is skipped.");
  return undefined;
}
