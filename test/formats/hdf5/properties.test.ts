/** Whatever is in a file: the first row that is no event is named, and damage ends with our errors. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  EVENT_ERROR_CODES,
  type EventErrorCode,
  isEventError,
  loadTable,
  openRecording,
} from "../../../src/index.ts";
import { columnsOf, expectSameColumns } from "../../support/expected-load.ts";
import { writeHdf5 } from "../../support/hdf5-writer.ts";
import { streamed } from "../../support/loads.ts";
import { RecordingSource } from "../../support/sources.ts";
import { type EventFile, eventFiles, LAYOUTS } from "./event-files.ts";
import { expectedRows, SOAK } from "./loads.ts";

const TIMEOUT_MS = 60_000 * SOAK;
const anyFile = fc
  .constantFrom(...Object.keys(LAYOUTS))
  .chain((dialect) => eventFiles(dialect, 25));

describe("rows that hold no events", () => {
  it(
    "are named, or left out and counted; strict names the first of all losses",
    async () => {
      const sizes = fc.integer({ min: 1, max: 30 });
      await fc.assert(
        fc.asyncProperty(anyFile, sizes, async ({ bytes, options }: EventFile, batchEvents) => {
          const { columns, report } = await expectedRows(bytes, options);
          const error = await loadTable(bytes, options).catch((caught) => caught);
          if (report.malformedLines === 0) expectSameColumns(columnsOf(error), columns);
          else {
            expect(isEventError(error, "malformed-row"), String(error)).toBe(true);
            expect(error.row).toBe(report.firstRow?.malformedLine);
            expect(error.message).toMatch(/^a row of \/\S+ holds no event \(row \d+\): expected /);
          }
          const recording = await openRecording(bytes, options);
          const streamError = await streamed(recording.stream({ batchEvents })).catch(
            (caught) => caught,
          );
          expect(streamError.row).toBe(report.firstRow?.malformedLine);
          const skip = { ...options, onMalformed: "skip", strict: true } as const;
          const loss = await loadTable(bytes, skip).catch((caught) => caught);
          const rows = Object.values(report.firstRow ?? {});
          if (rows.length === 0) expectSameColumns(columnsOf(loss), columns);
          else {
            expect(isEventError(loss, "data-loss"), String(loss)).toBe(true);
            expect(loss.row).toBe(Math.min(...rows));
          }
        }),
        { numRuns: 25 * SOAK },
      );
    },
    TIMEOUT_MS,
  );
});

describe("a file of any bytes", () => {
  /** Everything that may be wrong with a file in memory. */
  const DAMAGES = new Set<EventErrorCode>([
    "empty-source",
    "unknown-format",
    "unsupported-format",
    "invalid-header",
    "damaged-data",
    "geometry-conflict",
    "malformed-row",
    "stream-ambiguous",
    "invalid-option",
  ]);

  /** Reads a file, however it is; a table may have what its bytes can become, and no more. */
  async function expectHandled(bytes: Uint8Array): Promise<void> {
    const source = new RecordingSource(bytes);
    const before = process.memoryUsage().arrayBuffers;
    const result = await loadTable(source, { onMalformed: "skip" }).catch((caught) => caught);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(2 ** 27);
    for (const { offset, length } of source.reads) {
      expect(offset + length).toBeLessThanOrEqual(bytes.byteLength);
    }
    if (result instanceof Error) {
      if (!isEventError(result)) throw result;
      expect(EVENT_ERROR_CODES).toContain(result.code);
      expect(DAMAGES.has(result.code), String(result)).toBe(true);
      expect(result.message).not.toMatch(/\[object|\bnull\b|\bNaN\b|Infinity|undefined (?!one)/);
      return;
    }
    // Deflate makes at most a thousand bytes of one.
    expect(result.numRows).toBeLessThan(bytes.byteLength * 1032);
  }

  it(
    "behind a sound superblock is an error",
    async () => {
      const superblock = writeHdf5({}).slice(0, 96);
      const noise = fc.uint8Array({ minLength: 0, maxLength: 3000 });
      await fc.assert(
        fc.asyncProperty(noise, fc.nat(2000), fc.boolean(), async (rest, root, isGroup) => {
          const bytes = new Uint8Array(96 + rest.byteLength);
          bytes.set(superblock);
          bytes.set(rest, 96);
          const view = new DataView(bytes.buffer);
          // The file ends where it does, and its root is anywhere, or at a header of noise.
          view.setBigUint64(40, BigInt(bytes.byteLength), true);
          view.setBigUint64(64, BigInt(isGroup ? 96 : root), true);
          if (isGroup && rest.byteLength > 16)
            bytes.set([1, 0, 4, 0, 1, 0, 0, 0, 200, 0, 0, 0], 96);
          await expectHandled(bytes);
        }),
        { numRuns: 80 * SOAK },
      );
    },
    TIMEOUT_MS,
  );

  it(
    "that was sound but for some of them is read or refused",
    async () => {
      const changes = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 4 });
      await fc.assert(
        fc.asyncProperty(anyFile, changes, async ({ bytes: sound }, list) => {
          const bytes = sound.slice();
          for (const [place, value] of list) bytes[place % bytes.byteLength] = value;
          await expectHandled(bytes);
        }),
        { numRuns: 160 * SOAK },
      );
    },
    TIMEOUT_MS,
  );

  it(
    "that was sound but for its end is read or refused",
    async () => {
      await fc.assert(
        fc.asyncProperty(anyFile, fc.nat(), async ({ bytes }, place) => {
          await expectHandled(bytes.slice(0, place % bytes.byteLength));
        }),
        { numRuns: 60 * SOAK },
      );
    },
    TIMEOUT_MS,
  );
});
