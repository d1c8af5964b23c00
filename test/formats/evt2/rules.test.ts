import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { loadTable, openRecording, type PolarityEncoding, reportOf } from "../../../src/index.ts";
import {
  cd,
  off,
  on,
  PLAIN_HEADER,
  recordingOf,
  timeHigh,
  trigger,
  wordStream,
} from "../../support/evt2-words.ts";
import {
  columnsOf,
  expectedLoad,
  expectSameColumns,
  triggersOf,
} from "../../support/expected-load.ts";
import { expectLoads, expectStrict } from "../../support/loads.ts";
import { SOAK } from "../../support/soak.ts";
import { PieceSource } from "../../support/sources.ts";
import { timeHighPlaces } from "../../support/time-high-places.ts";
import { OPEN_HEADER, SENSOR } from "./loads.ts";

describe("every rule, by hand", () => {
  const eight = Array.from({ length: 8 }, (_, index) => on(index, index, 2 * index));
  it.each<[rule: string, words: number[], tail?: number[]]>([
    ["nothing", []],
    ["a time word alone", [timeHigh(7)]],
    ["every field at its bounds", [timeHigh(1), off(0, 0, 0), on(63, 639, 479), off(63, 639, 0)]],
    ["the last time of the range", [timeHigh(0xfffffff), on(63, 1, 1)]],
    ["eight regular events, one step of the kernel", [timeHigh(1), ...eight]],
    [
      "seventeen, two steps and one event",
      [timeHigh(1), ...eight, ...eight.map((w) => w + 8 * 2 ** 22), on(20, 1, 1)],
    ],
    ["a duplicate time word", [timeHigh(2), on(1, 1, 1), timeHigh(2), on(2, 1, 1)]],
    [
      "data before the first time",
      [on(1, 1, 1), trigger(1, 2, 1), ...eight, timeHigh(0), on(1, 1, 1)],
    ],
    ["no time at all", [...eight, ...eight, trigger(1, 1, 1)]],
    ["vendor words", [timeHigh(1), 0xd1234567, 0xe0010014, 0xf7654321, on(1, 1, 1), 0xffffffff]],
    ["vendor words before the first time", [0xd0000000, 0xe0000000, 0xf0000000, timeHigh(1)]],
    [
      "unknown words",
      [timeHigh(1), ...[2, 3, 4, 5, 6, 7, 9, 0xb, 0xc].map((type) => type * 2 ** 28), on(1, 1, 1)],
    ],
    [
      "pixels outside",
      [timeHigh(1), on(1, 640, 0), on(2, 0, 480), on(3, 2047, 2047), on(4, 639, 479)],
    ],
    ["a pixel outside before the first time", [on(1, 2000, 2000), timeHigh(1)]],
    [
      "a pixel outside among eight",
      [timeHigh(1), ...eight.slice(0, 5), on(5, 640, 1), ...eight.slice(5), ...eight],
    ],
    ["a step back inside a time word", [timeHigh(1), on(9, 1, 1), on(8, 1, 1), on(8, 2, 2)]],
    [
      "a step back across time words",
      [timeHigh(10), on(0, 1, 1), timeHigh(9), on(63, 1, 1), ...eight],
    ],
    ["eight after a step back", [timeHigh(10), on(60, 1, 1), ...eight, ...eight]],
    ["a long way back", [timeHigh(0x8000000), on(0, 1, 1), timeHigh(5), ...eight]],
    ["the same time", [timeHigh(1), on(5, 1, 1), on(5, 1, 1)]],
    [
      "a time word back and forth without events",
      [timeHigh(9), on(0, 1, 1), timeHigh(3), timeHigh(9), on(0, 1, 1)],
    ],
    ["a wrap", [timeHigh(0xfffffff), on(63, 1, 1), timeHigh(0), on(0, 1, 1), ...eight]],
    [
      "two wraps",
      [
        timeHigh(0xfffffff),
        timeHigh(0),
        timeHigh(0xfffffff),
        on(1, 1, 1),
        timeHigh(1),
        on(2, 2, 2),
        trigger(3, 3, 1),
      ],
    ],
    [
      "the smallest fall that is a wrap",
      [timeHigh(0xff00000), on(0, 1, 1), timeHigh(0), on(0, 1, 1)],
    ],
    [
      "the greatest fall that is none",
      [timeHigh(0xfefffff), on(0, 1, 1), timeHigh(0), on(0, 1, 1)],
    ],
    [
      "a wrap that goes back again",
      [timeHigh(0xfffffff), on(0, 1, 1), timeHigh(0), timeHigh(0xfffffff), on(0, 1, 1)],
    ],
    [
      "triggers",
      [timeHigh(1), trigger(2, 31, 1), trigger(3, 0, 0), 0xa0ffe0fe, 0xa0ffe0ff, on(4, 1, 1)],
    ],
    [
      "triggers out of order with events",
      [timeHigh(1), on(9, 1, 1), trigger(2, 1, 1), on(9, 1, 1)],
    ],
    ["one byte too many", [timeHigh(1), on(1, 1, 1)], [0x10]],
    ["two bytes too many", [timeHigh(1), on(1, 1, 1)], [0x10, 0x20]],
    ["three bytes too many", [timeHigh(1), on(1, 1, 1)], [0x10, 0x20, 0x30]],
    ["less than a word", [], [0x01]],
  ])("%s", async (_, words, tail = []) => {
    for (const [header, geometry] of [
      [PLAIN_HEADER, SENSOR],
      [OPEN_HEADER, null],
    ] as const) {
      const bytes = recordingOf(words, { header, tail });
      const expected = expectedLoad(bytes, { geometry });
      await expectLoads(bytes, expected);
      await expectStrict(bytes, expected, () => loadTable(bytes, { strict: true }));
    }
  });

  it("gives the first events of a real recording, byte by byte", async () => {
    const words = [
      ...[0x70, 0x50, 0x00, 0x80],
      ...[0x79, 0x68, 0x07, 0x10],
      ...[0x79, 0xb0, 0x07, 0x10],
      ...[0x84, 0xc0, 0x07, 0x10],
    ];
    const table = await loadTable(recordingOf([], { tail: words }));
    expect(table.toArray().map((row) => row?.toJSON())).toEqual([
      { x: 237, y: 121, t: 1317888n, polarity: 1 },
      { x: 246, y: 121, t: 1317888n, polarity: 1 },
      { x: 248, y: 132, t: 1317888n, polarity: 1 },
    ]);
  });

  // The kernel takes eight regular events at a time, so each odd word is tried in each place.
  it.each<[oddity: string, words: number[]]>([
    ["x one too large", [on(30, 640, 5)]],
    ["y one too large", [on(30, 5, 480)]],
    ["x as large as it can be", [on(30, 2047, 5)]],
    ["y as large as it can be", [on(30, 5, 2047)]],
    ["the last pixel", [on(30, 639, 479)]],
    ["a step back", [on(0, 5, 5)]],
    ["the time before", [on(30, 5, 5), on(29, 5, 5)]],
    ["the same time word", [timeHigh(10)]],
    ["the next time word", [timeHigh(11)]],
    ["a time word before, and its last time", [timeHigh(9), ...Array(9).fill(on(63, 5, 5))]],
    ["a time word before, and the one after", [timeHigh(9), on(63, 5, 5), timeHigh(10)]],
    ["a time word long before", [timeHigh(1), ...Array(20).fill(on(63, 5, 5))]],
    ["a wrap", [timeHigh(0xfffffff), timeHigh(0)]],
    ["a trigger", [trigger(30, 3, 1)]],
    // Words that would pass for an event but for their type.
    ["a vendor word", [on(30, 5, 5) + 0xd0000000]],
    ...[1, 2, 3, 6, 8, 0xa, 0xb].map((type): [string, number[]] => [
      `a word of the unknown type ${type + 1}`,
      [on(30, 5, 5) + type * 2 ** 28],
    ]),
  ])("%s, anywhere among regular events", async (_, odd) => {
    for (let before = 0; before < 34; before++) {
      const regular = (count: number, from: number): number[] =>
        Array.from({ length: count }, (_, index) =>
          cd(index % 2 === 0 ? 0 : 1, Math.min(from + (index >> 1), 63), index, 2 * index),
        );
      const bytes = recordingOf([timeHigh(10), ...regular(before, 0), ...odd, ...regular(20, 31)]);
      const expected = expectedLoad(bytes, { geometry: SENSOR });
      const table = await loadTable(bytes);
      expectSameColumns(columnsOf(table), expected.columns);
      expect(reportOf(table)).toEqual(expected.report);
    }
  });

  it("more triggers than the kernel has room for at once", async () => {
    const words = [trigger(0, 9, 1), timeHigh(1)];
    for (let index = 0; index < 7000; index++) {
      words.push(trigger(index % 64, index % 32, index % 2 === 0 ? 1 : 0));
      if (index % 1000 === 0) words.push(timeHigh(index), on(1, index % 640, 2));
    }
    const bytes = recordingOf(words);
    await expectLoads(bytes, expectedLoad(bytes, { geometry: SENSOR }));
  });

  it("more events than a tile has", async () => {
    const words = [timeHigh(0)];
    for (let index = 0; index < 150_000; index++) {
      if (index % 500 === 0) words.push(timeHigh(index / 500));
      words.push(cd(index % 3 === 0 ? 0 : 1, (index % 500) >> 3, index % 640, index % 480));
    }
    const bytes = recordingOf(words);
    const expected = expectedLoad(bytes, { geometry: SENSOR });
    expectSameColumns(columnsOf(await loadTable(bytes)), expected.columns);
    const pieces = new PieceSource(bytes, () => 4096);
    expectSameColumns(columnsOf(await loadTable(pieces)), expected.columns);
  });
});

describe("random words", () => {
  it("load as the reference decodes them: columns, triggers, report, strict", async () => {
    const tails = fc.uint8Array({ maxLength: 3 });
    const headers = fc.constantFrom(
      PLAIN_HEADER,
      OPEN_HEADER,
      `${PLAIN_HEADER.slice(0, -6)}% a bc\n% end\n`,
    );
    await fc.assert(
      fc.asyncProperty(wordStream(), tails, headers, async (words, tail, header) => {
        const bytes = recordingOf(words, { header, tail: [...tail] });
        const geometry = header === OPEN_HEADER ? null : SENSOR;
        const expected = expectedLoad(bytes, { geometry });
        await expectLoads(bytes, expected);
        await expectStrict(bytes, expected, () => loadTable(bytes, { strict: true }));
      }),
      { numRuns: 60 * SOAK },
    );
  });

  it("of an orderly camera load without loss", async () => {
    await fc.assert(
      fc.asyncProperty(wordStream({ disorder: false }), async (words) => {
        const bytes = recordingOf(words);
        const expected = expectedLoad(bytes, { geometry: SENSOR });
        expectSameColumns(columnsOf(await loadTable(bytes)), expected.columns);
      }),
      { numRuns: 40 * SOAK },
    );
  });

  it("of any kind load as the reference decodes them", async () => {
    const anyWords = fc.array(fc.integer({ min: 0, max: 0xffffffff }), {
      maxLength: 200,
      size: "max",
    });
    await fc.assert(
      fc.asyncProperty(anyWords, async (words) => {
        const bytes = recordingOf(words, { header: OPEN_HEADER });
        await expectLoads(bytes, expectedLoad(bytes, { geometry: null }));
      }),
      { numRuns: 40 * SOAK },
    );
  });

  it("load with any options as the reference decodes them", async () => {
    const side = fc.oneof(
      fc.integer({ min: 1, max: 2050 }),
      fc.constantFrom(1, 640, 32767, 32768, 65536),
    );
    const options = fc.record({
      geometry: fc.option(fc.record({ width: side, height: side }), { nil: undefined }),
      polarityEncoding: fc.constantFrom<PolarityEncoding>("minus-one-one", "zero-one"),
      rebase: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(wordStream({ maxPassages: 20 }), options, async (words, given) => {
        const bytes = recordingOf(words);
        const expected = expectedLoad(bytes, { ...given, geometry: given.geometry ?? SENSOR });
        const table = await loadTable(bytes, given);
        expectSameColumns(columnsOf(table), expected.columns);
        expect(reportOf(table)).toEqual(expected.report);

        const recording = await openRecording(bytes, { geometry: given.geometry });
        expect(recording.geometry).toEqual(given.geometry ?? SENSOR);
        const triggers = await recording.triggers({ rebase: given.rebase });
        expect(triggersOf(triggers)).toEqual(expected.triggers);
      }),
      { numRuns: 30 * SOAK },
    );
  });
});

describe("time highs among events", () => {
  it("time highs at every place, in front of events whose time falls or does not", async () => {
    for (const place of timeHighPlaces()) {
      const { inFront, repeats, next } = place;
      const high = { same: 2.5e8, later: 2.6e8, earlier: 2.5e8 - 9, wrap: 5 }[next];
      const held = timeHigh(2.5e8);
      const words = [
        ...[held, ...Array.from({ length: 16 + inFront }, (_, at) => on(50, at, 3))],
        ...[...Array.from({ length: repeats }, () => held), timeHigh(high)],
        ...Array.from({ length: 20 }, (_, at) => off(10 + at, at, 4)),
      ];
      const bytes = recordingOf(words);
      const expected = expectedLoad(bytes, { geometry: SENSOR });
      const table = await loadTable(bytes);
      expectSameColumns(columnsOf(table), expected.columns);
      expect({ place, ...reportOf(table) }).toEqual({ place, ...expected.report });
    }
  });
});
