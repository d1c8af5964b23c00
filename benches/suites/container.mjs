// The compact container beside Arrow IPC with zstd, which Polars writes and reads, and beside a line of
// JSON for every event.
//
// What is timed are the events of a seed over and over, and zstd would find those again: nothing that
// is compressed at once is longer than the seed, neither a chunk nor a batch of Arrow IPC.

import { readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { open } from "node:fs/promises";
import { join } from "node:path";
import pl from "nodejs-polars";
import { expectSame, sumsOfFrame, sumsOfTable } from "./sums.mjs";

const FORMAT = "evt3";
/** JSON and the preset `size` take long. */
const SLOW_EVENTS = 500_000;
const MOST = 20e6;
/** What takes new memory for every event tells more of many. */
const LARGE = 100e6;
const PRESETS = ["speed", "balanced", "size", "store", "lowMemory"];
const EVB = "balanced.evb";

/**
 * Files that cases read, made by a process of its own before them.
 *
 * @type {Record<string, (context: import("../cases.mjs").Context, path: string) => Promise<unknown>>}
 */
export const fixtures = {
  [EVB]: async (context, path) => exportTo(context, context.input.path, path, "balanced"),
  "small.evb": async ({ evarrow, input }, path) =>
    evarrow
      .scanEvents(input.path)
      .head(Math.ceil(input.events / 10))
      .export(path, { overwrite: true }),
  /** For programs that read Arrow. */
  "events.arrow": async ({ evarrow, input }, path) => evarrow.convertRecording(input.path, path),
  "zstd.ipc": async (context, path) => (await pieces(context)).writeIPC(path, ZSTD),
  "events.jsonl": async (context, path) => writeJson(await columnsOf(context), path),
};
const ZSTD = { compression: "zstd" };

const exported = PRESETS.map((preset) => [
  `container-export-${preset}`,
  makeCase({
    title: `written from a recording, preset ${preset}`,
    most: preset === "size" ? SLOW_EVENTS : MOST,
    prepare: async (context) => {
      const path = scratch(context, `${preset}.evb`);
      const write = () => exportTo(context, context.input.path, path, preset);
      return writing(context, path, write);
    },
  }),
]);

/** A job that writes a container. */
function writing(context, path, write) {
  return {
    run: async () => (await write()).events,
    check: async () => ({
      ...(await checkFile(context, path, write)),
      facts: sizeOf(context, path),
    }),
    close: () => rmSync(path, { force: true }),
  };
}

const written = {
  "container-write": {
    title: "written from an Arrow table in memory, preset balanced",
    beside: ["container-write-ipc", "container-write-json"],
    arrowPeers: ["parquet-write"],
    prepare: async (context) => {
      const table = await context.evarrow.loadTable(context.input.path);
      const path = scratch(context, "table.evb");
      const write = () => exportTo(context, table, path, "balanced");
      return writing(context, path, write);
    },
  },
  "container-write-ipc": {
    title: "Arrow IPC with zstd, written from a frame in memory by Polars",
    isRival: true,
    prepare: async (context) => {
      const frame = await pieces(context);
      const path = scratch(context, "written.ipc");
      const write = () => frame.writeIPC(path, ZSTD);
      return {
        run: async () => {
          write();
          return frame.height;
        },
        check: async () => {
          write();
          return { ...sumsOfFrame(pl.readIPC(path), pl), facts: sizeOf(context, path) };
        },
        close: () => rmSync(path, { force: true }),
      };
    },
  },
  "container-write-json": {
    title: "a line of JSON for every event",
    isRival: true,
    most: SLOW_EVENTS,
    prepare: async (context) => {
      const columns = await columnsOf(context);
      const path = scratch(context, "written.jsonl");
      return {
        run: async () => writeJson(columns, path),
        check: async () => ({ events: writeJson(columns, path), facts: sizeOf(context, path) }),
        close: () => rmSync(path, { force: true }),
      };
    },
  },
};

const read = {
  "container-read-frame": {
    title: "container read into a DataFrame",
    most: LARGE,
    fixture: EVB,
    beside: ["container-read-ipc", "container-read-json"],
    arrowPeers: ["read", "parquet-read"],
    prepare: prepareFrame(1),
  },
  "container-read-frame-threads": {
    title: "container read into a DataFrame, two threads, as many as Polars has",
    fixture: EVB,
    most: LARGE,
    beside: ["container-read-ipc", "container-read-frame"],
    prepare: prepareFrame(2),
  },
  "container-read-table": {
    title: "container read into an Arrow table",
    fixture: EVB,
    prepare: async ({ evarrow, fixture }) => ({
      run: async () => (await evarrow.loadTable(fixture)).numRows,
      check: async () =>
        sumsOfTable(await evarrow.loadTable(fixture), { events: 0, on: 0, sumX: 0, sumY: 0 }),
    }),
  },
  "container-count": {
    title: "container decoded and looked at, no frame made",
    fixture: EVB,
    prepare: async ({ evarrow, fixture }) => ({
      run: async () => (await evarrow.scanEvents(fixture).statistics()).events,
      check: async () => {
        const { events, on } = await evarrow.scanEvents(fixture).statistics();
        return { events, on };
      },
    }),
  },
  "container-read-ipc": {
    title: "Arrow IPC with zstd read into a DataFrame by Polars",
    isRival: true,
    most: LARGE,
    fixture: "zstd.ipc",
    prepare: async ({ fixture }) => ({
      run: async () => pl.readIPC(fixture).height,
      check: async () => sumsOfFrame(pl.readIPC(fixture), pl),
    }),
  },
  "container-read-json": {
    title: "lines of JSON read into columns",
    isRival: true,
    most: SLOW_EVENTS,
    fixture: "events.jsonl",
    prepare: async ({ fixture }) => ({
      run: async () => readJson(fixture).length,
      check: async () => sumsOfColumns(readJson(fixture)),
    }),
  },
  "container-info": openingCase("what `info` reads of a container", EVB, ["container-info-tenth"]),
  "container-info-tenth": openingCase("the same of a tenth of the events", "small.evb", []),
  "container-window": {
    title: "container: 1 % of the time to a DataFrame",
    fixture: EVB,
    prepare: prepareWindow,
  },
};

/** @type {import("../cases.mjs").Suite} */
export const cases = {
  ...Object.fromEntries(exported),
  ...Object.fromEntries(
    Object.entries({ ...written, ...read }).map(([name, found]) => [name, makeCase(found)]),
  ),
};

function makeCase(found) {
  return { format: FORMAT, most: MOST, ...found };
}

function openingCase(title, fixture, beside) {
  return {
    title,
    fixture,
    beside,
    isPerCall: true,
    prepare: async ({ evarrow, fixture: path }) => ({
      run: async () => (await evarrow.sampleStatistics(path)).events && 0,
      check: async () => ({ facts: { "file bytes": statSync(path).size } }),
    }),
  };
}

/** A frame of all events, by so many threads. */
function prepareFrame(threads) {
  return async ({ evarrow, fixture }) => {
    const load = () => evarrow.loadEvents(fixture, { threads });
    return {
      run: async () => (await load()).height,
      check: async () => sumsOfFrame(await load(), pl),
    };
  };
}

/** A window of time, and how much of the file it took. */
async function prepareWindow({ evarrow, fixture }) {
  const recording = await evarrow.openRecording(fixture);
  const { minTime, maxTime } = await evarrow.sampleStatistics(recording);
  const start = Math.round((minTime + maxTime) / 2);
  const window = [start, start + Math.round((maxTime - minTime) / 100)];
  const ask = () =>
    recording
      .query()
      .time(...window)
      .collect();
  return {
    run: async () => (await ask()).height,
    check: async () => {
      const sums = sumsOfFrame(await ask(), pl);
      const all = await evarrow.loadEvents(fixture);
      const t = pl.col("t");
      const chosen = all.filter(t.gtEq(window[0]).and(t.lt(window[1])));
      expectSame(sums, sumsOfFrame(chosen, pl), "the window and everything filtered");
      const touched = await bytesTouched(evarrow, fixture, window);
      return {
        found: sums.events,
        facts: { "events found": sums.events, "% of the bytes": touched },
      };
    },
  };
}

async function bytesTouched(evarrow, path, window) {
  const file = await open(path);
  const { size } = await file.stat();
  let touched = 0;
  const recording = await evarrow.openRecording({
    byteLength: size,
    async read(offset, length, { into = new Uint8Array(length) } = {}) {
      touched += length;
      await file.read(into, 0, length, offset);
      return into.subarray(0, length);
    },
  });
  await recording
    .query()
    .time(...window)
    .count();
  await recording.close();
  await file.close();
  return (100 * touched) / size;
}

/** Of a table, or of the recording at a path, which is decoded meanwhile. */
async function exportTo({ evarrow, input }, from, path, preset) {
  const chunkEvents = chunkOf(evarrow.CONTAINER_PRESETS[preset], input);
  const events = typeof from === "string" ? await evarrow.openRecording(from) : from;
  const stats = await evarrow.exportEvents(events, path, { preset, chunkEvents, overwrite: true });
  if (typeof from === "string") await events.close();
  return stats;
}

/** The chunk of the preset, unless the seed is shorter. */
const chunkOf = (preset, { seedEvents }) => Math.min(preset.chunkEvents, seedEvents);

async function checkFile({ evarrow }, path, write) {
  await write();
  return sumsOfFrame(await evarrow.loadEvents(path), pl);
}

const sizeOf = ({ input }, path) => ({ "bytes per event": statSync(path).size / input.events });

const scratch = ({ folder }, name) => join(folder, `${process.pid}-${name}`);

/** A frame in batches no longer than the seed. */
async function pieces({ evarrow, input: { path, seedEvents } }) {
  const all = await evarrow.loadEvents(path);
  const batches = Array.from({ length: Math.ceil(all.height / seedEvents) }, (_, at) =>
    all.slice(at * seedEvents, seedEvents),
  );
  return pl.concat(batches, { rechunk: false, how: "vertical" });
}

async function columnsOf({ evarrow, input: { path } }) {
  const table = await evarrow.loadTable(path);
  const column = (name) => table.getChild(name).toArray();
  return { x: column("x"), y: column("y"), t: column("t"), polarity: column("polarity") };
}

function writeJson({ x, y, t, polarity }, path) {
  const lines = [];
  for (let at = 0; at < x.length; at++) {
    lines.push(JSON.stringify({ x: x[at], y: y[at], t: Number(t[at]), polarity: polarity[at] }));
  }
  writeFileSync(path, lines.join("\n"));
  return x.length;
}

function readJson(path) {
  const lines = readFileSync(path, "utf8").split("\n");
  const { length } = lines;
  const [x, y] = [new Uint16Array(length), new Uint16Array(length)];
  const [t, polarity] = [new BigInt64Array(length), new Int8Array(length)];
  for (const [at, line] of lines.entries()) {
    const event = JSON.parse(line);
    [x[at], y[at], t[at], polarity[at]] = [event.x, event.y, BigInt(event.t), event.polarity];
  }
  return { length, x, y, t, polarity };
}

function sumsOfColumns({ length, x, y, polarity }) {
  const sum = (column) => column.reduce((total, value) => total + value, 0);
  const on = polarity.reduce((total, value) => total + (value > 0 ? 1 : 0), 0);
  return { events: length, on, sumX: sum(x), sumY: sum(y) };
}
