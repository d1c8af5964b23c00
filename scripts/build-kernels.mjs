/**
 * Compiles every file of `src/kernels/assembly` (`parts/` are what they share) and embeds it as base64 text in a module of
 * `src/kernels/generated`, so that nothing has to be found at run time.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import asc from "assemblyscript/asc";

/** A memory that threads share has a maximum; this is all that WebAssembly can address. */
const MAXIMUM_PAGES = "65536";
const OPTIONS = [
  ...["--runtime", "stub", "--enable", "simd", "--noAssert", "-O3"],
  ...["--importMemory", "--maximumMemory", MAXIMUM_PAGES],
];

const src = new URL("../src/", import.meta.url);
mkdirSync(new URL("kernels/generated/", src), { recursive: true });
const files = readdirSync(new URL("kernels/assembly/", src)).filter((file) => file.endsWith(".ts"));
for (const name of files.map((file) => file.slice(0, -".ts".length)).sort()) {
  let wasm;
  const { error, stderr } = await asc.main(
    [
      `kernels/assembly/${name}.ts`,
      "--baseDir",
      fileURLToPath(src),
      "--outFile",
      "out.wasm",
      ...OPTIONS,
    ],
    {
      writeFile: (_path, contents) => {
        wasm = contents;
      },
    },
  );
  if (error || wasm === undefined) throw new Error(`kernel ${name}:\n${stderr}`);
  const target = new URL(`kernels/generated/${name}.ts`, src);
  const text = [
    `/** Made by \`npm run build:kernels\` from assembly/${name}.ts. */`,
    `export const ${camelCase(name)}Wasm: string =`,
    `  "${Buffer.from(wasm).toString("base64")}";`,
    "",
  ].join("\n");
  // An unchanged file keeps its time, so that nothing behind it is built again.
  if (existsSync(target) && readFileSync(target, "utf8") === text) continue;
  writeFileSync(target, text);
  console.log(`kernel ${name}: ${wasm.byteLength} bytes`);
}

/** `evt2-encoder` as `evt2Encoder`. */
function camelCase(name) {
  return name.replace(/-(.)/g, (_, letter) => letter.toUpperCase());
}
