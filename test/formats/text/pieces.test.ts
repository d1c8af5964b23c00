import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { text as textFormat } from "../../../src/formats/text/decoder.ts";
import {
  CR_LF,
  DECIMAL_TIMES,
  NO_SHAPE,
  SIGNED_OFF,
  WHOLE_TIMES,
} from "../../../src/formats/text/layout.ts";
import {
  digestEvents,
  isEventError,
  type LoadReport,
  loadTable,
  openRecording,
  reportOf,
  type SensorGeometry,
} from "../../../src/index.ts";
import { referenceDigest } from "../../reference/digest.ts";
import { CSV_DIALECT, SECONDS_DIALECT } from "../../reference/text.ts";
import { concatBytes, latin1Bytes } from "../../support/evt2-words.ts";
import { columnsOf, type ExpectedLoad, expectSameColumns } from "../../support/expected-load.ts";
import { expectStrict, streamed } from "../../support/loads.ts";
import { SOAK } from "../../support/soak.ts";
import { behindHead, FIRST_READ, PieceSource } from "../../support/sources.ts";
import { decodePieces, type PieceOptions } from "./decoder.ts";
import { type TextFile, textFiles } from "./lines.ts";
import { csvOf, expectedText, HEADER, optionsOf, SENSOR } from "./loads.ts";

const TIMEOUT_MS = 60_000 * SOAK;

/** Lines that are hard to cut: around the longest line, and around 32 and 64 bytes. */
const WORST = [
  ...["12,34,5,1\n", "\n", "\r\n", `${"0".repeat(61)}\n`, "0,0,0,0\n0,0,0,0\r\n", "1,2,6,1\r\n"],
  ...["1,2\n", "1,2,00000000000000000000007,1\n", "1,2,000000000000000000000008,1\n"],
  ...[`1,2,${"0".repeat(54)}9,1\n`, `1,2,${"0".repeat(55)}9,1\n`, `1,2,${"0".repeat(56)}9,1\n`],
  ...[`${"7".repeat(511)}\n`, "#\n", `${"8".repeat(512)}\n`, `#${"8".repeat(600)}\n`],
  ...[`${"x".repeat(900)}\n`, "639,479,-5,-1\n", "640,0,1,1\n", `${"\0".repeat(128)}\r\n`],
  ...["65535,65535,-9223372036854775808,-1\r\n", "\r\r\n", "1,1,9223372036854775807,1"],
].join("");

const FILES: readonly TextFile[] = [
  { bytes: csvOf(WORST), dialect: CSV_DIALECT, text: optionsOf(CSV_DIALECT) },
  {
    bytes: latin1Bytes(
      "0.000001 1 2 1\n1504645177.420000 12 34 0\n0.1234565 12 34 0\n1.12345649999 1279 719 1\n" +
        "-0.5 1 2 1\n1e-6 5 5 1\n 7.25  1 2 1 \n12 3 4 0\n0.5 1 2\n999999999999.999999 1 1 1\n1.5 3",
    ),
    dialect: SECONDS_DIALECT,
    text: optionsOf(SECONDS_DIALECT),
  },
  {
    bytes: latin1Bytes(
      "7.5 1 2 1\n7.5 3 4 0\n7.500001 5 6 1\n5 1.5 2 1\n8.25 1 2 1\n1,5 1 2 1\n8.5 1 2 0\n2x5 1 2 1\n" +
        "8.75 639 479 1\n.5 1 2 1\n5. 1 2 1\n9.000000 1 2 1\n123456789012.5 1 2 1\n9.5 1 2 0\n" +
        "1234567890123.5 1 2 1\n9223372036854.775807 1 2 1\n9223372036855.5 1 2 1\n9.75 1 2 1\n" +
        "10.5 1 2\n10.5 1 2 1 \n10.5 1 2.5 1\n11.5 1 2 1\n1.2.3 1 2 1\n12.5 1 2 1\n12.25 1 2 1\n13.5 1 2 1",
    ),
    dialect: SECONDS_DIALECT,
    text: optionsOf(SECONDS_DIALECT),
  },
  // Lines of 31 to 33 bytes, columns of all widths, and what is no column of its place. No OFF is -1,
  // which would keep the kernel from its shortest way.
  ...(["x,y,polarity,t", "t,x,y,polarity", "x,y,t,polarity"] as const).map((order) => {
    const columns = order.split(",") as ("x" | "y" | "t" | "polarity")[];
    const dialect = { separator: ",", columns, timeUnit: "us" } as const;
    const rows = [
      ...[
        "1 2 3 1",
        "1279 719 12345678 0",
        "1279 719 1234567890123456 1",
        "9 9 12345678901234567 1",
      ],
      ...["0001 0002 00000000000000000003 1", "1 2 000000000000000000000000004 0"],
      ...[
        "1 2 0000000000000000000000000005 0",
        "12345 2 3 1",
        "1 12345 3 1",
        "640 2 4 1",
        "2 480 4 1",
      ],
      ...["1 2 2 1", "1 2 5 2", "1 2 5 10", " 2 5 1", "1  5 1", "1 2  1", "1 2 5 ", "1 2 6 1"],
      ...["1 2 7.5 1", "1 2 8 x", "1,1 2 9 1", "1 2,2 9 1", "1 2 9,9 1", "1 2 9 1,1", "1 2 10 1"],
    ];
    const lines = rows.map((row) => {
      const [x, y, t, polarity] = row.split(" ");
      const values = { x, y, t, polarity };
      return columns.map((name) => values[name]).join(",");
    });
    return {
      bytes: latin1Bytes(`${lines.join("\n")}\n${lines.join("\n")}`),
      dialect,
      text: optionsOf(dialect),
    };
  }),
];

/** Whether the bytes around a place are all the same, so that it is a place like its neighbours. */
function isWithinSame(bytes: Uint8Array, place: number): boolean {
  const around = bytes.subarray(Math.max(place - 12, 0), place + 12);
  return around.byteLength === 24 && around.every((byte) => byte === around[0]);
}

/** Whether random lines with other columns do not outnumber those of the dialect. */
function isDetected({ bytes, dialect, text }: TextFile): boolean {
  const header = textFormat.readHeader(bytes, undefined, undefined, { text });
  return header.text.dialect.columns.length === dialect.columns.length;
}

/** What files must give, by file and then by options: it takes longer to find out than to decode. */
const expectations = new WeakMap<TextFile, Map<string, ExpectedLoad>>();

function expectedOf(
  file: TextFile,
  options: { geometry: SensorGeometry | null; rebase: boolean },
): ExpectedLoad {
  const found = expectations.get(file) ?? new Map<string, ExpectedLoad>();
  expectations.set(file, found);
  const key = JSON.stringify(options);
  const expected = found.get(key) ?? expectedText(file.bytes, file.dialect, options);
  found.set(key, expected);
  return expected;
}

async function expectPieces(file: TextFile, options: PieceOptions = {}): Promise<void> {
  const { bytes, text } = file;
  const { geometry = SENSOR, rebase = false } = options;
  const expected = expectedOf(file, { geometry, rebase });
  const { columns, report } = await decodePieces(bytes, { ...options, text, geometry });
  expectSameColumns(columns, expected.columns);
  const { mode: _, modeReason: _1, bytesRead: __, ...facts } = report;
  const { mode: ___, modeReason: _2, bytesRead: ____, ...expectedFacts } = expected.report;
  expect(facts).toEqual(expectedFacts);
}

describe("the decoder", () => {
  it(
    "goes on behind a cut anywhere",
    async () => {
      for (const [index, file] of FILES.entries()) {
        // The same lines in another order of columns: each place in one of them.
        const step = SOAK > 1 || index < 3 ? 1 : 3;
        for (let cut = index % step; cut <= file.bytes.byteLength; cut += step) {
          if (SOAK > 1 || !isWithinSame(file.bytes, cut)) await expectPieces(file, { cuts: [cut] });
        }
      }
    },
    TIMEOUT_MS,
  );

  it("goes on behind a tile that ends anywhere", async () => {
    for (const file of FILES) {
      for (let cut = 0; cut <= file.bytes.byteLength; cut += 7) {
        for (const room of SOAK > 1 ? [1, 2, 3] : [1 + (cut % 3)]) {
          await expectPieces(file, { cuts: [cut], room });
        }
      }
    }
  });

  it("takes one byte at a time", async () => {
    for (const file of FILES) {
      const cuts = Array.from({ length: file.bytes.byteLength }, (_, at) => at);
      await expectPieces(file, { cuts });
    }
  });

  it("goes on behind any two cuts of lines around the longest", async () => {
    for (const length of [509, 510, 511, 512, 1023, 1024]) {
      for (const filler of ["5", "#"]) {
        const bytes = csvOf(`1,1,1,1\n${filler.repeat(length)}\n2,2,2,1`);
        const file = { bytes, dialect: CSV_DIALECT, text: optionsOf(CSV_DIALECT) };
        for (let cut = 20; cut <= bytes.byteLength; cut += SOAK > 1 ? 31 : 53) {
          for (let next = cut; next <= bytes.byteLength; next += SOAK > 1 ? 101 : 151) {
            await expectPieces(file, { cuts: [cut, next] });
          }
        }
      }
    }
  });

  it(
    "reads any dialect, whatever the cuts and tiles",
    async () => {
      const passes = fc.record({
        at: fc.array(fc.nat(2500), { maxLength: 12 }),
        room: fc.constantFrom(1, 2, 7, 1000),
        rebase: fc.boolean(),
        isShaped: fc.boolean(),
        flags: fc.constantFrom(0, CR_LF, SIGNED_OFF, CR_LF | SIGNED_OFF),
      });
      await fc.assert(
        fc.asyncProperty(
          textFiles(),
          passes,
          async (file, { at, room, rebase, isShaped, flags }) => {
            fc.pre(isDetected(file));
            const { timeUnit } = file.dialect;
            // Whatever most lines look like: a shape that few lines have is slow, never wrong.
            const times = { us: WHOLE_TIMES, s: DECIMAL_TIMES, ms: NO_SHAPE, ns: NO_SHAPE }[
              timeUnit
            ];
            const shape = isShaped && times !== NO_SHAPE ? times | flags : NO_SHAPE;
            const ends = at
              .map((cut) => Math.min(cut, file.bytes.byteLength))
              .sort((a, b) => a - b);
            await expectPieces(file, { cuts: ends, room, rebase, shape });
          },
        ),
        { numRuns: 135 * SOAK },
      );
    },
    TIMEOUT_MS,
  );

  it(
    "reads any dialect one byte at a time",
    async () => {
      await fc.assert(
        fc.asyncProperty(textFiles(15), async (file) => {
          fc.pre(isDetected(file));
          const cuts = Array.from({ length: file.bytes.byteLength }, (_, at) => at);
          await expectPieces(file, { cuts, geometry: null });
        }),
        { numRuns: 10 * SOAK },
      );
    },
    TIMEOUT_MS,
  );
});

describe("bytes in pieces", () => {
  const options = { text: optionsOf(CSV_DIALECT), onMalformed: "skip", geometry: SENSOR } as const;

  /** Files whose lines begin so many bytes before the end of the first read, and what they give. */
  const files = Array.from({ length: 8 }, (_, at) => {
    const blank = "\n".repeat(FIRST_READ - HEADER.length - (at + 8));
    const bytes = csvOf(`${blank}1,1,1,1\n${WORST}`);
    const expected = expectedText(bytes, CSV_DIALECT, { geometry: SENSOR, mode: "chunked" });
    return { bytes, expected };
  });

  it.each([1, 2, 3, 7, 8, 17, 63, 64, 65, 511, 512, 513, 1000])("of %i bytes", async (size) => {
    const some = files.filter((_, at) => SOAK > 1 || at % 3 === size % 3);
    for (const { bytes, expected } of some) {
      const table = await loadTable(
        new PieceSource(
          bytes,
          behindHead(() => size),
        ),
        options,
      );
      expectSameColumns(columnsOf(table), expected.columns);
      expect(reportOf(table)).toEqual(expected.report);
    }
  });

  it(
    "strictly",
    async () => {
      const size = fc.integer({ min: 1, max: 90 });
      await fc.assert(
        fc.asyncProperty(textFiles(12), size, async (file, pieceBytes) => {
          fc.pre(isDetected(file));
          const { bytes, dialect, text } = file;
          const expected = expectedText(bytes, dialect, { geometry: SENSOR });
          await expectStrict(bytes, expected, () =>
            loadTable(new PieceSource(bytes, () => pieceBytes), {
              text,
              geometry: SENSOR,
              strict: true,
              onMalformed: "skip",
            }),
          );
        }),
        { numRuns: 20 * SOAK },
      );
    },
    TIMEOUT_MS,
  );

  it("with the header row cut anywhere", async () => {
    for (const header of ["x,y,t,polarity\n", "\xef\xbb\xbfx,y,t,polarity\r\n"]) {
      const bytes = csvOf("1,2,3,1\n4,5,6,0", header);
      for (let size = 1; size <= header.length + 1; size++) {
        const table = await loadTable(new PieceSource(bytes, () => size));
        expect(reportOf(table)).toMatchObject({ events: 2, firstAt: {}, assumptions: [] });
      }
    }
  });
});

describe("batches", () => {
  const sizes = fc.oneof(fc.integer({ min: 1, max: 30 }), fc.constantFrom(1, 64, 1000));

  it(
    "hold the events of the table, whatever their size",
    async () => {
      await fc.assert(
        fc.asyncProperty(textFiles(), sizes, fc.boolean(), async (file, batchEvents, rebase) => {
          fc.pre(isDetected(file));
          const { bytes, dialect, text } = file;
          const expected = expectedText(bytes, dialect, {
            rebase,
            geometry: SENSOR,
            mode: "chunked",
          });
          const open = { text, onMalformed: "skip", geometry: SENSOR } as const;
          const recording = await openRecording(bytes, open);
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
        { numRuns: 15 * SOAK },
      );
    },
    TIMEOUT_MS,
  );

  it("end anywhere", async () => {
    for (const { bytes, dialect, text } of FILES) {
      const recording = await openRecording(bytes, { text, onMalformed: "skip" });
      const expected = expectedText(bytes, dialect, { mode: "chunked" });
      for (let batchEvents = 1; batchEvents <= 12; batchEvents++) {
        const { columns } = await streamed(recording.stream({ batchEvents }));
        expectSameColumns(columns, expected.columns);
      }
    }
  });
});

it("a file of many tiles and reads is one recording", async () => {
  const count = 530_000;
  const events = Array.from({ length: count }, (_, at) => ({
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
  expect(on).toBe(Math.ceil(count / 3));
  const recording = await openRecording(bytes);
  const { sizes } = await streamed(recording.stream({ batches: "borrowed" }));
  expect(sizes.length).toBeGreaterThan(2);
  // The last line is named by its number, counted across all of it.
  const bad = concatBytes(bytes, latin1Bytes("1,1,no,1\n"));
  const error = await loadTable(bad).catch((caught) => caught);
  expect(isEventError(error, "malformed-line"), String(error)).toBe(true);
  expect(error).toMatchObject({ line: count + 2, column: 5, byteOffset: bytes.byteLength });
});
