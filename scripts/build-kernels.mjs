/**
 * Compiles every file of `src/kernels/assembly` (`parts/` are what they share) and embeds it as base64 text in a module of
 * `src/kernels/generated`, so that nothing has to be found at run time.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { compileKernel } from "./compile-kernel.mjs";

const src = new URL("../src/", import.meta.url);
mkdirSync(new URL("kernels/generated/", src), { recursive: true });
const files = readdirSync(new URL("kernels/assembly/", src)).filter((file) => file.endsWith(".ts"));
for (const name of files.map((file) => file.slice(0, -".ts".length)).sort()) {
  const wasm = await compileKernel(name);
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
