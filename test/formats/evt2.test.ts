import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  COLUMN_NAMES,
  type ColumnName,
  type EventSource,
  type EventTable,
  isEventError,
  type LoadReport,
  loadTable,
  openRecording,
  type PolarityEncoding,
  reportOf,
  type SensorGeometry,
  type StreamOptions,
  VERSION,
} from "../../src/index.ts";
import { parseRawHeader } from "../reference/raw-header.ts";
import {
  cd,
  concatBytes,
  latin1Bytes,
  off,
  on,
  PLAIN_HEADER,
  recordingOf,
  timeHigh,
  trigger,
  wordBytes,
  wordStream,
} from "../support/evt2-words.ts";
import {
  columnsOf,
  type ExpectedLoad,
  expectedLoad,
  expectSameArray,
  expectSameColumns,
  joinColumns,
  type PlainColumns,
  triggersOf,
} from "../support/expected-load.ts";
import { itWithSharedData } from "../support/shared-data.ts";
import { PieceSource, RecordingSource } from "../support/sources.ts";

const SENSOR: SensorGeometry = { width: 640, height: 480 };
const OPEN_HEADER = "% evt 2.0\n% end\n";

/** Columns, triggers and the whole report of a recording, loaded in every way. */
async function expectLoads(bytes: Uint8Array<ArrayBuffer>, expected: ExpectedLoad): Promise<void> {
  const table = await loadTable(bytes);
  expectSameColumns(columnsOf(table), expected.columns);
  expect(reportOf(table)).toEqual(expected.report);

  const recording = await openRecording(bytes);
  expect(triggersOf(await recording.triggers())).toEqual(expected.triggers);
  const owned = await streamed(recording.stream({ batchEvents: 5 }));
  expectSameColumns(owned.columns, expected.columns);
}

interface Streamed {
  columns: PlainColumns;
  sizes: number[];
}

/** All batches of a stream, each copied before the next one is asked for. */
async function streamed(
  batches: AsyncIterable<Parameters<typeof columnsOf>[0]>,
): Promise<Streamed> {
  const parts: PlainColumns[] = [];
  for await (const batch of batches) parts.push(columnsOf(batch));
  return { columns: joinColumns(parts), sizes: parts.map(({ x }) => x.length) };
}

/** What strict loading throws: the loss that stands first in the file. */
function firstLoss({ firstAt }: LoadReport): { at: number; kinds: string[] } | null {
  const at = Math.min(...Object.values(firstAt));
  if (at === Number.POSITIVE_INFINITY) return null;
  const kinds = Object.entries(firstAt).filter(([, offset]) => offset === at);
  return { at, kinds: kinds.map(([kind]) => kind) };
}

const PROBLEMS: Record<string, RegExp> = {
  unknownWord: /word of a type/,
  eventBeforeTimeBase: /event before the first time/,
  triggerBeforeTimeBase: /trigger before the first time/,
  outsideGeometry: /outside the sensor/,
  backwardStep: /earlier than the one in front/,
  truncated: /ends inside a word/,
};

async function expectStrict(
  bytes: Uint8Array<ArrayBuffer>,
  expected: ExpectedLoad,
  load: () => Promise<EventTable>,
): Promise<void> {
  const loss = firstLoss(expected.report);
  const result = await load().catch((caught) => caught);
  if (loss === null) {
    if (result instanceof Error) throw result;
    expectSameColumns(columnsOf(result), expected.columns);
    return;
  }
  expect(isEventError(result, "data-loss"), String(result)).toBe(true);
  expect(result).toMatchObject({ byteOffset: loss.at, format: "evt2" });
  expect(loss.kinds.some((kind) => PROBLEMS[kind]?.test(result.message))).toBe(true);
  expect(result.byteOffset).toBeLessThan(bytes.byteLength);
}

describe("every rule, by hand", () => {
  const eight = Array.from({ length: 8 }, (_, index) => on(index, index, 2 * index));
  it.each<[rule: string, words: number[], tail?: number[]]>([
    ["nothing", []],
    ["a time word alone", [timeHigh(7)]],
    ["every field at its bounds", [timeHigh(1), off(0, 0, 0), on(63, 639, 479), off(63, 639, 0)]],
    ["the last time of the range", [timeHigh(0xfffffff), on(63, 1, 1)]],
    ["eight regular events, one step of the kernel", [timeHigh(1), ...eight]],
    [
      "seventeen, two steps and one event",
      [timeHigh(1), ...eight, ...eight.map((w) => w + 8 * 2 ** 22), on(20, 1, 1)],
    ],
    ["a duplicate time word", [timeHigh(2), on(1, 1, 1), timeHigh(2), on(2, 1, 1)]],
    [
      "data before the first time",
      [on(1, 1, 1), trigger(1, 2, 1), ...eight, timeHigh(0), on(1, 1, 1)],
    ],
    ["no time at all", [...eight, ...eight, trigger(1, 1, 1)]],
    ["vendor words", [timeHigh(1), 0xd1234567, 0xe0010014, 0xf7654321, on(1, 1, 1), 0xffffffff]],
    ["vendor words before the first time", [0xd0000000, 0xe0000000, 0xf0000000, timeHigh(1)]],
    [
      "unknown words",
      [timeHigh(1), ...[2, 3, 4, 5, 6, 7, 9, 0xb, 0xc].map((type) => type * 2 ** 28), on(1, 1, 1)],
    ],
    [
      "pixels outside",
      [timeHigh(1), on(1, 640, 0), on(2, 0, 480), on(3, 2047, 2047), on(4, 639, 479)],
    ],
    ["a pixel outside before the first time", [on(1, 2000, 2000), timeHigh(1)]],
    [
      "a pixel outside among eight",
      [timeHigh(1), ...eight.slice(0, 5), on(5, 640, 1), ...eight.slice(5), ...eight],
    ],
    ["a step back inside a time word", [timeHigh(1), on(9, 1, 1), on(8, 1, 1), on(8, 2, 2)]],
    [
      "a step back across time words",
      [timeHigh(10), on(0, 1, 1), timeHigh(9), on(63, 1, 1), ...eight],
    ],
    ["eight after a step back", [timeHigh(10), on(60, 1, 1), ...eight, ...eight]],
    ["a long way back", [timeHigh(0x8000000), on(0, 1, 1), timeHigh(5), ...eight]],
    ["the same time", [timeHigh(1), on(5, 1, 1), on(5, 1, 1)]],
    [
      "a time word back and forth without events",
      [timeHigh(9), on(0, 1, 1), timeHigh(3), timeHigh(9), on(0, 1, 1)],
    ],
    ["a wrap", [timeHigh(0xfffffff), on(63, 1, 1), timeHigh(0), on(0, 1, 1), ...eight]],
    [
      "two wraps",
      [
        timeHigh(0xfffffff),
        timeHigh(0),
        timeHigh(0xfffffff),
        on(1, 1, 1),
        timeHigh(1),
        on(2, 2, 2),
        trigger(3, 3, 1),
      ],
    ],
    [
      "the smallest fall that is a wrap",
      [timeHigh(0xff00000), on(0, 1, 1), timeHigh(0), on(0, 1, 1)],
    ],
    [
      "the greatest fall that is none",
      [timeHigh(0xfefffff), on(0, 1, 1), timeHigh(0), on(0, 1, 1)],
    ],
    [
      "a wrap that goes back again",
      [timeHigh(0xfffffff), on(0, 1, 1), timeHigh(0), timeHigh(0xfffffff), on(0, 1, 1)],
    ],
    [
      "triggers",
      [timeHigh(1), trigger(2, 31, 1), trigger(3, 0, 0), 0xa0ffe0fe, 0xa0ffe0ff, on(4, 1, 1)],
    ],
    [
      "triggers out of order with events",
      [timeHigh(1), on(9, 1, 1), trigger(2, 1, 1), on(9, 1, 1)],
    ],
    ["one byte too many", [timeHigh(1), on(1, 1, 1)], [0x10]],
    ["two bytes too many", [timeHigh(1), on(1, 1, 1)], [0x10, 0x20]],
    ["three bytes too many", [timeHigh(1), on(1, 1, 1)], [0x10, 0x20, 0x30]],
    ["less than a word", [], [0x01]],
  ])("%s", async (_, words, tail = []) => {
    for (const [header, geometry] of [
      [PLAIN_HEADER, SENSOR],
      [OPEN_HEADER, null],
    ] as const) {
      const bytes = recordingOf(words, { header, tail });
      const expected = expectedLoad(bytes, { geometry });
      await expectLoads(bytes, expected);
      await expectStrict(bytes, expected, () => loadTable(bytes, { strict: true }));
    }
  });

  it("gives the first events of a real recording, byte by byte", async () => {
    const words = [
      ...[0x70, 0x50, 0x00, 0x80],
      ...[0x79, 0x68, 0x07, 0x10],
      ...[0x79, 0xb0, 0x07, 0x10],
      ...[0x84, 0xc0, 0x07, 0x10],
    ];
    const table = await loadTable(recordingOf([], { tail: words }));
    expect(table.toArray().map((row) => row?.toJSON())).toEqual([
      { x: 237, y: 121, t: 1317888n, polarity: 1 },
      { x: 246, y: 121, t: 1317888n, polarity: 1 },
      { x: 248, y: 132, t: 1317888n, polarity: 1 },
    ]);
  });

  // The kernel takes eight regular events at a time, so each odd word is tried in each place.
  it.each<[oddity: string, words: number[]]>([
    ["x one too large", [on(30, 640, 5)]],
    ["y one too large", [on(30, 5, 480)]],
    ["x as large as it can be", [on(30, 2047, 5)]],
    ["y as large as it can be", [on(30, 5, 2047)]],
    ["the last pixel", [on(30, 639, 479)]],
    ["a step back", [on(0, 5, 5)]],
    ["the time before", [on(30, 5, 5), on(29, 5, 5)]],
    ["the same time word", [timeHigh(10)]],
    ["the next time word", [timeHigh(11)]],
    ["a time word before, and its last time", [timeHigh(9), ...Array(9).fill(on(63, 5, 5))]],
    ["a time word before, and the one after", [timeHigh(9), on(63, 5, 5), timeHigh(10)]],
    ["a time word long before", [timeHigh(1), ...Array(20).fill(on(63, 5, 5))]],
    ["a wrap", [timeHigh(0xfffffff), timeHigh(0)]],
    ["a trigger", [trigger(30, 3, 1)]],
    ["a vendor word", [0xe0000000]],
    ["an unknown word", [0x20000000]],
    ["another unknown word", [0x70000000]],
  ])("%s, anywhere among regular events", async (_, odd) => {
    for (let before = 0; before < 34; before++) {
      const regular = (count: number, from: number): number[] =>
        Array.from({ length: count }, (_, index) =>
          cd(index % 2 === 0 ? 0 : 1, Math.min(from + (index >> 1), 63), index, 2 * index),
        );
      const bytes = recordingOf([timeHigh(10), ...regular(before, 0), ...odd, ...regular(20, 31)]);
      const expected = expectedLoad(bytes, { geometry: SENSOR });
      const table = await loadTable(bytes);
      expectSameColumns(columnsOf(table), expected.columns);
      expect(reportOf(table)).toEqual(expected.report);
    }
  });

  it("more triggers than the kernel has room for at once", async () => {
    const words = [trigger(0, 9, 1), timeHigh(1)];
    for (let index = 0; index < 7000; index++) {
      words.push(trigger(index % 64, index % 32, index % 2 === 0 ? 1 : 0));
      if (index % 1000 === 0) words.push(timeHigh(index), on(1, index % 640, 2));
    }
    const bytes = recordingOf(words);
    await expectLoads(bytes, expectedLoad(bytes, { geometry: SENSOR }));
  });

  it("more events than a tile has", async () => {
    const words = [timeHigh(0)];
    for (let index = 0; index < 150_000; index++) {
      if (index % 500 === 0) words.push(timeHigh(index / 500));
      words.push(cd(index % 3 === 0 ? 0 : 1, (index % 500) >> 3, index % 640, index % 480));
    }
    const bytes = recordingOf(words);
    const expected = expectedLoad(bytes, { geometry: SENSOR });
    expectSameColumns(columnsOf(await loadTable(bytes)), expected.columns);
    const pieces = new PieceSource(bytes, () => 4096);
    expectSameColumns(columnsOf(await loadTable(pieces)), expected.columns);
  });
});

describe("random words", () => {
  it("load as the reference decodes them: columns, triggers, report, strict", async () => {
    const tails = fc.uint8Array({ maxLength: 3 });
    const headers = fc.constantFrom(
      PLAIN_HEADER,
      OPEN_HEADER,
      `${PLAIN_HEADER.slice(0, -6)}% a bc\n% end\n`,
    );
    await fc.assert(
      fc.asyncProperty(wordStream(), tails, headers, async (words, tail, header) => {
        const bytes = recordingOf(words, { header, tail: [...tail] });
        const geometry = header === OPEN_HEADER ? null : SENSOR;
        const expected = expectedLoad(bytes, { geometry });
        await expectLoads(bytes, expected);
        await expectStrict(bytes, expected, () => loadTable(bytes, { strict: true }));
      }),
      { numRuns: 400 },
    );
  });

  it("of an orderly camera load without loss", async () => {
    await fc.assert(
      fc.asyncProperty(wordStream({ disorder: false }), async (words) => {
        const bytes = recordingOf(words);
        const expected = expectedLoad(bytes, { geometry: SENSOR });
        expectSameColumns(columnsOf(await loadTable(bytes)), expected.columns);
      }),
      { numRuns: 100 },
    );
  });

  it("of any kind load as the reference decodes them", async () => {
    const anyWords = fc.array(fc.integer({ min: 0, max: 0xffffffff }), {
      maxLength: 200,
      size: "max",
    });
    await fc.assert(
      fc.asyncProperty(anyWords, async (words) => {
        const bytes = recordingOf(words, { header: OPEN_HEADER });
        await expectLoads(bytes, expectedLoad(bytes, { geometry: null }));
      }),
      { numRuns: 100 },
    );
  });

  it("load with any options as the reference decodes them", async () => {
    const side = fc.oneof(
      fc.integer({ min: 1, max: 2050 }),
      fc.constantFrom(1, 640, 32767, 32768, 65536),
    );
    const options = fc.record({
      geometry: fc.option(fc.record({ width: side, height: side }), { nil: undefined }),
      polarityEncoding: fc.constantFrom<PolarityEncoding>("minus-one-one", "zero-one"),
      rebase: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(wordStream({ maxPassages: 20 }), options, async (words, given) => {
        const bytes = recordingOf(words);
        const expected = expectedLoad(bytes, { ...given, geometry: given.geometry ?? SENSOR });
        const table = await loadTable(bytes, given);
        expectSameColumns(columnsOf(table), expected.columns);
        expect(reportOf(table)).toEqual(expected.report);

        const recording = await openRecording(bytes, { geometry: given.geometry });
        expect(recording.geometry).toEqual(given.geometry ?? SENSOR);
        const triggers = await recording.triggers({ rebase: given.rebase });
        expect(triggersOf(triggers)).toEqual(expected.triggers);
      }),
      { numRuns: 200 },
    );
  });
});

describe("bytes in pieces", () => {
  /** The first read of a source. What lies behind it reaches the decoder in the source's pieces. */
  const FIRST_READ = 65536;

  /** A recording whose data begins `before` bytes before the end of the first read. */
  function behindFirstRead(words: readonly number[], before: number, tail: readonly number[] = []) {
    const end = "% end\n";
    const start = "% evt 2.0\n% geometry 640x480\n% filler ";
    const filler = "f".repeat(FIRST_READ - before - start.length - end.length - 1);
    return recordingOf(words, { header: `${start}${filler}\n${end}`, tail });
  }

  async function expectPieces(bytes: Uint8Array<ArrayBuffer>, size: () => number): Promise<void> {
    const expected = expectedLoad(bytes, { geometry: SENSOR, mode: "chunked" });
    const table = await loadTable(new PieceSource(bytes, size));
    expectSameColumns(columnsOf(table), expected.columns);
    expect(reportOf(table)).toEqual(expected.report);
  }

  const words = [
    ...[timeHigh(1), on(1, 2, 3), off(4, 5, 6), trigger(5, 6, 1), on(7, 8, 9), 0x30000000],
    ...[timeHigh(2), on(1, 10, 11), on(0, 12, 13), on(0, 700, 1), 0xe0000000, off(9, 14, 15)],
    ...Array.from({ length: 20 }, (_, index) => on(10 + index, 16 + index, 17)),
  ];

  it.each([1, 2, 3, 4, 5, 6, 7, 8, 63, 64, 65])("of %i bytes", async (size) => {
    for (let before = 0; before < 12; before++) {
      const bytes = behindFirstRead(words, before, [1, 2, 3].slice(0, before % 4));
      await expectPieces(bytes, () => size);
    }
  });

  it("of any sizes", async () => {
    const sizes = fc.array(
      fc.oneof(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 300 })),
      { minLength: 1, maxLength: 20 },
    );
    const before = fc.integer({ min: 0, max: 40 });
    const tail = fc.uint8Array({ maxLength: 3 });
    await fc.assert(
      fc.asyncProperty(wordStream(), before, tail, sizes, async (random, start, rest, list) => {
        let piece = 0;
        const size = (): number => list[piece++ % list.length] ?? 1;
        await expectPieces(behindFirstRead(random, start, [...rest]), size);
      }),
      { numRuns: 100 },
    );
  });

  it("one byte at a time", async () => {
    await fc.assert(
      fc.asyncProperty(wordStream(), async (random) => {
        await expectPieces(behindFirstRead(random, 2), () => 1);
      }),
      { numRuns: 40 },
    );
  });

  it("strictly", async () => {
    const size = fc.integer({ min: 1, max: 40 });
    await fc.assert(
      fc.asyncProperty(wordStream({ maxPassages: 10 }), size, async (random, pieceBytes) => {
        const bytes = behindFirstRead(random, 7);
        const expected = expectedLoad(bytes, { geometry: SENSOR });
        const source = (): EventSource => new PieceSource(bytes, () => pieceBytes);
        await expectStrict(bytes, expected, () => loadTable(source(), { strict: true }));
      }),
      { numRuns: 60 },
    );
  });

  it("that come late", async () => {
    const bytes = behindFirstRead(words, 5);
    const source = new PieceSource(bytes, () => 3);
    const next = source.next.bind(source);
    source.next = async (into) => {
      await new Promise((resolve) => setImmediate(resolve));
      return next(into);
    };
    const expected = expectedLoad(bytes, { geometry: SENSOR });
    expectSameColumns(columnsOf(await loadTable(source)), expected.columns);
  });

  it("leave a piece alone when the next one is asked for", async () => {
    // A source may fill what it is given at once, or long after: nothing that was handed over
    // before may be lost by it.
    const bytes = behindFirstRead(words, 1);
    const source = new PieceSource(bytes, () => 5);
    const next = source.next.bind(source);
    source.next = (into) => {
      into.fill(0xee);
      return next(into);
    };
    const expected = expectedLoad(bytes, { geometry: SENSOR });
    expectSameColumns(columnsOf(await loadTable(source)), expected.columns);
  });
});

describe("batches", () => {
  const sizes = fc.oneof(
    fc.integer({ min: 1, max: 70 }),
    fc.constantFrom(1, 8, 64, 1000, 100_000_000),
  );

  it("that are owned hold the events of the table, as many as asked for in each", async () => {
    await fc.assert(
      fc.asyncProperty(wordStream(), sizes, fc.boolean(), async (words, batchEvents, rebase) => {
        const bytes = recordingOf(words);
        const expected = expectedLoad(bytes, { geometry: SENSOR, rebase, mode: "chunked" });
        const recording = await openRecording(bytes);
        const reports: LoadReport[] = [];
        const onReport = (report: LoadReport): void => void reports.push(report);
        const options = { batchEvents, rebase, onReport } satisfies StreamOptions;
        const { columns, sizes: found } = await streamed(recording.stream(options));
        expectSameColumns(columns, expected.columns);
        const count = expected.columns.x.length;
        const full = Math.floor(count / batchEvents);
        const rest = count % batchEvents;
        expect(found).toEqual([...Array(full).fill(batchEvents), ...(rest > 0 ? [rest] : [])]);
        expect(reports).toEqual([expected.report]);
      }),
      { numRuns: 150 },
    );
  });

  it("that are owned stay what they are", async () => {
    const words = Array.from({ length: 300 }, (_, index) =>
      index % 20 === 0 ? timeHigh(index) : on(1, index, 1),
    );
    const recording = await openRecording(recordingOf(words));
    const batches = [];
    for await (const batch of recording.stream({ batchEvents: 7 })) batches.push(batch);
    const expected = expectedLoad(recordingOf(words), { geometry: SENSOR });
    expectSameColumns(joinColumns(batches.map(columnsOf)), expected.columns);
  });

  it("that are borrowed hold the same events", async () => {
    await fc.assert(
      fc.asyncProperty(wordStream(), sizes, async (words, batchEvents) => {
        const bytes = recordingOf(words);
        const expected = expectedLoad(bytes, { geometry: SENSOR });
        const recording = await openRecording(bytes);
        const { columns, sizes: found } = await streamed(
          recording.stream({ batches: "borrowed", batchEvents }),
        );
        expectSameColumns(columns, expected.columns);
        for (const size of found) {
          expect(size).toBeGreaterThan(0);
          expect(size).toBeLessThanOrEqual(batchEvents);
        }
      }),
      { numRuns: 150 },
    );
  });

  it("of a part of the columns hold these", async () => {
    const recording = await openRecording(recordingOf([timeHigh(1), on(1, 2, 3), off(4, 5, 6)]));
    for (const batches of ["owned", "borrowed"] as const) {
      for await (const batch of recording.stream({ batches, columns: ["polarity", "x"] })) {
        expect(batch.toArray().map((row) => row?.toJSON())).toEqual([
          { polarity: 1, x: 2 },
          { polarity: -1, x: 5 },
        ]);
      }
    }
  });

  it("are none in an empty recording", async () => {
    const recording = await openRecording(recordingOf([]));
    expect((await streamed(recording.stream())).sizes).toEqual([]);
    expect((await streamed(recording.stream({ batches: "borrowed" }))).sizes).toEqual([]);
  });

  it("have the schema of the table", async () => {
    const bytes = recordingOf([timeHigh(1), on(1, 2, 3), off(4, 5, 6)]);
    const table = await loadTable(bytes, { rebase: true });
    const recording = await openRecording(bytes);
    for (const batches of ["owned", "borrowed"] as const) {
      for await (const batch of recording.stream({ batches, batchEvents: 1, rebase: true })) {
        expect(String(batch.schema)).toBe(String(table.schema));
        expect(batch.schema.metadata).toEqual(table.schema.metadata);
      }
    }
  });
});

describe("the table", () => {
  const words = [timeHigh(100), on(1, 2, 3), trigger(2, 4, 1), off(4, 5, 6), on(9, 639, 479)];

  it("has the types of an event table, without null bitmaps", async () => {
    for (const bytes of [recordingOf(words), recordingOf([]), recordingOf([timeHigh(1)])]) {
      const { schema, batches } = await loadTable(bytes);
      expect(
        schema.fields.map(({ name, type, nullable }) => `${name} ${type} ${nullable}`),
      ).toEqual(["x Uint16 false", "y Uint16 false", "t Int64 false", "polarity Int8 false"]);
      for (const { data } of batches) {
        expect(data.nullCount).toBe(0);
        expect(data.nullBitmap?.byteLength ?? 0).toBe(0);
        for (const child of data.children) {
          expect(child.nullCount).toBe(0);
          expect(child.nullBitmap?.byteLength ?? 0).toBe(0);
        }
      }
    }
  });

  it("wraps arrays of 13 bytes an event", async () => {
    const table = await loadTable(recordingOf(words));
    const [batch] = table.batches;
    const bytes = batch?.data.children.map(({ values }) => values.byteLength);
    expect(bytes).toEqual([6, 6, 24, 3]);
  });

  it("has the facts of the recording in its metadata, all of them and no more", async () => {
    const metadata = async (source: EventSource, options = {}): Promise<object> =>
      Object.fromEntries((await loadTable(source, options)).schema.metadata);
    expect(await metadata(recordingOf(words))).toEqual({
      "evarrow.format": "evt2",
      "evarrow.geometry": "640x480",
      "evarrow.polarityEncoding": "minus-one-one",
      "evarrow.timeUnit": "us",
      "evarrow.timeOffset": "0",
      "evarrow.writerVersion": VERSION,
    });
    const file = new File([recordingOf(words, { header: OPEN_HEADER })], "bar.raw");
    expect(await metadata(file, { rebase: true, polarityEncoding: "zero-one" })).toEqual({
      "evarrow.format": "evt2",
      "evarrow.polarityEncoding": "zero-one",
      "evarrow.timeUnit": "us",
      "evarrow.timeOffset": "6401",
      "evarrow.sourceName": "bar.raw",
      "evarrow.writerVersion": VERSION,
    });
  });

  it("has the same schema for an empty recording", async () => {
    const full = await loadTable(recordingOf(words));
    for (const bytes of [recordingOf([]), recordingOf([timeHigh(1), timeHigh(2)])]) {
      const empty = await loadTable(bytes);
      expect(empty.numRows).toBe(0);
      expect(String(empty.schema)).toBe(String(full.schema));
      expect(empty.schema.metadata).toEqual(full.schema.metadata);
      expect(columnsOf(empty)).toEqual(columnsOf(await loadTable(recordingOf([]))));
      for (const name of COLUMN_NAMES) expect(empty.getChild(name)?.length).toBe(0);
    }
  });

  it("holds the columns that were asked for, in that order", async () => {
    const full = columnsOf(await loadTable(recordingOf(words)));
    const projections: ColumnName[][] = [];
    for (const a of COLUMN_NAMES) {
      projections.push([a]);
      for (const b of COLUMN_NAMES.filter((name) => name !== a)) {
        projections.push([a, b]);
        const rest = COLUMN_NAMES.filter((name) => name !== a && name !== b);
        projections.push([b, ...rest.slice(0, 1), a], [b, ...rest, a], [...rest, b, a]);
      }
    }
    for (const columns of projections) {
      const table = await loadTable(recordingOf(words), { columns });
      expect(table.schema.fields.map(({ name }) => name)).toEqual(columns);
      expect(table.numRows).toBe(3);
      for (const name of columns) {
        expectSameArray(name, columnsOf(table)[name], full[name]);
      }
    }
  });

  it("holds polarity in the encoding that was asked for", async () => {
    const polarity = async (polarityEncoding?: PolarityEncoding): Promise<number[]> => {
      const table = await loadTable(recordingOf(words), { polarityEncoding });
      expect(reportOf(table).polarityEncoding).toBe(polarityEncoding ?? "minus-one-one");
      return [...(table.getChild("polarity")?.toArray() ?? [])];
    };
    expect(await polarity()).toEqual([1, -1, 1]);
    expect(await polarity("minus-one-one")).toEqual([1, -1, 1]);
    expect(await polarity("zero-one")).toEqual([1, 0, 1]);
  });
});

describe("rebase", () => {
  it("puts the first event that is kept on 0, and triggers on the same clock", async () => {
    const words = [
      ...[timeHigh(100), trigger(1, 1, 1), on(5, 700, 1)], // dropped: outside
      ...[on(7, 1, 1), off(9, 1, 1), trigger(10, 1, 0), timeHigh(101), on(0, 2, 2)],
    ];
    const bytes = recordingOf(words);
    const table = await loadTable(bytes, { rebase: true });
    expect([...columnsOf(table).t]).toEqual([0n, 2n, 57n]);
    expect(reportOf(table).timeOffset).toBe(6407);
    const recording = await openRecording(bytes);
    const triggers = await recording.triggers({ rebase: true });
    expect(triggersOf(triggers).t).toEqual([-6n, 3n]);
    expect(triggers.schema.metadata.get("evarrow.timeOffset")).toBe("6407");
  });

  it("gives times below 0 after a step back", async () => {
    const table = await loadTable(
      recordingOf([timeHigh(2), on(0, 1, 1), timeHigh(1), on(0, 1, 1)]),
      {
        rebase: true,
      },
    );
    expect([...columnsOf(table).t]).toEqual([0n, -64n]);
    expect(reportOf(table).backwardSteps).toBe(1);
  });

  it("does nothing without events", async () => {
    const bytes = recordingOf([timeHigh(5), trigger(1, 1, 1)]);
    expect(reportOf(await loadTable(bytes, { rebase: true })).timeOffset).toBe(0);
    const recording = await openRecording(bytes);
    expect(triggersOf(await recording.triggers({ rebase: true })).t).toEqual([321n]);
  });

  it("waits for the first event over any number of tiles", async () => {
    const words = [
      ...Array.from({ length: 5000 }, (_, index) => trigger(index % 64, 1, 1)),
      on(0, 1, 1),
    ];
    const bytes = recordingOf([timeHigh(3), ...words, timeHigh(4), ...words, on(1, 1, 1)]);
    const expected = expectedLoad(bytes, { geometry: SENSOR, rebase: true });
    const table = await loadTable(bytes, { rebase: true });
    expectSameColumns(columnsOf(table), expected.columns);
    expect(reportOf(table)).toEqual(expected.report);
  });
});

describe("strict", () => {
  it("takes triggers, vendor words, duplicate times and wraps", async () => {
    const words = [
      ...[timeHigh(0xfffffff), timeHigh(0xfffffff), on(1, 1, 1), trigger(0, 1, 1)],
      ...[0xd0000000, 0xe0000000, 0xf0000000, timeHigh(0), on(1, 1, 1)],
    ];
    const table = await loadTable(recordingOf(words), { strict: true });
    expect(table.numRows).toBe(2);
    expect(reportOf(table).clockWraps).toBe(1);
  });

  it.each([
    ["unknown words", [timeHigh(1), on(1, 1, 1), 0x20000000], [], 8, "a word of a type", 1],
    [
      "events without a time",
      [0xe0000000, on(1, 1, 1), timeHigh(1)],
      [],
      4,
      "before the first time",
      0,
    ],
    ["triggers without a time", [trigger(1, 1, 1), timeHigh(1)], [], 0, "a trigger before", 0],
    ["pixels outside", [timeHigh(1), on(1, 1, 1), on(1, 640, 1)], [], 8, "outside the sensor", 1],
    ["steps back", [timeHigh(1), on(1, 1, 1), on(0, 1, 1)], [], 8, "earlier than", 2],
    ["a cut end", [timeHigh(1), on(1, 1, 1)], [1, 2], 8, "ends inside a word", 1],
  ])(
    "refuses %s, with the offset from the start of the file",
    async (_, words, tail, at, problem, kept) => {
      const bytes = recordingOf(words, { tail });
      const error = await loadTable(new File([bytes], "a.raw"), { strict: true }).catch((e) => e);
      expect(isEventError(error, "data-loss")).toBe(true);
      expect(error).toMatchObject({
        byteOffset: PLAIN_HEADER.length + at,
        path: "a.raw",
        format: "evt2",
      });
      expect(error.message).toContain(problem);
      expect(error.hint).toContain("strict");
      expect(reportOf(await loadTable(bytes)).events).toBe(kept);
    },
  );

  it("holds for streams, triggers and recordings opened with it", async () => {
    const bytes = recordingOf([timeHigh(1), on(1, 1, 1), on(2, 2, 2), on(0, 1, 1), on(9, 1, 1)]);
    const at = { code: "data-loss", byteOffset: PLAIN_HEADER.length + 12 };
    const lenient = await openRecording(bytes);
    await expect(lenient.triggers({ strict: true })).rejects.toMatchObject(at);
    await expect(streamed(lenient.stream({ strict: true }))).rejects.toMatchObject(at);
    expect((await streamed(lenient.stream())).columns.x).toHaveLength(4);
    const strict = await openRecording(bytes, { strict: true });
    await expect(strict.triggers()).rejects.toMatchObject(at);
    await expect(streamed(strict.stream())).rejects.toMatchObject(at);
    await expect(streamed(strict.stream({ batches: "borrowed" }))).rejects.toMatchObject(at);
    await expect(loadTable(strict)).rejects.toMatchObject(at);
    expect((await loadTable(strict, { strict: false })).numRows).toBe(4);
  });

  it("takes what was assumed, unless assumptions are refused too", async () => {
    const header = "% evt 2.0\n% system_ID 21\n";
    const bytes = recordingOf([timeHigh(1), on(1, 1, 1)], { header });
    expect((await loadTable(bytes, { strict: true })).numRows).toBe(1);
    const error = await loadTable(bytes, { strict: "assumptions" }).catch((caught) => caught);
    expect(isEventError(error, "assumption")).toBe(true);
    expect(error.message).toContain("640x480");
    await expect(openRecording(bytes, { strict: "assumptions" })).rejects.toMatchObject({
      code: "assumption",
    });
    const recording = await openRecording(bytes);
    await expect(loadTable(recording, { strict: "assumptions" })).rejects.toMatchObject({
      code: "assumption",
    });

    const geometry = { width: 320, height: 240 };
    const stated = await loadTable(bytes, { strict: "assumptions", geometry });
    expect(reportOf(stated)).toMatchObject({ geometry, assumptions: [] });
    const later = await loadTable(recording, { strict: "assumptions", geometry });
    expect(reportOf(later)).toMatchObject({ geometry, assumptions: [] });
  });

  it("refuses an assumed format and assumed data under `assumptions`", async () => {
    const assumed = recordingOf([timeHigh(1)], { header: "% system_ID 21\n% geometry 640x480\n" });
    await expect(loadTable(assumed, { strict: "assumptions" })).rejects.toMatchObject({
      code: "assumption",
      message: expect.stringContaining("format evt2"),
    });
    // A first word of 25 20 xx xx, with a control character behind it: data, not a header line.
    const word = on(0, 4, 0x25);
    const header = "% evt 2.0\n% geometry 640x480\n";
    const alike = recordingOf([word, timeHigh(1), on(1, 1, 1)], { header });
    expect(alike.subarray(header.length, header.length + 2)).toEqual(latin1Bytes("% "));
    expect(parseRawHeader(alike).dataOffset).toBe(header.length);
    const table = await loadTable(alike);
    expect(reportOf(table).assumptions).toMatchObject([
      { what: "data offset", value: String(header.length) },
    ]);
    expect(reportOf(table).eventsBeforeTimeBase).toBe(1);
    await expect(loadTable(alike, { strict: "assumptions" })).rejects.toMatchObject({
      code: "assumption",
    });
  });

  it("refuses losses under `assumptions` too", async () => {
    const bytes = recordingOf([timeHigh(1), on(1, 1, 1), on(0, 1, 1)]);
    await expect(loadTable(bytes, { strict: "assumptions" })).rejects.toMatchObject({
      code: "data-loss",
    });
  });
});

describe("the geometry", () => {
  const words = [timeHigh(1), on(1, 2047, 2047), on(1, 639, 479), on(1, 10, 20), on(1, 9, 19)];

  it("of the caller replaces that of the header", async () => {
    const geometry = { width: 10, height: 20 };
    for (const source of [recordingOf(words), await openRecording(recordingOf(words))]) {
      const table = await loadTable(source, { geometry });
      expect([...columnsOf(table).x]).toEqual([9]);
      expect(table.schema.metadata.get("evarrow.geometry")).toBe("10x20");
      expect(reportOf(table)).toMatchObject({ geometry, eventsOutsideGeometry: 3 });
    }
  });

  it("that nothing says checks nothing", async () => {
    const bytes = recordingOf(words, { header: OPEN_HEADER });
    const recording = await openRecording(bytes);
    expect(recording.geometry).toBeNull();
    const table = await loadTable(recording);
    expect(table.numRows).toBe(4);
    expect(table.schema.metadata.has("evarrow.geometry")).toBe(false);
    expect(reportOf(table)).toMatchObject({ geometry: null, eventsOutsideGeometry: 0 });
  });

  it("that the caller gives is not changed with the caller's object", async () => {
    const geometry = { width: 10, height: 20 };
    const recording = await openRecording(recordingOf(words), { geometry });
    geometry.width = 2048;
    expect(recording.geometry).toEqual({ width: 10, height: 20 });
  });
});

describe("a real recording", () => {
  itWithSharedData("loads whole", "evt2_sample.raw", async (path, expectation) => {
    const bytes = new Uint8Array(readFileSync(path));
    const [width = 0, height = 0] = expectation.geometry ?? [];
    const assumptions = [{ what: "geometry", value: "640x480", reason: expect.any(String) }];
    const expected = expectedLoad(bytes, { geometry: { width, height }, assumptions });
    expect(expected.events).toHaveLength(expectation.events);
    const table = await loadTable(bytes);
    expectSameColumns(columnsOf(table), expected.columns);
    expect(reportOf(table)).toEqual(expected.report);

    const recording = await openRecording(path);
    for (const batchEvents of [10_007, 65536]) {
      const owned = await streamed(recording.stream({ batchEvents }));
      expectSameColumns(owned.columns, expected.columns);
    }
    const borrowed = await streamed(recording.stream({ batches: "borrowed" }));
    expectSameColumns(borrowed.columns, expected.columns);
    await recording.close();
  });

  itWithSharedData("loads in uneven pieces", "evt2_sample.raw", async (path) => {
    const bytes = new Uint8Array(readFileSync(path));
    const expected = expectedLoad(bytes, { geometry: SENSOR });
    for (const sizes of [[1000, 1, 70_001, 3], [65535], [1_048_575]]) {
      let piece = 0;
      const source = new PieceSource(bytes, () => sizes[piece++ % sizes.length] ?? 1);
      expectSameColumns(columnsOf(await loadTable(source)), expected.columns);
    }
  });

  itWithSharedData("loads in slices, damaged or not", "evt2_sample.raw", async (path) => {
    const file = readFileSync(path);
    const data = file.subarray(parseRawHeader(file).dataOffset);
    const count = Math.floor(data.byteLength / 4);
    const slices = fc.record({
      start: fc.nat(count),
      length: fc.nat(3000),
      // Bits that flip, and a word that is lost in between.
      flips: fc.array(fc.record({ at: fc.nat(12_000), mask: fc.integer({ min: 1, max: 255 }) }), {
        maxLength: 5,
      }),
      cut: fc.nat(3),
    });
    await fc.assert(
      fc.asyncProperty(slices, async ({ start, length, flips, cut }) => {
        const slice = Uint8Array.from(data.subarray(start * 4, (start + length) * 4 - cut));
        for (const { at, mask } of flips) {
          if (at < slice.length) slice[at] = (slice[at] ?? 0) ^ mask;
        }
        const bytes = concatBytes(latin1Bytes(PLAIN_HEADER), slice);
        const expected = expectedLoad(bytes, { geometry: SENSOR });
        const table = await loadTable(bytes);
        expectSameColumns(columnsOf(table), expected.columns);
        expect(reportOf(table)).toEqual(expected.report);
        await expectStrict(bytes, expected, () => loadTable(bytes, { strict: true }));
      }),
      { numRuns: 100 },
    );
  });
});

it("reads each byte of a source once, from front to back", async () => {
  const words = Array.from({ length: 600_000 }, (_, index) =>
    index % 100 === 0 ? timeHigh(index) : on(1, 1, 1),
  );
  const bytes = recordingOf(words);
  const source = new RecordingSource(bytes);
  await loadTable(source);
  const [head, ...rest] = source.reads;
  expect(head).toEqual({ offset: 0, length: 65536 });
  let offset = PLAIN_HEADER.length;
  for (const read of rest) {
    expect(read.offset).toBe(offset);
    offset += read.length;
  }
  expect(offset).toBe(bytes.byteLength);
  expect(wordBytes(words).byteLength + PLAIN_HEADER.length).toBe(bytes.byteLength);
});
