// Streaming: chunk sizes, threads, one piece or many, and what it takes to put chunks together.

import pl from "nodejs-polars";
import { addBatch, emptySums, streamBatches, sumsOfFrame } from "./sums.mjs";

const FORMAT = "evt3";
const CHUNKS = [50_000, 100_000, 200_000, 500_000, 1_000_000, 2_000_000];
const PARTS = [1, 2, 5, 10, 20, 50];
/** Direct and chunked are compared at the size of the question. */
const DIRECT = { events: 1e6, chunkEvents: 100_000 };

const sizes = CHUNKS.flatMap((chunk) =>
  [1, 2].map((threads) => [
    `stream-chunk-${chunk / 1000}k${threads > 1 ? `-threads-${threads}` : ""}`,
    {
      title: `chunks of ${chunk.toLocaleString("en")} events, ${threads} thread${threads > 1 ? "s" : ""}`,
      format: FORMAT,
      prepare: async ({ evarrow, input: { path, format } }) => {
        const options = { batchEvents: chunk, threads };
        return {
          run: () => streamBatches(evarrow, path, options, (batch) => batch.numRows),
          check: async () => {
            const sums = emptySums(format);
            await streamBatches(evarrow, path, options, (batch) => addBatch(sums, batch));
            return sums;
          },
        };
      },
    },
  ]),
);

const modes = ["direct", "chunked"].map((mode) => [
  `stream-${mode}-1m`,
  {
    title: `1 M events to a DataFrame, ${mode === "direct" ? "in one piece" : "in chunks of 100,000"}`,
    format: FORMAT,
    most: DIRECT.events,
    beside: mode === "direct" ? ["stream-chunked-1m"] : [],
    prepare: async ({ evarrow, input: { path } }) => {
      const options = mode === "direct" ? { mode } : { mode, batchEvents: DIRECT.chunkEvents };
      return {
        run: async () => (await evarrow.loadEvents(path, options)).height,
        check: async () => sumsOfFrame(await evarrow.loadEvents(path, options), pl),
      };
    },
  },
]);

const parts = PARTS.map((count) => [
  `stream-concat-${count}`,
  {
    title: `${count} chunk${count > 1 ? "s" : ""} put together to a DataFrame by EventStreamer`,
    format: FORMAT,
    most: 10e6,
    beside: count === PARTS.at(-1) ? ["stream-concat-1"] : [],
    prepare: async ({ evarrow, input: { path, events } }) => {
      const load = async () => {
        const recording = await evarrow.openRecording(path);
        const batchEvents = Math.ceil(events / count);
        const streamer = new evarrow.EventStreamer(recording, { batchEvents });
        const frame = await streamer.toDataFrame();
        await recording.close();
        return frame;
      };
      return {
        run: async () => (await load()).height,
        check: async () => sumsOfFrame(await load(), pl),
      };
    },
  },
]);

/** @type {import("../cases.mjs").Suite} */
export const cases = Object.fromEntries([...sizes, ...modes, ...parts]);
