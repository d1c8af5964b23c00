/** Programs in Python beside which evarrow is measured. */
import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";

/** Threads that Polars gets; evarrow decodes in one. */
const THREADS = [1, 2];

/**
 * @typedef {object} Peer
 * @property {string} name
 * @property {string} job
 * @property {(mode: "check" | "once", input: import("./inputs.mjs").BenchInput, warmUp: import("./inputs.mjs").BenchInput) => object} run
 */

/**
 * The peers that do a job with a format, or the reason why there are none. Python is what
 * EVARROW_PYTHON names, else `python3`.
 *
 * @param {import("./inputs.mjs").InputFormat} format
 * @param {readonly string[]} jobs what each does: `read`, `scan`
 * @returns {{ peers: Peer[], missing: string | undefined }}
 */
export function findPeers(format, jobs) {
  if (!format.startsWith("text")) return { peers: [], missing: undefined };
  const python = process.env.EVARROW_PYTHON || "python3";
  let version;
  try {
    ({ version } = runPython(python, ["version"]));
  } catch (error) {
    const lines = String(error.stderr ?? error.message)
      .trim()
      .split("\n");
    const missing =
      `${python} has no Polars (${lines.at(-1)}): the comparison with it is skipped.` +
      " EVARROW_PYTHON names another Python.";
    return { peers: [], missing };
  }
  const peers = jobs.flatMap((job) =>
    THREADS.map((threads) => ({
      job,
      name: `Polars ${version} ${job === "scan" ? "scan_csv, streaming" : "read_csv"}, ${threads} thread${threads > 1 ? "s" : ""}`,
      run: (mode, input, warmUp) =>
        runPython(python, [mode, job, format, input.path, warmUp.path], threads),
    })),
  );
  return { peers, missing: undefined };
}

function runPython(python, args, threads = 1) {
  const script = fileURLToPath(new URL("python/polars_text.py", import.meta.url));
  const env = { ...process.env, POLARS_MAX_THREADS: String(threads) };
  const stdio = ["ignore", "pipe", "pipe"];
  const text = execFileSync(python, [script, ...args], { encoding: "utf8", env, stdio });
  return JSON.parse(text);
}
