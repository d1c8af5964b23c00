/**
 * A recording of 500 million or a billion events: what counting, a window of time, statistics and the
 * export take of memory, and how that follows the size; the rate beside it. A tenth of the size runs,
 * too. Every run is a process of its own.
 *
 * Usage: npm run bench:huge -- [--events 500e6] [--format evt2|evt3|dat] [--seed FILE] [--keep]
 *
 * The recording repeats the seed, a bundled sample unless one is named, with its clock moved on. It lies
 * in the system's temporary folder, which has to have room, and is removed unless `--keep`, which also
 * takes what an earlier run kept.
 */
import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, statfsSync } from "node:fs";
import { availableParallelism, cpus, tmpdir } from "node:os";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs, promisify } from "node:util";
import { overSize, room, tableOf, verdicts } from "./huge/figures.mjs";
import { JOBS } from "./huge/jobs.mjs";
import { benchInput, findSeed } from "./inputs.mjs";

const FORMATS = ["evt2", "evt3", "dat"];
const SAMPLES = ["moving-bar.evt2.raw", "falling-bar.evt3.raw"].map((name) =>
  fileURLToPath(new URL(`../data-samples/${name}`, import.meta.url)),
);
/** A small recording tells how many bytes an event takes. */
const SMALL_EVENTS = 1_000_000;

const { values } = parseArgs({
  options: {
    events: { type: "string", default: "500e6" },
    format: { type: "string", default: "evt2" },
    seed: { type: "string" },
    keep: { type: "boolean", default: false },
  },
});
const events = Number(values.events);
const { format } = values;
if (!FORMATS.includes(format)) throw new Error(`--format is one of ${FORMATS.join(", ")}`);
if (!(events >= 10 * SMALL_EVENTS)) throw new Error("--events is at least 10e6");

const cacheDir = makeFolder();
for (const signal of ["SIGINT", "SIGTERM"]) {
  process.once(signal, () => {
    removeFolder();
    process.exit(1);
  });
}
try {
  await runAll();
} finally {
  removeFolder();
}

/** Of this run alone, unless its recordings are kept. */
function makeFolder() {
  const parent = join(tmpdir(), "evarrow-bench");
  const kept = join(parent, "huge");
  mkdirSync(values.keep ? kept : parent, { recursive: true });
  return values.keep ? kept : mkdtempSync(join(parent, "huge-"));
}

function removeFolder() {
  if (values.keep) console.log(`kept in ${cacheDir}`);
  else rmSync(cacheDir, { recursive: true, force: true });
}

async function runAll() {
  const seed = await findSeed(format, [...(values.seed ? [values.seed] : []), ...SAMPLES]);
  if (!seed) throw new Error(`${values.seed} cannot be the seed of ${format}`);
  const make = (count) => benchInput({ format, seed, events: count, cacheDir });
  checkRoom(await make(SMALL_EVENTS));
  console.log(
    `${availableParallelism()} x ${cpus()[0]?.model}, Node ${process.versions.node}; ${format}, ${basename(seed)} over and over\n`,
  );
  const sizes = [];
  for (const count of [Math.round(events / 10), events]) {
    const input = await make(count);
    const figures = {};
    for (const job of Object.keys(JOBS)) {
      figures[job] = await runJob(job, input);
      checkAnswer(job, figures[job], input);
    }
    sizes.push({ events: input.events, bytes: input.bytes, figures });
    console.log(tableOf(input, figures, JOBS), "\n");
  }
  const [tenth, whole] = sizes;
  console.log(overSize(tenth, whole, JOBS), "\n");
  for (const line of verdicts(tenth, whole)) console.log(line);
}

/** Refuses what the disk has no room for: both recordings, and the larger export. */
function checkRoom(small) {
  const needed = room(events, small);
  const { bavail, bsize } = statfsSync(cacheDir);
  if (needed <= bavail * bsize) return;
  const gigabytes = (bytes) => `${(bytes / 1e9).toFixed(1)} GB`;
  throw new Error(
    `${events / 1e6} M events of ${format} take ${gigabytes(needed)} in ${cacheDir},` +
      ` where ${gigabytes(bavail * bsize)} are free`,
  );
}

/** Without blocking, so that Ctrl-C is heard and the files are removed. */
async function runJob(job, { path }) {
  const script = fileURLToPath(new URL("huge/jobs.mjs", import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, [script, job, path, cacheDir]);
  return JSON.parse(stdout);
}

function checkAnswer(job, found, input) {
  for (const key of ["on", "sumX", "sumY", ...(JOBS[job].part ? [] : ["events"])]) {
    if (found[key] === undefined || found[key] === input[key]) continue;
    throw new Error(`${job}: ${key} is ${found[key]}, not ${input[key]}`);
  }
}
