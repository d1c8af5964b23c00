/**
 * Runs one case in a process of its own, so that its memory is its own; prints one line of JSON.
 *
 * Usage: node benches/run-case.mjs check|once|bench CASE FILE [WARM_UP_FILE]
 */
import { readFileSync } from "node:fs";
import { Bench } from "tinybench";
import { CASES } from "./cases.mjs";

const [mode, name, file, warmUpFile] = process.argv.slice(2);
const job = CASES[name];

/** Peak resident memory of this process. The system call counts what its parent had, too. */
function peakBytes() {
  try {
    const peak = /VmHWM:\s+(\d+) kB/.exec(readFileSync("/proc/self/status", "utf8"));
    if (peak) return Number(peak[1]) * 1024;
  } catch {
    // not Linux
  }
  return process.resourceUsage().maxRSS * 1024;
}

/** Checks what the job delivers. */
async function check() {
  const { firstT, ...sums } = await job.check(file);
  return sums;
}

/** One run, after one over a small file that has the code compiled. */
async function once() {
  await job.run(warmUpFile);
  const startedAt = performance.now();
  const events = await job.run(file);
  const seconds = (performance.now() - startedAt) / 1000;
  return { events, seconds, peakBytes: peakBytes() };
}

/** Repeated runs, with statistics. */
async function bench() {
  const runs = new Bench({ time: 3000, iterations: 5, warmupTime: 500, warmupIterations: 1 });
  runs.add(name, async () => void (await job.run(file)));
  await runs.run();
  const { result } = runs.tasks[0];
  if (result.state !== "completed")
    throw new Error(`${name}: ${result.state}`, { cause: result.error });
  const { mean, p50, rme, samplesCount } = result.latency;
  return { mean: mean / 1000, median: p50 / 1000, marginPercent: rme, samples: samplesCount };
}

console.log(JSON.stringify(await { check, once, bench }[mode]()));
