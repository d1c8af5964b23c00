import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import asc from "assemblyscript/asc";

/** A memory that threads share has a maximum; this is all that WebAssembly can address. */
const MAXIMUM_PAGES = "65536";
const OPTIONS = [
  ...["--runtime", "stub", "--enable", "simd", "--noAssert", "-O3"],
  ...["--importMemory", "--maximumMemory", MAXIMUM_PAGES],
];
const src = fileURLToPath(new URL("../src/", import.meta.url));

/**
 * Compiles `src/kernels/assembly/NAME.ts`.
 *
 * @param {string} name
 * @param {{ file: string, text: string }} [other] what is compiled in place of a file of `assembly`
 * @returns {Promise<Uint8Array>}
 */
export async function compileKernel(name, other) {
  const file = `kernels/assembly/${name}.ts`;
  let wasm;
  let isTaken = other === undefined;
  const { error, stderr } = await asc.main(
    [file, "--baseDir", src, "--outFile", "out.wasm", ...OPTIONS],
    {
      readFile: (path, baseDir) => {
        if (other !== undefined && path === `kernels/assembly/${other.file}`) {
          isTaken = true;
          return other.text;
        }
        try {
          return readFileSync(join(baseDir, path), "utf8");
        } catch {
          return null; // it looks in several places
        }
      },
      writeFile: (_path, contents) => {
        wasm = contents;
      },
    },
  );
  if (error || wasm === undefined) throw new Error(`kernel ${name}:\n${stderr}`);
  if (!isTaken) throw new Error(`kernel ${name} has no ${other.file}`);
  return wasm;
}
