/**
 * Benchmarks of the built package.
 *
 * Usage: npm run bench -- [--events 10e6] [--seed FILE]... [--case NAME]... [--rounds 5]
 *                         [--json FILE]
 *
 * A seed is a small EVT2 or EVT3 recording that the input repeats: each format takes the first one
 * it can use, a bundled sample when there is no other. EVT 2.1, DAT, text and HDF5 encode the events of
 * an EVT2 or EVT3 seed, so for those the order of the seeds counts. `--geometry 1280x720` is for a
 * seed whose header does not tell. Without `--case` all cases run whose format has a seed and is
 * read by the package.
 *
 * Each case is checked, then timed with tinybench, then run alternately with the C program that
 * does the same, where there is one and a compiler is found, and with Polars and h5py where a Python
 * has them: the one that EVARROW_PYTHON names, else python3. Ratios are medians over the rounds.
 */
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { detectFormat } from "evarrow";
import { compileBaseline } from "./baseline.mjs";
import { CASES } from "./cases.mjs";
import { benchInput, findSeed } from "./inputs.mjs";
import { findPeers } from "./peers.mjs";

/** The seeds of last resort. */
const SAMPLES = ["moving-bar.evt2.raw", "falling-bar.evt3.raw"].map((name) =>
  fileURLToPath(new URL(`../data-samples/${name}`, import.meta.url)),
);
/** Events of the small input with which a process warms up. */
const WARM_UP_EVENTS = 200_000;

const { values } = parseArgs({
  options: {
    events: { type: "string", default: "10e6" },
    seed: { type: "string", multiple: true, default: [] },
    geometry: { type: "string" },
    case: { type: "string", multiple: true },
    rounds: { type: "string", default: "5" },
    json: { type: "string" },
  },
});
for (const name of values.case ?? []) {
  if (!CASES[name]) throw new Error(`no case ${name}; there are ${Object.keys(CASES).join(", ")}`);
}
const names = values.case ?? Object.keys(CASES);

console.log(`${cpus().length} x ${cpus()[0]?.model}, Node ${process.versions.node}`);
const inputs = [];
const results = [];
for (const format of new Set(names.map((name) => CASES[name].format))) {
  const found = await findInputs(format);
  if (!found) continue;
  inputs.push(found.input);
  benchFormat(
    names.filter((name) => CASES[name].format === format),
    found,
  );
}
if (values.json) writeFileSync(values.json, `${JSON.stringify({ inputs, results }, null, 2)}\n`);

/** The input of a format and the small one, or undefined with a message. */
async function findInputs(format) {
  const seed = await findSeed(format, [...values.seed, ...SAMPLES]);
  if (!seed) return void console.log(`\n${format}: none of the seeds can be used, skipped`);
  const [width, height] = values.geometry?.split("x").map(Number) ?? [];
  const options = { format, seed, geometry: width ? { width, height } : undefined };
  const warmUp = await benchInput({ ...options, events: WARM_UP_EVENTS });
  const { supported, name } = await detectFormat(warmUp.path);
  if (!supported) return void console.log(`\n${format}: ${name} is not read yet, skipped`);
  return { warmUp, input: await benchInput({ ...options, events: Number(values.events) }) };
}

function benchFormat(cases, { input, warmUp }) {
  const { format, events, bytes } = input;
  console.log(`\n${format}: ${events / 1e6} M events, ${(bytes / 1e6).toFixed(0)} MB\n`);
  const baseline = compileBaseline(format);
  if (baseline === undefined) {
    console.log("No C compiler found: the comparison with C is skipped.");
  }
  const jobs = cases.flatMap((name) => CASES[name].peers ?? []);
  const { peers, missing } = findPeers(format, [...new Set(jobs)]);
  if (missing) console.log(missing);
  try {
    if (baseline) checkBaseline(baseline, input);
    for (const peer of peers) checkPeer(peer, input, warmUp);
    for (const name of cases) {
      const result = measure(name, input, warmUp);
      if (baseline && CASES[name].baseline) {
        result.baselines = compare(name, input, warmUp, baseline);
      }
      result.peers = peers
        .filter(({ job }) => CASES[name].peers?.includes(job))
        .map((peer) => compareWithPeer(name, input, warmUp, peer));
      results.push(result);
      print(result);
    }
  } finally {
    baseline?.remove();
  }
}

function measure(name, input, warmUp) {
  const found = runCase("check", name, input);
  for (const [key, value] of Object.entries(found)) {
    if (value !== input[key]) throw new Error(`${name}: ${key} is ${value}, not ${input[key]}`);
  }
  const { peakBytes, events } = runCase("once", name, input, warmUp);
  if (events !== input.events) throw new Error(`${name}: ${events} events, not ${input.events}`);
  const timing = runCase("bench", name, input);
  return {
    name,
    title: `${input.format}, ${CASES[name].title}`,
    eventsPerSecond: input.events / timing.median,
    bytesPerSecond: input.bytes / timing.median,
    peakBytes,
    ...timing,
  };
}

function checkBaseline(baseline, input) {
  for (const loop of baseline.loops) {
    const found = runBaseline(baseline, "stream", input, loop, "--check");
    for (const key of ["events", "on", "sumX", "sumY"]) {
      if (found[key] === input[key]) continue;
      throw new Error(`C "${loop}": ${key} is ${found[key]}, not ${input[key]}`);
    }
  }
}

/** Alternating runs, a process each: evarrow, then C, for every loop of the C program. */
function compare(name, input, warmUp, baseline) {
  const pairs = baseline.loops.map((loop) => ({ loop, ratios: [], seconds: [], ofMemcpy: [] }));
  for (let round = 0; round < Number(values.rounds); round++) {
    const copied = throughput(baseline.run("memcpy"));
    for (const pair of pairs) {
      const ours = runCase("once", name, input, warmUp);
      const c = runBaseline(baseline, CASES[name].baseline, input, pair.loop);
      if (c.events !== input.events) throw new Error(`C finds ${c.events} events`);
      pair.ratios.push(c.seconds / ours.seconds);
      pair.seconds.push(c.seconds);
      pair.ofMemcpy.push(throughput(c) / copied);
    }
  }
  return pairs.map(({ loop, ratios, seconds, ofMemcpy }) => ({
    loop,
    ratio: median(ratios),
    least: Math.min(...ratios),
    greatest: Math.max(...ratios),
    eventsPerSecond: input.events / median(seconds),
    ofMemcpy: median(ofMemcpy),
  }));
}

function checkPeer(peer, input, warmUp) {
  for (const [key, value] of Object.entries(peer.run("check", input, warmUp))) {
    if (value !== input[key])
      throw new Error(`${peer.name}: ${key} is ${value}, not ${input[key]}`);
  }
}

/** Alternating runs, a process each. */
function compareWithPeer(name, input, warmUp, { name: peer, run }) {
  const rounds = Array.from({ length: Number(values.rounds) }, () => {
    const ours = runCase("once", name, input, warmUp);
    const theirs = run("once", input, warmUp);
    if (theirs.events !== input.events) throw new Error(`${peer} finds ${theirs.events} events`);
    return { ratio: theirs.seconds / ours.seconds, ours, theirs };
  });
  const ratios = rounds.map(({ ratio }) => ratio);
  return {
    peer,
    ratio: median(ratios),
    least: Math.min(...ratios),
    greatest: Math.max(...ratios),
    ourEventsPerSecond: input.events / median(rounds.map(({ ours }) => ours.seconds)),
    eventsPerSecond: input.events / median(rounds.map(({ theirs }) => theirs.seconds)),
    ourPeakBytes: Math.max(...rounds.map(({ ours }) => ours.peakBytes)),
    peakBytes: Math.max(...rounds.map(({ theirs }) => theirs.peakBytes)),
    threads: rounds[0].theirs.threads,
  };
}

/** Bytes in and out per second. */
function throughput({ bytesIn, bytesOut, seconds }) {
  return (bytesIn + bytesOut) / seconds;
}

function runBaseline(baseline, mode, { path, geometry }, loop, ...more) {
  const { width, height } = geometry;
  return baseline.run(mode, path, String(width), String(height), "--loop", loop, ...more);
}

function runCase(mode, name, input, warmUp = input) {
  const script = fileURLToPath(new URL("run-case.mjs", import.meta.url));
  const args = [script, mode, name, input.path, warmUp.path];
  return JSON.parse(execFileSync(process.execPath, args, { encoding: "utf8" }));
}

function print(result) {
  const million = (value) => (value / 1e6).toFixed(0);
  console.log(result.title);
  console.log(
    `  ${million(result.eventsPerSecond)} M events/s, ${million(result.bytesPerSecond)} MB/s` +
      ` (median of ${result.samples}, mean +-${result.marginPercent.toFixed(1)} %),` +
      ` peak ${million(result.peakBytes)} MB`,
  );
  for (const { loop, ratio, least, greatest, eventsPerSecond, ofMemcpy } of result.baselines ??
    []) {
    console.log(
      `  ${ratio.toFixed(2)} times C "${loop}" (${least.toFixed(2)} to ${greatest.toFixed(2)});` +
        ` C ${million(eventsPerSecond)} M events/s, ${ofMemcpy.toFixed(2)} of memcpy`,
    );
  }
  for (const { peer, ratio, least, greatest, ...found } of result.peers) {
    console.log(
      `  ${ratio.toFixed(2)} times ${peer} (${least.toFixed(2)} to ${greatest.toFixed(2)});` +
        ` ${(found.ourEventsPerSecond / 1e6).toFixed(1)} M events/s and ${million(found.ourPeakBytes)} MB` +
        ` beside ${(found.eventsPerSecond / 1e6).toFixed(1)} M and ${million(found.peakBytes)} MB`,
    );
  }
}

function median(numbers) {
  const sorted = numbers.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}
