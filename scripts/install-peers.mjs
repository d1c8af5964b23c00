/**
 * Installs the Python libraries beside which evarrow is measured, as far as the registry has them, into
 * a virtual environment outside the repository. Each alone, so that what fails stops no other.
 *
 * Usage: npm run bench:peers -- [--python python3]
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { parseArgs } from "node:util";
import { PEER_ENVIRONMENT, pythonOf } from "../benches/peers.mjs";

/** In the order in which they are told; `aedat` is what tonic reads AEDAT4 with. */
const PACKAGES = [
  "numpy",
  "h5py",
  "hdf5plugin",
  "polars",
  "pyarrow",
  "expelliarmus",
  "evlib",
  "faery",
  "tonic",
  "aedat",
];
/** What no registry has, and how it comes to a Python. */
const ELSEWHERE = {
  openeb:
    "it is built from source (github.com/prophesee-ai/openeb); EVARROW_PYTHON then names its Python",
};
const TIMEOUT_MS = 10 * 60_000;

const { values } = parseArgs({ options: { python: { type: "string", default: "python3" } } });
const python = pythonOf(PEER_ENVIRONMENT);

if (!existsSync(python)) {
  mkdirSync(dirname(PEER_ENVIRONMENT), { recursive: true });
  const made = run(values.python, ["-m", "venv", PEER_ENVIRONMENT]);
  if (made.failed) {
    console.error(`${values.python} makes no virtual environment: ${made.lastLine}`);
    process.exit(1);
  }
}
console.log(`${run(python, ["--version"]).lastLine} in ${PEER_ENVIRONMENT}`);

for (const name of PACKAGES) {
  const { failed, lastLine } = run(python, ["-m", "pip", "install", "--prefer-binary", name]);
  console.log(failed ? `${name}: not installed: ${lastLine}` : `${name} ${versionOf(name)}`);
}
for (const [name, reason] of Object.entries(ELSEWHERE)) {
  console.log(`${name}: not in the registry; ${reason}`);
}

function versionOf(name) {
  const code = "import importlib.metadata, sys; print(importlib.metadata.version(sys.argv[1]))";
  return run(python, ["-c", code, name]).lastLine;
}

/** How a program ended, and what it said last. */
function run(program, args) {
  const { status, error, stdout, stderr } = spawnSync(program, args, {
    encoding: "utf8",
    timeout: TIMEOUT_MS,
    env: { ...process.env, PIP_DISABLE_PIP_VERSION_CHECK: "1" },
  });
  const said = `${stdout ?? ""}${stderr ?? ""}`.trim();
  return {
    failed: status !== 0,
    lastLine: said === "" ? (error?.message ?? "") : said.split("\n").at(-1),
  };
}
