/**
 * Damaged EVT 3.0 recordings: whatever the bytes are, a load ends with our error or with a table of
 * events on the sensor, the one that the reference decoder gives.
 */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  type EventErrorCode,
  type EventTable,
  isEventError,
  loadTable,
  reportOf,
} from "../../../src/index.ts";
import { parseRawHeader } from "../../reference/raw-header.ts";
import { concatBytes, latin1Bytes, randomNumbers } from "../../support/evt2-words.ts";
import {
  base,
  on,
  others,
  PLAIN_HEADER,
  recordingOf,
  row,
  timeHigh,
  timeLow,
  trigger,
  triple,
  wordStream,
} from "../../support/evt3-words.ts";
import { columnsOf, expectSameColumns } from "../../support/expected-load.ts";
import { PieceSource } from "../../support/sources.ts";
import { expectedEvt3 } from "./loads.ts";

/** Everything that may be wrong with bytes in memory. */
const DAMAGES: readonly EventErrorCode[] = [
  "empty-source",
  "git-lfs-pointer",
  "unknown-format",
  "unsupported-format",
  "invalid-header",
  "geometry-conflict",
];

const HEADERS = [
  PLAIN_HEADER,
  "% date 2024-01-01 12:00:00\n% format EVT3;height=480;width=640\n% geometry 640x480\n% end\n",
  "% integrator_name Prophesee\n% system_ID 48\n% evt 3.0\n",
  "% evt 3.0\r\n",
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
async function expectHandled(bytes: Uint8Array<ArrayBuffer>, pieceBytes = 0): Promise<void> {
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
  const { width, height } = report.geometry ?? { width: 65536, height: 2048 };
  for (let index = 0; index < columns.x.length; index++) {
    const [x = width, y = height] = [columns.x[index], columns.y[index]];
    if (x >= width || y >= height) throw new Error(`row ${index} lies outside: ${x}, ${y}`);
  }
  const { dataOffset } = parseRawHeader(bytes);
  expect(report.truncatedBytes).toBe((bytes.byteLength - dataOffset) % 2);
  expect(report.bytesRead).toBe(bytes.byteLength);
  for (const at of Object.values(report.firstAt)) {
    expect(at).toBeGreaterThanOrEqual(dataOffset);
    expect(at).toBeLessThan(bytes.byteLength);
  }

  // A change of the header may have made it a recording of another format.
  if (report.format === "evt3") {
    const { geometry, assumptions } = report;
    const expected = expectedEvt3(bytes, { geometry, assumptions });
    expectSameColumns(columns, expected.columns);
    expect(report).toEqual(expected.report);
  }
  if (typeof inPieces === "string") throw new Error(`in pieces: ${inPieces}`);
  expectSameColumns(columnsOf(inPieces), columns);
  const mode = pieceBytes === 0 ? "direct" : "chunked";
  expect(reportOf(inPieces)).toEqual({ ...report, mode });
  const lost = Object.keys(report.firstAt).length > 0;
  expect(typeof strict === "string" ? strict : "whole").toBe(lost ? "data-loss" : "whole");
}

const SMALL = [
  ...[timeHigh(4095), row(2), timeLow(7), on(1), base(3), ...triple(0xfff, 0x842, 0x81)],
  ...[...triple(1, 2, 3), trigger(3, 1), others(0x19), 0xf123, 0x7001, timeHigh(0), on(639)],
  ...[
    row(479),
    on(5),
    on(6),
    on(7),
    on(8),
    on(9),
    timeLow(1),
    on(10),
    base(608),
    ...triple(1, 1, 1),
  ],
];

describe("a recording", () => {
  it("that is cut at any byte", async () => {
    for (const header of HEADERS) {
      const bytes = recordingOf(SMALL, { header });
      for (let length = 0; length <= bytes.byteLength; length++) {
        await expectHandled(bytes.slice(0, length), length % 8 === 0 ? 9 : 0);
      }
    }
  });

  it("with one byte changed, any of them to some values", async () => {
    const random = randomNumbers(1);
    const bytes = recordingOf(SMALL);
    for (let at = 0; at < bytes.byteLength; at++) {
      for (const value of [0x20, 0x30 + random(10), random(256)]) {
        const changed = bytes.slice();
        changed[at] = value;
        await expectHandled(changed);
      }
    }
  });

  it("with bytes changed, lost, repeated and put in between", async () => {
    const changes = fc.array(
      fc.record({
        kind: fc.constantFrom("flip", "set", "delete", "insert", "repeat", "zero"),
        at: fc.integer({ min: 0, max: 9999 }).map((part) => part / 10_000),
        value: fc.integer({ min: 0, max: 255 }),
        length: fc.integer({ min: 1, max: 40 }),
      }),
      { minLength: 1, maxLength: 6 },
    );
    const recordings = fc
      .tuple(fc.constantFrom(...HEADERS), wordStream({ maxPassages: 8 }))
      .map(([header, list]) => recordingOf(list, { header }));
    const pieces = fc.integer({ min: 1, max: 500 });
    await fc.assert(
      fc.asyncProperty(recordings, changes, pieces, async (bytes, list, pieceBytes) => {
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
          else if (kind === "insert")
            result = concatBytes(before, Uint8Array.of(value), part, after);
          else result = concatBytes(before, part, after);
        }
        await expectHandled(result, pieceBytes);
      }),
      { numRuns: 250 },
    );
  });
});

it("handles noise behind a header that claims EVT 3.0", async () => {
  const noise = fc
    .tuple(fc.integer(), fc.nat(3000), fc.constantFrom(256, 256, 128, 96))
    .map(([seed, length, below]) => {
      const random = randomNumbers(seed);
      return Uint8Array.from({ length }, () => random(below));
    });
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...HEADERS), noise, async (header, bytes) => {
      await expectHandled(concatBytes(latin1Bytes(header), bytes), 101);
    }),
    { numRuns: 150 },
  );
});
