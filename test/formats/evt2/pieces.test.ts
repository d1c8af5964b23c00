import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  type EventSource,
  type LoadReport,
  loadTable,
  openRecording,
  reportOf,
  type StreamOptions,
} from "../../../src/index.ts";
import {
  off,
  on,
  PLAIN_HEADER,
  recordingOf,
  timeHigh,
  trigger,
  wordBytes,
  wordStream,
} from "../../support/evt2-words.ts";
import {
  columnsOf,
  expectedLoad,
  expectSameColumns,
  joinColumns,
} from "../../support/expected-load.ts";
import { expectStrict, streamed } from "../../support/loads.ts";
import { SOAK } from "../../support/soak.ts";
import { behindHead, FIRST_READ, PieceSource, RecordingSource } from "../../support/sources.ts";
import { SENSOR } from "./loads.ts";

describe("bytes in pieces", () => {
  /** A recording whose data begins `before` bytes before the end of the first read. */
  function behindFirstRead(words: readonly number[], before: number, tail: readonly number[] = []) {
    const end = "% end\n";
    const start = "% evt 2.0\n% geometry 640x480\n% filler ";
    const filler = "f".repeat(FIRST_READ - before - start.length - end.length - 1);
    return recordingOf(words, { header: `${start}${filler}\n${end}`, tail });
  }

  async function expectPieces(bytes: Uint8Array<ArrayBuffer>, size: () => number): Promise<void> {
    const expected = expectedLoad(bytes, { geometry: SENSOR, mode: "chunked" });
    const table = await loadTable(new PieceSource(bytes, behindHead(size)));
    expectSameColumns(columnsOf(table), expected.columns);
    expect(reportOf(table)).toEqual(expected.report);
  }

  const words = [
    ...[timeHigh(1), on(1, 2, 3), off(4, 5, 6), trigger(5, 6, 1), on(7, 8, 9), 0x30000000],
    ...[timeHigh(2), on(1, 10, 11), on(0, 12, 13), on(0, 700, 1), 0xe0000000, off(9, 14, 15)],
    ...Array.from({ length: 20 }, (_, index) => on(10 + index, 16 + index, 17)),
  ];

  it.each([1, 2, 3, 4, 5, 6, 7, 8, 63, 64, 65])("of %i bytes", async (size) => {
    for (let before = SOAK > 1 ? 0 : size % 3; before < 9; before += SOAK > 1 ? 1 : 3) {
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
      { numRuns: 6 * SOAK },
    );
  });

  it("one byte at a time", async () => {
    await fc.assert(
      fc.asyncProperty(wordStream(), async (random) => {
        await expectPieces(behindFirstRead(random, 2), () => 1);
      }),
      { numRuns: 6 * SOAK },
    );
  });

  it("strictly", async () => {
    const size = fc.integer({ min: 1, max: 40 });
    await fc.assert(
      fc.asyncProperty(wordStream({ maxPassages: 10 }), size, async (random, pieceBytes) => {
        const bytes = behindFirstRead(random, 7);
        const expected = expectedLoad(bytes, { geometry: SENSOR });
        const source = (): EventSource =>
          new PieceSource(
            bytes,
            behindHead(() => pieceBytes),
          );
        await expectStrict(bytes, expected, () => loadTable(source(), { strict: true }));
      }),
      { numRuns: 10 * SOAK },
    );
  });

  it("that come late", async () => {
    const bytes = behindFirstRead(words, 5);
    const source = new PieceSource(
      bytes,
      behindHead(() => 3),
    );
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
    const source = new PieceSource(
      bytes,
      behindHead(() => 5),
    );
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
      { numRuns: 25 * SOAK },
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
      { numRuns: 25 * SOAK },
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
