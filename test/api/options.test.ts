import { describe, expect, it } from "vitest";
import {
  analyze,
  convertRecording,
  detectFormat,
  digestEvents,
  type EventColumns,
  EventStreamer,
  encodeEvt2,
  isEventError,
  loadEvents,
  loadStatistics,
  loadTable,
  openRecording,
  type StreamOptions,
  sampleStatistics,
  scanEvents,
} from "../../src/node.ts";
import { off, on, recordingOf, timeHigh } from "../support/evt2-words.ts";
import { columnsOf } from "../support/expected-load.ts";

const bytes = recordingOf([timeHigh(1), on(1, 2, 3), off(4, 5, 6)]);

/** What each option cannot be; a caller without types may still say it. */
const INVALID: Record<string, unknown[]> = {
  geometry: [
    null,
    "640x480",
    640,
    [],
    {},
    { width: 640 },
    { width: 640, height: 0 },
    { width: -640, height: 480 },
    { width: 640.5, height: 480 },
    { width: 65537, height: 480 },
    { width: Number.NaN, height: 480 },
    { width: Number.POSITIVE_INFINITY, height: 480 },
    { width: "640", height: "480" },
    { width: 640n, height: 480n },
  ],
  strict: [null, "yes", "true", "", 1, 0, 1n, {}, []],
  polarityEncoding: [null, "", "zero_one", "01", "-1/1", 1, 1n, [], ["zero-one"], {}],
  columns: [null, [], "x", "", ["z"], ["x", "x"], ["x", undefined], [1n], [["x"]], { x: true }, 4],
  rebase: ["no", "false", 1, {}],
  batches: [null, "", "shared", true, 1n, ["owned"]],
  batchEvents: [0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 100_000_001, 2 ** 53, "10", 10n],
};

const casesOf = (...options: string[]): [option: string, text: string, value: unknown][] =>
  options.flatMap((option) =>
    (INVALID[option] ?? []).map((value): [string, string, unknown] => [
      option,
      shown(value),
      value,
    ]),
  );

function shown(value: unknown): string {
  return JSON.stringify(value, (_, inner) => {
    if (typeof inner === "bigint") return `${inner}n`;
    return typeof inner === "number" && !Number.isFinite(inner) ? String(inner) : inner;
  });
}

async function expectInvalid(call: () => unknown, option: string): Promise<void> {
  let error: unknown;
  try {
    await call();
  } catch (caught) {
    error = caught;
  }
  expect(isEventError(error, "invalid-option"), String(error)).toBe(true);
  expect((error as Error).message).toContain(option);
}

describe("what is no set of options", () => {
  it.each([null, 5, "direct", [], true, () => {}])("is refused everywhere: %j", async (value) => {
    const options = value as object;
    const recording = await openRecording(bytes);
    const columns = columnsOf(await loadTable(bytes));
    const calls: (() => unknown)[] = [
      () => openRecording(bytes, options),
      () => detectFormat(bytes, options),
      () => new EventStreamer(recording, options),
      () => recording.stream(options),
      () => recording.triggers(options),
      () => recording.streamTriggers(options),
      () => recording.query(options),
      () => encodeEvt2({ ...columns, length: 2 } as EventColumns, options),
      ...[bytes, recording].flatMap((source) => [
        () => analyze(source, options),
        () => loadTable(source, options),
        () => loadEvents(source, options),
        () => loadStatistics(source, options),
        () => sampleStatistics(source, options),
        () => digestEvents(source, options),
        () => scanEvents(source, options),
        () => convertRecording(source, new WritableStream(), options),
      ]),
    ];
    for (const call of calls) await expectInvalid(call, "these are no options");
  });
});

describe("an option of a stream that cannot be", () => {
  it.each([
    ...[{ batchEvents: Number.NaN }, { batchEvents: -1 }, { batchEvents: "10" }],
    ...[{ batchEvents: 10n }, { windowUs: -5 }, { prefetch: -1 }, { batches: "lent" }],
    ...[
      { mode: "direct", batchEvents: 10 },
      { mode: "direct", batchBytes: 10 },
    ],
  ])("is refused when streaming and when planning: %s", async (given) => {
    const options = given as StreamOptions;
    const [option = ""] = Object.keys(options).filter((name) => name !== "mode");
    const recording = await openRecording(bytes);
    await expectInvalid(() => recording.stream(options), option);
    await expectInvalid(() => analyze(bytes, options), option);
  });

  it("is planned with where it can be", async () => {
    expect(await analyze(bytes, { batchEvents: 123 })).toMatchObject({ chunkEvents: 123 });
    expect(await analyze(bytes, { batchBytes: 1300 })).toMatchObject({ chunkEvents: 100 });
  });

  it("is a recording that is none", () => {
    for (const source of ["a.raw", undefined, bytes]) {
      expect(() => new EventStreamer(source as never)).toThrow(/expected an opened recording/);
    }
  });
});

describe("an option that cannot be", () => {
  it.each(casesOf("geometry", "strict"))(
    "is refused when opening: %s %s",
    async (option, _, value) => {
      const options = { [option]: value };
      await expectInvalid(() => openRecording(bytes, options), option);
      await expectInvalid(() => loadStatistics(bytes, options), option);
      await expectInvalid(() => sampleStatistics(bytes, options), option);
      await expectInvalid(() => digestEvents(bytes, options), option);
    },
  );

  it.each(casesOf("geometry", "strict", "polarityEncoding", "columns", "rebase"))(
    "is refused when loading: %s %s",
    async (option, _, value) => {
      const options = { [option]: value };
      const recording = await openRecording(bytes);
      await expectInvalid(() => loadTable(bytes, options), option);
      await expectInvalid(() => loadEvents(bytes, options), option);
      await expectInvalid(() => loadTable(recording, options), option);
    },
  );

  it.each(casesOf("strict", "polarityEncoding", "columns", "batches", "batchEvents"))(
    "is refused when streaming, before anything is read: %s %s",
    async (option, _, value) => {
      const recording = await openRecording(bytes);
      await expectInvalid(() => recording.stream({ [option]: value }), option);
    },
  );

  it.each(casesOf("strict", "rebase"))(
    "is refused when reading triggers: %s %s",
    async (option, _, value) => {
      const recording = await openRecording(bytes);
      await expectInvalid(() => recording.triggers({ [option]: value }), option);
    },
  );
});

describe("options", () => {
  it("may be left out or undefined", async () => {
    const nothing = Object.fromEntries(Object.keys(INVALID).map((name) => [name, undefined]));
    const expected = columnsOf(await loadTable(bytes));
    expect(columnsOf(await loadTable(bytes, nothing))).toEqual(expected);
    expect((await loadEvents(bytes, nothing)).height).toBe(2);
    const recording = await openRecording(bytes, nothing);
    for await (const batch of recording.stream(nothing)) expect(columnsOf(batch)).toEqual(expected);
    expect((await recording.triggers(nothing)).numRows).toBe(0);
    expect((await digestEvents(bytes, nothing)).events).toBe(2);
  });

  it("of the caller are left as they are", async () => {
    const geometry = Object.freeze({ width: 100, height: 100 });
    const columns = Object.freeze(["t", "x"] as const);
    const options: StreamOptions = Object.freeze({
      geometry,
      columns,
      rebase: true,
      batchEvents: 1,
    });
    await loadTable(bytes, options);
    await loadEvents(bytes, options);
    const recording = await openRecording(bytes, options);
    for await (const _ of recording.stream(options));
    expect(columns).toEqual(["t", "x"]);
  });

  it("are taken when the call is made", async () => {
    const columns: ("x" | "y" | "t")[] = ["t", "x"];
    const loading = loadTable(bytes, { columns });
    const recording = await openRecording(bytes);
    const streaming = recording.stream({ columns });
    columns.splice(0, 2, "y");
    for await (const batch of streaming) {
      expect(batch.schema.fields.map(({ name }) => name)).toEqual(["t", "x"]);
    }
    await loading;
  });

  it.each([
    ["signal", {}],
    ["signal", 5],
    ["onProgress", 5],
    ["onReport", "text"],
  ])("are refused where %s is %j", async (name, value) => {
    const options = { [name]: value } as StreamOptions;
    await expect(loadTable(bytes, options)).rejects.toMatchObject({ code: "invalid-option" });
  });

  it("allow batches far larger than the recording", async () => {
    const recording = await openRecording(bytes);
    for (const batchEvents of [3, 1000, 100_000_000]) {
      for (const batches of ["owned", "borrowed"] as const) {
        for await (const batch of recording.stream({ batchEvents, batches })) {
          expect(batch.numRows).toBe(2);
        }
      }
    }
  });
});
