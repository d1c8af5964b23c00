import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { loadTable, openRecording, type PolarityEncoding, reportOf } from "../../../src/index.ts";
import {
  BYTE_ORDERS,
  continued,
  neg,
  others,
  PLAIN_HEADERS,
  pos,
  recordingOf,
  timeHigh,
  trigger,
  type Word,
  wordOf,
  wordStream,
} from "../../support/evt21-words.ts";
import { columnsOf, expectSameColumns, triggersOf } from "../../support/expected-load.ts";
import { expectLoads, expectStrict, expectTable } from "../../support/loads.ts";
import { SOAK } from "../../support/soak.ts";
import { PieceSource } from "../../support/sources.ts";
import { timeHighPlaces } from "../../support/time-high-places.ts";
import { expectedEvt21, OPEN_HEADERS, SENSOR } from "./loads.ts";

const ALL = 0xffffffff;
const TOP = 0x80000000;
/** Words of one to many pixels with rising times: two steps of the kernel. */
const eight: Word[] = [
  ...[pos(0, 0, 0, 1), neg(0, 32, 1, 0x80000001), pos(1, 64, 2, 0xf0), neg(1, 96, 3, ALL)],
  ...[pos(2, 128, 4, TOP), neg(3, 160, 5, 0x11111111), pos(3, 192, 6, 6), neg(3, 9, 7, 0x10)],
];

/** Loads in both byte orders, with the sensor known and unknown, in every way. */
async function expectRule(words: readonly Word[], tail: readonly number[] = []): Promise<void> {
  for (const order of BYTE_ORDERS) {
    for (const [headers, geometry] of [
      [PLAIN_HEADERS, SENSOR],
      [OPEN_HEADERS, null],
    ] as const) {
      const bytes = recordingOf(words, { order, header: headers[order], tail });
      const expected = expectedEvt21(bytes, { order, geometry });
      await expectLoads(bytes, expected, 1, 5, 40);
      await expectStrict(bytes, expected, () => loadTable(bytes, { strict: true }));
    }
  }
}

describe("every rule, by hand", () => {
  it.each<[rule: string, words: Word[], tail?: number[]]>([
    ["nothing", []],
    ["a TIME_HIGH alone", [timeHigh(7)]],
    [
      "every field at its bounds",
      [
        ...[timeHigh(0), neg(0, 0, 0, 1), neg(63, 639, 479, 1), pos(63, 608, 479, ALL)],
        ...[timeHigh(0xfffffff), pos(0, 0, 0, TOP), neg(63, 608, 0, 0xaaaaaaaa)],
      ],
    ],
    ["eight words, two steps of the kernel", [timeHigh(1), ...eight]],
    ["nine words, two steps and one word", [timeHigh(1), ...eight, pos(4, 5, 6, 7)]],
    [
      "words of any number of pixels",
      [
        timeHigh(1),
        ...Array.from({ length: 33 }, (_, pixels) => pos(0, 32, 3, 2 ** pixels - 1)),
        ...Array.from({ length: 33 }, (_, pixels) => neg(1, 7, 3, (ALL - (2 ** pixels - 1)) >>> 0)),
      ],
    ],
    ["a base that is no multiple of 32", [timeHigh(1), pos(0, 5, 1, ALL), neg(0, 607, 1, ALL)]],

    // The sensor.
    [
      "words crossing the right border",
      [timeHigh(1), pos(0, 609, 1, ALL), neg(0, 630, 1, ALL), pos(0, 639, 1, ALL), ...eight],
    ],
    ["a word crossing the right border with its pixels inside", [timeHigh(1), pos(0, 630, 1, 0xf)]],
    ["a word beyond the right border", [timeHigh(1), pos(0, 640, 1, ALL), neg(0, 2047, 1, TOP)]],
    ["y >= height", [timeHigh(1), pos(0, 3, 480, ALL), neg(0, 3, 2047, 1), pos(0, 3, 479, 3)]],
    ["pixels of x and y outside", [timeHigh(1), pos(0, 640, 480, 3), ...eight]],
    ["an event outside takes no step back", [timeHigh(1), pos(9, 640, 1, 1), pos(3, 1, 1, 1)]],

    // Words without events.
    ["triggers", [timeHigh(1), trigger(63, 31, 1), trigger(0, 0, 0), trigger(3, 5, 1), ...eight]],
    [
      "triggers whose unused bits are set",
      [timeHigh(1), [0xa03ff0fe, ALL], [0xa03fe0ff, ALL], [0xafffffff, ALL]],
    ],
    [
      "triggers out of order with events",
      [timeHigh(1), pos(9, 1, 1, 3), trigger(2, 1, 1), pos(9, 2, 2, 3)],
    ],
    [
      "OTHERS, whatever follows them",
      [timeHigh(1), others(0x14), ...eight, others(0x16, 0xf0000001), continued(1), timeHigh(2)],
    ],
    [
      "OTHERS of every kind",
      [timeHigh(1), others(0), others(0xfff), others(0x1000), others(0xffff), others(0xffff)],
    ],
    ["OTHERS with all other bits set", [timeHigh(1), [0xefff0014, ALL], [0xefffffff, ALL]]],
    ["CONTINUED words alone", [timeHigh(1), continued(0), continued(0xfffffff), ...eight]],
    [
      "unknown words",
      [timeHigh(1), ...[2, 3, 4, 5, 6, 7, 9, 0xb, 0xc, 0xd].map((type) => wordOf(type, 0x1234567))],
    ],

    // The end.
    ["less than a word", [], [0x01]],
    ["one byte less than a word", [timeHigh(1)], [1, 2, 3, 4, 5, 6, 7]],
    ["half a word before the first TIME_HIGH", [pos(0, 1, 1, 1)], [0, 0, 0, 0x80]],
  ])("%s", async (_, words, tail) => expectRule(words, tail));

  it("gives the events of bytes written by hand, in either order", async () => {
    const bytesOf = {
      little: [
        ...[0x00, 0x00, 0x00, 0x00, 0x02, 0x01, 0x00, 0x80], // TIME_HIGH 0x102: 16512
        ...[0x05, 0x00, 0x00, 0x80, 0x07, 0x28, 0xc0, 0x10], // POS, ts 3, x 5, y 7, bits 0, 2, 31
      ],
      legacy: [
        ...[0x02, 0x01, 0x00, 0x80, 0x00, 0x00, 0x00, 0x00],
        ...[0x07, 0x28, 0xc0, 0x10, 0x05, 0x00, 0x00, 0x80],
      ],
    };
    for (const order of BYTE_ORDERS) {
      const bytes = recordingOf([], { header: OPEN_HEADERS[order], tail: bytesOf[order] });
      const rows = (await loadTable(bytes)).toArray().map((event) => event?.toJSON());
      expect(rows).toEqual([
        { x: 5, y: 7, t: 16515n, polarity: 1 },
        { x: 7, y: 7, t: 16515n, polarity: 1 },
        { x: 36, y: 7, t: 16515n, polarity: 1 },
      ]);
    }
  });

  it("clips a word pixel by pixel at the right border", async () => {
    const table = await loadTable(recordingOf([timeHigh(1), pos(0, 635, 1, ALL)]));
    expect([...columnsOf(table).x]).toEqual([635, 636, 637, 638, 639]);
    expect(reportOf(table)).toMatchObject({ eventsOutsideGeometry: 27, events: 5 });
  });

  it("names pixels beyond its own range of x, where nothing says the sensor", async () => {
    const bytes = recordingOf([timeHigh(1), pos(0, 2047, 2047, TOP)], {
      header: OPEN_HEADERS.little,
    });
    const { x, y } = columnsOf(await loadTable(bytes));
    expect([...x, ...y]).toEqual([2078, 2047]);
  });

  it("counts OTHERS by subtype, and each once under rebase", async () => {
    const words = [others(0x14), timeHigh(1), others(0x14), others(0xabcd), continued(1)];
    for (const rebase of [false, true]) {
      const table = await loadTable(recordingOf([...words, pos(0, 1, 1, 3)]), { rebase });
      expect(reportOf(table)).toMatchObject({
        skippedWords: { OTHERS: 3, CONTINUED: 1 },
        otherSubtypes: { "0x14": 2, "0xabcd": 1 },
      });
    }
  });

  // The kernel takes four words at a time, so each odd word is tried in each place, among words of
  // few pixels and among words of all kinds.
  it.each<[oddity: string, words: Word[]]>([
    ["x one too large", [pos(20, 640, 1, 1)]],
    ["x as large as it can be", [neg(20, 2047, 1, ALL)]],
    ["the last pixel", [neg(20, 608, 479, TOP)]],
    ["a word up to the border", [pos(20, 608, 1, ALL)]],
    ["a word beyond the border", [pos(20, 609, 1, ALL)]],
    ["a word at the border with its pixels inside", [pos(20, 620, 1, 0x7)]],
    ["y one too large", [pos(20, 1, 480, 0xff)]],
    ["y as large as it can be", [neg(20, 1, 2047, 1)]],
    ["a step back", [pos(0, 1, 1, 0x10)]],
    ["a step back of many pixels", [neg(1, 64, 1, ALL), pos(0, 96, 1, ALL)]],
    ["a step ahead", [pos(63, 1, 1, 1), pos(63, 2, 2, 3)]],
    ["no pixels", [pos(20, 1, 1, 0)]],
    ["no pixels, but an earlier time", [pos(0, 1, 1, 0)]],
    ["no pixels, but a later time", [neg(63, 1, 1, 0)]],
    ["no pixels, off the sensor", [neg(63, 2047, 2047, 0)]],
    ["four pixels", [neg(20, 32, 1, 0x88000011)]],
    ["five pixels", [pos(20, 32, 1, 0x88001011)]],
    ["thirty-two pixels", [pos(20, 32, 1, ALL)]],
    ["four words of thirty-two", Array.from({ length: 4 }, () => neg(20, 32, 1, ALL))],
    ["the same TIME_HIGH", [timeHigh(10)]],
    ["the same TIME_HIGH with its lower half set", [timeHigh(10, ALL)]],
    ["the same TIME_HIGH twice", [timeHigh(10), timeHigh(10), pos(30, 1, 1, 1)]],
    ["the next TIME_HIGH", [timeHigh(11)]],
    ["the TIME_HIGH before", [timeHigh(9)]],
    ["a TIME_HIGH long before", [timeHigh(1), ...Array(20).fill(pos(3, 1, 1, 3))]],
    ["a wrap", [timeHigh(0xfffffff), timeHigh(0)]],
    ["a trigger", [trigger(3, 1, 1)]],
    ["vendor words", [others(0x19), continued(1)]],
    // Words that would pass for an event but for their type.
    ...[2, 4, 9, 0xb, 0xc, 0xd].map((type): [string, Word[]] => [
      `a word of the unknown type ${type}`,
      [wordOf(type, 20 * 2 ** 22 + 0x801)],
    ]),
  ])("%s, anywhere among regular words", async (_, odd) => {
    const few = (index: number): number => [1, 0x80000001, TOP, 6][index % 4] as number;
    const any = (index: number): number => [1, 0xff, 0x10000, 0x1f, ALL, 3][index % 6] as number;
    for (const [order, masks] of [
      ["little", few],
      ["legacy", any],
    ] as const) {
      const words = (count: number, ts: number): Word[] =>
        Array.from({ length: count }, (_, index) =>
          (index % 2 === 0 ? neg : pos)(ts, 32 * (index % 20), index, masks(index)),
        );
      for (let before = 0; before < (SOAK > 1 ? 14 : 9); before++) {
        const regular = [timeHigh(10), ...words(before, 20)];
        const bytes = recordingOf([...regular, ...odd, ...words(11, 20), ...words(9, 40)], {
          order,
        });
        await expectTable(bytes, expectedEvt21(bytes, { order, geometry: SENSOR }));
      }
    }
  });

  it("more triggers than the kernel has room for at once", async () => {
    const words = [trigger(9, 1, 1), timeHigh(1)];
    for (let index = 0; index < 7000; index++) {
      words.push(trigger(index % 64, index % 32, index % 2 === 0 ? 1 : 0));
      if (index % 1000 === 0) words.push(timeHigh(index), pos(index % 64, 1, 1, 7), ...eight);
    }
    const bytes = recordingOf(words);
    await expectLoads(bytes, expectedEvt21(bytes, { geometry: SENSOR }), 500);
  });

  it("more events than a tile has", async () => {
    const words: Word[] = [timeHigh(0)];
    for (let index = 0; words.length < 34_000; index++) {
      if (index % 50 === 0) words.push(timeHigh(index / 50));
      const mask = [1, 0x80000001, ALL, 0x10ff01][index % 4] as number;
      words.push((index % 3 === 0 ? pos : neg)(index % 50, (index * 7) % 609, index % 480, mask));
    }
    // What comes out of either order is the same, and so are the offsets.
    const expected = expectedEvt21(recordingOf(words), { geometry: SENSOR });
    expect(expected.events.length).toBeGreaterThan(270_000);
    for (const order of BYTE_ORDERS) {
      const bytes = recordingOf(words, { order });
      await expectTable(bytes, expected);
      const pieces = new PieceSource(bytes, () => 4095);
      expectSameColumns(columnsOf(await loadTable(pieces)), expected.columns);
    }
  });
});

describe("format checklist 2: EVT 2.1", () => {
  it.each<[rule: string, words: Word[], tail?: number[]]>([
    [
      "data before the first TIME_HIGH",
      [
        ...[pos(1, 2, 3, 7), trigger(1, 1, 1), neg(0, 5, 5, 0), ...eight, others(1), continued(1)],
        ...[wordOf(3, 5), timeHigh(0), ...eight, trigger(1, 1, 1)],
      ],
    ],
    ["no TIME_HIGH at all", [...eight, trigger(1, 1, 1), ...eight]],
    ["events before the first TIME_HIGH and off the sensor", [pos(0, 640, 480, ALL), timeHigh(1)]],
    [
      "duplicated TIME_HIGH",
      [timeHigh(1), ...eight, timeHigh(1), pos(3, 1, 1, 1), timeHigh(1, ALL), ...eight],
    ],
    ["a genuine wrap", [timeHigh(0xfffffff), pos(63, 1, 1, 3), timeHigh(0), ...eight, timeHigh(1)]],
    ["the smallest fall that is a wrap", [timeHigh(0xff00000), ...eight, timeHigh(0), ...eight]],
    ["the greatest fall that is none", [timeHigh(0xfefffff), ...eight, timeHigh(0), ...eight]],
    [
      "two wraps",
      [
        ...[timeHigh(0xfffffff), timeHigh(5), ...eight, timeHigh(0xffffff0), pos(1, 1, 1, 1)],
        ...[timeHigh(1), ...eight, trigger(1, 1, 1)],
      ],
    ],
    [
      "a wrap that goes back again",
      [timeHigh(0xfffffff), ...eight, timeHigh(0), ...eight, timeHigh(0xfffffff), ...eight],
    ],
    ["a small backward step", [timeHigh(10), pos(5, 1, 1, 3), timeHigh(9), ...eight, ...eight]],
    ["a backward step inside a time", [timeHigh(10), pos(9, 1, 1, 3), neg(8, 1, 1, 3), ...eight]],
    ["a backward step without events", [timeHigh(10), ...eight, timeHigh(9), timeHigh(11)]],
    ["odd trailing bytes", [timeHigh(1), ...eight], [0x20, 0x01, 0x02]],
    ["half a trigger at the end", [timeHigh(1), ...eight], [0, 0, 0, 0, 1]],
  ])("%s", async (_, words, tail) => expectRule(words, tail));
});

describe("format checklist 4: EVT 2.1", () => {
  it("`little` and `legacy` of the same events", async () => {
    await fc.assert(
      fc.asyncProperty(wordStream(), async (words) => {
        const [little, legacy] = await Promise.all(
          BYTE_ORDERS.map((order) => loadTable(recordingOf(words, { order }))),
        );
        if (little === undefined || legacy === undefined) throw new Error("two tables");
        expectSameColumns(columnsOf(legacy), columnsOf(little));
        // Both headers are as long as the other, so that even the offsets are the same.
        expect(reportOf(legacy)).toEqual(reportOf(little));
      }),
      { numRuns: 20 * SOAK },
    );
  });

  it.each<[rule: string, words: Word[]]>([
    ["mask 0", [timeHigh(1), pos(1, 5, 5, 0), ...eight, neg(0, 5, 5, 0), pos(3, 1, 1, 1)]],
    ["mask 0 alone", [timeHigh(1), pos(0, 5, 5, 0)]],
    ["mask 0 before the first TIME_HIGH", [pos(0, 5, 5, 0), timeHigh(1), ...eight]],
    ["mask 0 off the sensor", [timeHigh(1), pos(0, 640, 480, 0), neg(0, 2047, 2047, 0), ...eight]],
    ["mask with bit 31", [timeHigh(1), pos(0, 5, 5, TOP), neg(0, 608, 5, TOP), pos(0, 0, 0, ALL)]],
    ["mask with bit 31 off the sensor", [timeHigh(1), pos(0, 609, 5, TOP), neg(0, 609, 5, ALL)]],
  ])("%s", async (_, words) => expectRule(words));
});

describe("random words", () => {
  const orders = fc.constantFrom(...BYTE_ORDERS);

  it("load as the reference decodes them: columns, triggers, report, strict", async () => {
    const tails = fc.uint8Array({ maxLength: 7 });
    const open = fc.boolean();
    await fc.assert(
      fc.asyncProperty(wordStream(), tails, orders, open, async (words, tail, order, isOpen) => {
        const header = (isOpen ? OPEN_HEADERS : PLAIN_HEADERS)[order];
        const bytes = recordingOf(words, { order, header, tail: [...tail] });
        const expected = expectedEvt21(bytes, { order, geometry: isOpen ? null : SENSOR });
        await expectLoads(bytes, expected, 61);
        await expectStrict(bytes, expected, () => loadTable(bytes, { strict: true }));
      }),
      { numRuns: 20 * SOAK },
    );
  });

  it("of an orderly camera load without loss", async () => {
    await fc.assert(
      fc.asyncProperty(wordStream({ disorder: false }), orders, async (words, order) => {
        const bytes = recordingOf(words, { order });
        const expected = expectedEvt21(bytes, { order, geometry: SENSOR });
        expect(expected.report.firstAt).toEqual({});
        await expectTable(bytes, expected);
        await expectStrict(bytes, expected, () => loadTable(bytes, { strict: true }));
      }),
      { numRuns: 20 * SOAK },
    );
  });

  it("of any kind load as the reference decodes them", async () => {
    const half = fc.oneof(fc.nat(0xffffffff), fc.nat(0x1fffffff), fc.constantFrom(0, 1, TOP, ALL));
    const anyWords = fc.array(fc.tuple(half, half), { maxLength: 300, size: "max" });
    await fc.assert(
      fc.asyncProperty(anyWords, orders, fc.boolean(), async (words, order, hasTime) => {
        const start = hasTime ? [timeHigh(1)] : [];
        const header = OPEN_HEADERS[order];
        const bytes = recordingOf([...start, ...words], { order, header });
        await expectLoads(bytes, expectedEvt21(bytes, { order, geometry: null }));
      }),
      { numRuns: 20 * SOAK },
    );
  });

  it("load with any options as the reference decodes them", async () => {
    const side = fc.oneof(
      fc.integer({ min: 1, max: 2100 }),
      fc.constantFrom(1, 31, 32, 33, 320, 640, 2047, 2048, 2078, 2079, 32767, 32768, 65536),
    );
    const options = fc.record({
      geometry: fc.option(fc.record({ width: side, height: side }), { nil: undefined }),
      polarityEncoding: fc.constantFrom<PolarityEncoding>("minus-one-one", "zero-one"),
      rebase: fc.boolean(),
    });
    const streams = wordStream({ maxPassages: 20 });
    await fc.assert(
      fc.asyncProperty(streams, orders, options, async (words, order, given) => {
        const bytes = recordingOf(words, { order });
        const geometry = given.geometry ?? SENSOR;
        const expected = expectedEvt21(bytes, { ...given, order, geometry });
        const table = await loadTable(bytes, given);
        expectSameColumns(columnsOf(table), expected.columns);
        expect(reportOf(table)).toEqual(expected.report);

        const recording = await openRecording(bytes, { geometry: given.geometry });
        expect(recording.geometry).toEqual(geometry);
        const triggers = await recording.triggers({ rebase: given.rebase });
        expect(triggersOf(triggers)).toEqual(expected.triggers);
      }),
      { numRuns: 20 * SOAK },
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
        ...[held, ...Array.from({ length: 8 + inFront }, (_, at) => pos(50, at, 3, 1))],
        ...[...Array.from({ length: repeats }, () => held), timeHigh(high, 7)],
        ...Array.from({ length: 12 }, (_, at) => neg(10 + at, at, 4, at === 3 ? 0xff : 5)),
      ];
      for (const order of BYTE_ORDERS) {
        const bytes = recordingOf(words, { order });
        const expected = expectedEvt21(bytes, { order, geometry: SENSOR });
        const table = await loadTable(bytes);
        expectSameColumns(columnsOf(table), expected.columns);
        expect({ place, ...reportOf(table) }).toEqual({ place, ...expected.report });
      }
    }
  });
});
