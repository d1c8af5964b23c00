/**
 * What is measured: jobs as a user of the package writes them. Each returns what it found, so that
 * the answer can be checked before anything is timed.
 */
import { loadEvents, loadStatistics, loadTable, openRecording } from "evarrow";
import pl from "nodejs-polars";
import { INPUT_FORMATS } from "./inputs.mjs";

/**
 * @typedef {import("./inputs.mjs").Sums & { firstT?: bigint }} Sums
 * @typedef {object} Job
 * @property {string} title
 * @property {(path: string) => Promise<number>} run the timed job; returns the number of events
 * @property {(path: string, sums: Sums) => Promise<Partial<Sums>>} check the same job, and the sums of
 *   what it delivered
 * @property {"stream" | "fresh" | undefined} baseline the mode of the C program that does the same
 * @property {readonly string[]} [peers] what programs in Python do that is the same or near it
 */

/** @type {Record<string, Job>} */
const JOBS = {
  stream: {
    title: "stream and count, borrowed batches",
    baseline: "stream",
    peers: ["scan", "read"],
    run: (path) => stream(path, { batches: "borrowed" }, countRows),
    check: (path, sums) => sumStream(path, { batches: "borrowed" }, sums),
  },
  "stream-owned": {
    title: "stream and count, owned batches",
    baseline: undefined,
    run: (path) => stream(path, {}, countRows),
    check: (path, sums) => sumStream(path, {}, sums),
  },
  statistics: {
    title: "statistics of the whole recording",
    baseline: undefined,
    run: async (path) => (await loadStatistics(path)).events,
    check: async (path) => ({ on: (await loadStatistics(path)).on }),
  },
  table: {
    title: "full load to an Arrow table",
    baseline: "fresh",
    peers: ["read"],
    run: async (path) => (await loadTable(path)).numRows,
    check: async (path, sums) => sumBatches((await loadTable(path)).batches, sums),
  },
  frame: {
    title: "full load to a Polars DataFrame",
    baseline: "fresh",
    peers: ["read"],
    run: async (path) => (await loadEvents(path)).height,
    check: async (path) => {
      const frame = await loadEvents(path);
      const on = frame.filter(pl.col("polarity").gt(0)).height;
      return { on, sumX: sumOf(frame, "x"), sumY: sumOf(frame, "y") };
    },
  },
};

/**
 * Every job with every format, as `evt2-stream`.
 *
 * @type {Record<string, Job & { format: import("./inputs.mjs").InputFormat }>}
 */
export const CASES = Object.fromEntries(
  INPUT_FORMATS.flatMap((format) =>
    Object.entries(JOBS).map(([name, job]) => [
      `${format}-${name}`,
      { ...job, format, check: (path) => job.check(path, emptySums(format)) },
    ]),
  ),
);

function emptySums(format) {
  const sums = { on: 0, sumX: 0, sumY: 0 };
  return /^(?:text|h5)/.test(format) ? { ...sums, sumT: 0 } : sums;
}

const countRows = (batch) => batch.numRows;

async function stream(path, options, rows) {
  const recording = await openRecording(path);
  let events = 0;
  for await (const batch of recording.stream(options)) events += rows(batch);
  await recording.close();
  return events;
}

async function sumStream(path, options, sums) {
  await stream(path, options, (batch) => {
    addBatch(sums, batch);
    return 0;
  });
  return sums;
}

function sumBatches(batches, sums) {
  for (const batch of batches) addBatch(sums, batch);
  return sums;
}

function addBatch(sums, batch) {
  if (sums.sumT !== undefined) addTimes(sums, batch.getChild("t").toArray());
  for (const x of batch.getChild("x").toArray()) sums.sumX += x;
  for (const y of batch.getChild("y").toArray()) sums.sumY += y;
  for (const polarity of batch.getChild("polarity").toArray()) sums.on += polarity > 0 ? 1 : 0;
}

/** Times since the first event. */
function addTimes(sums, times) {
  sums.firstT ??= times[0];
  for (const t of times) sums.sumT += Number(t - sums.firstT);
}

/** Polars adds up 16-bit numbers in 64 bits. */
function sumOf(frame, name) {
  return Number(frame.getColumn(name).sum());
}
