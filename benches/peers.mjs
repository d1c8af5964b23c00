/** Programs in Python beside which evarrow is measured. */
import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";

/** Threads that Polars gets; evarrow decodes in one, and inflates in those of Node. */
const THREADS = [1, 2];

/** What reads a format in Python. h5py knows no ECF, and has one thread. */
const PROGRAMS = [
  {
    formats: ["text-us", "text-s"],
    script: "polars_text.py",
    library: "Polars",
    jobs: { read: "read_csv", scan: "scan_csv, streaming" },
    threads: THREADS,
  },
  {
    formats: ["h5-plain", "h5-gzip", "h5-shuffle"],
    script: "h5py_read.py",
    library: "h5py",
    jobs: { read: "columns" },
    threads: [1],
  },
];

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
  const program = PROGRAMS.find(({ formats }) => formats.includes(format));
  if (program === undefined) return { peers: [], missing: undefined };
  const { script, library } = program;
  const python = process.env.EVARROW_PYTHON || "python3";
  let version;
  try {
    ({ version } = runPython(python, script, ["version"]));
  } catch (error) {
    const lines = String(error.stderr ?? error.message)
      .trim()
      .split("\n");
    const missing =
      `${python} has no ${library} (${lines.at(-1)}): the comparison with it is skipped.` +
      " EVARROW_PYTHON names another Python.";
    return { peers: [], missing };
  }
  const known = jobs.filter((job) => job in program.jobs);
  const peers = known.flatMap((job) =>
    program.threads.map((threads) => ({
      job,
      name: `${library} ${version} ${program.jobs[job]}, ${threads} thread${threads > 1 ? "s" : ""}`,
      run: (mode, input, warmUp) =>
        runPython(python, script, [mode, job, format, input.path, warmUp.path], threads),
    })),
  );
  return { peers, missing: undefined };
}

function runPython(python, script, args, threads = 1) {
  const path = fileURLToPath(new URL(`python/${script}`, import.meta.url));
  const env = { ...process.env, POLARS_MAX_THREADS: String(threads) };
  const stdio = ["ignore", "pipe", "pipe"];
  const text = execFileSync(python, [path, ...args], { encoding: "utf8", env, stdio });
  return JSON.parse(text);
}
