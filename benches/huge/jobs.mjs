/**
 * What is done with a huge recording, one job in a process; prints one line of JSON.
 *
 * Usage: node benches/huge/jobs.mjs JOB FILE FOLDER
 */
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { exportEvents, loadStatistics, openRecording } from "evarrow";

/**
 * @typedef {object} HugeJob
 * @property {string} title
 * @property {boolean} [part] it gives a part of the events only
 * @property {(path: string, folder: string) => Promise<object>} run gives `events`, and what else there
 *   is to check or to tell
 */

/** @type {Record<string, HugeJob>} */
export const JOBS = {
  sums: { title: "streamed, every column added up", run: addUp },
  count: { title: "streamed and counted, borrowed batches", run: countEvents },
  window: { title: "1 % of the time to a DataFrame", part: true, run: collectWindow },
  statistics: {
    title: "statistics",
    run: async (path) => {
      const { events, on } = await loadStatistics(path);
      return { events, on };
    },
  },
  export: { title: "exported to .evb", run: exportAll },
};

async function addUp(path) {
  const sums = { events: 0, on: 0, sumX: 0, sumY: 0 };
  await streamBatches(path, (batch) => {
    sums.events += batch.numRows;
    for (const x of batch.getChild("x").toArray()) sums.sumX += x;
    for (const y of batch.getChild("y").toArray()) sums.sumY += y;
    for (const polarity of batch.getChild("polarity").toArray()) sums.on += polarity > 0 ? 1 : 0;
  });
  return sums;
}

async function countEvents(path) {
  let events = 0;
  await streamBatches(path, (batch) => {
    events += batch.numRows;
  });
  return { events };
}

async function streamBatches(path, look) {
  const recording = await openRecording(path);
  for await (const batch of recording.stream({ batches: "borrowed" })) look(batch);
  await recording.close();
}

/** The hundredth in the middle. Explaining it makes the index of times, for which everything is read. */
async function collectWindow(path) {
  const recording = await openRecording(path);
  const query = recording.query();
  const { minTime, maxTime } = await query.statistics();
  const start = Math.round((minTime + maxTime) / 2);
  const chosen = query.time(start, start + Math.round((maxTime - minTime) / 100));
  let began = performance.now();
  await chosen.explain();
  const indexSeconds = (performance.now() - began) / 1000;
  began = performance.now();
  const { height } = await chosen.collect();
  const seconds = (performance.now() - began) / 1000;
  await recording.close();
  return { events: height, seconds, indexSeconds };
}

async function exportAll(path, folder) {
  const target = join(folder, "exported.evb");
  const recording = await openRecording(path);
  // How small it becomes is not told: the same events over and over are found again by zstd.
  const { events } = await exportEvents(recording, target, { overwrite: true });
  await recording.close();
  rmSync(target);
  return { events };
}

/** Resident memory now and at its most. The system call for the peak counts what the parent had, too. */
function memory() {
  try {
    const status = readFileSync("/proc/self/status", "utf8");
    const bytes = (key) => Number(new RegExp(`${key}:\\s+(\\d+) kB`).exec(status)[1]) * 1024;
    return { now: bytes("VmRSS"), peak: bytes("VmHWM") };
  } catch {
    const peak = process.resourceUsage().maxRSS * 1024; // not Linux
    return { now: process.memoryUsage.rss(), peak };
  }
}

async function main([job, path, folder]) {
  const base = memory().now; // the runtime and the modules
  const began = performance.now();
  const found = await JOBS[job].run(path, folder);
  const seconds = (performance.now() - began) / 1000;
  const peakBytes = memory().peak;
  console.log(JSON.stringify({ seconds, ...found, baseBytes: base, peakBytes }));
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) await main(process.argv.slice(2));
