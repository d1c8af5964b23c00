/**
 * Damaged EVT 3.0 recordings: whatever the bytes are, a load ends with our error or with a table of
 * events on the sensor, the one that the reference decoder gives.
 */
import fc from "fast-check";
import { describe, it } from "vitest";
import { type DamagedFormat, damagedBytes, expectHandled, noise } from "../../support/damage.ts";
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
import { SOAK } from "../../support/soak.ts";
import { expectedEvt3 } from "./loads.ts";

const HEADERS = [
  PLAIN_HEADER,
  "% date 2024-01-01 12:00:00\n% format EVT3;height=480;width=640\n% geometry 640x480\n% end\n",
  "% integrator_name Prophesee\n% system_ID 48\n% evt 3.0\n",
  "% evt 3.0\r\n",
];

const FORMAT: DamagedFormat = {
  format: "evt3",
  wordBytes: 2,
  largest: { width: 65536, height: 2048 },
  expected: (bytes, { geometry, assumptions }) => expectedEvt3(bytes, { geometry, assumptions }),
};

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
    for (const [index, header] of HEADERS.entries()) {
      const bytes = recordingOf(SMALL, { header });
      for (let length = 0; length <= bytes.byteLength; length++) {
        // The words are the same behind every header.
        if (SOAK === 1 && index > 0 && length > header.length && length % 5 !== index % 5) continue;
        await expectHandled(FORMAT, bytes.slice(0, length), length % 8 === 0 ? 9 : 0);
      }
    }
  });

  it("with one byte changed, any of them to some values", async () => {
    const random = randomNumbers(1);
    const bytes = recordingOf(SMALL);
    for (let at = 0; at < bytes.byteLength; at++) {
      for (const [index, value] of [0x20, 0x30 + random(10), random(256)].entries()) {
        if (SOAK === 1 && (index + at) % 3 !== 0) continue;
        const changed = bytes.slice();
        changed[at] = value;
        await expectHandled(FORMAT, changed);
      }
    }
  });

  it("with bytes changed, lost, repeated and put in between", async () => {
    const recordings = fc
      .tuple(fc.constantFrom(...HEADERS), wordStream({ maxPassages: 8 }))
      .map(([header, list]) => recordingOf(list, { header }));
    const pieces = fc.integer({ min: 1, max: 500 });
    await fc.assert(
      fc.asyncProperty(damagedBytes(recordings), pieces, async (bytes, pieceBytes) => {
        await expectHandled(FORMAT, bytes, pieceBytes);
      }),
      { numRuns: 50 * SOAK },
    );
  });
});

it("handles noise behind a header that claims EVT 3.0", async () => {
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...HEADERS), noise(), async (header, bytes) => {
      await expectHandled(FORMAT, concatBytes(latin1Bytes(header), bytes), 101);
    }),
    { numRuns: 30 * SOAK },
  );
});
