/**
 * Damaged recordings of one format: whatever the bytes are, a load ends with our error or with the
 * table that the reference decoder gives, all of its events on the sensor.
 */
import fc from "fast-check";
import { expect } from "vitest";
import {
  type EventErrorCode,
  type EventTable,
  isEventError,
  type LoadReport,
  loadTable,
  reportOf,
  type SensorGeometry,
} from "../../src/index.ts";
import { parseRawHeader } from "../reference/raw-header.ts";
import { concatBytes, randomNumbers } from "./evt2-words.ts";
import { columnsOf, type ExpectedLoad, expectSameColumns, SOME_REASON } from "./expected-load.ts";
import { PieceSource } from "./sources.ts";

/** What the checks have to know of a format. */
export interface DamagedFormat {
  format: string;
  wordBytes: number;
  /** Bytes between the text header and the words. Default 0. */
  preambleBytes?: number;
  /** The pixels that words can name where nothing says the sensor. */
  largest: SensorGeometry;
  /** What the recording must give, with the facts of the header as the report has them. */
  expected: (bytes: Uint8Array, report: LoadReport) => ExpectedLoad;
}

/** Everything that may be wrong with bytes in memory. */
const DAMAGES: readonly EventErrorCode[] = [
  "empty-source",
  "git-lfs-pointer",
  "unknown-format",
  "unsupported-format",
  "invalid-header",
  "geometry-conflict",
];

/** A table, or the code of our error; any other error is thrown on. */
async function outcome(load: () => Promise<EventTable>): Promise<EventTable | EventErrorCode> {
  try {
    return await load();
  } catch (error) {
    if (isEventError(error)) return error.code;
    throw error;
  }
}

/** Loads from memory, strictly and, where a size is given, in pieces: all must agree. */
export async function expectHandled(
  { format, wordBytes, preambleBytes = 0, largest, expected }: DamagedFormat,
  bytes: Uint8Array<ArrayBuffer>,
  pieceBytes = 0,
): Promise<void> {
  const whole = await outcome(() => loadTable(bytes));
  const pieces = new PieceSource(bytes, () => pieceBytes);
  const inPieces = pieceBytes === 0 ? whole : await outcome(() => loadTable(pieces));
  const strict = await outcome(() => loadTable(bytes, { strict: true }));
  if (typeof whole === "string") {
    expect(DAMAGES).toContain(whole);
    expect([inPieces, strict]).toEqual([whole, whole]);
    return;
  }
  const [columns, report] = [columnsOf(whole), reportOf(whole)];

  // A change of the header may have made it a recording of another format.
  if (report.format === format) {
    const { width, height } = report.geometry ?? largest;
    for (let index = 0; index < columns.x.length; index++) {
      const [x = width, y = height] = [columns.x[index], columns.y[index]];
      if (x >= width || y >= height) throw new Error(`row ${index} lies outside: ${x}, ${y}`);
    }
    const dataOffset = parseRawHeader(bytes).dataOffset + preambleBytes;
    expect(report.truncatedBytes).toBe((bytes.byteLength - dataOffset) % wordBytes);
    for (const at of Object.values(report.firstAt)) {
      expect(at).toBeGreaterThanOrEqual(dataOffset);
      expect(at).toBeLessThan(bytes.byteLength);
    }
    const load = expected(bytes, report);
    expectSameColumns(columns, load.columns);
    expect(report).toEqual(load.report);
  }
  expect(report.bytesRead).toBe(bytes.byteLength);
  if (typeof inPieces === "string") throw new Error(`in pieces: ${inPieces}`);
  expectSameColumns(columnsOf(inPieces), columns);
  const mode = pieceBytes === 0 ? "direct" : "chunked";
  expect(reportOf(inPieces)).toEqual({ ...report, mode, modeReason: SOME_REASON });
  const lost = Object.keys(report.firstAt).length > 0;
  expect(typeof strict === "string" ? strict : "whole").toBe(lost ? "data-loss" : "whole");
}

/** Recordings with bytes changed, lost, repeated and put in between. */
export function damagedBytes(
  recordings: fc.Arbitrary<Uint8Array<ArrayBuffer>>,
): fc.Arbitrary<Uint8Array<ArrayBuffer>> {
  const changes = fc.array(
    fc.record({
      kind: fc.constantFrom("flip", "set", "delete", "insert", "repeat", "zero"),
      at: fc.integer({ min: 0, max: 9999 }).map((part) => part / 10_000),
      value: fc.integer({ min: 0, max: 255 }),
      length: fc.integer({ min: 1, max: 40 }),
    }),
    { minLength: 1, maxLength: 6 },
  );
  return fc.tuple(recordings, changes).map(([bytes, list]) => {
    let result = bytes;
    for (const { kind, at, value, length } of list) {
      const start = Math.floor(at * result.byteLength);
      const before = result.subarray(0, start);
      const part = result.slice(start, start + length);
      const after = result.subarray(start + length);
      if (kind === "flip" && part.byteLength > 0) part[0] = (part[0] ?? 0) ^ (1 << (value % 8));
      if (kind === "set") part.fill(value, 0, 1);
      if (kind === "zero") part.fill(0);
      if (kind === "delete") result = concatBytes(before, after);
      else if (kind === "repeat") result = concatBytes(before, part, part, after);
      else if (kind === "insert") result = concatBytes(before, Uint8Array.of(value), part, after);
      else result = concatBytes(before, part, after);
    }
    return result;
  });
}

/** Bytes of no meaning: of all values, or of some only. */
export function noise(): fc.Arbitrary<Uint8Array<ArrayBuffer>> {
  return fc
    .tuple(fc.integer(), fc.nat(3000), fc.constantFrom(256, 256, 128, 96))
    .map(([seed, length, below]) => {
      const random = randomNumbers(seed);
      return Uint8Array.from({ length }, () => random(below));
    });
}
