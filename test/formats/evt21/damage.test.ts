/**
 * Damaged EVT 2.1 recordings: whatever the bytes are, a load ends with our error or with a table of
 * events on the sensor, the one that the reference decoder gives.
 */
import fc from "fast-check";
import { describe, it } from "vitest";
import { type DamagedFormat, damagedBytes, expectHandled, noise } from "../../support/damage.ts";
import { concatBytes, latin1Bytes, randomNumbers } from "../../support/evt2-words.ts";
import {
  type ByteOrder,
  continued,
  neg,
  others,
  PLAIN_HEADERS,
  pos,
  recordingOf,
  timeHigh,
  trigger,
  wordStream,
} from "../../support/evt21-words.ts";
import { SOAK } from "../../support/soak.ts";
import { expectedEvt21, orderOf } from "./loads.ts";

/** Headers, and the order in which words are written behind them. */
const HEADERS: readonly (readonly [header: string, order: ByteOrder])[] = [
  [PLAIN_HEADERS.little, "little"],
  [PLAIN_HEADERS.legacy, "legacy"],
  ["% format EVT21;endianness=legacy;height=480;width=640\n% geometry 640x480\n% end\n", "legacy"],
  ["% integrator_name Prophesee\n% system_ID 49\n% evt 2.1\n", "legacy"],
  ["% evt 2.1\r\n", "little"], // as the data show, or fail to
  ["% evt 2.1\n", "legacy"],
  ["% endianness little\n% evt 2.1\n", "legacy"], // which is wrong
];

const FORMAT: DamagedFormat = {
  format: "evt21",
  wordBytes: 8,
  largest: { width: 2079, height: 2048 },
  expected: (bytes, report) => {
    const { geometry, assumptions } = report;
    return expectedEvt21(bytes, { order: orderOf(bytes, report), geometry, assumptions });
  },
};

const SMALL = [
  ...[timeHigh(0xfffffff), pos(3, 64, 7, 0x80000001), neg(4, 600, 8, 0xffffffff), trigger(5, 6, 1)],
  ...[others(0x19, 0xf0000001), continued(7), timeHigh(0), pos(0, 1, 1, 3), neg(0, 5, 479, 1)],
  ...[timeHigh(0), pos(1, 32, 1, 0x10), neg(1, 64, 2, 0xff), pos(2, 3, 3, 1), pos(2, 4, 4, 1)],
];

describe("a recording", () => {
  it("that is cut at any byte", async () => {
    for (const [index, [header, order]] of HEADERS.entries()) {
      const bytes = recordingOf(SMALL, { header, order });
      for (let length = 0; length <= bytes.byteLength; length++) {
        // The words are the same behind every header of an order; of a header, each third place.
        const isInHeader = length <= header.length;
        if (SOAK === 1 && isInHeader && length % 3 !== index % 3) continue;
        if (SOAK === 1 && index > 1 && !isInHeader && length % 7 !== index) continue;
        await expectHandled(FORMAT, bytes.slice(0, length), length % 8 === 0 ? 9 : 0);
      }
    }
  });

  it("with one byte changed, some of them to some values", async () => {
    const random = randomNumbers(1);
    for (const [header, order] of HEADERS.slice(1, 5)) {
      const bytes = recordingOf(SMALL, { header, order });
      for (let at = 0; at < bytes.byteLength; at += SOAK > 1 ? 1 : 11) {
        for (const value of [0x20, 0x30 + random(10), random(256)]) {
          const changed = bytes.slice();
          changed[at] = value;
          await expectHandled(FORMAT, changed);
        }
      }
    }
  });

  it("with bytes changed, lost, repeated and put in between", async () => {
    const recordings = fc
      .tuple(fc.constantFrom(...HEADERS), wordStream({ maxPassages: 8 }))
      .map(([[header, order], list]) => recordingOf(list, { header, order }));
    const pieces = fc.integer({ min: 1, max: 500 });
    await fc.assert(
      fc.asyncProperty(damagedBytes(recordings), pieces, async (bytes, pieceBytes) => {
        await expectHandled(FORMAT, bytes, pieceBytes);
      }),
      { numRuns: 30 * SOAK },
    );
  });
});

it("handles noise behind a header that claims EVT 2.1", async () => {
  const headers = fc.constantFrom(...HEADERS.map(([header]) => header));
  await fc.assert(
    fc.asyncProperty(headers, noise(), async (header, bytes) => {
      await expectHandled(FORMAT, concatBytes(latin1Bytes(header), bytes), 101);
    }),
    { numRuns: 20 * SOAK },
  );
});
