/** Programs in Python beside which evarrow is measured. */
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { availableParallelism, freemem, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** Where `npm run bench:peers` installs the libraries, beside the inputs. */
export const PEER_ENVIRONMENT = join(tmpdir(), "evarrow-bench", "python");

/** Threads that Polars gets; evarrow decodes in one, and inflates in those of Node. */
const POLARS_THREADS = [1, 2];
/** A library that takes all threads there are. */
const ALL_THREADS = [availableParallelism()];
/** A run of a peer that takes longer is ended. */
const TIMEOUT_MS = 10 * 60_000;

/**
 * What reads a format in Python. `jobs` are those of evarrow beside which each is put: `read`, all events
 * in memory at once, and `scan`, where none is kept. `bytesPerEvent` is what the largest job takes of
 * memory, measured, where that is so much that it has to be looked at first.
 */
const PROGRAMS = [
  {
    library: "expelliarmus",
    script: "expelliarmus_read.py",
    formats: ["evt2", "evt3", "dat"],
    jobs: { read: "whole file", scan: "chunks" },
    threads: [1],
  },
  {
    library: "faery",
    script: "faery_read.py",
    formats: ["evt2", "evt21", "evt3", "dat", "text-us", "text-s"],
    jobs: { read: "to_array", scan: "stream" },
    threads: [1],
  },
  {
    library: "evlib",
    script: "evlib_read.py",
    // Of text it takes columns between blanks only.
    formats: ["evt2", "evt21", "evt3", "text-s", "h5-plain", "h5-gzip", "h5-shuffle", "h5-ecf"],
    jobs: { read: "load_events" },
    threads: ALL_THREADS,
    bytesPerEvent: 130,
  },
  {
    library: "openeb",
    script: "openeb_read.py",
    formats: ["evt2", "evt21", "evt3", "dat", "h5-ecf"],
    jobs: { scan: "EventsIterator" },
    threads: [2],
  },
  {
    library: "Polars",
    script: "polars_text.py",
    formats: ["text-us", "text-s"],
    jobs: { read: "read_csv", scan: "scan_csv, streaming" },
    threads: POLARS_THREADS,
  },
  {
    library: "h5py",
    script: "h5py_read.py",
    formats: ["h5-plain", "h5-gzip", "h5-shuffle", "h5-ecf"],
    jobs: { read: "columns" },
    threads: [1],
  },
  {
    library: "pyarrow",
    script: "pyarrow_container.py",
    // Arrow IPC that evarrow wrote, for what is compared with the container.
    formats: ["arrow"],
    jobs: {
      read: "Arrow IPC",
      "parquet-write": "Parquet, zstd, written",
      "parquet-read": "Parquet, zstd, read",
    },
    threads: ALL_THREADS,
  },
  {
    library: "tonic",
    script: "tonic_read.py",
    formats: ["aedat4", "nmnist"],
    jobs: { read: "whole file" },
    threads: [1],
  },
];

/**
 * @typedef {Pick<import("./inputs.mjs").BenchInput, "path" | "events"> &
 *   Partial<import("./inputs.mjs").Sums> & { rowGroup?: number }} PeerInput `rowGroup`: events in a row
 *   group of Parquet, for the jobs of the format `arrow`
 *
 * @typedef {object} PeerResult what a run gave. `check` gives sums, `once` seconds and memory
 * @property {string | undefined} wrong what is wrong with the answer, to be read after the peer's name:
 *   `gives 4997120 events, not 5000000`, `fails: ...`. Without it the answer is the right one
 * @property {number} [events]
 * @property {number} [on]
 * @property {number} [sumX]
 * @property {number} [sumY]
 * @property {number} [sumT] given where the input tells it; it is always compared
 * @property {number} [seconds] absent where the run failed
 * @property {number} [peakBytes] absent where the run failed
 * @property {number} [threads]
 * @property {number} [fileBytes] of the container that was read or written
 *
 * @typedef {object} Peer
 * @property {string} name library, version, job and threads
 * @property {string} library
 * @property {string} job
 * @property {(mode: "check" | "once", input: PeerInput, warmUp: PeerInput) => PeerResult} run a process
 *   of its own; what fails there is told as `wrong` and not thrown
 */

/**
 * The peers that do a job with a format, and which libraries there could be and are not.
 *
 * @param {import("./inputs.mjs").InputFormat | "arrow"} format
 * @param {readonly string[]} jobs what each does: `read`, `scan`, and those of `arrow`
 * @returns {{ peers: Peer[], missing: string | undefined }} `missing` is a line for each library
 */
export function findPeers(format, jobs) {
  const python = findPython();
  const peers = [];
  const missing = [];
  for (const program of PROGRAMS) {
    const known = jobs.filter((job) => job in program.jobs);
    if (!program.formats.includes(format) || known.length === 0) continue;
    const { version, reason } = versionOf(python, program);
    if (version === undefined) {
      missing.push(`${program.library} is skipped: ${python} does not have it (${reason}).`);
      continue;
    }
    for (const job of known) {
      for (const threads of program.threads) {
        peers.push(peerOf({ python, program, version, format, job, threads }));
      }
    }
  }
  if (missing.length > 0) {
    missing.push(
      "`npm run bench:peers` installs what there is; EVARROW_PYTHON names another Python.",
    );
  }
  return { peers, missing: missing.length > 0 ? missing.join("\n") : undefined };
}

/** The Python that EVARROW_PYTHON names, else that of `npm run bench:peers`, else `python3`. */
export function findPython() {
  if (process.env.EVARROW_PYTHON) return process.env.EVARROW_PYTHON;
  const installed = pythonOf(PEER_ENVIRONMENT);
  return existsSync(installed) ? installed : "python3";
}

/**
 * @param {string} environment a virtual environment
 * @returns {string} the path of its Python
 */
export function pythonOf(environment) {
  return process.platform === "win32"
    ? join(environment, "Scripts", "python.exe")
    : join(environment, "bin", "python");
}

/**
 * What is wrong with the sums that a peer found, if anything. A peer may well have no events at all.
 *
 * @param {Partial<import("./inputs.mjs").Sums> & { events: number }} found
 * @param {Partial<import("./inputs.mjs").Sums> & { events: number }} expected what it does not tell is
 *   not compared
 * @returns {string | undefined}
 */
export function differenceOf(found, expected) {
  const differs = (key) =>
    found[key] !== undefined && expected[key] !== undefined && found[key] !== expected[key];
  if (differs("events")) return `gives ${found.events} events, not ${expected.events}`;
  const names = { on: "ON events", sumX: "as the sum of x", sumY: "as the sum of y" };
  for (const [key, name] of Object.entries(names)) {
    if (differs(key)) return `gives ${found[key]} ${name}, not ${expected[key]}`;
  }
  if (!differs("sumT")) return undefined;
  const off = (found.sumT - expected.sumT) / expected.events;
  const amount = Math.abs(off) < 10 ? Math.abs(off).toPrecision(2) : Math.abs(off).toFixed(0);
  return `gives times that are ${amount} us too ${off > 0 ? "late" : "early"} on average`;
}

function peerOf({ python, program, version, format, job, threads }) {
  const { library, script, bytesPerEvent = 0 } = program;
  const run = (mode, input, warmUp) => {
    const bytes = input.events * bytesPerEvent;
    if (bytes > freemem()) {
      const gigabytes = (value) => `${(value / 1e9).toFixed(1)} GB`;
      return {
        wrong: `is not run: it takes about ${gigabytes(bytes)}, ${gigabytes(freemem())} are free`,
      };
    }
    const args = [mode, job, format, input.path, warmUp.path];
    if (input.rowGroup !== undefined) args.push(String(input.rowGroup));
    try {
      const found = runPython(python, script, args, threads);
      if (mode === "once") return { ...found, wrong: differenceOf(found, input) };
      const expected = { ...input, sumT: input.sumT ?? sumOfTimes(input.path) };
      const { sumT, ...others } = found;
      const shown = input.sumT === undefined ? others : found;
      return { ...shown, wrong: differenceOf(found, expected) };
    } catch (error) {
      return { wrong: `fails: ${reasonOf(error)}` };
    }
  };
  const name = `${library} ${version} ${program.jobs[job]}, ${threads} thread${threads > 1 ? "s" : ""}`;
  return { name, library, job, run };
}

const versions = new Map();

/** Of each library once: some take seconds to load. */
function versionOf(python, { script }) {
  const key = `${python}\n${script}`;
  if (!versions.has(key)) {
    try {
      versions.set(key, runPython(python, script, ["version"]));
    } catch (error) {
      versions.set(key, { reason: reasonOf(error) });
    }
  }
  return versions.get(key);
}

const sumsOfTimes = new Map();

/** What an input of words does not tell: the times that evarrow finds. */
function sumOfTimes(path) {
  if (!sumsOfTimes.has(path)) {
    const script = fileURLToPath(new URL("peers/sum-times.mjs", import.meta.url));
    const text = execFileSync(process.execPath, [script, path], { encoding: "utf8" });
    sumsOfTimes.set(path, Number(text));
  }
  return sumsOfTimes.get(path);
}

/** The last line is the answer: libraries have things to say, too. */
function runPython(python, script, args, threads = 1) {
  const path = fileURLToPath(new URL(`python/${script}`, import.meta.url));
  const env = {
    ...process.env,
    POLARS_MAX_THREADS: String(threads),
    OMP_NUM_THREADS: String(threads),
    RAYON_NUM_THREADS: String(threads),
    PYTHONDONTWRITEBYTECODE: "1",
  };
  const stdio = ["ignore", "pipe", "pipe"];
  const options = { encoding: "utf8", env, stdio, timeout: TIMEOUT_MS };
  return JSON.parse(
    execFileSync(python, [path, ...args], options)
      .trim()
      .split("\n")
      .at(-1),
  );
}

/** What a process said last, or how it ended. */
function reasonOf(error) {
  if (error.code === "ETIMEDOUT") return `takes more than ${TIMEOUT_MS / 60_000} minutes`;
  const said = String(error.stderr ?? "").trim();
  if (error.signal) return `ended by ${error.signal}`;
  return said === "" ? error.message : said.split("\n").at(-1);
}
