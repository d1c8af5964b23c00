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
  base,
  continued4,
  continued12,
  FILLER,
  off,
  on,
  others,
  recordingOf,
  row,
  timeHigh,
  timeLow,
  trigger,
  triple,
  wordStream,
} from "../../support/evt3-words.ts";
import {
  columnsOf,
  type ExpectedLoad,
  expectSameColumns,
  triggersOf,
} from "../../support/expected-load.ts";
import { expectStrict, streamed } from "../../support/loads.ts";
import { SOAK } from "../../support/soak.ts";
import { behindHead, FIRST_READ, PieceSource } from "../../support/sources.ts";
import { expectedEvt3, SENSOR } from "./loads.ts";

describe("bytes in pieces", () => {
  /** A recording whose data begins `before` bytes before the end of the first read. */
  function behindFirstRead(words: readonly number[], before: number, tail: readonly number[] = []) {
    const end = "% end\n";
    const start = "% evt 3.0\n% geometry 640x480\n% filler ";
    const filler = "f".repeat(FIRST_READ - before - start.length - end.length - 1);
    return recordingOf(words, { header: `${start}${filler}\n${end}`, tail });
  }

  async function expectPieces(bytes: Uint8Array<ArrayBuffer>, size: () => number): Promise<void> {
    const expected = expectedEvt3(bytes, { geometry: SENSOR, mode: "chunked" });
    const table = await loadTable(new PieceSource(bytes, behindHead(size)));
    expectSameColumns(columnsOf(table), expected.columns);
    expect(reportOf(table)).toEqual(expected.report);
  }

  const words = [
    ...[timeHigh(1), row(2), timeLow(7), on(1), off(2), base(3), ...triple(0xfff, 0x842, 0x81)],
    ...[...triple(1, 2, 3), trigger(3, 1), on(5), FILLER, base(630, 0), ...triple(0xfff, 1, 1)],
    ...[others(0x19), continued12(1), continued4(2), timeHigh(1), on(6), timeHigh(2), on(7)],
    ...[timeLow(3), on(700), row(500), on(1), row(3), timeLow(2), on(9), trigger(4, 0)],
    ...Array.from({ length: 20 }, (_, index) => on(10 + index)),
    ...[base(64), ...triple(0xfff, 0xfff, 0xff), row(9), on(1), base(1), ...triple(1, 1, 1)],
  ];

  it.each([1, 2, 3, 4, 5, 6, 7, 8, 17, 64])("of %i bytes", async (size) => {
    for (let before = SOAK > 1 ? 0 : size % 3; before < 8; before += SOAK > 1 ? 1 : 3) {
      const bytes = behindFirstRead(words, before, [1].slice(0, before % 2));
      await expectPieces(bytes, () => size);
    }
  });

  it("with one cut anywhere, such as inside a vector triple or a trigger", async () => {
    const { byteLength } = recordingOf(words, { header: "" });
    for (let before = 0; before <= byteLength; before += 11) {
      await expectPieces(behindFirstRead(words, before), () => FIRST_READ);
    }
  });

  it("that end where an earlier piece went on with the rest of a triple", async () => {
    // Pieces are put where earlier ones stood, so what lies behind the end looks like more words.
    for (const events of [5, 6]) {
      const period = (index: number): number[] => {
        const vectors = triple(0x800 + index, 0x400 + index, 0x40 + index);
        return [...Array(events).fill(on(9)), base(64), ...vectors];
      };
      const periods = Array.from({ length: 40 }, (_, index) => period(index));
      const vectors = [timeHigh(1), row(2), ...periods.flat()];
      const periodBytes = period(0).length * 2;
      for (let cut = 2; cut <= periodBytes; cut += 2) {
        const sizes = [FIRST_READ, 4 * periodBytes, 4 * periodBytes, periodBytes + cut];
        let piece = 0;
        await expectPieces(behindFirstRead(vectors, 4), () => sizes[piece++] ?? 50);
      }
    }
  });

  it("that hold triggers", async () => {
    for (let before = 0; before < 60; before += SOAK > 1 ? 3 : 7) {
      const bytes = behindFirstRead(words, before);
      const expected = expectedEvt3(bytes, { geometry: SENSOR });
      const recording = await openRecording(
        new PieceSource(
          bytes,
          behindHead(() => 1 + (before % 7)),
        ),
      );
      expect(triggersOf(await recording.triggers())).toEqual(expected.triggers);
    }
  });

  it("of any sizes", async () => {
    const sizes = fc.array(
      fc.oneof(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 300 })),
      { minLength: 1, maxLength: 20 },
    );
    const before = fc.integer({ min: 0, max: 40 });
    const tail = fc.uint8Array({ maxLength: 1 });
    await fc.assert(
      fc.asyncProperty(wordStream(), before, tail, sizes, async (random, start, rest, list) => {
        let piece = 0;
        const size = (): number => list[piece++ % list.length] ?? 1;
        await expectPieces(behindFirstRead(random, start, [...rest]), size);
      }),
      { numRuns: 10 * SOAK },
    );
  });

  it("one byte at a time", async () => {
    await fc.assert(
      fc.asyncProperty(wordStream({ maxPassages: 15 }), async (random) => {
        await expectPieces(behindFirstRead(random, 2), () => 1);
      }),
      { numRuns: 4 * SOAK },
    );
  });

  it("strictly", async () => {
    const size = fc.integer({ min: 1, max: 40 });
    await fc.assert(
      fc.asyncProperty(wordStream({ maxPassages: 6 }), size, async (random, pieceBytes) => {
        const bytes = behindFirstRead(random, 7);
        const expected = expectedEvt3(bytes, { geometry: SENSOR });
        const source = (): EventSource =>
          new PieceSource(
            bytes,
            behindHead(() => pieceBytes),
          );
        await expectStrict(bytes, expected, () => loadTable(source(), { strict: true }));
      }),
      { numRuns: 6 * SOAK },
    );
  });
});

describe("batches", () => {
  const sizes = fc.oneof(
    fc.integer({ min: 1, max: 70 }),
    fc.constantFrom(1, 8, 31, 32, 33, 40, 64, 1000, 100_000_000),
  );

  /** Every owned batch but the last has as many events as asked for. */
  function sizesOf({ events }: ExpectedLoad, batchEvents: number): number[] {
    const full = Math.floor(events.length / batchEvents);
    const rest = events.length % batchEvents;
    return [...Array(full).fill(batchEvents), ...(rest > 0 ? [rest] : [])];
  }

  it("that end anywhere inside the vectors hold the events of the table", async () => {
    const words = [
      ...[timeHigh(1), row(2), base(3), ...triple(0xfff, 0xfff, 0xff), ...triple(0x842, 0, 0x18)],
      // Pixels off the sensor, and a step back, in words that may be split.
      ...[timeLow(5), base(620, 0), ...triple(0xfff, 0xfff, 0xff), timeLow(3), base(1)],
      ...[...triple(0xfff, 0xfff, 0xff), trigger(1, 1), on(9), base(632), ...triple(0xfff, 1, 0)],
      ...[row(500), ...triple(0xfff, 1, 0), row(1, 1), ...triple(1, 1, 1), row(7), off(3)],
    ];
    const bytes = recordingOf(words);
    const recording = await openRecording(bytes);
    for (const rebase of [false, true]) {
      const expected = expectedEvt3(bytes, { geometry: SENSOR, rebase, mode: "chunked" });
      for (let batchEvents = 1; batchEvents <= 110; batchEvents += SOAK > 1 ? 3 : 7) {
        for (const batches of ["owned", "borrowed"] as const) {
          const reports: LoadReport[] = [];
          const onReport = (report: LoadReport): void => void reports.push(report);
          const options = { batches, batchEvents, rebase, onReport };
          const { columns, sizes: found } = await streamed(recording.stream(options));
          expectSameColumns(columns, expected.columns);
          if (batches === "owned") expect(found).toEqual(sizesOf(expected, batchEvents));
          else expect(Math.max(...found)).toBeLessThanOrEqual(batchEvents);
          expect(reports).toEqual([expected.report]);
        }
      }
    }
  });

  it("are one in a small table, though a vector has more events than bytes", async () => {
    const vectors = Array.from({ length: 30 }, () => [base(0), ...triple(0xfff, 0xfff, 0xff)]);
    const bytes = recordingOf([timeHigh(1), row(2), ...vectors.flat()]);
    const table = await loadTable(bytes);
    expect(reportOf(table)).toMatchObject({ events: 960, mode: "direct" });
    expect(table.batches.map(({ numRows }) => numRows)).toEqual([960]);
  });

  it("that are owned hold the events of the table, as many as asked for in each", async () => {
    const streams = wordStream({ maxPassages: 15 });
    await fc.assert(
      fc.asyncProperty(streams, sizes, fc.boolean(), async (words, batchEvents, rebase) => {
        const bytes = recordingOf(words);
        const expected = expectedEvt3(bytes, { geometry: SENSOR, rebase, mode: "chunked" });
        const recording = await openRecording(bytes);
        const reports: LoadReport[] = [];
        const onReport = (report: LoadReport): void => void reports.push(report);
        const options = { batchEvents, rebase, onReport } satisfies StreamOptions;
        const { columns, sizes: found } = await streamed(recording.stream(options));
        expectSameColumns(columns, expected.columns);
        expect(found).toEqual(sizesOf(expected, batchEvents));
        expect(reports).toEqual([expected.report]);
      }),
      { numRuns: 20 * SOAK },
    );
  });

  it("that are borrowed hold the same events", async () => {
    await fc.assert(
      fc.asyncProperty(wordStream({ maxPassages: 15 }), sizes, async (words, batchEvents) => {
        const bytes = recordingOf(words);
        const expected = expectedEvt3(bytes, { geometry: SENSOR });
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
      { numRuns: 20 * SOAK },
    );
  });

  it("are refused by strict where the table is", async () => {
    await fc.assert(
      fc.asyncProperty(wordStream({ maxPassages: 6 }), sizes, async (words, batchEvents) => {
        const bytes = recordingOf(words);
        const { firstAt } = expectedEvt3(bytes, { geometry: SENSOR }).report;
        const at = Math.min(...Object.values(firstAt));
        const recording = await openRecording(bytes, { strict: true });
        const loaded = await streamed(recording.stream({ batchEvents })).catch((error) => error);
        if (at === Number.POSITIVE_INFINITY) expect(loaded).not.toBeInstanceOf(Error);
        else expect(loaded).toMatchObject({ code: "data-loss", byteOffset: at });
      }),
      { numRuns: 15 * SOAK },
    );
  });
});
