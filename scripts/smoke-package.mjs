/**
 * Packs the package, installs it into an empty folder as a user would, and uses it there: from a
 * script, from the command line, and from TypeScript without the types of Node or the DOM.
 *
 * Needs the build. Prints what it does; the exit code is 1 when something does not work.
 */
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const project = fileURLToPath(new URL("..", import.meta.url));
const manifest = JSON.parse(readFileSync(join(project, "package.json"), "utf8"));
const { name, version, bin, dependencies } = manifest;

const SCRIPT = `
import { convertRecording, loadEvents, loadTable } from "evarrow";
import pl from "nodejs-polars"; // the same copy, or this is the end of the process
const header = new TextEncoder().encode("% evt 2.0\\n% geometry 640x480\\n% end\\n");
const words = Uint32Array.of(0x80000001, 0x10c02807); // time 64; ON, 3 later, at (5, 7)
const recording = new Uint8Array([...header, ...new Uint8Array(words.buffer)]);
const events = await loadEvents(recording);
console.log(String((await loadTable(recording)).get(0)), events.filter(pl.col("polarity").gt(0)).height);
await convertRecording(recording, "out.h5", { verify: true }); // through h5wasm
console.log((await loadTable("out.h5")).get(0).t);
`;
const SCRIPT_OUTPUT = '{"x": 5, "y": 7, "t": 67, "polarity": 1} 1\n67n';

/** The expected errors fail where a type is lost and became \`any\`. */
const TYPED_SCRIPT = `
import { type EventErrorCode, loadEvents, loadTable } from "evarrow";
const table = await loadTable(new Uint8Array(8), { polarityEncoding: "zero-one" });
export const rows: number = table.numRows;
export const times: BigInt64Array | undefined = table.getChild("t")?.toArray();
export const height: number = (await loadEvents("recording.raw")).height;
export const code: EventErrorCode = "data-loss";
// @ts-expect-error
export const wrongCode: EventErrorCode = "no-such-code";
// @ts-expect-error
export const wrongMember = table.noSuchMember;
// @ts-expect-error
export const wrongOption = loadTable("recording.raw", { noSuchOption: true });
`;
const COMPILER_OPTIONS = {
  module: "nodenext",
  moduleResolution: "nodenext",
  target: "ES2022",
  lib: ["ES2022"],
  types: [],
  strict: true,
  skipLibCheck: true,
  noEmit: true,
};

const COMPILER = join(project, "node_modules/typescript/bin/tsc");

const temporary = mkdtempSync(join(tmpdir(), "evarrow-smoke-"));
try {
  smoke();
  console.log("the package works");
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
} finally {
  rmSync(temporary, { recursive: true, force: true });
}

function smoke() {
  const packed = run(project, "npm", "pack", "--json", "--pack-destination", temporary);
  const [{ filename, files, size }] = JSON.parse(packed);
  console.log(`packed ${filename}: ${files.length} files, ${Math.ceil(size / 1024)} KiB`);

  const app = join(temporary, "app");
  mkdirSync(app);
  writeFileSync(join(app, "package.json"), JSON.stringify({ private: true, type: "module" }));
  const polars = `nodejs-polars@${dependencies["nodejs-polars"]}`; // as README says
  run(app, "npm", "install", "--no-audit", "--no-fund", join(temporary, filename), polars);
  console.log(`installed it, with ${Object.keys(installed(app)).length - 1} dependencies`);

  writeFileSync(join(app, "script.js"), SCRIPT);
  expectEqual("a script", run(app, "node", "script.js"), SCRIPT_OUTPUT);
  for (const command of Object.keys(bin)) {
    const printed = run(app, "npx", "--no-install", command, "--version");
    expectEqual(`npx ${command} --version`, printed, version);
  }

  writeFileSync(join(app, "typed.ts"), TYPED_SCRIPT);
  compile(app, "type errors, default entry", {});
  compile(app, "type errors, browser entry", { customConditions: ["browser"] });
  checkDeclarations(app);
}

/** Who checks the declarations of packages, too, finds nothing wrong with these; others' are not ours. */
function checkDeclarations(app) {
  const config = {
    compilerOptions: { ...COMPILER_OPTIONS, skipLibCheck: false },
    files: ["typed.ts"],
  };
  writeFileSync(join(app, "tsconfig.json"), JSON.stringify(config));
  let printed = "";
  try {
    run(app, "node", COMPILER, "-p", ".");
  } catch (error) {
    printed = error.message;
  }
  const ours = printed.split("\n").filter((line) => line.includes(`node_modules/${name}/`));
  expectEqual("errors in declarations", ours.join("\n"), "");
}

function installed(app) {
  const lock = JSON.parse(readFileSync(join(app, "node_modules/.package-lock.json"), "utf8"));
  if (!(`node_modules/${name}` in lock.packages)) throw new Error(`${name} was not installed`);
  return lock.packages;
}

function compile(app, what, options) {
  const compilerOptions = { ...COMPILER_OPTIONS, ...options };
  const config = JSON.stringify({ compilerOptions, files: ["typed.ts"] });
  writeFileSync(join(app, "tsconfig.json"), config);
  expectEqual(what, run(app, "node", COMPILER, "-p", "."), "");
}

/** What a command prints on stdout. */
function run(folder, command, ...args) {
  try {
    const stdio = ["ignore", "pipe", "pipe"];
    return execFileSync(command, args, { cwd: folder, encoding: "utf8", stdio }).trim();
  } catch (error) {
    const printed = [error.stdout, error.stderr].filter(Boolean).join("\n");
    throw new Error(`${[command, ...args].join(" ")}: ${printed || error.message}`);
  }
}

function expectEqual(what, found, expected) {
  if (found !== expected) {
    throw new Error(
      `${what}: expected ${JSON.stringify(expected)}, found ${JSON.stringify(found)}`,
    );
  }
  console.log(`${what}: ${found || "none"}`);
}
