// Makes a kernel of a copied build a tenth slower, for the test of the comparison.

import { execFileSync } from "node:child_process";
import {
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
/** The kernels whose input may be cut anywhere between words. */
const KERNELS = ["evt2", "evt21", "evt3", "dat"];
const HEAD = "export function decode(input: usize, end: usize, capacity: i32): usize {";

/** In place of `decode`: it is called `decodePiece` then. The state is all that a call leaves behind
 * beside the columns, and it is put back before the piece is decoded again. */
const SLOWER = `
const SLOW_PIECE: usize = 16384;
const SLOW_STATE: usize = 32768;
const SLOW_STATE_BYTES: usize = 768;
const slowSaved: usize = memory.data(768, 16);
let slowPieces: i32 = 0;

export function decode(input: usize, end: usize, capacity: i32): usize {
  let next = input;
  let pieceEnd = input;
  do {
    pieceEnd = min(next + SLOW_PIECE, end);
    if (++slowPieces % 10 === 0) {
      memory.copy(slowSaved, SLOW_STATE, SLOW_STATE_BYTES);
      decodePiece(next, pieceEnd, capacity);
      memory.copy(SLOW_STATE, slowSaved, SLOW_STATE_BYTES);
    }
    next = decodePiece(next, pieceEnd, capacity);
  } while (next === pieceEnd && pieceEnd < end);
  return next;
}
`;

/**
 * @param {string} folder of the copied build
 * @param {string} name of the kernel
 * @param {string} scratch an empty place is made in it
 */
export async function slowDown(folder, name, scratch) {
  if (!KERNELS.includes(name)) {
    throw new RangeError(`only ${KERNELS.join(", ")} can be slowed down, not ${name}`);
  }
  const place = join(scratch, "source");
  mkdirSync(place);
  for (const part of ["src", "scripts"])
    cpSync(join(ROOT, part), join(place, part), { recursive: true });
  symlinkSync(join(ROOT, "node_modules"), join(place, "node_modules"), "junction");
  const assembly = join(place, "src/kernels/assembly");
  for (const { name: file } of readdirSync(assembly, { withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  )) {
    if (file !== `${name}.ts`) rmSync(join(assembly, file));
  }
  const path = join(assembly, `${name}.ts`);
  const source = readFileSync(path, "utf8");
  if (!source.includes(HEAD)) throw new Error(`${name}.ts has no ${HEAD}`);
  writeFileSync(
    path,
    source.replace(HEAD, HEAD.replace("export function decode", "function decodePiece")) + SLOWER,
  );

  rmSync(join(place, `src/kernels/generated/${name}.ts`), { force: true });
  execFileSync(process.execPath, [join(place, "scripts/build-kernels.mjs")], {
    stdio: ["ignore", "ignore", "inherit"],
  });
  const kernelIn = (file) => /"([^"]+)"/.exec(readFileSync(file, "utf8"))[1];
  const slow = kernelIn(join(place, `src/kernels/generated/${name}.ts`));
  const built = kernelIn(join(folder, `dist/kernels/generated/${name}.js`));
  const chunks = join(folder, "dist/chunks");
  const holders = readdirSync(chunks).filter((file) =>
    readFileSync(join(chunks, file), "utf8").includes(built),
  );
  if (holders.length === 0) throw new Error(`no file in ${chunks} holds the kernel ${name}`);
  for (const file of holders) {
    const text = readFileSync(join(chunks, file), "utf8");
    writeFileSync(join(chunks, file), text.replaceAll(built, slow));
  }
}
