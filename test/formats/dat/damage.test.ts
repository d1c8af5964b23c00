/**
 * Damaged DAT recordings: whatever the bytes are, a load ends with our error or with a table of
 * events on the sensor, the one that the reference decoder gives.
 */
import fc from "fast-check";
import { describe, it } from "vitest";
import { type DamagedFormat, damagedBytes, expectHandled, noise } from "../../support/damage.ts";
import {
  CD,
  EVENT_2D,
  EXT_TRIGGER,
  event,
  recordingOf,
  recordStream,
  VERSION_1,
} from "../../support/dat-records.ts";
import { concatBytes, latin1Bytes, randomNumbers } from "../../support/evt2-words.ts";
import { SOAK } from "../../support/soak.ts";
import { expectedDat } from "./loads.ts";

const HEADERS = [
  "% Version 2\n% Width 640\n% Height 480\n",
  "% Data file containing CD events.\n% Version 2\n% Date 2017-10-31 11:29:21\n",
  "% Height 240\n% Version 1\n% Width 304\n% end\n",
  "% Version 2\r\n",
];

const FORMAT: DamagedFormat = {
  format: "dat",
  wordBytes: 8,
  preambleBytes: 2,
  largest: { width: 2 ** 14, height: 2 ** 14 },
  expected: (bytes, { geometry, assumptions }) => expectedDat(bytes, { geometry, assumptions }),
};

const SMALL = [
  ...[event(1, 2, 3), event(5, 6, 7), event(4, 1, 1), event(2 ** 32 - 1, 1, 1), event(0, 700, 1)],
  ...Array.from({ length: 17 }, (_, index) => event(index, index, index, index % 2)),
];
const types = fc.constantFrom(EVENT_2D, CD, CD, EXT_TRIGGER);
const headers = fc.constantFrom(...HEADERS);

describe("a recording", () => {
  it("that is cut at any byte", async () => {
    for (const [index, header] of HEADERS.entries()) {
      const type = [CD, EVENT_2D, CD, EXT_TRIGGER][index] ?? CD;
      const bytes = recordingOf(SMALL, { header, type });
      for (let length = 0; length <= bytes.byteLength; length++) {
        // The records are the same behind every header; of a header, each third place.
        const isInHeader = length < header.length;
        if (SOAK === 1 && isInHeader && length % 3 !== index % 3) continue;
        if (SOAK === 1 && index > 0 && length > header.length + 2 && length % 4 !== index) continue;
        await expectHandled(FORMAT, bytes.slice(0, length), length % 8 === 0 ? 9 : 0);
      }
    }
  });

  it("with one byte changed, some of them to some values", async () => {
    const random = randomNumbers(1);
    for (const header of HEADERS) {
      const bytes = recordingOf(SMALL.slice(0, 4), { header });
      for (let at = 0; at < bytes.byteLength; at += SOAK > 1 ? 1 : 11) {
        for (const value of [0x0a, 0x20, 0x25, 0x30 + random(10), random(256)]) {
          const changed = bytes.slice();
          changed[at] = value;
          await expectHandled(FORMAT, changed);
        }
      }
    }
  });

  it("with bytes changed, lost, repeated and put in between", async () => {
    const recordings = fc
      .tuple(headers, types, recordStream({ maxPassages: 8 }))
      .map(([header, type, list]) => recordingOf(list, { header, type }));
    const pieces = fc.integer({ min: 1, max: 500 });
    await fc.assert(
      fc.asyncProperty(damagedBytes(recordings), pieces, async (bytes, pieceBytes) => {
        await expectHandled(FORMAT, bytes, pieceBytes);
      }),
      { numRuns: 25 * SOAK },
    );
  });

  it("of the other version", async () => {
    await fc.assert(
      fc.asyncProperty(recordStream({ version: VERSION_1 }), types, async (records, type) => {
        await expectHandled(FORMAT, recordingOf(records, { type }), 77);
      }),
      { numRuns: 20 * SOAK },
    );
  });
});

it("handles noise behind a header that claims DAT", async () => {
  await fc.assert(
    fc.asyncProperty(headers, types, noise(), async (header, type, bytes) => {
      const preamble = Uint8Array.of(type, 8);
      await expectHandled(FORMAT, concatBytes(latin1Bytes(header), preamble, bytes), 101);
      await expectHandled(FORMAT, concatBytes(latin1Bytes(header), bytes));
    }),
    { numRuns: 30 * SOAK },
  );
});
