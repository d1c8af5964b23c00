import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  type EventSource,
  type LoadReport,
  loadTable,
  openRecording,
  reportOf,
} from "../../../src/index.ts";
import {
  BYTE_ORDERS,
  type ByteOrder,
  continued,
  neg,
  others,
  pos,
  recordingOf,
  timeHigh,
  trigger,
  type Word,
  wordOf,
  wordStream,
} from "../../support/evt21-words.ts";
import {
  columnsOf,
  type ExpectedLoad,
  expectSameColumns,
  triggersOf,
} from "../../support/expected-load.ts";
import { expectStrict, streamed } from "../../support/loads.ts";
import { SOAK } from "../../support/soak.ts";
import { behindHead, FIRST_READ, PieceSource } from "../../support/sources.ts";
import { expectedEvt21, SENSOR } from "./loads.ts";

const ALL = 0xffffffff;
const orders = fc.constantFrom(...BYTE_ORDERS);

const words: Word[] = [
  ...[timeHigh(1), pos(2, 3, 4, 0x80000001), neg(2, 32, 5, ALL), trigger(5, 6, 1), pos(7, 9, 9, 6)],
  ...[
    others(0x1234, ALL),
    continued(1),
    timeHigh(1),
    neg(9, 620, 3, ALL),
    wordOf(3, 1),
    pos(9, 1, 1, 0),
  ],
  ...[
    timeHigh(2),
    pos(3, 700, 1, 7),
    pos(3, 1, 500, 0xff),
    neg(1, 1, 1, 0x11),
    pos(4, 64, 7, 0xf0f0),
  ],
  ...Array.from({ length: 12 }, (_, index) => pos(10 + index, 16 * index, 17, 2 ** index + 1)),
];

describe("bytes in pieces", () => {
  /** A recording whose data begins `before` bytes before the end of the first read. */
  function behindFirstRead(
    list: readonly Word[],
    before: number,
    options: { order?: ByteOrder; tail?: readonly number[] } = {},
  ): Uint8Array<ArrayBuffer> {
    const end = "% end\n";
    const start = `% evt 2.1\n% endianness ${options.order ?? "little"}\n% geometry 640x480\n% filler `;
    const filler = "f".repeat(FIRST_READ - before - start.length - end.length - 1);
    return recordingOf(list, { ...options, header: `${start}${filler}\n${end}` });
  }

  async function expectPieces(
    bytes: Uint8Array<ArrayBuffer>,
    order: ByteOrder,
    size: () => number,
  ): Promise<void> {
    const expected = expectedEvt21(bytes, { order, geometry: SENSOR, mode: "chunked" });
    const table = await loadTable(new PieceSource(bytes, behindHead(size)));
    expectSameColumns(columnsOf(table), expected.columns);
    expect(reportOf(table)).toEqual(expected.report);
  }

  it.each([1, 2, 3, 4, 5, 6, 7, 8, 9, 15, 16, 17, 63, 64])("of %i bytes", async (size) => {
    for (let before = SOAK > 1 ? 0 : size % 3; before < 9; before += SOAK > 1 ? 1 : 3) {
      const order = before % 2 === 0 ? "little" : "legacy";
      const bytes = behindFirstRead(words, before, { order, tail: Array(before % 8).fill(1) });
      await expectPieces(bytes, order, () => size);
    }
  });

  it("with one cut anywhere, such as inside a word of many pixels or a trigger", async () => {
    for (const order of BYTE_ORDERS) {
      const { byteLength } = recordingOf(words, { header: "" });
      // Every seventh byte: in the words at each of their bytes.
      for (let before = 0; before <= byteLength; before += 19) {
        await expectPieces(behindFirstRead(words, before, { order }), order, () => FIRST_READ);
      }
    }
  });

  it("that end where an earlier piece went on with more words", async () => {
    // Pieces are put where earlier ones stood, so what lies behind the end looks like more words.
    const list = [timeHigh(1), ...Array.from({ length: 80 }, () => pos(1, 64, 2, ALL))];
    for (let cut = 1; cut <= 32; cut += SOAK > 1 ? 1 : 3) {
      const sizes = [FIRST_READ, 160, 160, 40 + cut];
      let piece = 0;
      await expectPieces(behindFirstRead(list, 8), "little", () => sizes[piece++] ?? 50);
    }
  });

  it("that hold triggers", async () => {
    for (let before = 0; before < 60; before += SOAK > 1 ? 7 : 13) {
      const bytes = behindFirstRead(words, before);
      const expected = expectedEvt21(bytes, { geometry: SENSOR });
      const recording = await openRecording(
        new PieceSource(
          bytes,
          behindHead(() => 1 + (before % 11)),
        ),
      );
      expect(triggersOf(await recording.triggers())).toEqual(expected.triggers);
    }
  });

  it("of any sizes", async () => {
    const sizes = fc.array(
      fc.oneof(fc.integer({ min: 1, max: 17 }), fc.integer({ min: 1, max: 1000 })),
      { minLength: 1, maxLength: 20 },
    );
    const before = fc.integer({ min: 0, max: 40 });
    const tails = fc.uint8Array({ maxLength: 7 });
    await fc.assert(
      fc.asyncProperty(
        ...[wordStream(), orders, before, tails, sizes],
        async (random, order, start, tail, list) => {
          let piece = 0;
          const size = (): number => list[piece++ % list.length] ?? 1;
          const bytes = behindFirstRead(random, start, { order, tail: [...tail] });
          await expectPieces(bytes, order, size);
        },
      ),
      { numRuns: 10 * SOAK },
    );
  });

  it("one byte at a time", async () => {
    const streams = wordStream({ maxPassages: 10 });
    await fc.assert(
      fc.asyncProperty(streams, orders, async (random, order) => {
        await expectPieces(behindFirstRead(random, 2, { order }), order, () => 1);
      }),
      { numRuns: 4 * SOAK },
    );
  });

  it("strictly", async () => {
    const size = fc.integer({ min: 1, max: 40 });
    const streams = wordStream({ maxPassages: 6 });
    await fc.assert(
      fc.asyncProperty(streams, orders, size, async (random, order, pieceBytes) => {
        const bytes = behindFirstRead(random, 7, { order });
        const expected = expectedEvt21(bytes, { order, geometry: SENSOR });
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
    fc.integer({ min: 120, max: 160 }), // about what the kernel decodes at once
    fc.constantFrom(1, 8, 31, 32, 33, 40, 64, 1000, 100_000_000),
  );

  /** Every owned batch but the last has as many events as asked for. */
  function sizesOf({ events }: ExpectedLoad, batchEvents: number): number[] {
    const full = Math.floor(events.length / batchEvents);
    const rest = events.length % batchEvents;
    return [...Array(full).fill(batchEvents), ...(rest > 0 ? [rest] : [])];
  }

  it("that end anywhere inside a word hold the events of the table", async () => {
    const bytes = recordingOf([
      ...words,
      // Pixels off the sensor, and a step back, in words that may be split.
      ...[neg(3, 620, 1, ALL), pos(0, 32, 1, ALL), pos(0, 639, 1, ALL), neg(0, 64, 2, 0xffff)],
    ]);
    const recording = await openRecording(bytes);
    for (const rebase of [false, true]) {
      const expected = expectedEvt21(bytes, { geometry: SENSOR, rebase, mode: "chunked" });
      for (let batchEvents = 1; batchEvents <= 150; batchEvents += SOAK > 1 ? 3 : 7) {
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

  it("are one in a small table, though a word has more events than bytes", async () => {
    const bytes = recordingOf([timeHigh(1), ...Array(30).fill(pos(0, 0, 0, ALL))]);
    const table = await loadTable(bytes);
    expect(reportOf(table)).toMatchObject({ events: 960, mode: "direct" });
    expect(table.batches.map(({ numRows }) => numRows)).toEqual([960]);
  });

  it("that are owned hold the events of the table, as many as asked for in each", async () => {
    const streams = wordStream({ maxPassages: 15 });
    await fc.assert(
      fc.asyncProperty(
        ...[streams, orders, sizes, fc.boolean()],
        async (random, order, batchEvents, rebase) => {
          const bytes = recordingOf(random, { order });
          const options = { order, geometry: SENSOR, rebase, mode: "chunked" } as const;
          const expected = expectedEvt21(bytes, options);
          const recording = await openRecording(bytes);
          const reports: LoadReport[] = [];
          const onReport = (report: LoadReport): void => void reports.push(report);
          const stream = recording.stream({ batchEvents, rebase, onReport });
          const { columns, sizes: found } = await streamed(stream);
          expectSameColumns(columns, expected.columns);
          expect(found).toEqual(sizesOf(expected, batchEvents));
          expect(reports).toEqual([expected.report]);
        },
      ),
      { numRuns: 20 * SOAK },
    );
  });

  it("that are borrowed hold the same events", async () => {
    const streams = wordStream({ maxPassages: 15 });
    await fc.assert(
      fc.asyncProperty(streams, orders, sizes, async (random, order, batchEvents) => {
        const bytes = recordingOf(random, { order });
        const expected = expectedEvt21(bytes, { order, geometry: SENSOR });
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
    const streams = wordStream({ maxPassages: 6 });
    await fc.assert(
      fc.asyncProperty(streams, orders, sizes, async (random, order, batchEvents) => {
        const bytes = recordingOf(random, { order });
        const { firstAt } = expectedEvt21(bytes, { order, geometry: SENSOR }).report;
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
