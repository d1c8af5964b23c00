// A whole recording of each format, in the ways a user has to read it.

import pl from "nodejs-polars";
import { INPUT_FORMATS } from "../inputs.mjs";
import { addBatch, emptySums, streamBatches, sumsOfFrame, sumsOfTable } from "./sums.mjs";

/** Text and compressed HDF5 take long; ECF is encoded in memory when its input is made. */
const MOST = {
  "text-us": 10e6,
  "text-s": 10e6,
  "h5-plain": 20e6,
  "h5-gzip": 20e6,
  "h5-shuffle": 20e6,
  "h5-ecf": 20e6,
};

/** Data sets of short recordings are many small files: what a load costs whatever there is in it. */
const SMALL = { formats: ["evt2", "evt3", "dat", "text-us", "h5-gzip"], events: 4000 };

const JOBS = {
  stream: streamJob("stream and count, borrowed batches", { batches: "borrowed" }, [
    "scan",
    "read",
  ]),
  "stream-owned": streamJob("stream and count, owned batches", {}),
  "stream-threads": streamJob(
    "stream and count, borrowed batches, two threads",
    { batches: "borrowed", threads: 2 },
    ["scan", "read"],
  ),
  statistics: {
    title: "statistics of the whole recording",
    prepare: async ({ evarrow, input: { path } }) => ({
      run: async () => (await evarrow.loadStatistics(path)).events,
      check: async () => {
        const { events, on } = await evarrow.loadStatistics(path);
        return { events, on };
      },
    }),
  },
  table: tableJob("full load to an Arrow table", {}),
  "table-threads": {
    ...tableJob("full load to an Arrow table, two threads", { threads: 2 }),
    formats: ["h5-gzip", "h5-shuffle"],
  },
  frame: {
    title: "full load to a Polars DataFrame",
    baseline: "fresh",
    peers: ["read"],
    prepare: async ({ evarrow, input: { path } }) => ({
      run: async () => (await evarrow.loadEvents(path)).height,
      check: async () => sumsOfFrame(await evarrow.loadEvents(path), pl),
    }),
  },
};

/** @type {import("../cases.mjs").Suite} */
export const cases = Object.fromEntries([
  ...INPUT_FORMATS.flatMap((format) =>
    Object.entries(JOBS)
      .filter(([, { formats = INPUT_FORMATS }]) => formats.includes(format))
      .map(([name, job]) => [
        `decode-${format}-${name}`,
        { ...job, title: `${format}: ${job.title}`, format, most: MOST[format] },
      ]),
  ),
  ...SMALL.formats.map((format) => [
    `decode-${format}-small`,
    {
      title: `${format}: load of a small recording to an Arrow table`,
      format,
      most: SMALL.events,
      prepare: JOBS.table.prepare,
    },
  ]),
]);

/**
 * A stream whose batches are counted.
 *
 * @param {string} title
 * @param {import("evarrow").StreamOptions} options
 * @param {readonly string[]} [peers]
 */
export function streamJob(title, options, peers) {
  return {
    title,
    baseline: options.batches === "borrowed" ? "stream" : undefined,
    peers,
    prepare: async ({ evarrow, input: { path, format } }) => ({
      run: () => streamBatches(evarrow, path, options, (batch) => batch.numRows),
      check: async () => {
        const sums = emptySums(format);
        await streamBatches(evarrow, path, options, (batch) => addBatch(sums, batch));
        return sums;
      },
    }),
  };
}

/**
 * A load of the whole recording.
 *
 * @param {string} title
 * @param {import("evarrow").LoadOptions} options
 */
function tableJob(title, options) {
  return {
    title,
    baseline: "fresh",
    peers: ["read"],
    prepare: async ({ evarrow, input: { path, format } }) => ({
      run: async () => (await evarrow.loadTable(path, options)).numRows,
      check: async () => sumsOfTable(await evarrow.loadTable(path, options), emptySums(format)),
    }),
  };
}
