/**
 * Times kernels alone: input and columns are in memory, and nothing is read or handed over.
 *
 * Usage: npm run bench:kernels -- [evt2 | evt3 | evt21 | dat | text | ecf | filter]...
 *                                 [--variant NAME[/PART]=FILE]... [--seed FILE]... [--rounds 40]
 *
 * A variant is another text of `src/kernels/assembly/NAME.ts`, or of `parts/PART.ts` as this kernel has it:
 * it is compiled as that file is, must give the same columns, and takes turns with the kernel as it was
 * built. Rates are medians and best of all rounds, ratios medians of pairs.
 */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { loadTable } from "evarrow";
import { benchInput, findSeed } from "../benches/inputs.mjs";
import { createReport } from "../dist/events/report.js";
import { FORMATS } from "../dist/formats/registry.js";
import { EventMemory } from "../dist/kernels/event-memory.js";
import { ecfWasm } from "../dist/kernels/generated/ecf.js";
import { filterWasm } from "../dist/kernels/generated/filter.js";
import { instantiateKernel } from "../dist/kernels/kernel.js";
import { TABLE_BYTES } from "../dist/query/sieve-kernels.js";
import { compileKernel } from "./compile-kernel.mjs";
import { testWriter } from "./samples/hdf5-files.mjs";

/** What a pass decodes at once, and the events of a tile. */
const INPUT_BYTES = 2 ** 20;
const TILE_EVENTS = 2 ** 18;
const ECF_EVENTS = 16_384;
const STREAMS = { evt2: "evt2", evt3: "evt3", evt21: "evt21", dat: "dat", text: "text-us" };
const NAMES = [...Object.keys(STREAMS), "ecf", "filter"];

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    variant: { type: "string", multiple: true, default: [] },
    seed: { type: "string", multiple: true, default: [] },
    rounds: { type: "string", default: "40" },
  },
});
const SAMPLES = ["moving-bar.evt2.raw", "falling-bar.evt3.raw"].map((name) =>
  fileURLToPath(new URL(`../data-samples/${name}`, import.meta.url)),
);
const variants = values.variant.map((text) => {
  const [, name, part, path] = /^(\w+)(?:\/([\w-]+))?=(.+)$/.exec(text) ?? [];
  if (!NAMES.includes(name)) throw new Error(`no kernel ${name}; there are ${NAMES.join(", ")}`);
  return { name, path, file: part === undefined ? `${name}.ts` : `parts/${part}.ts` };
});
const chosen = positionals.length > 0 ? positionals : NAMES;
for (const name of chosen) {
  if (!NAMES.includes(name)) throw new Error(`no kernel ${name}; there are ${NAMES.join(", ")}`);
  const jobsOf = name === "ecf" ? ecfJobs : name === "filter" ? filterJobs : streamJobs(name);
  const candidates = [{ label: "as built", jobs: await jobsOf(undefined) }];
  for (const { path, file } of variants.filter((variant) => variant.name === name)) {
    const wasm = await compileKernel(name, { file, text: readFileSync(path, "utf8") });
    candidates.push({ label: path, jobs: await jobsOf(Buffer.from(wasm).toString("base64")) });
  }
  compare(name, candidates);
}

/** Runs the jobs of all candidates in turn. */
function compare(name, candidates) {
  for (const [at, { title, events, result }] of candidates[0].jobs.entries()) {
    const runs = candidates.map(() => []);
    const expected = result();
    for (const { label, jobs } of candidates) {
      if (Buffer.compare(jobs[at].result(), expected) === 0) continue;
      throw new Error(`${name}, ${title}: ${label} gives other columns`);
    }
    for (let round = 0; round < Number(values.rounds); round++) {
      for (const [index, { jobs }] of candidates.entries()) {
        jobs[at].prepare?.();
        const began = performance.now();
        jobs[at].run();
        runs[index].push(events / (performance.now() - began) / 1000);
      }
    }
    for (const [index, { label }] of candidates.entries()) {
      const rates = runs[index];
      const ratio = median(rates.map((rate, round) => rate / runs[0][round]));
      const beside = index === 0 ? "" : `, ${ratio.toFixed(2)} times the first`;
      console.log(
        `${name}, ${title}: ${median(rates).toFixed(0)} M events/s, best ${Math.max(...rates).toFixed(0)}${beside}  (${label})`,
      );
    }
  }
}

/** A pass over the first bytes of a recording, tile by tile. */
function streamJobs(name) {
  return async (variant) => {
    const input = STREAMS[name];
    const seed = await findSeed(input, [...values.seed, ...SAMPLES]);
    const { path, geometry } = await benchInput({ format: input, seed, events: 1e6 });
    const format = FORMATS.find(({ id }) => id === name);
    const file = readFileSync(path);
    const header = format.readHeader(file.subarray(0, 65_536), geometry, path, {});
    const memory = new EventMemory({ inputBytes: INPUT_BYTES, tileEvents: TILE_EVENTS });
    memory.configure(geometry ?? null, "minus-one-one");
    const kernel = await instantiateKernel(variant ?? format.kernel, memory.memory);
    const { dataOffset, variant: layout = 0 } = header;
    const data = file.subarray(dataOffset, dataOffset + INPUT_BYTES);
    const fresh = memory.saveCarried();
    const report = createReport({ format: name, geometry, polarityEncoding: "minus-one-one" });
    const tiles = [];
    const pass = (onTile) => {
      memory.restoreCarried(fresh);
      memory.setVariant(layout);
      const options = { dataOffset, rebase: false, variant: layout, header };
      const decoder = format.createDecoder(memory, kernel, options);
      memory.setTile();
      decoder.feed(0, data.byteLength);
      for (let isDone = false; !isDone; memory.setTile()) {
        isDone = decoder.decode(TILE_EVENTS, report);
        onTile?.();
      }
    };
    memory.inputs[0].set(data);
    let events = 0;
    pass(() => {
      events += memory.eventCount;
      const { x, y, t, polarity } = memory.columns;
      for (const column of [x, y, t, polarity]) {
        tiles.push(Buffer.from(bytesOf(column.subarray(0, memory.eventCount))));
      }
    });
    const result = Buffer.concat(tiles);
    return [{ title: "all columns", events, run: () => pass(), result: () => result }];
  };
}

/** A chunk in each of the three ways to write it. */
async function ecfJobs(variant) {
  const seed = await findSeed("h5-ecf", [...values.seed, ...SAMPLES]);
  const { encodeEcfReference } = await testWriter();
  const table = await loadTable(seed);
  const [x, y, t, p] = ["x", "y", "t", "polarity"].map((name) => table.getChild(name).toArray());
  const events = Array.from({ length: ECF_EVENTS }, (_, at) => {
    return { x: x[at], y: y[at], t: t[at], p: p[at] > 0 ? 1 : 0 };
  });
  return Promise.all(
    ["runs", "xp", "yxp"].map(async (mode) => {
      const payload = encodeEcfReference(events, mode);
      const memory = new WebAssembly.Memory({ initial: 40, maximum: 40 });
      const kernel = await instantiateKernel(variant ?? ecfWasm, memory);
      const [from, xs] = [65_536, 65_536 + 2 ** 19];
      const [ys, ps, ts] = [xs + 2 ** 16, xs + 2 ** 17, xs + 2 ** 18];
      new Uint8Array(memory.buffer).set(payload, from);
      const columns = [xs, ys, ps].map(
        (at) => new Uint8Array(memory.buffer, at, events.length * 2),
      );
      columns.push(new Uint8Array(memory.buffer, ts, events.length * 8));
      const run = () => {
        for (let again = 0; again < 20; again++) {
          kernel.decode(from, from + payload.byteLength, events.length, xs, ys, ps, ts);
        }
      };
      run();
      return { title: mode, events: events.length * 20, run, result: () => Buffer.concat(columns) };
    }),
  );
}

/** What a region and a polarity leave of a tile, of which they keep more or less. */
async function filterJobs(variant) {
  const events = TILE_EVENTS;
  const memory = new WebAssembly.Memory({ initial: 100, maximum: 100 });
  const filter = await instantiateKernel(variant ?? filterWasm, memory);
  let end = 65_536;
  const reserve = (bytes) => {
    end += bytes + 64;
    return end - bytes - 64;
  };
  const [xs, ys, ps] = [reserve(events * 2), reserve(events * 2), reserve(events)];
  const [ts, bits, regions] = [reserve(events * 8), reserve(events / 8), reserve(64)];
  const tables = reserve(TABLE_BYTES);
  const columns = [
    new Uint16Array(memory.buffer, xs, events),
    new Uint16Array(memory.buffer, ys, events),
    new Int8Array(memory.buffer, ps, events),
    new BigInt64Array(memory.buffer, ts, events),
  ];
  let state = 1;
  const random = () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
  // Events come in runs along a row, as those of cameras do.
  const [x0, y0, p0, t0] = columns.map((column) => column.slice());
  for (let at = 0, x = 0, y = 0; at < events; at++) {
    if (random() < 0.25) [x, y] = [Math.floor(random() * 1280), Math.floor(random() * 720)];
    x0[at] = x = Math.min(x + Math.floor(random() * 3), 1279);
    y0[at] = y;
    p0[at] = random() < 0.5 ? 1 : -1;
    t0[at] = BigInt(at >> 1);
  }
  filter.buildTables(tables);
  const region = new Uint16Array(memory.buffer, regions, 4);
  const run = (width, height) => {
    region.set([0, 0, width - 1, height - 1]);
    filter.keepAll(events, bits);
    filter.keepRegions(events, bits, xs, ys, regions, 1);
    filter.keepPolarity(events, bits, ps, 1);
    for (const column of [xs, ys]) filter.compact16(events, bits, tables, column);
    filter.compact8(events, bits, tables, ps);
    return filter.compact64(events, bits, tables, ts);
  };
  const prepare = () => {
    for (const [index, from] of [x0, y0, p0, t0].entries()) columns[index].set(from);
  };
  const shares = [
    ["128 x 128 pixels", 128, 128],
    ["a tenth", 405, 227],
    ["half", 905, 509],
    ["all", 1280, 720],
  ];
  return shares.map(([title, width, height]) => {
    const result = () => {
      prepare();
      const kept = run(width, height);
      return Buffer.concat(columns.map((column) => bytesOf(column.slice(0, kept))));
    };
    return { title: `${title}, ON`, events, prepare, run: () => run(width, height), result };
  });
}

function bytesOf({ buffer, byteOffset, byteLength }) {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

function median(numbers) {
  const sorted = numbers.toSorted((a, b) => a - b);
  return sorted[sorted.length >> 1];
}
