import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { loadTable, openRecording, type PolarityEncoding, reportOf } from "../../../src/index.ts";
import {
  CD,
  type DatRecord,
  type DatVersion,
  EVENT_2D,
  EXT_TRIGGER,
  recordingOf,
  recordStream,
  sizedHeader,
  trigger,
  VERSION_1,
  VERSION_2,
} from "../../support/dat-records.ts";
import { columnsOf, expectSameColumns, triggersOf } from "../../support/expected-load.ts";
import { expectLoads, expectStrict } from "../../support/loads.ts";
import { SOAK } from "../../support/soak.ts";
import { PieceSource } from "../../support/sources.ts";
import { expectedDat } from "./loads.ts";

const HALF = 2 ** 31;
const TOP = 2 ** 32 - 1;

/** Records of a rule: made with the events of a version, for the sensor of that version. */
type Rule = (event: DatVersion["event"], width: number, height: number) => DatRecord[];

/** Events a microsecond apart: sixteen are one step of the kernel. */
const regular = (event: DatVersion["event"], count: number, from = 0): DatRecord[] =>
  Array.from({ length: count }, (_, index) => event(from + index, index, 2 * index, index % 2));

describe("every rule, by hand", () => {
  it.each<[rule: string, records: Rule, tail?: number[]]>([
    ["nothing", () => []],
    ["one event", (event) => [event(7, 1, 2)]],
    ["sixteen regular events, one step of the kernel", (event) => regular(event, 16)],
    ["thirty-three, two steps and one event", (event) => regular(event, 33)],
    [
      "every field at its bounds",
      (event, width, height) => [
        ...[event(0, 0, 0, 0), event(1, width - 1, 0), event(2, 0, height - 1, 0)],
        event(TOP, width - 1, height - 1),
      ],
    ],
    ["the same time", (event) => [...regular(event, 20, 9), event(28, 1, 1), event(28, 1, 1)]],

    // The sensor.
    ["x one too large", (event, width) => [event(1, width, 0), event(2, width - 1, 0)]],
    ["y one too large", (event, _, height) => [event(1, 0, height), event(2, 0, height - 1)]],
    ["both too large", (event, width, height) => [event(1, width, height), ...regular(event, 20)]],
    ["nothing on the sensor", (event, width) => Array(40).fill(event(5, width, 3))],
    [
      "an event outside takes no step back",
      (event, width) => [event(9, 1, 1), event(3, width, 1), event(10, 1, 1)],
    ],
    [
      "a step back behind an event outside",
      (event, width) => [event(20, 1, 1), event(11, width, 1), event(15, 1, 1), event(9, 1, 1)],
    ],
    [
      "a step back behind an event outside, and many events",
      (event, width) => [event(200, 1, 1), event(11, width, 1), ...regular(event, 40, 150)],
    ],
    [
      "no step back behind a later event outside",
      (event, width) => [event(20, 1, 1), event(90, width, 1), ...regular(event, 40, 30)],
    ],

    // Time: a wrap is a fall by more than half the range of the clock.
    ["a step back", (event) => [event(9, 1, 1), event(8, 1, 1), event(8, 2, 2)]],
    ["steps back, one after the other", (event) => [9, 7, 5, 6, 1].map((t) => event(t, 1, 1))],
    ["a step back and many events", (event) => [event(99, 1, 1), ...regular(event, 40, 50)]],
    ["a t wrap", (event) => [event(TOP, 1, 1), event(0, 1, 1), ...regular(event, 40)]],
    ["a t wrap between many events", (event) => [...regular(event, 20, TOP - 20), event(3, 1, 1)]],
    [
      "two wraps",
      (event) => [TOP, 5, HALF + 6, TOP - 9, TOP, 0, 7].map((t) => event(t, 1, 1, t % 2)),
    ],
    ["the smallest fall that is a wrap", (event) => [event(HALF + 9, 1, 1), event(8, 1, 1)]],
    ["the greatest fall that is none", (event) => [event(HALF + 9, 1, 1), event(9, 1, 1)]],
    [
      "the smallest fall from the top that is one",
      (event) => [event(TOP, 1, 1), event(HALF - 2, 1, 1)],
    ],
    [
      "the greatest fall from the top that is none",
      (event) => [event(TOP, 1, 1), event(HALF - 1, 1, 1)],
    ],
    ["a rise of more than half the range", (event) => [event(1, 1, 1), event(HALF + 5, 1, 1)]],
    [
      "a rise of more than half the range and back again",
      (event) => [event(1, 1, 1), event(HALF + 5, 1, 1), ...regular(event, 20, 2)],
    ],
    [
      "a wrap of an event outside",
      (event, width) => [event(TOP, 1, 1), event(0, width, 1), event(1, 1, 1)],
    ],
    [
      "a wrap that only an event outside shows",
      (event, width) => [event(5, 1, 1), event(TOP, width, 1), ...regular(event, 40, 6)],
    ],
    [
      "a wrap, and back to the time before it",
      (event) => [event(TOP, 1, 1), event(0, 1, 1), event(TOP, 1, 1), ...regular(event, 20, 1)],
    ],

    // The end.
    ["a partial record of 1 byte", (event) => [event(1, 1, 1)], [1]],
    ["a partial record of 4 bytes", (event) => [event(1, 1, 1)], [1, 2, 3, 4]],
    ["a partial record of 7 bytes", (event) => regular(event, 16), [1, 2, 3, 4, 5, 6, 7]],
    ["less than a record", () => [], [1, 2, 3, 4, 5, 6, 7]],
  ])("%s", async (_, rule, tail = []) => {
    for (const version of [VERSION_2, VERSION_1]) {
      const { sensor, event } = version;
      const records = rule(event, sensor.width, sensor.height);
      for (const type of [EVENT_2D, CD, EXT_TRIGGER]) {
        for (const [header, geometry] of [
          [sizedHeader(version), sensor], // with sizes
          [version.header, null], // and without
        ] as const) {
          const bytes = recordingOf(records, { header, type, tail });
          const expected = expectedDat(bytes, { geometry });
          await expectLoads(bytes, expected);
          await expectStrict(bytes, expected, () => loadTable(bytes, { strict: true }));
        }
      }
    }
  });

  it("takes any polarity above 0 for ON", async () => {
    const { event } = VERSION_2;
    const records = Array.from({ length: 100 }, (_, index) => event(index, 1, 1, index % 16));
    const { polarity } = columnsOf(await loadTable(recordingOf(records)));
    expect([...polarity]).toEqual(records.map((_, index) => (index % 16 > 0 ? 1 : -1)));
  });

  it("looks at no bits of version 1 that have no meaning", async () => {
    const records = Array.from({ length: 40 }, (_, t): DatRecord => [t, 0xfffc0000 + 0x20203]);
    const header = sizedHeader(VERSION_1);
    const bytes = recordingOf(records, { header });
    await expectLoads(bytes, expectedDat(bytes, { geometry: VERSION_1.sensor }));
    const { x, y, polarity } = columnsOf(await loadTable(bytes));
    expect([x[0], y[0], polarity[0], x[39], y[39], polarity[39]]).toEqual([3, 1, 1, 3, 1, 1]);
  });

  it("looks at no bits of triggers that have no meaning", async () => {
    const bytes = recordingOf([[1, 0x03fffff0], [2, 0xffffffff], trigger(3, 1, 8)], {
      type: EXT_TRIGGER,
    });
    const recording = await openRecording(bytes);
    expect(triggersOf(await recording.triggers())).toEqual({
      ...{ t: [1n, 2n, 3n], id: [0, 63, 1], value: [0, 1, 1] },
    });
  });

  it("gives the first events of a real recording, byte by byte", async () => {
    const header = "% Data file containing events.\n% Version 2\n% Date 2017-10-31 11:29:21\n";
    const tail = [
      ...[0x00, 0x00, 0x00, 0x00, 0x19, 0x00, 0x02, 0x00],
      ...[0x23, 0x00, 0x00, 0x00, 0x43, 0xc0, 0x08, 0x00],
      ...[0x98, 0x00, 0x00, 0x00, 0x38, 0xc0, 0x06, 0x10],
    ];
    const table = await loadTable(recordingOf([], { header, type: EVENT_2D, tail }));
    expect(table.toArray().map((row) => row?.toJSON())).toEqual([
      { x: 25, y: 8, t: 0n, polarity: -1 },
      { x: 67, y: 35, t: 35n, polarity: -1 },
      { x: 56, y: 27, t: 152n, polarity: 1 },
    ]);
  });

  // The kernel takes sixteen regular records at a time, so each odd one is tried in each place.
  it.each<[oddity: string, records: Rule]>([
    ["x one too large", (event, width) => [event(1060, width, 1)]],
    ["y one too large", (event, _, height) => [event(1060, 1, height)]],
    ["the last pixel", (event, width, height) => [event(1060, width - 1, height - 1)]],
    ["x as large as it can be", () => [[1060, 0x3fff]]],
    ["y as large as it can be", () => [[1060, 0xfffc000]]],
    ["every bit", () => [[1060, 0xffffffff]]],
    ["a step back", (event) => [event(999, 1, 1)]],
    ["a step back of an event outside", (event, width) => [event(999, width, 1)]],
    ["a rise of an event outside", (event, width) => [event(5000, width, 1)]],
    [
      "a step back that an event outside hides",
      (event, width) => [event(5000, 1, 1), event(999, width, 1)],
    ],
    ["a wrap that only an event outside shows", (event, width) => [event(TOP, width, 1)]],
    [
      "a step back behind a wrap and many events",
      (event) => [event(TOP, 1, 1), ...regular(event, 33, 5), event(9, 1, 1)],
    ],
    ["the same time", (event) => [event(1060, 1, 1), event(1060, 1, 1)]],
    ["a step back by one", (event) => [event(1061, 1, 1), event(1060, 1, 1)]],
    ["a rise to the next half", (event) => [event(HALF + 1000, 1, 1)]],
    ["a rise to the top, and the wrap behind it", (event) => [event(TOP, 1, 1)]],
    ["the highest time that does not wrap", (event) => [event(HALF + 1061, 1, 1)]],
    ["the lowest time that does", (event) => [event(HALF + 1062, 1, 1)]],
    ["a wrap, and many events in front of it", (event) => [...regular(event, 20, TOP - 19)]],
  ])("%s, anywhere among regular records", async (_, odd) => {
    for (const version of [VERSION_2, VERSION_1]) {
      const { sensor, event } = version;
      const between = odd(event, sensor.width, sensor.height);
      for (let before = 0; before < (SOAK > 1 ? 36 : 18); before++) {
        const records = [...regular(event, before, 1000), ...between, ...regular(event, 36, 1061)];
        const bytes = recordingOf(records, { header: sizedHeader(version) });
        const expected = expectedDat(bytes, { geometry: sensor });
        const table = await loadTable(bytes);
        expectSameColumns(columnsOf(table), expected.columns);
        expect(reportOf(table)).toEqual(expected.report);
      }
    }
  });

  it("more triggers than the kernel has room for at once", async () => {
    const records = Array.from({ length: 7000 }, (_, index) =>
      trigger((index * 3_000_000) % 2 ** 32, index % 64, index % 16),
    );
    const bytes = recordingOf(records, { type: EXT_TRIGGER });
    const expected = expectedDat(bytes, { geometry: VERSION_2.sensor });
    expect(expected.report).toMatchObject({ triggers: 7000, clockWraps: 4 });
    await expectLoads(bytes, expected);
  });

  it("more events than a tile has", async () => {
    const { event } = VERSION_2;
    const records = Array.from({ length: 300_000 }, (_, index) =>
      event(index, index % 641, index % 480, index % 3),
    );
    const bytes = recordingOf(records);
    const expected = expectedDat(bytes, { geometry: VERSION_2.sensor });
    expectSameColumns(columnsOf(await loadTable(bytes)), expected.columns);
    const pieces = new PieceSource(bytes, () => 4095);
    expectSameColumns(columnsOf(await loadTable(pieces)), expected.columns);
  });
});

describe("random records", () => {
  const tails = fc.uint8Array({ maxLength: 7 });
  const types = fc.constantFrom(EVENT_2D, CD, CD, EXT_TRIGGER);
  const headers = fc.constantFrom<[string, DatVersion]>(
    ["", VERSION_2],
    ["", VERSION_1],
    ["% end\n", VERSION_2],
    ["% a bc\n", VERSION_1],
  );

  /** Headers of all versions, with and without sizes, and records that go with them. */
  const recordings = fc
    .tuple(headers, fc.boolean(), types, tails)
    .chain(([[end, version], isSized, type, tail]) =>
      recordStream({ version }).map((records) => {
        const header = (isSized ? sizedHeader(version) : version.header) + end;
        const bytes = recordingOf(records, { header, type, tail: [...tail] });
        return { bytes, geometry: isSized ? version.sensor : null };
      }),
    );

  it("load as the reference decodes them: columns, triggers, report, strict", async () => {
    await fc.assert(
      fc.asyncProperty(recordings, async ({ bytes, geometry }) => {
        const expected = expectedDat(bytes, { geometry });
        await expectLoads(bytes, expected);
        await expectStrict(bytes, expected, () => loadTable(bytes, { strict: true }));
      }),
      { numRuns: 60 * SOAK },
    );
  });

  it("of an orderly camera load without loss", async () => {
    for (const version of [VERSION_2, VERSION_1]) {
      await fc.assert(
        fc.asyncProperty(recordStream({ version, disorder: false }), async (records) => {
          const bytes = recordingOf(records, { header: sizedHeader(version) });
          const expected = expectedDat(bytes, { geometry: version.sensor });
          expect(expected.report.firstAt).toEqual({});
          const table = await loadTable(bytes, { strict: true });
          expectSameColumns(columnsOf(table), expected.columns);
        }),
        { numRuns: 25 * SOAK },
      );
    }
  });

  it("of any kind load as the reference decodes them", async () => {
    const number = fc.integer({ min: 0, max: 0xffffffff });
    const anyRecords = fc.array(fc.tuple(number, number), { maxLength: 200, size: "max" });
    const versions = fc.constantFrom("% Version 1\n", "% Version 2\n", "% Date today\n% Data x\n");
    await fc.assert(
      fc.asyncProperty(anyRecords, versions, types, async (records, header, type) => {
        const bytes = recordingOf(records, { header, type });
        await expectLoads(bytes, expectedDat(bytes, { geometry: null }));
      }),
      { numRuns: 40 * SOAK },
    );
  });

  it("load with any options as the reference decodes them", async () => {
    const side = fc.oneof(
      fc.integer({ min: 1, max: 700 }),
      fc.constantFrom(1, 304, 640, 16383, 16384, 16385, 32767, 32768, 32769, 65536),
    );
    const options = fc.record({
      geometry: fc.option(fc.record({ width: side, height: side }), { nil: undefined }),
      polarityEncoding: fc.constantFrom<PolarityEncoding>("minus-one-one", "zero-one"),
      rebase: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(recordings, options, async ({ bytes, geometry }, given) => {
        const sensor = given.geometry ?? geometry;
        const expected = expectedDat(bytes, { ...given, geometry: sensor });
        const table = await loadTable(bytes, given);
        expectSameColumns(columnsOf(table), expected.columns);
        expect(reportOf(table)).toEqual(expected.report);

        const recording = await openRecording(bytes, { geometry: given.geometry });
        expect(recording.geometry).toEqual(sensor);
        const triggers = await recording.triggers({ rebase: given.rebase });
        expect(triggersOf(triggers)).toEqual(expected.triggers);
      }),
      { numRuns: 40 * SOAK },
    );
  });
});
