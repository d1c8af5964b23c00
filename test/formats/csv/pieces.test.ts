import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createReport } from "../../../src/events/report.ts";
import { csv } from "../../../src/formats/csv/decoder.ts";
import {
  digestEvents,
  type LoadReport,
  loadTable,
  openRecording,
  reportOf,
} from "../../../src/index.ts";
import { EventMemory } from "../../../src/kernels/event-memory.ts";
import { referenceDigest } from "../../reference/digest.ts";
import {
  columnsOf,
  expectSameColumns,
  joinColumns,
  type PlainColumns,
} from "../../support/expected-load.ts";
import { expectStrict, streamed } from "../../support/loads.ts";
import { PieceSource } from "../../support/sources.ts";
import { csvLines } from "./lines.ts";
import { countsOf, csvOf, expectedCsv, SENSOR } from "./loads.ts";

const WORST = [
  ...["12,34,5,1\n", "\n", "\r\n", `${"0".repeat(61)}\n`, `${"7".repeat(63)}\n`],
  ...["0,0,0,0\n0,0,0,0\r\n", `${"8".repeat(64)}\n`, "1,2,6,1\r\n", "1,2\n", `${"9".repeat(65)}\n`],
  ...[`${"x".repeat(200)}\n`, "639,479,-5,-1\n", "640,0,1,1\n", `${"\0".repeat(128)}\r\n`],
  ...["65535,65535,-9223372036854775808,-1\r\n", "\r\r\n", "1,1,9223372036854775807,1"],
].join("");

describe("bytes in pieces", () => {
  /** The first read of a source. What lies behind it reaches the decoder in the source's pieces. */
  const FIRST_READ = 65536;

  /** A file whose lines begin `before` bytes before the end of the first read. */
  function behindFirstRead(lines: string, before: number): Uint8Array<ArrayBuffer> {
    const head = csvOf("").byteLength;
    return csvOf("\n".repeat(FIRST_READ - head - before) + lines);
  }

  async function expectPieces(bytes: Uint8Array<ArrayBuffer>, size: () => number): Promise<void> {
    const expected = expectedCsv(bytes, { geometry: SENSOR, mode: "chunked" });
    const table = await loadTable(new PieceSource(bytes, size), { geometry: SENSOR });
    expectSameColumns(columnsOf(table), expected.columns);
    expect(reportOf(table)).toEqual(expected.report);
  }

  it.each([1, 2, 3, 7, 8, 17, 63, 64, 65, 128, 1000])("of %i bytes", async (size) => {
    for (let before = 0; before < 8; before++) {
      await expectPieces(behindFirstRead(WORST, before), () => size);
    }
  });

  it("of any sizes, one byte among them", async () => {
    const sizes = fc.array(
      fc.oneof(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 200 })),
      { minLength: 1, maxLength: 20 },
    );
    const before = fc.integer({ min: 0, max: 80 });
    await fc.assert(
      fc.asyncProperty(csvLines(), before, sizes, async (lines, start, list) => {
        let piece = 0;
        await expectPieces(behindFirstRead(lines, start), () => list[piece++ % list.length] ?? 1);
      }),
      { numRuns: 100 },
    );
  });

  it("one byte at a time", async () => {
    await fc.assert(
      fc.asyncProperty(csvLines(20), async (lines) => {
        await expectPieces(behindFirstRead(lines, 2), () => 1);
      }),
      { numRuns: 30 },
    );
  });

  it("strictly", async () => {
    const size = fc.integer({ min: 1, max: 90 });
    await fc.assert(
      fc.asyncProperty(csvLines(12), size, async (lines, pieceBytes) => {
        const bytes = behindFirstRead(lines, 7);
        const source = () => new PieceSource(bytes, () => pieceBytes);
        await expectStrict(bytes, expectedCsv(bytes, { geometry: SENSOR }), () =>
          loadTable(source(), { geometry: SENSOR, strict: true }),
        );
      }),
      { numRuns: 100 },
    );
  });

  it("with the header row cut anywhere", async () => {
    for (const header of ["x,y,t,polarity\n", "\xef\xbb\xbfx,y,t,polarity\r\n"]) {
      const bytes = csvOf("1,2,3,1\n4,5,6,0", header);
      for (let size = 1; size <= header.length + 1; size++) {
        const table = await loadTable(new PieceSource(bytes, () => size));
        expect(reportOf(table)).toMatchObject({ events: 2, firstAt: {} });
      }
    }
  });
});

describe("the decoder", () => {
  /** Decodes pieces that end at the given places, with room for `room` events in a tile. */
  async function decoded(bytes: Uint8Array, cuts: readonly number[], room: number) {
    const dataOffset = csvOf("").byteLength;
    const inputBytes = bytes.byteLength;
    const memory = new EventMemory({ inputBytes, tileEvents: room, tileTriggers: 0 });
    memory.configure(SENSOR, "zero-one");
    const decoder = await csv.createDecoder(memory, { dataOffset, rebase: false, variant: 0 });
    const report = createReport({
      format: "csv",
      sourceName: null,
      geometry: SENSOR,
      polarityEncoding: "zero-one",
      assumptions: [],
    });
    const parts: PlainColumns[] = [];
    const drain = (): void => {
      for (let usedUp = false; !usedUp; ) {
        usedUp = decoder.decode(room, report);
        const { eventCount, columns } = memory;
        parts.push({
          x: columns.x.slice(0, eventCount),
          y: columns.y.slice(0, eventCount),
          t: columns.t.slice(0, eventCount),
          polarity: columns.polarity.slice(0, eventCount),
        });
        memory.setTile();
      }
    };
    const ends = [...cuts, bytes.byteLength];
    let slot: 0 | 1 = 0;
    let start = dataOffset;
    for (const end of ends.filter((cut) => cut > dataOffset)) {
      // What stood in the slot before is no part of the piece.
      memory.inputs[slot].fill(0x0a);
      memory.inputs[slot].set(bytes.subarray(start, end));
      decoder.feed(slot, end - start);
      drain();
      start = end;
      slot = slot === 0 ? 1 : 0;
    }
    decoder.end(slot);
    drain();
    decoder.finish(report);
    return { columns: joinColumns(parts), report };
  }

  async function expectCuts(lines: string, cuts: readonly number[], room = 100): Promise<void> {
    const bytes = csvOf(lines);
    const expected = expectedCsv(bytes, { geometry: SENSOR });
    const { columns, report } = await decoded(bytes, cuts, room);
    expectSameColumns(columns, expected.columns);
    const { firstAt } = expected.report;
    expect({ ...countsOf(report), firstAt: report.firstAt }).toEqual({
      ...countsOf(expected.report),
      firstAt,
    });
  }

  const start = csvOf("").byteLength;

  it("goes on behind a cut anywhere", async () => {
    for (let cut = 0; cut <= WORST.length; cut++) await expectCuts(WORST, [start + cut]);
  });

  it("goes on behind a tile that ends anywhere", async () => {
    for (let cut = 0; cut <= WORST.length; cut += 5) {
      for (const room of [1, 2, 3, 4]) await expectCuts(WORST, [start + cut], room);
    }
  });

  it("goes on behind any two cuts of lines around the longest", async () => {
    for (const length of [61, 62, 63, 64, 65, 127, 128, 129]) {
      const lines = `1,1,1,1\n${"5".repeat(length)}\n2,2,2,1`;
      for (let cut = 0; cut <= lines.length; cut += 3) {
        for (let next = cut; next <= lines.length; next += 7) {
          await expectCuts(lines, [start + cut, start + next]);
        }
      }
    }
  });

  it("goes on behind any cuts", async () => {
    const cuts = fc.array(fc.nat(1000), { maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(
        csvLines(),
        cuts,
        fc.constantFrom(1, 2, 7, 1000),
        async (lines, at, room) => {
          const ends = at.map((cut) => start + Math.min(cut, lines.length)).sort((a, b) => a - b);
          await expectCuts(lines, ends, room);
        },
      ),
      { numRuns: 500 },
    );
  });
});

describe("batches", () => {
  const sizes = fc.oneof(fc.integer({ min: 1, max: 30 }), fc.constantFrom(1, 64, 1000));

  it("hold the events of the table, whatever their size", async () => {
    await fc.assert(
      fc.asyncProperty(csvLines(), sizes, fc.boolean(), async (lines, batchEvents, rebase) => {
        const bytes = csvOf(lines);
        const expected = expectedCsv(bytes, { rebase, geometry: SENSOR, mode: "chunked" });
        const recording = await openRecording(bytes, { geometry: SENSOR });
        for (const batches of ["owned", "borrowed"] as const) {
          const reports: LoadReport[] = [];
          const onReport = (report: LoadReport): void => void reports.push(report);
          const { columns, sizes: found } = await streamed(
            recording.stream({ batches, batchEvents, rebase, onReport }),
          );
          expectSameColumns(columns, expected.columns);
          expect(reports).toEqual([expected.report]);
          expect(Math.max(0, ...found)).toBeLessThanOrEqual(batchEvents);
          if (batches === "owned") {
            expect(found.slice(0, -1).every((size) => size === batchEvents)).toBe(true);
          }
        }
      }),
      { numRuns: 150 },
    );
  });

  it("end anywhere", async () => {
    const bytes = csvOf(WORST);
    const recording = await openRecording(bytes);
    const expected = expectedCsv(bytes, { mode: "chunked" });
    for (let batchEvents = 1; batchEvents <= 12; batchEvents++) {
      const { columns } = await streamed(recording.stream({ batchEvents }));
      expectSameColumns(columns, expected.columns);
    }
  });
});

it("a file of many tiles and reads is one recording", async () => {
  const events = Array.from({ length: 600_000 }, (_, at) => ({
    t: BigInt(at >> 2) - 1000n,
    x: (at * 7) % 640,
    y: (at >> 3) % 480,
    p: at % 3 === 0 ? (1 as const) : (0 as const),
  }));
  const lines = events.map(({ t, x, y, p }) => `${x},${y},${t},${p}\n`);
  const bytes = csvOf(lines.join(""));
  expect(bytes.byteLength).toBeGreaterThan(4 * 2 ** 20);
  const { digest, on } = await digestEvents(bytes);
  expect(digest).toBe(referenceDigest(events));
  expect(on).toBe(200_000);
  const recording = await openRecording(bytes);
  const { sizes } = await streamed(recording.stream({ batches: "borrowed" }));
  expect(sizes.length).toBeGreaterThan(2);
});
