/**
 * Damaged recordings: whatever the bytes are, a load ends with our error or with a table in which
 * every word of the data is accounted for. `EVARROW_SOAK=n` makes n times as many runs.
 */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  type EventErrorCode,
  type EventTable,
  isEventError,
  type LoadReport,
  loadTable,
  openRecording,
  reportOf,
} from "../../src/index.ts";
import { parseRawHeader } from "../reference/raw-header.ts";
import {
  concatBytes,
  latin1Bytes,
  randomNumbers,
  recordingOf,
  wordStream,
} from "../support/evt2-words.ts";
import {
  columnsOf,
  expectedLoad,
  expectSameColumns,
  joinColumns,
  type PlainColumns,
  SOME_REASON,
} from "../support/expected-load.ts";
import { PieceSource } from "../support/sources.ts";

const SOAK = Math.max(Number(process.env.EVARROW_SOAK ?? 1) || 1, 1);
const TIMEOUT_MS = 60_000 * SOAK;

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
  "% evt 2.0\n% geometry 640x480\n% end\n",
  "% date 2024-01-01 12:00:00\n% format EVT2;height=480;width=640\n% geometry 640x480\n% end\n",
  "% integrator_name Prophesee\n% system_ID 21\n% evt 2.0\n",
  "% evt 2.0\r\n",
];

/** The words of the data, those that only set the clock apart. */
function countWords(bytes: Uint8Array, dataOffset: number): { words: number; timeWords: number } {
  const words = Math.floor((bytes.byteLength - dataOffset) / 4);
  let timeWords = 0;
  for (let word = 0; word < words; word++) {
    // The type stands in the last byte of a little-endian word.
    if ((bytes[dataOffset + word * 4 + 3] ?? 0) >> 4 === 0x8) timeWords += 1;
  }
  return { words, timeWords };
}

const sum = (counts: Readonly<Record<string, number>>): number =>
  Object.values(counts).reduce((total, count) => total + count, 0);

function expectSound(
  bytes: Uint8Array<ArrayBuffer>,
  columns: PlainColumns,
  report: LoadReport,
): void {
  const { dataOffset } = parseRawHeader(bytes);
  const { words, timeWords } = countWords(bytes, dataOffset);
  const accounted =
    report.events +
    report.eventsBeforeTimeBase +
    report.eventsOutsideGeometry +
    report.triggers +
    report.triggersBeforeTimeBase +
    sum(report.skippedWords) +
    sum(report.unknownWords);
  expect(accounted + timeWords).toBe(words);
  expect(report.truncatedBytes).toBe((bytes.byteLength - dataOffset) % 4);
  expect(report.bytesRead).toBe(bytes.byteLength);
  expect(columns.x.length).toBe(report.events);

  const { width, height } = report.geometry ?? { width: 2048, height: 2048 };
  for (let row = 0; row < columns.x.length; row++) {
    const [x = width, y = height] = [columns.x[row], columns.y[row]];
    if (x >= width || y >= height) throw new Error(`row ${row} lies outside: ${x}, ${y}`);
  }
  for (const at of Object.values(report.firstAt)) {
    expect(at).toBeGreaterThanOrEqual(dataOffset);
    expect(at).toBeLessThan(bytes.byteLength);
  }

  const { geometry, assumptions } = report;
  const expected = expectedLoad(bytes, { geometry, assumptions });
  expectSameColumns(columns, expected.columns);
  expect(report).toEqual(expected.report);
}

/** A table, or the code of our error; any other error is thrown on. */
async function outcome(load: () => Promise<EventTable>): Promise<EventTable | EventErrorCode> {
  try {
    return await load();
  } catch (error) {
    if (isEventError(error)) return error.code;
    throw error;
  }
}

/**
 * Loads from memory, in batches, strictly and, where a size is given, in pieces: all must agree.
 */
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
  // A change of the header may have made it a recording of another format.
  if (report.format === "evt2") expectSound(bytes, columns, report);

  if (typeof inPieces === "string") throw new Error(`in pieces: ${inPieces}`);
  expectSameColumns(columnsOf(inPieces), columns);
  const mode = pieceBytes === 0 ? "direct" : "chunked";
  expect(reportOf(inPieces)).toEqual({ ...report, mode, modeReason: SOME_REASON });

  const isWhole = Object.keys(report.firstAt).length === 0;
  if (typeof strict !== "string") expect(isWhole).toBe(true);
  else expect([strict, isWhole]).toEqual(["data-loss", false]);

  const recording = await openRecording(bytes);
  const batches: PlainColumns[] = [];
  for await (const batch of recording.stream({ batchEvents: 50 })) batches.push(columnsOf(batch));
  expectSameColumns(joinColumns(batches), columns);
  expect((await recording.triggers()).numRows).toBe(report.triggers);
}

const words = wordStream({ maxPassages: 30 });
const recordings = fc
  .tuple(fc.constantFrom(...HEADERS), words)
  .map(([header, list]) => recordingOf(list, { header }));

/** A change that a disk, a cable or a program may make; positions are parts of the length. */
const change = fc.record({
  kind: fc.constantFrom("flip", "set", "delete", "insert", "repeat", "zero"),
  at: fc.integer({ min: 0, max: 9999 }).map((part) => part / 10_000),
  // Headers are short and matter more, but where they are damaged nothing else is looked at.
  inHeader: fc.integer({ min: 0, max: 15 }).map((part) => part === 0),
  value: fc.integer({ min: 0, max: 255 }),
  length: fc.integer({ min: 1, max: 40 }),
});

type Change = typeof change extends fc.Arbitrary<infer Value> ? Value : never;

function damaged(
  bytes: Uint8Array<ArrayBuffer>,
  changes: readonly Change[],
): Uint8Array<ArrayBuffer> {
  let result = bytes;
  for (const { kind, at, inHeader, value, length } of changes) {
    const range = inHeader ? Math.min(result.byteLength, 60) : result.byteLength;
    const start = Math.floor(at * range);
    const end = Math.min(start + length, result.byteLength);
    const [before, part, after] = [
      result.subarray(0, start),
      result.slice(start, end),
      result.subarray(end),
    ];
    if (kind === "flip" && part.byteLength > 0) part[0] = (part[0] ?? 0) ^ (1 << (value % 8));
    if (kind === "set") part.fill(value, 0, 1);
    if (kind === "zero") part.fill(0);
    if (kind === "delete") result = concatBytes(before, after);
    else if (kind === "repeat") result = concatBytes(before, part, part, after);
    else if (kind === "insert") result = concatBytes(before, Uint8Array.of(value), part, after);
    else result = concatBytes(before, part, after);
  }
  return result;
}

describe("a recording", () => {
  it(
    "that is cut at any byte",
    async () => {
      for (let round = 0; round < SOAK; round++) {
        for (const [index, header] of HEADERS.entries()) {
          const [list = []] = fc.sample(
            words.filter(({ length }) => length > 100),
            {
              seed: 1000 * round + index,
              numRuns: 1,
            },
          );
          const bytes = recordingOf(list.slice(0, SOAK > 1 ? 150 : 40), { header });
          // At every byte; of all but the first header every third one.
          for (let length = 0; length <= bytes.byteLength; length += index === 0 ? 1 : 3) {
            await expectHandled(bytes.slice(0, length), length % 16 === 0 ? 9 : 0);
          }
        }
      }
    },
    TIMEOUT_MS,
  );

  it(
    "with one byte changed, any of them to some values",
    async () => {
      const random = randomNumbers(SOAK);
      for (let round = 0; round < SOAK; round++) {
        for (const header of HEADERS) {
          const bytes = recordingOf([0x80000001, 0x10400802, 0x00801003, 0x10c01804], { header });
          for (let at = 0; at < bytes.byteLength; at++) {
            // Digits, signs of the grammar, and anything.
            for (const [index, value] of [
              ...[0x0a, 0x20, 0x25],
              ...[0x30 + random(10), random(256)],
            ].entries()) {
              if (SOAK === 1 && (index + at) % 5 > 1) continue;
              const changed = bytes.slice();
              changed[at] = value;
              await expectHandled(changed);
            }
          }
        }
      }
    },
    TIMEOUT_MS,
  );

  it(
    "with bytes changed, lost, repeated and put in between",
    async () => {
      const changes = fc.array(change, { minLength: 1, maxLength: 6 });
      const pieces = fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 500 }));
      await fc.assert(
        fc.asyncProperty(recordings, changes, pieces, async (bytes, list, pieceBytes) => {
          await expectHandled(damaged(bytes, list), pieceBytes);
        }),
        { numRuns: 25 * SOAK },
      );
    },
    TIMEOUT_MS,
  );
});

describe("noise", () => {
  it(
    "alone",
    async () => {
      const starts = fc.constantFrom(
        "",
        "",
        "% ",
        "% \n",
        "% evt ",
        "#!AER-DAT",
        "version ",
        "1 2 3\n",
      );
      const noise = fc.uint8Array({ maxLength: 300, size: "max" });
      await fc.assert(
        fc.asyncProperty(starts, noise, async (start, bytes) => {
          await expectHandled(concatBytes(latin1Bytes(start), bytes));
        }),
        { numRuns: 20 * SOAK },
      );
    },
    TIMEOUT_MS,
  );

  it(
    "behind a header that claims EVT 2.0",
    async () => {
      const noise = fc
        .tuple(fc.integer(), fc.nat(3000), fc.constantFrom(256, 256, 128, 32))
        .map(([seed, length, below]) => {
          const random = randomNumbers(seed);
          return Uint8Array.from({ length }, () => random(below));
        });
      await fc.assert(
        fc.asyncProperty(fc.constantFrom(...HEADERS), noise, async (header, bytes) => {
          await expectHandled(concatBytes(latin1Bytes(header), bytes));
        }),
        { numRuns: 20 * SOAK },
      );
    },
    TIMEOUT_MS,
  );

  it(
    "of words that are plausible one by one",
    async () => {
      const list = fc.array(
        fc.tuple(fc.constantFrom(0, 1, 8, 8, 0xa, 0xe), fc.integer({ min: 0, max: 0xfffffff })),
        { maxLength: 300, size: "max" },
      );
      await fc.assert(
        fc.asyncProperty(fc.constantFrom(...HEADERS), list, async (header, pairs) => {
          const random = pairs.map(([type, rest]) => type * 2 ** 28 + rest);
          await expectHandled(recordingOf(random, { header }));
        }),
        { numRuns: 20 * SOAK },
      );
    },
    TIMEOUT_MS,
  );
});
