/**
 * Damaged files: whatever the bytes are, a load ends with our error or with the table that the
 * reference reader gives.
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
import { damagedBytes, noise } from "../../support/damage.ts";
import { concatBytes, latin1Bytes } from "../../support/evt2-words.ts";
import { columnsOf, expectSameColumns } from "../../support/expected-load.ts";
import { expectStrict } from "../../support/loads.ts";
import { PieceSource } from "../../support/sources.ts";
import { csvLines } from "./lines.ts";
import { csvOf, expectedCsv, SENSOR } from "./loads.ts";

const HEADERS = [
  "x,y,t,polarity\n",
  "x,y,t,polarity\r\n",
  "\xef\xbb\xbfx,y,t,polarity\n",
  "\xef\xbb\xbfx,y,t,polarity\r\n",
];

/** What bytes can be taken for once their header row is damaged. */
const OTHERS: readonly EventErrorCode[] = ["empty-source", "unknown-format", "unsupported-format"];

async function outcome(load: () => Promise<EventTable>): Promise<EventTable | EventErrorCode> {
  try {
    return await load();
  } catch (error) {
    if (isEventError(error)) return error.code;
    throw error;
  }
}

/** Loads in one piece, in pieces, strictly, with and without a sensor: all must agree. */
async function expectHandled(bytes: Uint8Array<ArrayBuffer>, pieceBytes = 0): Promise<void> {
  const table = await outcome(() => loadTable(bytes));
  const pieces = () => (pieceBytes === 0 ? bytes : new PieceSource(bytes, () => pieceBytes));
  if (typeof table === "string") {
    expect(OTHERS).toContain(table);
    expect(await outcome(() => loadTable(pieces()))).toBe(table);
    expect(await outcome(() => loadTable(bytes, { strict: true }))).toBe(table);
    return;
  }
  const expected = expectedCsv(bytes);
  expectSameColumns(columnsOf(table), expected.columns);
  expect(reportOf(table)).toEqual(expected.report);
  const mode = pieceBytes === 0 ? "direct" : "chunked";
  const onSensor = expectedCsv(bytes, { geometry: SENSOR, mode });
  const inPieces = await loadTable(pieces(), { geometry: SENSOR });
  expectSameColumns(columnsOf(inPieces), onSensor.columns);
  expect(reportOf(inPieces)).toEqual(onSensor.report);
  await expectStrict(bytes, expected, () => loadTable(bytes, { strict: true }));
}

const SMALL = `12,34,1000057,1\n\r\n0,0,0,0\r\n${"1".repeat(70)}\n639,479,-5,-1\n1,1,9223372036854775807,0`;

describe("a file", () => {
  it("that is cut at any byte", async () => {
    for (const header of HEADERS) {
      const bytes = csvOf(SMALL, header);
      for (let length = 0; length <= bytes.byteLength; length++) {
        await expectHandled(bytes.slice(0, length), length % 8 === 0 ? 9 : 0);
      }
    }
  });

  it("with one byte changed, any of them to some values", async () => {
    const bytes = csvOf(SMALL);
    for (let at = 0; at < bytes.byteLength; at++) {
      for (const value of [0x0a, 0x2c, 0x2d, 0x39, 0xff]) {
        const changed = bytes.slice();
        changed[at] = value;
        await expectHandled(changed);
      }
    }
  });

  it("with bytes changed, lost, repeated and put in between", async () => {
    const files = fc
      .tuple(fc.constantFrom(...HEADERS), csvLines(20))
      .map(([header, lines]) => csvOf(lines, header));
    await fc.assert(
      fc.asyncProperty(damagedBytes(files), fc.integer({ min: 1, max: 300 }), expectHandled),
      { numRuns: 120 },
    );
  });
});

it("handles noise behind the header row", async () => {
  const characters = fc.string({
    unit: fc.constantFrom(..."01289-,,,\n\n\r"),
    maxLength: 2000,
    size: "max",
  });
  const bytes = fc.oneof(noise(), characters.map(latin1Bytes));
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...HEADERS), bytes, async (header, rest) => {
      await expectHandled(concatBytes(latin1Bytes(header), rest), 101);
    }),
    { numRuns: 80 },
  );
});
