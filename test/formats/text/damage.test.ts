/**
 * Damaged files: whatever the bytes are, a load ends with our error or with the table that the
 * reference reader gives for the dialect that was told from them. `EVARROW_SOAK=n` makes n times as
 * many random runs, and looks at every place instead of some.
 */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { text } from "../../../src/formats/text/decoder.ts";
import {
  type EventErrorCode,
  type EventTable,
  isEventError,
  type LoadOptions,
  loadTable,
  openRecording,
  reportOf,
} from "../../../src/index.ts";
import { damagedBytes, noise } from "../../support/damage.ts";
import { concatBytes, latin1Bytes } from "../../support/evt2-words.ts";
import { columnsOf, type ExpectedLoad, expectSameColumns } from "../../support/expected-load.ts";
import { expectStrict } from "../../support/loads.ts";
import { SOAK } from "../../support/soak.ts";
import { PieceSource } from "../../support/sources.ts";
import { textFiles } from "./lines.ts";
import { csvOf, expectedText } from "./loads.ts";

const TIMEOUT_MS = 60_000 * SOAK;

const HEADERS = [
  "x,y,t,polarity\n",
  "\xef\xbb\xbfx,y,t,polarity\r\n",
  "# a comment\n%geometry:640,480\n",
  "640 480\n",
  "",
];

/** What damaged first lines can lead to. */
const FIRST_LINES: readonly EventErrorCode[] = [
  "empty-source",
  "unknown-format",
  "unsupported-format",
  "invalid-header",
  "geometry-conflict",
];

async function outcome(load: () => Promise<EventTable>): Promise<EventTable | EventErrorCode> {
  try {
    return await load();
  } catch (error) {
    if (isEventError(error)) return error.code;
    throw error;
  }
}

/** What the reference reader makes of a file in the dialect that is told from its first lines. */
function expectedOf(bytes: Uint8Array): ExpectedLoad {
  const { text: found, dataOffset, geometry, assumptions } = text.readHeader(bytes, undefined);
  const { separator, columns, timeUnit, hasWholeTimes, comments } = found.dialect;
  const dialect = {
    separator: String.fromCharCode(separator),
    columns,
    timeUnit,
    hasWholeTimes,
    comments,
    dataOffset,
  };
  return expectedText(bytes, dialect, { geometry, assumptions });
}

/** Loads in one piece, in pieces of a size that is not 0, strictly, and up to the first malformed line: all must agree. */
async function expectHandled(bytes: Uint8Array<ArrayBuffer>, pieceBytes = 0): Promise<void> {
  const pieces = () => (pieceBytes === 0 ? bytes : new PieceSource(bytes, () => pieceBytes));
  const load = (options: LoadOptions, source: Parameters<typeof loadTable>[0] = bytes) =>
    loadTable(source, { onMalformed: "skip", ...options });
  const table = await outcome(() => load({}));
  if (typeof table === "string") {
    expect(FIRST_LINES).toContain(table);
    expect(await outcome(() => load({}, pieces()))).toBe(table);
    expect(await outcome(() => load({ strict: true }))).toBe(table);
    return;
  }
  expect(reportOf(table).format).toBe("text");
  const expected = expectedOf(bytes);
  expectSameColumns(columnsOf(table), expected.columns);
  expect(reportOf(table)).toEqual(expected.report);
  const inPieces = await load({}, pieces());
  expectSameColumns(columnsOf(inPieces), expected.columns);
  expect(reportOf(inPieces)).toEqual({
    ...expected.report,
    mode: pieceBytes === 0 ? "direct" : "chunked",
  });
  await expectStrict(bytes, expected, () => load({ strict: true }));
  const stopped = await outcome(() => load({ onMalformed: "error" }));
  const isWhole = expected.report.malformedLines === 0;
  expect(typeof stopped === "string" ? stopped : "whole").toBe(
    isWhole ? "whole" : "malformed-line",
  );
}

const SMALL = `12,34,1000057,1\n\r\n0,0,2000000,0\r\n${"1".repeat(70)}\n639,479,-5,-1\n1,1,9223372036854775807,0`;
const SECONDS =
  "0.5 12 34 1\n0.75 0 0 0\r\n\n1e-3 639 479 -1\n# a comment\n 7.1234567  1 1 1 \n8 5 5 0";

describe("a file", () => {
  it(
    "that is cut at any byte",
    async () => {
      const step = SOAK > 1 ? 1 : HEADERS.length;
      for (const [index, header] of HEADERS.entries()) {
        for (const lines of [SMALL, SECONDS]) {
          const bytes = csvOf(lines, header);
          // Of the lines, which are the same behind every header, each place is one of these.
          const first = (header.length + index) % step;
          for (let length = first; length <= bytes.byteLength; length += step) {
            await expectHandled(bytes.slice(0, length), length % 16 === 0 ? 9 : 0);
          }
          await expectHandled(bytes);
        }
      }
    },
    TIMEOUT_MS,
  );

  it(
    "with one byte changed, any of them to some values",
    async () => {
      const values = [0x00, 0x0a, 0x20, 0x2c, 0x2d, 0x2e, 0x39, 0x65];
      for (const bytes of [csvOf(SMALL), csvOf(SECONDS, "640 480\n")]) {
        for (let at = 0; at < bytes.byteLength; at++) {
          for (const [index, value] of values.entries()) {
            if (SOAK === 1 && (index + at) % 8 !== 0) continue;
            const changed = bytes.slice();
            changed[at] = value;
            await expectHandled(changed);
          }
        }
      }
    },
    TIMEOUT_MS,
  );

  it(
    "with bytes changed, lost, repeated and put in between",
    async () => {
      const files = textFiles(20).map(({ bytes }) => bytes);
      const pieceBytes = fc.integer({ min: 1, max: 300 });
      await fc.assert(fc.asyncProperty(damagedBytes(files), pieceBytes, expectHandled), {
        numRuns: 50 * SOAK,
      });
    },
    TIMEOUT_MS,
  );
});

it(
  "noise behind the first lines is handled",
  async () => {
    const unit = fc.constantFrom(..."01289-..,,,  \n\n\n\re#");
    const characters = fc.string({ unit, maxLength: 2000, size: "max" });
    const bytes = fc.oneof(noise(), characters.map(latin1Bytes));
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...HEADERS), bytes, async (header, rest) => {
        await expectHandled(concatBytes(latin1Bytes(`${header}1,2,3,1\n`), rest), 101);
      }),
      { numRuns: 30 * SOAK },
    );
  },
  TIMEOUT_MS,
);

it("text of many megabytes without a line feed is told at once, whatever it holds", async () => {
  const bytes = latin1Bytes("0.5 1 2 1\n".padEnd(7_000_000, "7"));
  const error = await loadTable(bytes).catch((caught) => caught);
  expect(error).toMatchObject({ code: "malformed-line", line: 2, expected: "at most 512 bytes" });
  const table = await loadTable(bytes, { onMalformed: "skip" });
  expect(reportOf(table)).toMatchObject({ events: 1, malformedLines: 1 });
  const blank = openRecording(new Uint8Array(1_000_000).fill(0x20));
  await expect(blank).rejects.toMatchObject({ code: "unknown-format" });
});
