import { afterAll, describe, expect, it } from "vitest";
import {
  type AppendOptions,
  analyze,
  appendEvents,
  type ConcatOptions,
  type ContainerOptions,
  type ConvertOptions,
  compareFormats,
  concatEvents,
  convertRecording,
  cropEvents,
  detectFormat,
  digestEvents,
  downsampleEvents,
  type EncodeEvt21Options,
  type EncodeOptions,
  type EncodeWithTriggersOptions,
  type EvbOptions,
  EventError,
  EventStreamer,
  type ExportOptions,
  encodeDat,
  encodeEvt2,
  encodeEvt3,
  encodeEvt21,
  exportEvents,
  type FilterOptions,
  filterBackgroundActivity,
  filterHotPixels,
  filterMask,
  filterRefractory,
  filterRoi,
  flipEvents,
  type Hdf5Options,
  type LoadOptions,
  loadEvents,
  loadStatistics,
  loadTable,
  type OpenOptions,
  openFile,
  openRecording,
  type PassOptions,
  type QueryOptions,
  type QueryStreamOptions,
  type ReadOptions,
  type RepairOptions,
  type ResultOptions,
  readContainer,
  repairContainer,
  type SampleOptions,
  type StatedMetadata,
  type StatisticsOptions,
  type StreamOptions,
  sampleStatistics,
  scanEvents,
  type TextOptions,
  type TriggerOptions,
  type VerifyOptions,
  verifyContainer,
} from "../../src/node.ts";
import { without } from "../../src/util/option-names.ts";
import { MemorySink } from "../support/conversions.ts";
import { off, on, recordingOf, timeHigh } from "../support/evt2-words.ts";
import { columnsOf } from "../support/expected-load.ts";
import { sample } from "../support/samples.ts";

const bytes = recordingOf([timeHigh(1), on(1, 2, 3), off(4, 5, 6)]);
const { path } = sample("moving-bar.evt2.raw");
const recording = await openRecording(bytes);
afterAll(() => recording.close());
const table = await loadTable(bytes);
const geometry = { width: 640, height: 480 };
const { signal } = new AbortController();
const nothing = () => {};

/** A value for every option that is documented, of every set of options: the compiler knows them. */
const text = {
  columns: ["t", "x", "y", "polarity"],
  separator: ",",
  timeUnit: "us",
  header: false,
  comment: "#",
  firstPixel: 0,
} satisfies Required<TextOptions>;
const hdf5 = {
  ...{ x: "/x", y: "/y", t: "/t", polarity: "/p" },
  timeUnit: "us",
  timeOffset: 0,
  firstPixel: 0,
} satisfies Required<Hdf5Options>;
const evb = {
  verifyChecksum: false,
  recover: true,
  strictVersion: false,
} satisfies Required<EvbOptions>;
const open = {
  ...{ text, hdf5, evb, geometry, signal },
  byteOrder: "little",
  stream: "left",
  strict: false,
  onMalformed: "skip",
} satisfies Required<OpenOptions>;
const plan = {
  streamingThreshold: 1000,
  mode: "auto",
  memoryLimitBytes: 1e9,
  readBufferBytes: 65_536,
} as const;
const passed = {
  ...open,
  rebase: false,
  onProgress: nothing,
  onReport: nothing,
} satisfies Required<PassOptions>;
const written = { ...passed, polarityEncoding: "zero-one" } as const;
const load = { ...written, ...plan, columns: ["x"], threads: 1 } satisfies Required<LoadOptions>;
const cut = {
  batchEvents: 10,
  batchBytes: 130,
  windowUs: 1000,
  windowStart: 0,
  emptyWindows: false,
  prefetch: 1,
};
const stream = {
  ...load,
  ...cut,
  batches: "owned",
  checkBorrowed: true,
} satisfies Required<StreamOptions>;
const more = { windowUs: 1000, hotPixels: 1, histogram: true, exactTimes: false };
const statistics = { ...passed, ...more } satisfies Required<StatisticsOptions>;
const sampled = { ...passed, exactTimes: false } satisfies Required<SampleOptions>;
const triggers = {
  rebase: false,
  strict: false,
  signal,
  onReport: nothing,
} satisfies Required<TriggerOptions>;
const indexCache = { load: async () => null, save: async () => {} };
const query = {
  ...{ ...written, ...plan, indexCache },
  index: true,
  assumeSorted: true,
  indexPartBytes: 4096,
} satisfies Required<QueryOptions>;
const result = without(query, {
  geometry: true,
  index: true,
  assumeSorted: true,
}) satisfies Required<ResultOptions>;
const queried = { ...result, ...cut } satisfies Required<QueryStreamOptions>;
const convert = {
  ...written,
  ...{ lossy: true, verify: false, format: "evt21" },
  endianness: "little",
} satisfies Required<ConvertOptions>;
const metadata = {
  description: "a scene",
  tags: ["a"],
  custom: { anything: "goes" },
  include: ["*"],
  exclude: [],
} satisfies Required<StatedMetadata>;
const settings = {
  preset: "balanced",
  codec: "auto",
  level: 1,
  chunkEvents: 1000,
  checksum: "crc32",
  cells: true,
  chunksInFlight: 1,
  bufferBytes: 4096,
  deterministic: true,
  columns: ["t"],
} satisfies Required<ContainerOptions>;
const exported = {
  ...{ ...settings, metadata, geometry, signal },
  polarityEncoding: "minus-one-one",
  overwrite: true,
  onProgress: nothing,
} satisfies Required<ExportOptions>;
const concat = { ...exported, order: "given", rebase: false } satisfies Required<ConcatOptions>;
const fixed = { codec: true, checksum: true, deterministic: true, columns: true } as const;
const kept = without(settings, fixed);
const { description, tags, custom } = metadata;
const append = {
  ...{ ...kept, signal },
  metadata: { description, tags, custom },
  onProgress: nothing,
} satisfies Required<AppendOptions>;
const repair = {
  overwrite: true,
  signal,
  onProgress: nothing,
} satisfies Required<RepairOptions>;
const verify = { deep: true, signal, onProgress: nothing } satisfies Required<VerifyOptions>;
const filter = { geometry } satisfies Required<FilterOptions>;
const encode = { geometry, header: { serial_number: "42" } } satisfies Required<EncodeOptions>;
const encoded = {
  ...encode,
  triggers: {
    length: 1,
    t: BigInt64Array.of(1n),
    id: Int16Array.of(1),
    value: Uint8Array.of(1),
  },
} satisfies Required<EncodeWithTriggersOptions>;
const evt21 = { ...encoded, endianness: "little" } satisfies Required<EncodeEvt21Options>;
const read = { into: new Uint8Array(8), signal } satisfies Required<ReadOptions>;

type Call = (options: object) => unknown;

const region = { x: 0, y: 0, width: 2, height: 2 };
const ask = () => recording.query();

/** Every public function with options, and all that these can be. */
const CALLS: [name: string, documented: object, call: Call][] = [
  ["openRecording", open, async (options) => (await openRecording(bytes, options)).close()],
  ["detectFormat", { signal }, (options) => detectFormat(bytes, options)],
  ["analyze", stream, (options) => analyze(bytes, options)],
  ["analyze of a recording", stream, (options) => analyze(recording, options)],
  ["loadTable", load, (options) => loadTable(bytes, options)],
  ["loadTable of a recording", load, (options) => loadTable(recording, options)],
  ["loadEvents", load, (options) => loadEvents(bytes, options)],
  ["readContainer", load, (options) => readContainer(bytes, options)],
  ["EventStreamer", stream, (options) => new EventStreamer(recording, options)],
  ["stream", stream, (options) => recording.stream(options)],
  ["triggers", triggers, (options) => recording.triggers(options)],
  ["streamTriggers", triggers, (options) => recording.streamTriggers(options)],
  ["loadStatistics", statistics, (options) => loadStatistics(bytes, options)],
  ["sampleStatistics", sampled, (options) => sampleStatistics(bytes, options)],
  ["digestEvents", passed, (options) => digestEvents(bytes, options)],
  ["convertRecording", convert, (options) => convertRecording(bytes, sink("a.evt21.raw"), options)],
  ["scanEvents", query, (options) => scanEvents(bytes, options).count()],
  ["scanEvents of a recording", query, (options) => scanEvents(recording, options).count()],
  ["query", query, (options) => recording.query(options).toTable()],
  ["query, streamed", query, (options) => recording.query(options).stream().next()],
  ["query, in SQL", query, (options) => recording.query(options).sql("SELECT x FROM events")],
  ["query, exported", query, (options) => recording.query(options).export(sink("a.evb"))],
  ["query.collect", result, (options) => ask().collect(options)],
  ["query.lazy", result, (options) => ask().lazy(options)],
  ["query.toTable", result, (options) => ask().toTable(options)],
  ["query.stream", queried, (options) => ask().stream(options).next()],
  [
    "query.windows",
    queried,
    (options) =>
      ask()
        .windows({ windowUs: 5, ...options })
        .next(),
  ],
  ["query.count", result, (options) => ask().count(options)],
  ["query.statistics", statistics, (options) => ask().statistics(options)],
  ["query.histogram", result, (options) => ask().histogram(options)],
  ["query.rate", result, (options) => ask().rate(1000, options)],
  ["query.digest", result, (options) => ask().digest(options)],
  ["query.sql", result, (options) => ask().sql("SELECT x FROM events", options)],
  ["query.explain", result, (options) => ask().explain(options)],
  ["query.write", convert, (options) => ask().write(sink("a.evt21.raw"), options)],
  ["query.export", { ...result, ...exported }, (options) => ask().export(sink("a.evb"), options)],
  ["exportEvents", exported, (options) => exportEvents(table, sink("a.evb"), options)],
  ["exportEvents of a recording", exported, (options) => exportEvents(recording, sink(), options)],
  ["exportEvents of a query", exported, (options) => exportEvents(ask(), sink(), options)],
  ["appendEvents", append, (options) => appendEvents("no/such.evb", table, options)],
  ["concatEvents", concat, (options) => concatEvents([bytes], sink("a.evb"), options)],
  ["repairContainer", repair, (options) => repairContainer(bytes, sink("a.evb"), options)],
  ["verifyContainer", verify, (options) => verifyContainer(bytes, options)],
  ["compareFormats", { signal }, (options) => compareFormats("no/such.evb", options)],
  ["filterRoi", filter, (options) => filterRoi(table, region, options)],
  ["filterMask", filter, (options) => filterMask(table, maskOf(640, 480), options)],
  ["filterRefractory", filter, (options) => filterRefractory(table, 5, options)],
  ["filterBackgroundActivity", filter, (opts) => filterBackgroundActivity(table, 5, opts)],
  ["filterHotPixels", filter, (options) => filterHotPixels(table, {}, options)],
  ["flipEvents", filter, (options) => flipEvents(table, "x", options)],
  ["cropEvents", filter, (options) => cropEvents(table, region, options)],
  ["downsampleEvents", filter, (options) => downsampleEvents(table, 2, options)],
  ["encodeEvt2", encoded, (options) => encodeEvt2(table, options)],
  ["encodeEvt21", evt21, (options) => encodeEvt21(table, options)],
  ["encodeEvt3", encoded, (options) => encodeEvt3(table, options)],
  ["encodeDat", { geometry }, (options) => encodeDat(table, options)],
  ["FileSource.read", read, readWith],
];

function sink(name?: string): MemorySink {
  return new MemorySink(name);
}

function maskOf(width: number, height: number) {
  return { width, height, data: new Uint8Array(width * height) };
}

async function readWith(options: object): Promise<void> {
  const file = await openFile(path);
  try {
    if ("read" in file) await file.read(0, 8, options);
  } finally {
    await file.close?.();
  }
}

/** What a call throws, at once or later. */
async function errorOf(call: () => unknown): Promise<unknown> {
  try {
    await call();
  } catch (error) {
    return error;
  }
  return undefined;
}

async function expectUnknown(call: () => unknown, found: string): Promise<EventError> {
  const error = (await errorOf(call)) as EventError;
  expect(error).toBeInstanceOf(EventError);
  expect(error).toMatchObject({ code: "invalid-option", found });
  expect(error.message).toMatch(/^there is no such option: found /);
  return error;
}

const NOT_TOLD = ["indexPartBytes"];
/** Too short for a slip to be told from another name. */
const isLong = (name: string): boolean => name.length > 2 && !NOT_TOLD.includes(name);

describe("every name of an option", () => {
  it.each(CALLS)("that is documented is taken: %s", async (_name, documented, call) => {
    for (const [name, value] of Object.entries(documented)) {
      const error = await errorOf(() => call({ [name]: value }));
      expect(String(error), name).not.toContain("there is no such option");
      expect(String(error), name).not.toContain("are chosen by a step");
      const missing = await errorOf(() => call({ [name]: undefined }));
      expect(String(missing), name).not.toContain("there is no such option");
    }
  });

  it.each(CALLS)("that is not known is refused: %s", async (_name, documented, call) => {
    for (const value of [1, undefined]) {
      const { hint } = await expectUnknown(() => call({ nonsense: value }), "nonsense");
      const told = Object.keys(documented).filter((name) => !NOT_TOLD.includes(name));
      for (const name of told) expect(hint).toContain(`\`${name}\``);
      for (const name of NOT_TOLD) expect(hint).not.toContain(name);
    }
  });

  it.each(CALLS)("that is misspelt is refused: %s", async (_name, documented, call) => {
    for (const name of Object.keys(documented).filter(isLong)) {
      const slip = name.slice(1);
      const { hint } = await expectUnknown(() => call({ [slip]: undefined }), slip);
      expect(hint).toBe(`Did you mean \`${name}\`?`);
    }
  });

  it.each(CALLS)("is looked at inside of options, too: %s", async (_name, documented, call) => {
    const sets = { geometry, text, hdf5, evb, metadata: append.metadata };
    for (const [set, options] of Object.entries(sets)) {
      if (!Object.hasOwn(documented, set)) continue;
      await expectUnknown(() => call({ [set]: { nonsense: 1 } }), `${set}.nonsense`);
      for (const name of Object.keys(options).filter(isLong)) {
        const slip = `${name}s`;
        const { hint } = await expectUnknown(
          () => call({ [set]: { [slip]: 1 } }),
          `${set}.${slip}`,
        );
        expect(hint).toBe(`Did you mean \`${set}.${name}\`?`);
      }
    }
  });
});

describe("every name of what a step of a query takes", () => {
  const mask = maskOf(4, 4);
  const search = { percentile: 50 };
  const STEPS: [name: string, path: string, given: object, call: (given: never) => unknown][] = [
    ["roi", "region", region, (given) => ask().roi(given)],
    ["the second of roi", "region", region, (given) => ask().roi(region, given)],
    ["crop", "region", region, (given) => ask().crop(given)],
    ["mask", "mask", mask, (given) => ask().mask(given)],
    ["hotPixels", "hotPixels", search, (given) => ask().hotPixels(given)],
    ["filterRoi", "region", region, (given) => filterRoi(table, given)],
    ["the second of filterRoi", "region", region, (given) => filterRoi(table, [region, given])],
    ["cropEvents", "region", region, (given) => cropEvents(table, given)],
    ["filterMask", "mask", mask, (given) => filterMask(table, given)],
    ["filterHotPixels", "hotPixels", search, (given) => filterHotPixels(table, given)],
  ];

  it.each(STEPS)("that is not known is refused: %s", async (_name, path, given, call) => {
    for (const value of [1, undefined]) {
      const more = { ...given, nonsense: value } as never;
      const { hint } = await expectUnknown(() => call(more), `${path}.nonsense`);
      for (const name of Object.keys(given)) expect(hint).toContain(`\`${path}.${name}\``);
    }
  });

  it.each(STEPS)("that is misspelt is refused: %s", async (_name, path, given, call) => {
    for (const [name, value] of Object.entries(given).filter(([name]) => isLong(name))) {
      const slip = `${name}s`;
      const meant = { ...given, [name]: undefined, [slip]: value } as never;
      const { hint } = await expectUnknown(() => call(meant), `${path}.${slip}`);
      expect(hint).toBe(`Did you mean \`${path}.${name}\`?`);
    }
  });

  it("is looked at in nothing that is no such object", async () => {
    for (const given of [undefined, null, 5, "text", []]) {
      expect(await errorOf(() => ask().crop(given as never))).toMatchObject({
        code: "invalid-query",
      });
    }
  });

  it("may be more of pixels, which statistics list with what they did", async () => {
    const pixel = { x: 2, y: 3, events: 5, on: 5, share: 1 };
    expect(await ask().hotPixels([pixel]).count()).toBe(1);
    expect((await filterHotPixels(table, [pixel])).numRows).toBe(1);
  });
});

describe("an object of options", () => {
  it("serves to open, to load, to stream and for numbers", async () => {
    const shared: StreamOptions = {
      geometry,
      columns: ["t", "x"],
      polarityEncoding: "zero-one",
      batchEvents: 1,
      threads: 1,
      memoryLimitBytes: 1e9,
    };
    const opened = await openRecording(bytes, shared);
    for await (const batch of opened.stream(shared)) expect(batch.numCols).toBe(2);
    expect((await loadTable(bytes, shared)).numRows).toBe(2);
    expect((await loadEvents(opened, shared)).height).toBe(2);
    expect((await loadStatistics(bytes, shared)).events).toBe(2);
    expect((await sampleStatistics(opened, shared)).events).toBe(2);
    expect((await digestEvents(bytes, shared)).events).toBe(2);
    expect((await opened.triggers(shared)).numRows).toBe(0);
    expect(await analyze(bytes, shared)).toMatchObject({ chunkEvents: 1 });
    await opened.close();
  });

  it("may have more that is not its own", async () => {
    class Chosen {
      readonly polarityEncoding = "zero-one";
      readonly #kept = 5;
      get kept(): number {
        return this.#kept;
      }
      describe(): string {
        return `${this.kept}`;
      }
    }
    const options = new Chosen();
    expect(columnsOf(await loadTable(bytes, options)).polarity).toEqual(Int8Array.of(1, 0));
    for await (const batch of recording.stream(options)) expect(batch.numRows).toBe(2);
  });

  it("may be the settings that something was written with", async () => {
    const { settings: used } = await exportEvents(table, sink("a.evb"), { preset: "speed" });
    expect((await exportEvents(table, sink("a.evb"), used)).settings).toEqual(used);
  });
});

describe("an option that another function has", () => {
  it("chooses no columns of a query, which are a step", async () => {
    for (const call of [
      () => scanEvents(bytes, { columns: ["x"] } as object),
      () => recording.query({ columns: ["x"] } as object),
      () => ask().collect({ columns: ["x"] } as object),
      () =>
        ask()
          .stream({ columns: ["x"] } as object)
          .next(),
    ]) {
      expect(await errorOf(call)).toMatchObject({
        code: "invalid-option",
        found: '["x"]',
        hint: expect.stringContaining(".select("),
      });
    }
    expect(await scanEvents(bytes, { columns: undefined } as object).count()).toBe(2);
  });

  it("is refused where it has no effect on what is written", async () => {
    await expectUnknown(
      () => convertRecording(bytes, sink("a.csv"), { columns: ["x"] } as object),
      "columns",
    );
    for (const [call, message] of [
      [encodeDat(table, { header: {} } as object), "DAT has no place for header"],
      [encodeDat(table, { triggers: encoded.triggers } as object), "no place for triggers"],
      [encodeEvt3(table, { endianness: "legacy" } as object), "no place for endianness"],
    ] as const) {
      await expect(call).rejects.toMatchObject({ code: "invalid-option" });
      await expect(call).rejects.toThrow(message);
    }
    const all = { geometry, header: undefined, triggers: undefined, endianness: undefined };
    for (const write of [encodeEvt2, encodeEvt21, encodeEvt3, encodeDat]) {
      expect((await write(table, all)).length).toBeGreaterThan(0);
    }
    await expectUnknown(() => exportEvents(table, sink(), { rebase: true } as object), "rebase");
  });
});
