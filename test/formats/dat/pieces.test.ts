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
  CD,
  type DatRecord,
  EXT_TRIGGER,
  event,
  recordingOf,
  recordStream,
  sizedHeader,
  trigger,
  VERSION_1,
  VERSION_2,
} from "../../support/dat-records.ts";
import { columnsOf, expectSameColumns, triggersOf } from "../../support/expected-load.ts";
import { expectStrict, streamed } from "../../support/loads.ts";
import { SOAK } from "../../support/soak.ts";
import { behindHead, FIRST_READ, PieceSource, RecordingSource } from "../../support/sources.ts";
import { expectedDat } from "./loads.ts";

const SENSOR = VERSION_2.sensor;

describe("bytes in pieces", () => {
  /** A recording whose records begin `before` bytes before the end of the first read. */
  function behindFirstRead(
    records: readonly DatRecord[],
    before: number,
    { type = CD, version = VERSION_2, tail = [] as readonly number[] } = {},
  ) {
    const start = `${sizedHeader(version)}% filler `;
    const filler = "f".repeat(FIRST_READ - before - start.length - "\n".length - 2);
    return recordingOf(records, { header: `${start}${filler}\n`, type, tail });
  }

  async function expectPieces(
    bytes: Uint8Array<ArrayBuffer>,
    size: () => number,
    geometry = SENSOR,
  ): Promise<void> {
    const expected = expectedDat(bytes, { geometry, mode: "chunked" });
    const table = await loadTable(new PieceSource(bytes, behindHead(size)));
    expectSameColumns(columnsOf(table), expected.columns);
    expect(reportOf(table)).toEqual(expected.report);
  }

  const records = [
    ...[event(1, 2, 3), event(4, 5, 6, 0), event(3, 8, 9), event(7, 700, 1)],
    ...Array.from({ length: 40 }, (_, index) => event(10 + index, 16 + index, 17, index % 2)),
    ...[event(2 ** 32 - 1, 1, 1), event(0, 640, 1), event(1, 9, 9), event(2, 1, 480)],
    ...Array.from({ length: 40 }, (_, index) => event(3 + index, 16 + index, 17, index % 2)),
  ];

  it.each([1, 2, 3, 4, 5, 6, 7, 8, 9, 63, 64, 65, 127, 128, 129])("of %i bytes", async (size) => {
    for (let before = SOAK > 1 ? 0 : size % 6; before < 17; before += SOAK > 1 ? 3 : 6) {
      const tail = [1, 2, 3, 4, 5, 6, 7].slice(0, before % 8);
      const bytes = behindFirstRead(records, before, { tail });
      await expectPieces(bytes, () => size);
    }
  });

  it("with one cut anywhere", async () => {
    // Every seventy-ninth byte: in the records at each of their bytes, in the steps of the kernel at
    // each record.
    for (let before = 0; before <= records.length * 8; before += SOAK > 1 ? 47 : 79) {
      await expectPieces(behindFirstRead(records, before), () => FIRST_READ);
    }
  });

  it("of any sizes, of any version", async () => {
    const sizes = fc.array(
      fc.oneof(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 600 })),
      { minLength: 1, maxLength: 20 },
    );
    const before = fc.integer({ min: 0, max: 40 });
    const tails = fc.uint8Array({ maxLength: 7 });
    for (const version of [VERSION_2, VERSION_1]) {
      await fc.assert(
        fc.asyncProperty(recordStream({ version }), before, tails, sizes, async (...given) => {
          const [random, start, tail, list] = given;
          let piece = 0;
          const size = (): number => list[piece++ % list.length] ?? 1;
          const bytes = behindFirstRead(random, start, { version, tail: [...tail] });
          await expectPieces(bytes, size, version.sensor);
        }),
        { numRuns: 8 * SOAK },
      );
    }
  });

  it("one byte at a time", async () => {
    await fc.assert(
      fc.asyncProperty(recordStream(), async (random) => {
        await expectPieces(behindFirstRead(random, 2), () => 1);
      }),
      { numRuns: 4 * SOAK },
    );
  });

  it("that hold triggers", async () => {
    const triggers = Array.from({ length: 50 }, (_, index) =>
      trigger((index * 2 ** 29) % 2 ** 32, index, index % 3),
    );
    for (let before = 0; before < 60; before += SOAK > 1 ? 7 : 13) {
      const bytes = behindFirstRead(triggers, before, { type: EXT_TRIGGER });
      const expected = expectedDat(bytes, { geometry: SENSOR });
      const recording = await openRecording(
        new PieceSource(
          bytes,
          behindHead(() => 1 + (before % 11)),
        ),
      );
      expect(triggersOf(await recording.triggers())).toEqual(expected.triggers);
    }
  });

  it("strictly", async () => {
    const size = fc.integer({ min: 1, max: 40 });
    await fc.assert(
      fc.asyncProperty(recordStream({ maxPassages: 10 }), size, async (random, pieceBytes) => {
        const bytes = behindFirstRead(random, 7);
        const expected = expectedDat(bytes, { geometry: SENSOR });
        const source = (): EventSource =>
          new PieceSource(
            bytes,
            behindHead(() => pieceBytes),
          );
        await expectStrict(bytes, expected, () => loadTable(source(), { strict: true }));
      }),
      { numRuns: 8 * SOAK },
    );
  });
});

describe("batches", () => {
  const sizes = fc.oneof(
    fc.integer({ min: 1, max: 70 }),
    fc.constantFrom(1, 15, 16, 17, 64, 1000, 100_000_000),
  );

  it("that are owned hold the events of the table, as many as asked for in each", async () => {
    await fc.assert(
      fc.asyncProperty(
        recordStream(),
        sizes,
        fc.boolean(),
        async (records, batchEvents, rebase) => {
          const bytes = recordingOf(records);
          const expected = expectedDat(bytes, { geometry: SENSOR, rebase, mode: "chunked" });
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
        },
      ),
      { numRuns: 20 * SOAK },
    );
  });

  it("that are borrowed hold the same events", async () => {
    await fc.assert(
      fc.asyncProperty(recordStream(), sizes, async (records, batchEvents) => {
        const bytes = recordingOf(records);
        const expected = expectedDat(bytes, { geometry: SENSOR });
        const recording = await openRecording(bytes);
        const { columns, sizes: found } = await streamed(
          recording.stream({ batches: "borrowed", batchEvents }),
        );
        expectSameColumns(columns, expected.columns);
        expect(found.every((size) => size > 0 && size <= batchEvents)).toBe(true);
      }),
      { numRuns: 20 * SOAK },
    );
  });
});

it("reads each byte of a source once, from front to back", async () => {
  const records = Array.from({ length: 300_000 }, (_, t) => event(t, 1, 1));
  const bytes = recordingOf(records);
  const source = new RecordingSource(bytes);
  await loadTable(source);
  const [head, ...rest] = source.reads;
  expect(head).toEqual({ offset: 0, length: 65536 });
  let offset = sizedHeader(VERSION_2).length + 2;
  for (const read of rest) {
    expect(read.offset).toBe(offset);
    offset += read.length;
  }
  expect(offset).toBe(bytes.byteLength);
});
