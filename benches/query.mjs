/**
 * Queries beside loading everything and filtering it with Polars: the same events, counted and added
 * up before anything is timed. Every run is a process of its own, so that peaks are its own; both ways
 * run in turn, and ratios are medians over the rounds.
 *
 * Usage: npm run bench:query -- [--format evt3] [--events 10e6] [--seed FILE] [--rounds 5]
 */
import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { openRecording } from "evarrow";
import { benchInput, findSeed } from "./inputs.mjs";

const JOBS = {
  window: "1 % of the time",
  region: "128 x 128 pixels, ON",
};
const WAYS = ["query", "load"];
const SAMPLES = ["moving-bar.evt2.raw", "falling-bar.evt3.raw"].map((name) =>
  fileURLToPath(new URL(`../data-samples/${name}`, import.meta.url)),
);

const { values } = parseArgs({
  options: {
    format: { type: "string", default: "evt3" },
    events: { type: "string", default: "10e6" },
    seed: { type: "string" },
    rounds: { type: "string", default: "5" },
    // How the processes are called that this one starts.
    job: { type: "string" },
    way: { type: "string" },
    path: { type: "string" },
    window: { type: "string" },
  },
});

if (values.job) console.log(JSON.stringify(await runOnce(values)));
else await compareAll();

async function compareAll() {
  const { format } = values;
  const seed = await findSeed(format, [...(values.seed ? [values.seed] : []), ...SAMPLES]);
  if (!seed) throw new Error(`no seed for ${format}`);
  const { path, events, bytes } = await benchInput({ format, seed, events: Number(values.events) });
  const recording = await openRecording(path);
  const { minTime, maxTime } = await recording.query().statistics();
  await recording.close();
  const middle = Math.round((minTime + maxTime) / 2);
  const window = `${middle}:${middle + Math.round((maxTime - minTime) / 100)}`;
  console.log(`${format}: ${events / 1e6} M events, ${(bytes / 1e6).toFixed(0)} MB\n`);
  for (const [job, title] of Object.entries(JOBS)) {
    const start = (way) => startRun({ job, way, path, window });
    const [found, expected] = WAYS.map(start);
    for (const key of ["events", "sum"]) {
      if (found[key] === expected[key]) continue;
      throw new Error(`${job}: ${key} is ${found[key]}, not ${expected[key]}`);
    }
    const pairs = Array.from({ length: Number(values.rounds) }, () => WAYS.map(start));
    const ratios = pairs.map(([query, load]) => load.seconds / query.seconds);
    const [query, load] = WAYS.map((_, at) => ({
      ms: median(pairs.map((pair) => pair[at].seconds)) * 1000,
      peak: Math.max(...pairs.map((pair) => pair[at].peak)) / 1e6,
    }));
    const low = Math.min(...ratios).toFixed(1);
    const high = Math.max(...ratios).toFixed(1);
    console.log(
      [
        `${title}: ${found.events} events`,
        `  ${median(ratios).toFixed(1)} times as fast as load and filter (${low} to ${high})`,
        `  ${query.ms.toFixed(1)} beside ${load.ms.toFixed(1)} ms, peak ${query.peak.toFixed(0)} beside ${load.peak.toFixed(0)} MB`,
        found.index ? `  the index of times took ${(found.index * 1000).toFixed(0)} ms before` : "",
      ].join("\n"),
    );
  }
}

function startRun({ job, way, path, window }) {
  const argv = ["--job", job, "--way", way, "--path", path, "--window", window];
  const script = fileURLToPath(import.meta.url);
  return JSON.parse(execFileSync(process.execPath, [script, ...argv], { encoding: "utf8" }));
}

/** One job one way; what Polars and the modules need to load is not timed. */
async function runOnce({ job, way, path, window }) {
  const { default: pl } = await import("nodejs-polars");
  const [start, end] = window.split(":").map(Number);
  const region = { x: 100, y: 100, width: 128, height: 128 };
  const recording = await openRecording(path);
  const chosen =
    job === "window"
      ? recording.query().time(start, end)
      : recording.query().roi(region).polarity("on");
  let began = performance.now();
  await recording.query().head(1).collect(); // what is done once
  if (job === "window" && way === "query") await chosen.explain();
  const index = (performance.now() - began) / 1000;
  began = performance.now();
  let frame;
  if (way === "query") {
    frame = await chosen.collect();
  } else {
    const { loadEvents } = await import("evarrow");
    const all = await loadEvents(recording);
    const t = pl.col("t");
    const [x, y] = [pl.col("x"), pl.col("y")];
    const inside = x
      .gtEq(region.x)
      .and(x.lt(region.x + region.width))
      .and(y.gtEq(region.y))
      .and(y.lt(region.y + region.height));
    frame = all.filter(
      job === "window" ? t.gtEq(start).and(t.lt(end)) : inside.and(pl.col("polarity").gt(0)),
    );
  }
  const seconds = (performance.now() - began) / 1000;
  const peak = process.resourceUsage().maxRSS * 1024;
  const sum = frame.height === 0 ? 0 : frame.getColumn("x").sum() + frame.getColumn("y").sum();
  await recording.close();
  return { events: frame.height, sum, seconds, peak, index: job === "window" ? index : 0 };
}

function median(numbers) {
  return [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)];
}
