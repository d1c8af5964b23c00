/**
 * Benchmarks of the built package.
 *
 * Usage: npm run bench -- [--events 10e6] [--seed FILE] [--case NAME] [--rounds 5] [--json FILE]
 *
 * `--seed` is the EVT2 recording whose words the input repeats; default: the bundled sample. Each
 * case is checked, then timed with tinybench, then run alternately with the C program that does
 * the same, where there is one and a compiler is found. Ratios are medians over the rounds.
 */
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { compileBaseline } from "./baseline.mjs";
import { CASES } from "./cases.mjs";
import { evt2Input } from "./inputs.mjs";

const SAMPLE = fileURLToPath(new URL("../data-samples/moving-bar.evt2.raw", import.meta.url));
const { values } = parseArgs({
  options: {
    events: { type: "string", default: "10e6" },
    seed: { type: "string", default: SAMPLE },
    case: { type: "string", multiple: true, default: Object.keys(CASES) },
    rounds: { type: "string", default: "5" },
    json: { type: "string" },
  },
});

/** Loops of the C program: a plain one, word by word, and one that gcc turns into SIMD. */
const LOOPS = ["words", "runs"];

const input = await evt2Input({ events: Number(values.events), seed: values.seed });
const baseline = compileBaseline();
console.log(`${cpus().length} x ${cpus()[0]?.model}, Node ${process.versions.node}`);
console.log(`${input.events / 1e6} M events, ${(input.bytes / 1e6).toFixed(0)} MB\n`);

const results = [];
try {
  const copied = baseline?.run("memcpy");
  for (const name of values.case) {
    const result = measure(name);
    if (baseline && CASES[name].baseline) result.baselines = compare(name, copied);
    results.push(result);
    print(result);
  }
} finally {
  baseline?.remove();
}
if (values.json) writeFileSync(values.json, `${JSON.stringify({ input, results }, null, 2)}\n`);

function measure(name) {
  if (!CASES[name]) throw new Error(`no case ${name}; there are ${Object.keys(CASES).join(", ")}`);
  const found = runCase("check", name);
  for (const [key, value] of Object.entries(found)) {
    if (value !== input[key]) throw new Error(`${name}: ${key} is ${value}, not ${input[key]}`);
  }
  const { peakBytes, events } = runCase("once", name);
  if (events !== input.events) throw new Error(`${name}: ${events} events, not ${input.events}`);
  const timing = runCase("bench", name);
  return {
    name,
    title: CASES[name].title,
    eventsPerSecond: input.events / timing.median,
    bytesPerSecond: input.bytes / timing.median,
    peakBytes,
    ...timing,
  };
}

/** Alternating runs, a process each: evarrow, then C. */
function compare(name, copied) {
  const { width, height } = input.geometry;
  const pairs = LOOPS.map((loop) => ({ loop, ratios: [], seconds: [], memcpyRatios: [] }));
  for (let round = 0; round < Number(values.rounds); round++) {
    for (const pair of pairs) {
      const ours = runCase("once", name);
      const c = baseline.run(
        CASES[name].baseline,
        input.path,
        String(width),
        String(height),
        "--loop",
        pair.loop,
      );
      if (c.events !== input.events) throw new Error(`C finds ${c.events} events`);
      pair.ratios.push(c.seconds / ours.seconds);
      pair.seconds.push(c.seconds);
      const moved = (c.bytesIn + c.bytesOut) / c.seconds;
      pair.memcpyRatios.push(moved / ((copied.bytesIn + copied.bytesOut) / copied.seconds));
    }
  }
  return pairs.map(({ loop, ratios, seconds, memcpyRatios }) => ({
    loop,
    ratio: median(ratios),
    least: Math.min(...ratios),
    greatest: Math.max(...ratios),
    eventsPerSecond: input.events / median(seconds),
    ofMemcpy: median(memcpyRatios),
  }));
}

function runCase(mode, name) {
  const script = fileURLToPath(new URL("run-case.mjs", import.meta.url));
  const args = [script, mode, name, input.path, values.seed];
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
}

function median(numbers) {
  const sorted = numbers.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}
