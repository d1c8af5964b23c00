import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { orderOfData } from "../../../src/formats/evt21/byte-order.ts";
import {
  type Assumption,
  digestEvents,
  isEventError,
  loadStatistics,
  loadTable,
  openRecording,
  reportOf,
  sampleStatistics,
} from "../../../src/index.ts";
import {
  BYTE_ORDERS,
  type ByteOrder,
  neg,
  PLAIN_HEADERS,
  pos,
  recordingOf,
  timeHigh,
  trigger,
  type Word,
  wordBytes,
  wordStream,
} from "../../support/evt21-words.ts";
import { columnsOf, expectSameColumns } from "../../support/expected-load.ts";
import { expectTable } from "../../support/loads.ts";
import { SOAK } from "../../support/soak.ts";
import { expectedEvt21, SENSOR } from "./loads.ts";

/** A few words that show their order: under the other one, types are unknown. */
const WORDS: Word[] = [
  ...[timeHigh(7), pos(1, 32, 5, 0x20000000), neg(2, 64, 6, 0x40000001), timeHigh(7)],
  ...[pos(9, 96, 7, 0x80000000), timeHigh(8), pos(3, 1, 1, 0x50000000), trigger(5, 1, 1)],
];

/** Words, written in an order, behind the given header lines. */
const behind = (lines: string, order: ByteOrder, words: readonly Word[] = WORDS) =>
  recordingOf(words, { order, header: `% evt 2.1\n% geometry 640x480\n${lines}% end\n` });

/** What the report says of the byte order. */
async function assumedIn(bytes: Uint8Array<ArrayBuffer>): Promise<Assumption | undefined> {
  const { assumptions } = (await openRecording(bytes)).report;
  expect(assumptions.filter(({ what }) => what !== "byte order")).toEqual([]);
  return assumptions[0];
}

async function expectOrder(
  bytes: Uint8Array<ArrayBuffer>,
  order: ByteOrder,
  reason?: RegExp,
): Promise<void> {
  const assumption = await assumedIn(bytes);
  if (reason === undefined) expect(assumption).toBeUndefined();
  else expect(assumption).toMatchObject({ value: order, reason: expect.stringMatching(reason) });
  const assumptions = assumption ? [assumption] : [];
  await expectTable(bytes, expectedEvt21(bytes, { order, geometry: SENSOR, assumptions }));
}

describe("the byte order that a header states", () => {
  it.each<[lines: string, order: ByteOrder]>([
    ["% endianness little\n", "little"],
    ["% endianness legacy\n", "legacy"],
    ["% Endianness LEGACY\n", "legacy"],
    ["% endianness\tlegacy \r\n", "legacy"],
    ["% format EVT21;endianness=legacy\n", "legacy"],
    ["% format EVT21;endianness=little;height=480;width=640\n", "little"],
    ["% format EVT21;height=480;width=640;endianness=legacy\n", "legacy"],
    ["% format EVT2.1;Endianness= Legacy ;width=640;height=480\n", "legacy"],
    ["% format EVT21;endianness=legacy\n% endianness legacy\n", "legacy"],
    // The last of several lines counts, as with every key.
    ["% endianness little\n% endianness legacy\n", "legacy"],
    // Neither an age nor an integrator is asked then.
    ["% endianness little\n% system_ID 49\n", "little"],
    ["% endianness legacy\n% system_ID 59\n", "legacy"],
    ["% endianness legacy\n% integrator_name ACME\n", "legacy"],
  ])("%j is %s", async (lines, order) => {
    await expectOrder(behind(lines, order), order);
    const table = await loadTable(behind(lines, order), { strict: "assumptions" });
    expect(table.numRows).toBe(reportOf(table).events);
  });

  it.each([
    ["% endianness big\n", /byte order that is not known/, '"big"'],
    ["% endianness\n", /byte order that is not known/, '""'],
    ["% format EVT21;endianness=\n", /byte order that is not known/, '""'],
    ["% format EVT21;endianness=middle\n", /byte order that is not known/, '"middle"'],
    ["% endianness legacy\n% format EVT21;endianness=big\n", /not known/, '"big"'],
    ["% endianness legacy\n% format EVT21;endianness=little\n", /two byte orders/, "little"],
    ["% endianness little\n% format EVT21;endianness=legacy\n", /two byte orders/, "legacy"],
  ])("%j is refused", async (lines, message, found) => {
    const file = new File([behind(lines, "little")], "a.raw");
    const error = await loadTable(file).catch((caught) => caught);
    expect(isEventError(error, "invalid-header")).toBe(true);
    expect(error).toMatchObject({ path: "a.raw", format: "evt21" });
    expect(error.message).toMatch(message);
    expect(error.found).toContain(found);
    expect(error.expected).toMatch(/little|legacy/);
  });

  it("means nothing to other formats", async () => {
    const header = new TextEncoder().encode("% evt 2.0\n% endianness big\n% end\n");
    expect((await loadTable(header)).numRows).toBe(0);
  });
});

describe("the byte order that follows from the camera", () => {
  it.each<[lines: string, order: ByteOrder]>([
    ["% system_ID 49\n", "legacy"],
    ["% system_ID 54\n", "legacy"],
    ["% system_ID 55\n", "little"],
    ["% system_ID 59\n", "little"],
    ["% system_id 49\n% integrator_name Prophesee\n", "legacy"],
    ["% system_ID 64\n% integrator_name Prophesee\n", "little"],
    ["% system_ID 49\n% camera_integrator_name Prophesee S.A.\n", "legacy"],
    ["% system_ID 49\n% integrator_name ACME\n", "little"],
    ["% system_ID 59\n% plugin_integrator_name ACME\n", "little"],
    ["% integrator_name ACME\n", "little"],
    ["% system_ID none\n% integrator_name ACME\n", "little"],
  ])("%j is %s, which is an assumption", async (lines, order) => {
    const reason = lines.includes("ACME") ? /integrator/ : /system id \d\d/;
    // Whatever the data look like.
    for (const written of BYTE_ORDERS) await expectOrder(behind(lines, written), order, reason);
    const strict = loadTable(behind(lines, order), { strict: "assumptions" });
    await expect(strict).rejects.toMatchObject({ code: "assumption" });
    expect((await loadTable(behind(lines, order), { strict: true })).numRows).toBeGreaterThan(0);
  });
});

describe("the byte order that the data show", () => {
  it.each(["", "% integrator_name Prophesee\n", "% system_ID none\n", "% system_ID\n"])(
    "behind %j, which is an assumption",
    async (lines) => {
      for (const order of BYTE_ORDERS) {
        await expectOrder(behind(lines, order), order, /in this order the data make sense/);
      }
    },
  );

  it.each<[what: string, words: Word[]]>([
    ["nothing", []],
    ["no time word", [pos(1, 2, 3, 1), pos(2, 2, 3, 1)]],
    ["words without a bit", Array(9).fill([0, 0])],
    ["words that are the same either way", [[0x80000007, 0x80000007]]],
  ])("is `little` for %s", async (_, words) => {
    for (const written of BYTE_ORDERS) {
      await expectOrder(
        behind("", written, words),
        "little",
        /neither the header nor the data tell/,
      );
    }
  });

  it.each<[what: string, words: Word[]]>([
    ["one time word", [timeHigh(7)]],
    ["one time word and events", [timeHigh(7), pos(1, 2, 3, 1), neg(2, 3, 4, 0x80000001)]],
    ["masks that look like time words", [timeHigh(1), ...Array(9).fill(pos(1, 2, 3, 0x80000000))]],
    [
      "masks that look like time words, in front of the time",
      [...Array(9).fill(pos(1, 2, 3, 0x80000000)), timeHigh(1), timeHigh(2)],
    ],
    ["a time word whose unused half is set", [timeHigh(1, 0xffffffff), timeHigh(2, 0xffffffff)]],
    [
      "masks that look like time words, and no time",
      [pos(1, 2, 3, 0x80000000), neg(2, 3, 4, 0x40000001), pos(1, 2, 3, 0x80000000)],
    ],
    ["time words far apart", [timeHigh(1), timeHigh(0xfffffff), timeHigh(3), pos(1, 1, 1, 1)]],
  ])("is found for %s", (_, words) => {
    for (const order of BYTE_ORDERS) expect(orderOfData(wordBytes(words, order))).toBe(order);
  });

  it("is found for any orderly camera, wherever its data begin", () => {
    const streams = wordStream({ disorder: false });
    fc.assert(
      fc.property(streams, fc.nat(200), fc.nat(7), (words, skipped, tail) => {
        const rest = words.slice(Math.min(skipped, words.length - 1));
        const times = rest.filter(([upper]) => upper >>> 28 === 8).length;
        fc.pre(times > 2 && rest.length > 100);
        for (const order of BYTE_ORDERS) {
          const data = wordBytes(rest, order);
          expect(orderOfData(data.subarray(0, data.byteLength - tail))).toBe(order);
        }
      }),
      { numRuns: 80 * SOAK },
    );
  });

  it("is found, or is not, in noise", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (data) => {
        expect(["little", "legacy", null]).toContain(orderOfData(data));
      }),
    );
  });
});

describe("a byte order that the header gives wrong", () => {
  const words = [timeHigh(1), ...Array.from({ length: 32 }, (_, bit) => pos(bit, 32, 5, 2 ** bit))];

  it("shows in the report, as words of unknown type", async () => {
    for (const [stated, written] of [
      ["little", "legacy"],
      ["legacy", "little"],
    ] as const) {
      const bytes = behind(`% endianness ${stated}\n`, written, words);
      await expectOrder(bytes, stated);
      const table = await loadTable(bytes);
      expect(table.numRows).toBeLessThan(32);
      expect(reportOf(table).unknownWords).toEqual({ "0x2": 1, "0x4": 1 });
      const strict = loadTable(bytes, { strict: true });
      await expect(strict).rejects.toMatchObject({ code: "data-loss" });
    }
  });

  it("is decoded like any other data", async () => {
    const orders = fc.constantFrom(...BYTE_ORDERS);
    await fc.assert(
      fc.asyncProperty(wordStream(), orders, orders, async (list, stated, written) => {
        await expectOrder(behind(`% endianness ${stated}\n`, written, list), stated);
      }),
      { numRuns: 20 * SOAK },
    );
  });
});

describe("a byte order", () => {
  it("holds in every kind of pass", async () => {
    const [little, legacy] = BYTE_ORDERS.map((order) => behind(`% endianness ${order}\n`, order));
    if (little === undefined || legacy === undefined) throw new Error("two recordings");
    expect(await digestEvents(legacy)).toEqual(await digestEvents(little));
    expect(await loadStatistics(legacy)).toEqual(await loadStatistics(little));
    const recording = await openRecording(legacy);
    expect((await recording.triggers()).numRows).toBe(1);
    for (let pass = 0; pass < 2; pass++) {
      expectSameColumns(columnsOf(await loadTable(recording)), columnsOf(await loadTable(little)));
    }
  });

  it("holds in passes that start in the middle of a recording", async () => {
    const masks = Array.from({ length: 999 }, (_, index) => 2 ** (index % 31) + 0x80000000);
    const words = masks.map((mask, index) => pos(index % 64, index % 600, index % 480, mask));
    words.sort(([a], [b]) => a - b);
    const copies = Math.ceil((65 * 2 ** 20) / (1000 * 8)); // enough to be sampled
    const statistics = [];
    for (const order of BYTE_ORDERS) {
      const header = new TextEncoder().encode(PLAIN_HEADERS[order]);
      const block = wordBytes([timeHigh(7), ...words], order);
      const bytes = new Uint8Array(header.byteLength + copies * block.byteLength);
      bytes.set(header);
      for (let at = header.byteLength; at < bytes.byteLength; at += block.byteLength) {
        bytes.set(block, at);
      }
      statistics.push(await sampleStatistics(bytes));
    }
    expect(statistics[1]).toEqual(statistics[0]);
    expect(statistics[0]).toMatchObject({ estimated: true, minTime: 448, maxTime: 511, off: 0 });
    expect(statistics[0]?.events).toBeGreaterThan(0.98 * copies * 999 * 2);
    expect(statistics[0]?.events).toBeLessThan(1.02 * copies * 999 * 2);
  });
});

describe("format checklist 1: EVT 2.1", () => {
  it.each<[what: string, header: string, order: ByteOrder]>([
    ["`% end`", "% evt 2.1\n% endianness legacy\n% geometry 640x480\n% end\n", "legacy"],
    ["no `% end`", "% evt 2.1\n% endianness legacy\n% geometry 640x480\n", "legacy"],
    ["CR before LF", "% evt 2.1\r\n% endianness legacy\r\n% geometry 640x480\r\n", "legacy"],
    ["CR before LF and `% end`", "% geometry 640x480\r\n% format EVT21\r\n% end\r\n", "little"],
    ["options in one order", "% format EVT21;endianness=legacy;height=480;width=640\n", "legacy"],
    ["options in the other", "% format EVT21;width=640;height=480;endianness=legacy\n", "legacy"],
    ["the other spelling", "% format evt2.1;width=640;height=480;endianness=little\n", "little"],
    ["`evt` and `system_ID` only", "% evt 2.1\n% system_ID 28\n", "legacy"],
  ])("a header of %s", async (_, header, order) => {
    const bytes = recordingOf(WORDS, { order, header });
    const { report, header: lines } = await openRecording(bytes);
    expect(lines.length).toBeGreaterThan(0);
    expect(report.geometry).toEqual(SENSOR);
    const { assumptions } = report;
    await expectTable(bytes, expectedEvt21(bytes, { order, geometry: SENSOR, assumptions }));
    if (header.includes("system_ID")) {
      expect(assumptions.map(({ what }) => what)).toEqual(["geometry", "byte order"]);
    }
  });

  it("a geometry that conflicts with the options of `format`", async () => {
    const header = "% format EVT21;height=720;width=1280;endianness=little\n% geometry 640x480\n";
    const bytes = recordingOf(WORDS, { header });
    await expect(loadTable(bytes)).rejects.toMatchObject({ code: "geometry-conflict" });
    const table = await loadTable(bytes, { geometry: SENSOR });
    expect(reportOf(table)).toMatchObject({ geometry: SENSOR, assumptions: [] });
  });
});

describe("the option `byteOrder`", () => {
  it("replaces what the header says", async () => {
    const words = [timeHigh(1), pos(2, 3, 4, 1)];
    const claimed = recordingOf(words, { order: "legacy", header: PLAIN_HEADERS.little });
    const table = await loadTable(claimed, { byteOrder: "legacy" });
    expect(Array.from(table, ({ t, x, y }) => [Number(t), x, y])).toEqual([[66, 3, 4]]);
    expect(reportOf(table)).toMatchObject({ assumptions: [], unknownWords: {} });
    await expect(loadTable(claimed, { byteOrder: "big" as "little" })).rejects.toMatchObject({
      code: "invalid-option",
    });
  });
});
