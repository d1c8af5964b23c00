/**
 * Damaged Arrow files: every load ends with our error, or with rows of the file and a report of what
 * is missing. `EVARROW_SOAK=n` makes n times as many runs, at every byte.
 */
import { Footer } from "apache-arrow/fb/footer";
import fc from "fast-check";
import { ByteBuffer } from "flatbuffers";
import { describe, expect, it } from "vitest";
import { createArrowWriter } from "../../../src/formats/arrow/writer.ts";
import {
  type EventErrorCode,
  isEventError,
  type LoadReport,
  loadTable,
} from "../../../src/index.ts";
import { concatBytes } from "../../support/evt2-words.ts";
import { expectSameColumns, joinColumns, type PlainColumns } from "../../support/expected-load.ts";
import { PieceSource } from "../../support/sources.ts";
import { cut, ipcOf, loaded, plainBatch, someEvents, tableOf } from "./tables.ts";

const SOAK = Math.max(Number(process.env.EVARROW_SOAK ?? 1) || 1, 1);
/** Every byte is tried in a soak, else every ninth: at each place of a number in turn. */
const STEP = SOAK > 1 ? 1 : 9;
const TIMEOUT_MS = 60_000 * SOAK;
const METADATA = { "evarrow.timeUnit": "us", "evarrow.geometry": "640x480" };

/** Everything that may be wrong with an Arrow file in memory. */
const DAMAGES: readonly EventErrorCode[] = [
  "empty-source",
  "unknown-format",
  "unsupported-format",
  "invalid-header",
  "unsafe-time",
];

const BATCHES = cut(someEvents(30), [9, 1, 0, 13]);
const table = tableOf(BATCHES.map(plainBatch), METADATA);

/** Our writer's file, and where each of its messages ends. */
function ourFile(): { bytes: Uint8Array<ArrayBuffer>; ends: number[] } {
  const writer = createArrowWriter(table.schema as never);
  const parts = table.batches.flatMap((batch) => writer.write(batch as never));
  const bytes = concatBytes(...parts, ...writer.finish());
  const schemaEnd = 16 + new DataView(bytes.buffer).getInt32(12, true);
  const ends = parts.map(
    (
      (end) =>
      ({ byteLength }) =>
        (end += byteLength)
    )(0),
  );
  return { bytes, ends: [schemaEnd, ...ends] };
}

/** Columns and report of a load, or the code of our error; any other error is thrown on. */
async function outcome(
  source: Parameters<typeof loadTable>[0],
  strict = false,
): Promise<{ columns: PlainColumns; report: LoadReport } | EventErrorCode> {
  try {
    return await loaded(source, { strict });
  } catch (error) {
    if (isEventError(error)) return error.code;
    throw error;
  }
}

describe("a file that is cut at any byte", () => {
  it("gives the batches that are whole", async () => {
    const { bytes, ends } = ourFile();
    for (let length = 0; length < bytes.byteLength; length += STEP) {
      const result = await outcome(bytes.slice(0, length));
      const whole = ends.filter((end) => end <= length).length - 1;
      if (typeof result === "string") {
        expect([length, whole]).toEqual([length, -1]);
        expect(length < 6 ? ["empty-source", "unknown-format"] : ["invalid-header"]).toContain(
          result,
        );
        continue;
      }
      expectSameColumns(result.columns, joinColumns(BATCHES.slice(0, whole)));
      // Behind the last batch stands the mark of the end.
      const lastEnd = ends.at(-1) ?? 0;
      const place = length >= lastEnd + 8 ? lastEnd + 8 : ends[whole];
      expect([length, result.report.firstAt]).toEqual([length, { truncated: place }]);
      expect(result.report.truncatedBytes).toBe(length - (place ?? 0));
      expect(await outcome(bytes.slice(0, length), true)).toBe("data-loss");
    }
    expectSameColumns((await loaded(bytes)).columns, joinColumns(BATCHES));
  });

  it("of a stream, too, but for a cut between batches", async () => {
    const bytes = ipcOf(table, "stream");
    const columns = joinColumns(BATCHES);
    const ends = new Set<number>();
    // Batches end at multiples of eight.
    for (let length = 0; length <= bytes.byteLength; length += SOAK > 1 ? 1 : 4) {
      const result = await outcome(bytes.slice(0, length));
      if (typeof result === "string") {
        expect(["empty-source", "unknown-format", "invalid-header"]).toContain(result);
        continue;
      }
      const rows = result.columns.x.length;
      expectSameColumns(result.columns, cut(columns, [rows])[0] ?? columns);
      if (result.report.firstAt.truncated === undefined) ends.add(length);
      else expect(result.report.truncatedBytes).toBe(length - result.report.firstAt.truncated);
    }
    expect(ends.size).toBe(BATCHES.length + 2); // behind the schema, every batch, the mark
  });

  it("whose schema stands at the end only is an error that says so", async () => {
    const bytes = ipcOf(table, "file"); // as apache-arrow writes it
    const error = await loadTable(bytes.slice(0, -1)).catch((caught) => caught);
    expect(error).toMatchObject({ code: "invalid-header", format: "arrow" });
    expect(error.hint).toContain("at the end only");
  });
});

describe("a file with something changed", () => {
  /** Loads, and now and then in pieces: both must agree. */
  async function expectHandled(bytes: Uint8Array<ArrayBuffer>, alsoInPieces = true): Promise<void> {
    const whole = await outcome(bytes);
    if (typeof whole === "string") {
      expect(DAMAGES).toContain(whole);
      return;
    }
    const { columns, report } = whole;
    expect(columns.x.length).toBe(report.events);
    // However the file is damaged, it has no more rows than bytes for them.
    expect(report.events * 8).toBeLessThanOrEqual(bytes.byteLength);
    if (!alsoInPieces) return;
    const inPieces = await outcome(new PieceSource(bytes, () => 100));
    if (typeof inPieces === "string") throw new Error(inPieces);
    expectSameColumns(inPieces.columns, columns);
    expect(inPieces.report).toEqual(report);
  }

  const files = [ourFile().bytes, ipcOf(table, "file"), ipcOf(table, "stream")];

  it(
    "one byte, any of them",
    async () => {
      for (const bytes of files) {
        for (let at = 0; at < bytes.byteLength; at += STEP) {
          for (const value of SOAK > 1 ? [0x01, 0x80, 0xff] : [0x81]) {
            const changed = bytes.slice();
            changed[at] = (changed[at] ?? 0) ^ value;
            await expectHandled(changed, at % 64 === 0);
          }
        }
      }
    },
    TIMEOUT_MS,
  );

  it(
    "one number, any of them to huge and negative ones",
    async () => {
      for (const bytes of files) {
        for (let at = 0; at + 4 <= bytes.byteLength; at += 4 * STEP) {
          const values = [0x7fffffff, -1, 0x00ffffff, -(2 ** 31), 64];
          // Two of them at each place, which are others at the next.
          const isSome = (index: number) => (at / (4 * STEP) + index) % 5 < 2;
          for (const value of values.filter((_, index) => SOAK > 1 || isSome(index))) {
            const changed = bytes.slice();
            new DataView(changed.buffer).setInt32(at, value, true);
            await expectHandled(changed, at % 64 === 0);
          }
        }
      }
    },
    TIMEOUT_MS,
  );

  it(
    "bytes changed, lost and put in between",
    async () => {
      const change = fc.record({
        kind: fc.constantFrom("set", "delete", "insert", "repeat"),
        at: fc.integer({ min: 0, max: 9999 }),
        length: fc.integer({ min: 1, max: 60 }),
        value: fc.integer({ min: 0, max: 255 }),
      });
      await fc.assert(
        fc.asyncProperty(
          fc.constantFrom(...files),
          fc.array(change, { minLength: 1, maxLength: 5 }),
          async (bytes, changes) => {
            let result = bytes;
            for (const { kind, at, length, value } of changes) {
              const start = Math.floor((at / 10_000) * result.byteLength);
              const [before, part, after] = [
                result.slice(0, start),
                result.slice(start, start + length),
                result.slice(start + length),
              ];
              if (kind === "set") result = concatBytes(before, part.fill(value), after);
              else if (kind === "delete") result = concatBytes(before, after);
              else if (kind === "repeat") result = concatBytes(before, part, part, after);
              else result = concatBytes(before, Uint8Array.of(value), part, after);
            }
            await expectHandled(result);
          },
        ),
        { numRuns: 80 * SOAK },
      );
    },
    TIMEOUT_MS,
  );

  it(
    "noise behind what every file begins with",
    async () => {
      const starts = files.map((bytes) => bytes.slice(0, 16));
      const noise = fc.uint8Array({ maxLength: 400, size: "max" });
      await fc.assert(
        fc.asyncProperty(fc.constantFrom(...starts), noise, async (start, bytes) => {
          await expectHandled(concatBytes(start, bytes));
        }),
        { numRuns: 50 * SOAK },
      );
    },
    TIMEOUT_MS,
  );
});

describe("a footer", () => {
  const bytes = ipcOf(tableOf([plainBatch(someEvents(100)), plainBatch(someEvents(100))]), "file");
  const lengthAt = bytes.byteLength - 10;
  const footerAt = lengthAt - new DataView(bytes.buffer).getInt32(lengthAt, true);
  const footer = Footer.getRootAsFooter(new ByteBuffer(bytes.subarray(footerAt, lengthAt)));

  /** The file with another place of its second batch. */
  function withSecondBatchAt(place: bigint): Uint8Array<ArrayBuffer> {
    const changed = bytes.slice();
    const block = footer.recordBatches(1)?.bb_pos ?? 0;
    new DataView(changed.buffer).setBigInt64(footerAt + block, place, true);
    return changed;
  }

  it("that names batches again and again cannot make much of little", async () => {
    const first = footer.recordBatches(0)?.offset() ?? 0n;
    expect((await loaded(withSecondBatchAt(first))).report.events).toBe(200);
    const batch = ipcOf(tableOf([plainBatch(someEvents(100))]), "file");
    const error = await loadTable(repeated(batch, 100)).catch((caught) => caught);
    expect(isEventError(error, "invalid-header"), String(error)).toBe(true);
    expect(error.message).toContain("overlap");
  });

  it.each([0n, -8n, 7n, 9n, 2n ** 40n, 2n ** 63n - 1n])(
    "cannot place a batch at %i",
    async (place) => {
      const error = await loadTable(withSecondBatchAt(place)).catch((caught) => caught);
      expect(isEventError(error, "invalid-header"), String(error)).toBe(true);
    },
  );

  it.each([0, -1, 2 ** 31 - 1, 1_000_000])("of length %i is an error", async (length) => {
    const changed = bytes.slice();
    new DataView(changed.buffer).setInt32(lengthAt, length, true);
    const error = await loadTable(changed).catch((caught) => caught);
    expect(error).toMatchObject({ code: "invalid-header", byteOffset: lengthAt });
    expect(error.message).toContain("footer");
  });
});

/** A file of one batch whose footer names it many times. */
function repeated(file: Uint8Array<ArrayBuffer>, times: number): Uint8Array<ArrayBuffer> {
  const lengthAt = file.byteLength - 10;
  const footerAt = lengthAt - new DataView(file.buffer).getInt32(lengthAt, true);
  const bytes = file.subarray(footerAt, lengthAt);
  const footer = Footer.getRootAsFooter(new ByteBuffer(bytes));
  const block = footer.recordBatches(0)?.bb_pos ?? 0;
  // The list of batches is moved behind all else, where it has room to grow.
  const list = new Uint8Array(4 + 24 * times);
  new DataView(list.buffer).setInt32(0, times, true);
  for (let index = 0; index < times; index++)
    list.set(bytes.slice(block, block + 24), 4 + index * 24);
  const start = Math.ceil(bytes.byteLength / 8) * 8 + 4;
  const longer = new Uint8Array(start + list.byteLength);
  longer.set(bytes);
  longer.set(list, start);
  const view = new DataView(longer.buffer);
  const table = view.getInt32(0, true);
  const field = table + view.getUint16(table - view.getInt32(table, true) + 10, true);
  view.setInt32(field, start - field, true);
  const end = new Uint8Array(10);
  new DataView(end.buffer).setInt32(0, longer.byteLength, true);
  end.set(file.subarray(-6), 4);
  return concatBytes(file.subarray(0, footerAt), longer, end);
}
