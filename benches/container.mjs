/**
 * The compact container beside Arrow IPC with zstd, which Polars writes and reads, and beside a line of
 * JSON for every event: the same events, counted and added up before anything is timed. Every run is a
 * process of its own, so that peaks are its own; all ways run in turn, and ratios are medians over the
 * rounds. Then what `info` and a window of time take of a small and a large container.
 *
 * What is timed are the events of a seed over and over, and zstd would find those again: nothing that
 * is compressed at once is longer than the seed, neither a chunk nor a batch of Arrow IPC. Sizes are
 * told of the recordings that are named, by preset.
 *
 * Usage: npm run bench:container -- [--events 20e6] [--format evt3] [--seed FILE] [--rounds 5]
 *   [RECORDING...]
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { open } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import {
  CONTAINER_PRESETS,
  digestEvents,
  exportEvents,
  loadEvents,
  loadTable,
  openRecording,
  sampleStatistics,
  scanEvents,
} from "evarrow";
import { benchInput, findSeed } from "./inputs.mjs";

const SAMPLES = ["falling-bar.evt3.raw", "moving-bar.evt2.raw"].map((name) =>
  fileURLToPath(new URL(`../data-samples/${name}`, import.meta.url)),
);
/** Of all events, those that are written as JSON and read: it takes long. */
const JSON_EVENTS = 500_000;
/** Opening is short: it is timed so often. */
const OPENINGS = 50;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    format: { type: "string", default: "evt3" },
    events: { type: "string", default: "20e6" },
    seed: { type: "string" },
    rounds: { type: "string", default: "5" },
    // How the processes are called that this one starts.
    job: { type: "string" },
    way: { type: "string" },
    input: { type: "string" },
    folder: { type: "string" },
    batch: { type: "string" },
  },
});

const JOBS = {
  write: { "evb, balanced": writeContainer, "Arrow IPC, zstd": writeIpc, JSON: writeJson },
  read: { "evb, balanced": readContainer, "Arrow IPC, zstd": readIpc, JSON: readJson },
  export: { "evb, balanced": exportRecording, "evb, lowMemory": exportLowMemory },
};

if (values.job) console.log(JSON.stringify(await JOBS[values.job][values.way](values)));
else await compareAll();

async function compareAll() {
  const folder = mkdtempSync(join(tmpdir(), "evarrow-bench-container-"));
  try {
    if (positionals.length > 0) await compareSizes(folder);
    const { format } = values;
    const seed = await findSeed(format, [...(values.seed ? [values.seed] : []), ...SAMPLES]);
    if (!seed) throw new Error(`no seed for ${format}`);
    const input = await benchInput({ format, seed, events: Number(values.events) });
    input.seedEvents = (await digestEvents(seed)).events;
    console.log(`${basename(seed)} over and over: ${input.events / 1e6} M events`);
    compareSpeed(input, folder);
    await openAndSeek(input, folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Bytes per event of each recording under each preset, beside Arrow IPC. */
async function compareSizes(folder) {
  const presets = Object.keys(CONTAINER_PRESETS);
  const rows = [["bytes per event", ...presets, "Arrow IPC, zstd", "balanced / Arrow"]];
  for (const path of positionals) {
    const { digest, events } = await digestEvents(path);
    const out = join(folder, "size.evb");
    const each = {};
    for (const preset of presets) {
      const stats = await scanEvents(path).export(out, { preset, overwrite: true });
      const found = await digestEvents(out);
      if (found.digest !== digest) throw new Error(`${path}: ${preset} holds other events`);
      each[preset] = stats.bytes / events;
    }
    const ipc = join(folder, "size.ipc");
    (await loadEvents(path)).writeIPC(ipc, { compression: "zstd" });
    const arrow = statSync(ipc).size / events;
    const numbers = [...presets.map((preset) => each[preset]), arrow, each.balanced / arrow];
    rows.push([basename(path), ...numbers.map((number) => number.toFixed(3))]);
  }
  const widths = rows[0].map((_, at) => Math.max(...rows.map((row) => row[at].length)));
  for (const row of rows) {
    console.log(row.map((cell, at) => cell.padStart(widths[at])).join("  "));
  }
  console.log();
}

/** What each job takes each way; what it gives is the same. */
function compareSpeed({ path, events, seedEvents }, folder) {
  for (const [job, ways] of Object.entries(JOBS)) {
    const names = Object.keys(ways);
    const start = (way) => startRun({ job, way, input: path, folder, batch: seedEvents });
    const [own, ...others] = names.map(start); // not timed: they are checked, and files are there
    for (const other of others) {
      for (const key of ["events", "sum", "on"]) {
        const isPart = other.events === JSON_EVENTS;
        if (isPart || other[key] === own[key]) continue;
        throw new Error(`${job}: ${key} is ${other[key]}, not ${own[key]}`);
      }
    }
    const rounds = Array.from({ length: Number(values.rounds) }, () => names.map(start));
    console.log(`\n${job}`);
    for (const [at, name] of names.entries()) {
      const runs = rounds.map((round) => round[at]);
      const rate = median(runs.map((run) => run.events / run.seconds)) / 1e6;
      const peak = Math.max(...runs.map((run) => run.peak)) / 1e6;
      const ratios = rounds.map(
        (round) => round[0].events / round[0].seconds / (round[at].events / round[at].seconds),
      );
      const range = `${Math.min(...ratios).toFixed(2)} to ${Math.max(...ratios).toFixed(2)}`;
      const beside =
        at === 0 ? "" : `, the first is ${median(ratios).toFixed(2)} times as fast (${range})`;
      const bytes =
        runs[0].bytes === undefined
          ? ""
          : `, ${(runs[0].bytes / runs[0].events).toFixed(2)} B/event`;
      console.log(
        `  ${name.padEnd(16)} ${rate.toFixed(1).padStart(6)} M events/s, peak ${peak.toFixed(0)} MB${bytes}${beside}`,
      );
    }
  }
  if (events < JSON_EVENTS) console.log("(JSON: all events)");
}

/** What opening takes by size, and how much of a file a window of time needs. */
async function openAndSeek({ path }, folder) {
  const [small, large] = [join(folder, "small.evb"), join(folder, "balanced.evb")];
  await scanEvents(path).head(1e6).export(small, { overwrite: true });
  const times = {};
  for (const [name, file] of Object.entries({ small, large, again: small })) {
    const runs = [];
    for (let opening = 0; opening < OPENINGS; opening++) {
      const began = performance.now();
      await sampleStatistics(file);
      runs.push(performance.now() - began);
    }
    times[name] = median(runs);
  }
  const sizes = [small, large].map((file) => `${(statSync(file).size / 1e6).toFixed(1)} MB`);
  console.log(
    `\ninfo\n  ${times.again.toFixed(2)} ms of ${sizes[0]}, ${times.large.toFixed(2)} ms of ${sizes[1]}`,
  );
  const file = await open(large);
  const { size } = await file.stat();
  let touched = 0;
  const recording = await openRecording({
    byteLength: size,
    async read(offset, length, { into = new Uint8Array(length) } = {}) {
      touched += length;
      await file.read(into, 0, length, offset);
      return into.subarray(0, length);
    },
  });
  const { minTime, maxTime } = await sampleStatistics(recording);
  const middle = Math.round((minTime + maxTime) / 2);
  const end = middle + Math.round((maxTime - minTime) / 100);
  const events = await recording.query().time(middle, end).count();
  const share = ((100 * touched) / size).toFixed(2);
  console.log(`1 % of the time\n  ${events} events from ${share} % of the bytes`);
  await recording.close();
  await file.close();
}

function startRun({ job, way, input, folder, batch }) {
  const argv = ["--job", job, "--way", way, "--input", input, "--folder", folder];
  argv.push("--batch", String(batch));
  const script = fileURLToPath(import.meta.url);
  return JSON.parse(execFileSync(process.execPath, [script, ...argv], { encoding: "utf8" }));
}

/** The usual chunk, unless the seed is shorter. */
function chunkOf(batch) {
  return Math.min(CONTAINER_PRESETS.balanced.chunkEvents, Number(batch));
}

async function writeContainer({ input, folder, batch }) {
  const table = await loadTable(input);
  return timed(async () => {
    const options = { overwrite: true, preset: "balanced", chunkEvents: chunkOf(batch) };
    const { events, bytes } = await exportEvents(table, join(folder, "balanced.evb"), options);
    return { events, bytes };
  });
}

async function writeIpc({ input, folder, batch }) {
  const { default: pl } = await import("nodejs-polars");
  const all = await loadEvents(input);
  const rows = Number(batch);
  const batches = Array.from({ length: Math.ceil(all.height / rows) }, (_, at) =>
    all.slice(at * rows, rows),
  );
  const frame = pl.concat(batches, { rechunk: false, how: "vertical" });
  const path = join(folder, "zstd.ipc");
  return timed(() => {
    frame.writeIPC(path, { compression: "zstd" });
    return { events: frame.height, bytes: statSync(path).size };
  });
}

async function writeJson({ input, folder }) {
  const { x, y, t, polarity, length } = columnsOf(
    await scanEvents(input).head(JSON_EVENTS).toTable(),
  );
  const path = join(folder, "events.jsonl");
  return timed(() => {
    const lines = [];
    for (let at = 0; at < length; at++) {
      const event = { x: x[at], y: y[at], t: Number(t[at]), polarity: polarity[at] };
      lines.push(JSON.stringify(event));
    }
    writeFileSync(path, lines.join("\n"));
    return { events: length, bytes: statSync(path).size };
  });
}

async function readContainer({ folder }) {
  const path = join(folder, "balanced.evb");
  await scanEvents(path).head(1).collect(); // what is done once
  return readFrame(() => loadEvents(path));
}

async function readIpc({ input, folder }) {
  const { default: pl } = await import("nodejs-polars");
  await scanEvents(input).head(1).collect();
  return readFrame(() => pl.readIPC(join(folder, "zstd.ipc")));
}

async function readJson({ folder }) {
  const path = join(folder, "events.jsonl");
  return timed(() => {
    const lines = readFileSync(path, "utf8").split("\n");
    const [x, y] = [new Uint16Array(lines.length), new Uint16Array(lines.length)];
    const t = new BigInt64Array(lines.length);
    const polarity = new Int8Array(lines.length);
    for (const [at, line] of lines.entries()) {
      const event = JSON.parse(line);
      [x[at], y[at], t[at], polarity[at]] = [event.x, event.y, BigInt(event.t), event.polarity];
    }
    return { events: lines.length };
  });
}

function exportRecording({ input, folder }) {
  return exportWith("balanced", input, folder);
}

function exportLowMemory({ input, folder }) {
  return exportWith("lowMemory", input, folder);
}

/** From the recording, which is decoded meanwhile. */
async function exportWith(preset, input, folder) {
  const recording = await openRecording(input);
  const path = join(folder, "exported.evb");
  const result = await timed(async () => {
    const { events, bytes } = await exportEvents(recording, path, { preset, overwrite: true });
    return { events, bytes };
  });
  await recording.close();
  return result;
}

async function readFrame(read) {
  let frame;
  const result = await timed(async () => {
    frame = await read();
    return { events: frame.height };
  });
  const sumOf = (name) => frame.getColumn(name).sum();
  return { ...result, sum: sumOf("x") + sumOf("y"), on: sumOf("polarity") };
}

async function timed(work) {
  const began = performance.now();
  const result = await work();
  const seconds = (performance.now() - began) / 1000;
  // In kilobytes, whatever the platform.
  return { ...result, seconds, peak: process.resourceUsage().maxRSS * 1024 };
}

function columnsOf(table) {
  const column = (name) => table.getChild(name).toArray();
  return {
    length: table.numRows,
    x: column("x"),
    y: column("y"),
    t: column("t"),
    polarity: column("polarity"),
  };
}

function median(numbers) {
  const sorted = numbers.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}
