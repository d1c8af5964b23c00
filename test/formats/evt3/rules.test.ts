import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { loadTable, openRecording, type PolarityEncoding, reportOf } from "../../../src/index.ts";
import {
  base,
  continued4,
  continued12,
  FILLER,
  imu,
  off,
  on,
  others,
  PLAIN_HEADER,
  recordingOf,
  row,
  timeHigh,
  timeLow,
  trigger,
  triple,
  vect8,
  vect12,
  wordStream,
} from "../../support/evt3-words.ts";
import { columnsOf, expectSameColumns, triggersOf } from "../../support/expected-load.ts";
import { expectLoads, expectStrict, expectTable } from "../../support/loads.ts";
import { SOAK } from "../../support/soak.ts";
import { PieceSource } from "../../support/sources.ts";
import { timeHighPlaces } from "../../support/time-high-places.ts";
import { expectedEvt3, OPEN_HEADER, SENSOR } from "./loads.ts";

const ALL = triple(0xfff, 0xfff, 0xff);
/** Clock and row that most of the hand-written recordings begin with. */
const START = [timeHigh(1), row(2)];
const eight = Array.from({ length: 8 }, (_, index) => (index % 3 === 0 ? off : on)(10 * index));

describe("every rule, by hand", () => {
  it.each<[rule: string, words: number[], tail?: number[]]>([
    ["nothing", []],
    ["a TIME_HIGH alone", [timeHigh(7)]],
    [
      "every field at its bounds",
      [
        ...[timeHigh(0), row(0), off(0), on(639)],
        ...[timeHigh(4095), timeLow(4095), row(479), on(0)],
      ],
    ],
    ["eight words in one row, one step of the kernel", [...START, ...eight]],
    ["seventeen words, two steps and one word", [...START, ...eight, ...eight, on(1)]],
    [
      "a row, a time or a base in any of eight words",
      [
        ...START,
        ...eight.flatMap((word, index) => [word, row(index), on(1), timeLow(index), word]),
      ],
    ],

    // Before the first TIME_HIGH.
    [
      "data before the first TIME_HIGH",
      [
        ...[row(1), timeLow(5), on(1), base(3), ...ALL, trigger(1, 1), ...eight],
        ...[timeHigh(0), on(1), row(4), on(1), ...ALL, base(7), ...ALL],
      ],
    ],
    ["no TIME_HIGH at all", [row(1), ...eight, ...eight, base(3), ...ALL, trigger(1, 1)]],
    ["vectors without pixels before the first TIME_HIGH", [...triple(0, 0, 0xf00), timeHigh(1)]],
    [
      "triggers before the first TIME_HIGH",
      [trigger(3, 0), trigger(4, 1), timeHigh(1), trigger(5, 1)],
    ],
    [
      "a row and a TIME_LOW from before the first TIME_HIGH",
      [row(9), timeLow(9), timeHigh(1), on(1)],
    ],
    ["a base from before the first TIME_HIGH", [base(9), timeHigh(1), row(2), vect12(1), vect8(1)]],
    [
      "vendor and unknown words before the first TIME_HIGH",
      [
        others(0x14),
        continued12(1),
        continued4(1),
        imu(0),
        FILLER,
        0x1000,
        0xb000,
        0xc000,
        timeHigh(1),
      ],
    ],
    ["events before a row", [timeHigh(1), timeLow(3), ...eight, on(700), row(1), ...eight]],

    // Time.
    [
      "a duplicated TIME_HIGH keeps TIME_LOW",
      [
        ...START,
        timeLow(9),
        on(1),
        timeHigh(1),
        on(2),
        trigger(1, 1),
        ...eight,
        timeHigh(1),
        ...eight,
      ],
    ],
    [
      "a changed TIME_HIGH resets TIME_LOW",
      [...START, timeLow(9), on(1), timeHigh(2), on(2), trigger(1, 1), ...eight, timeLow(1), on(3)],
    ],
    [
      "a wrap",
      [timeHigh(4095), row(1), timeLow(4095), on(1), timeHigh(0), on(2), ...eight, ...ALL],
    ],
    ["the smallest fall that is a wrap", [timeHigh(2048), row(1), on(1), timeHigh(0), on(2)]],
    ["the greatest fall that is none", [timeHigh(2047), row(1), on(1), timeHigh(0), on(2)]],
    [
      "two wraps",
      [
        ...[timeHigh(4095), row(1), timeHigh(0), on(1), timeHigh(4000), on(2), timeHigh(1)],
        ...[on(3), trigger(1, 1), ...eight],
      ],
    ],
    [
      "a wrap that goes back again",
      [
        timeHigh(4095),
        row(1),
        on(1),
        timeHigh(0),
        on(2),
        timeHigh(4095),
        on(3),
        timeHigh(4094),
        on(4),
      ],
    ],
    [
      "a small backward step",
      [timeHigh(10), row(1), on(1), timeHigh(9), timeLow(4000), on(2), on(3), ...eight, ...eight],
    ],
    [
      "a backward step of TIME_LOW",
      [...START, timeLow(9), on(1), timeLow(8), on(2), on(3), ...eight],
    ],
    [
      "a backward step between events",
      [...START, timeLow(800), on(1), timeLow(811), timeLow(800), on(2), timeLow(801), on(3)],
    ],
    [
      "a backward step inside a vector",
      [...START, timeLow(9), base(0), ...ALL, timeLow(2), ...ALL],
    ],

    // Vectors.
    ["vectors", [...START, base(0), ...triple(1, 0x800, 0x80), base(608, 0), ...ALL, on(5)]],
    [
      "VECT continuation without a new base",
      [
        ...START,
        base(5, 0),
        ...ALL,
        ...triple(0x555, 0, 0x81),
        ...ALL,
        vect12(3),
        vect8(1),
        vect12(1),
      ],
    ],
    [
      "a base and a row that last over other words",
      [...START, base(5), vect12(3), on(9), row(7), timeLow(4), vect12(3), timeHigh(2), vect8(3)],
    ],
    ["a base without vectors, and a new one", [...START, base(5, 0), base(9, 1), ...ALL]],
    [
      "bases among eight words",
      [...START, ...eight, base(1), base(64, 0), on(3), ...eight, ...eight, ...ALL],
    ],
    ["vectors without pixels", [...START, base(3), ...triple(0, 0, 0xf00), ...triple(1, 1, 1)]],
    [
      "vectors of one word each, in any order",
      [
        ...START,
        base(40),
        vect8(0xfff),
        vect12(0xfff),
        vect8(1),
        vect8(0x80),
        vect12(0x800),
        vect12(0),
      ],
    ],
    ["vectors before a base", [...START, ...ALL, vect8(1), base(2), ...ALL]],
    ["vectors before a row", [timeHigh(1), base(2), ...ALL, vect8(1), row(3), ...ALL]],
    ["vectors before a base and a row", [timeHigh(1), ...ALL, row(3), base(2), ...ALL]],
    [
      "a vector crossing the right border",
      [
        ...START,
        base(630),
        ...ALL,
        base(609),
        ...ALL,
        base(608),
        ...ALL,
        base(639, 0),
        vect12(0xfff),
      ],
    ],
    [
      "a vector beyond the right border",
      [...START, base(640), ...ALL, base(2047), ...ALL, on(639)],
    ],
    [
      "a sparse vector crossing the right border",
      [...START, base(630), vect12(0x7ff), vect8(0xff)],
    ],
    ["an incomplete vector triple", [...START, base(3), vect12(3), vect12(3), on(7), ...eight]],
    ["an incomplete vector triple at the end", [...START, base(3), vect12(0xfff), vect12(0xfff)]],
    ["a cut vector triple at the end", [...START, base(3), vect12(0xfff)], [0xff]],

    // The sensor.
    ["the slave bit", [...START, on(1), row(2, 1), ...eight, base(0), ...ALL, row(2), ...eight]],
    [
      "y >= height",
      [...START, on(1), row(480), ...eight, base(0), ...ALL, row(479), on(2), ...ALL],
    ],
    ["y of 2047", [...START, row(2047), ...eight, on(2047), base(0), ...ALL]],
    ["x >= width", [...START, on(640), off(2047), on(639), ...eight, on(640), ...eight]],
    ["pixels of x and y outside", [...START, row(480), on(640), base(640), ...ALL]],
    ["an event outside takes no step back", [...START, timeLow(9), on(700), timeLow(3), on(1)]],

    // Words without events.
    [
      "triggers",
      [timeHigh(1), trigger(15, 1), trigger(0, 0), 0xa0fe, 0xa0ff, timeLow(7), trigger(2, 1)],
    ],
    [
      "triggers out of order with events",
      [...START, timeLow(9), on(1), timeLow(2), trigger(1, 1), timeLow(9), on(2)],
    ],
    ["OTHERS with 0 CONTINUED words", [...START, others(0x14), ...eight]],
    ["OTHERS with 1 CONTINUED_12", [...START, others(0x16), continued12(0xfff), ...eight]],
    ["OTHERS with 1 CONTINUED_4", [...START, others(0x16), continued4(0xf), timeHigh(2), ...eight]],
    [
      "OTHERS with 2 CONTINUED_12, and a TIME_HIGH behind them",
      [...START, timeLow(5), others(0x19), continued12(1), continued12(2), timeHigh(2), ...eight],
    ],
    [
      "OTHERS with 2 CONTINUED words of both kinds",
      [...START, others(0x19), continued12(1), continued4(2), ...eight],
    ],
    [
      "OTHERS with 3 CONTINUED words",
      [
        ...START,
        others(0x19),
        continued12(1),
        continued12(2),
        continued4(3),
        timeHigh(2),
        ...eight,
      ],
    ],
    [
      "OTHERS with 1 CONTINUED_12 and events behind it",
      [...START, others(1), continued12(1), on(1), on(2)],
    ],
    [
      "OTHERS of every kind",
      [...START, others(0), others(0xfff), others(0xed6), others(0xed6), on(1)],
    ],
    ["CONTINUED words and IMU alone", [...START, continued4(1), continued12(1), imu(0xfff), on(1)]],
    [
      "vendor words inside a vector triple",
      [...START, base(1), vect12(1), others(2), vect12(1), vect8(1)],
    ],
    [
      "the filler word 0x9999",
      [...START, on(1), FILLER, FILLER, ...eight, base(1), FILLER, ...ALL],
    ],
    ["unknown words", [...START, 0x1fff, on(1), 0x9000, on(2), 0xb800, on(3), 0xc123, on(4)]],

    // The end.
    ["an odd trailing byte", [...START, on(1)], [0x20]],
    ["an odd byte before the first TIME_HIGH", [on(1)], [0x80]],
    ["less than a word", [], [0x01]],
  ])("%s", async (_, words, tail = []) => {
    for (const [header, geometry] of [
      [PLAIN_HEADER, SENSOR],
      [OPEN_HEADER, null],
    ] as const) {
      const bytes = recordingOf(words, { header, tail });
      const expected = expectedEvt3(bytes, { geometry });
      await expectLoads(bytes, expected, 1, 5);
      await expectStrict(bytes, expected, () => loadTable(bytes, { strict: true }));
    }
  });

  it("gives the first events of a real recording, byte by byte", async () => {
    const words = [
      ...[0x2d, 0x8b], // TIME_HIGH 0xb2d
      ...[0x00, 0x60], // TIME_LOW 0
      ...[0xc8, 0x00], // row 200
      ...[0x6a, 0x23], // OFF, x 0x36a
      ...[0x26, 0x2b], // ON, x 0x326
      ...[0xc9, 0x00], // row 201
      ...[0x72, 0x23], // OFF, x 0x372
    ];
    const bytes = recordingOf([], { header: OPEN_HEADER, tail: words });
    const rows = (await loadTable(bytes)).toArray().map((event) => event?.toJSON());
    expect(rows).toEqual([
      { x: 874, y: 200, t: 11718656n, polarity: -1 },
      { x: 806, y: 200, t: 11718656n, polarity: 1 },
      { x: 882, y: 201, t: 11718656n, polarity: -1 },
    ]);
  });

  it("clips a vector pixel by pixel at the right border", async () => {
    const table = await loadTable(recordingOf([...START, base(635), ...ALL]));
    expect([...columnsOf(table).x]).toEqual([635, 636, 637, 638, 639]);
    expect(reportOf(table)).toMatchObject({ eventsOutsideGeometry: 27, events: 5 });
  });

  it("counts OTHERS by subtype, and each once under rebase", async () => {
    const words = [others(0x14), ...START, others(0x14), others(0x19), continued12(1), on(1)];
    for (const rebase of [false, true]) {
      const table = await loadTable(recordingOf(words), { rebase });
      expect(reportOf(table)).toMatchObject({
        skippedWords: { OTHERS: 3, CONTINUED_12: 1 },
        otherSubtypes: { "0x14": 2, "0x19": 1 },
      });
    }
  });

  // The kernel takes eight words and whole triples at a time, so each odd word is tried in each
  // place, among words of a row and among words of all kinds.
  it.each<[oddity: string, words: number[]]>([
    ["x one too large", [on(640)]],
    ["x as large as it can be", [off(2047)]],
    ["the last pixel", [row(479), on(639)]],
    ["a row one too large", [row(480)]],
    ["a row as large as it can be", [row(2047), on(3), row(7)]],
    ["a row of the slave camera", [row(3, 1), on(1), on(2), on(3)]],
    ["two rows", [row(480), row(3)]],
    ["a step back", [timeLow(0)]],
    ["a step back without events", [timeLow(900), timeLow(800)]],
    ["a step back and ahead", [timeLow(1), timeLow(800), on(3), timeLow(799), on(4)]],
    ["the same TIME_HIGH", [timeHigh(10)]],
    ["the next TIME_HIGH", [timeHigh(11)]],
    ["the TIME_HIGH before", [timeHigh(9)]],
    ["the TIME_HIGH before, to its end", [timeHigh(9), timeLow(4095), on(1), timeHigh(10)]],
    ["a TIME_HIGH long before", [timeHigh(1), ...Array(20).fill(on(5))]],
    ["a wrap", [timeHigh(4095), timeHigh(0)]],
    ["a trigger", [trigger(3, 1)]],
    ["a base", [base(32, 0)]],
    ["a triple", [base(32, 0), ...ALL]],
    ["a triple up to the border", [base(608, 1), ...ALL]],
    ["a triple beyond the border", [base(609, 1), ...ALL]],
    ["two triples of one base, the second crossing the border", [base(600), ...ALL, ...ALL]],
    ["a triple without a new base", ALL],
    ["a triple in a row outside", [row(480), ...ALL, row(1), ...ALL]],
    ["a triple of an earlier time", [timeLow(0), ...ALL]],
    ["a triple of three VECT_12", [vect12(0xfff), vect12(0xfff), vect12(0xfff)]],
    ["a triple in another order", [vect8(0xff), vect12(0xfff), vect12(0xfff)]],
    ["a triple with the unused bits set", [base(64), ...triple(0, 1, 0xf01)]],
    ["a vector word alone", [vect12(0x123)]],
    ["a short vector word alone", [vect8(0xf21)]],
    ["vendor words", [others(0x19), continued12(1), continued4(2)]],
    ["an IMU word", [imu(1)]],
    // Words that would pass for an event but for their type.
    ...[1, 9, 0xb, 0xc].map((type): [string, number[]] => [
      `a word of the unknown type ${type}`,
      [type * 2 ** 12 + 5],
    ]),
  ])("%s, anywhere among regular words", async (_, odd) => {
    const events = (count: number): number[] =>
      Array.from({ length: count }, (_, index) => (index % 2 === 0 ? off : on)(index));
    const mixed = (count: number, from: number): number[] =>
      Array.from({ length: count }, (_, index) => {
        if (index % 7 === 1) return timeLow(from + index);
        if (index % 5 === 2) return row(index);
        if (index % 11 === 4) return base(index * 3, index % 2 === 0 ? 0 : 1);
        return (index % 2 === 0 ? off : on)(index);
      });
    for (let before = 0; before < (SOAK > 1 ? 26 : 17); before++) {
      for (const regular of [events, mixed]) {
        const start = [timeHigh(10), row(3), timeLow(100), base(10)];
        const bytes = recordingOf([
          ...[...start, ...regular(before, 101), ...odd],
          ...[...regular(11, 800), ...ALL, ...regular(17, 820)],
        ]);
        await expectTable(bytes, expectedEvt3(bytes, { geometry: SENSOR }));
      }
    }
  });

  it("drops rows of the slave camera, however high the sensor is said to be", async () => {
    const words = [timeHigh(1), row(2047), ...eight, row(0, 1), ...eight, base(0), ...ALL];
    const table = await loadTable(recordingOf(words), { geometry: { width: 2048, height: 4096 } });
    expect(reportOf(table)).toMatchObject({ events: 8, eventsOutsideGeometry: 40 });
    expect([...columnsOf(table).y]).toEqual(Array(8).fill(2047));
  });

  it("a base that runs beyond the column's range, where nothing says the sensor", async () => {
    const words = [...START, base(2000), ...Array(5500).fill(vect12(0x801)), base(7), ...ALL];
    const bytes = recordingOf(words, { header: OPEN_HEADER });
    const expected = expectedEvt3(bytes, { geometry: null });
    expect(expected.report.eventsOutsideGeometry).toBeGreaterThan(0);
    expect(Math.max(...expected.columns.x)).toBeGreaterThan(65500);
    await expectTable(bytes, expected);
    await expectStrict(bytes, expected, () => loadTable(bytes, { strict: true }));
  });

  it("more triggers than the kernel has room for at once", async () => {
    const words = [trigger(9, 1), ...START];
    for (let index = 0; index < 7000; index++) {
      words.push(trigger(index % 16, index % 2 === 0 ? 1 : 0));
      if (index % 10 === 0) words.push(timeLow(index % 4096));
      if (index % 1000 === 0) words.push(timeHigh(index % 4096), on(index % 640), ...eight);
    }
    const bytes = recordingOf(words);
    await expectLoads(bytes, expectedEvt3(bytes, { geometry: SENSOR }));
  });

  it("more events than a tile has", async () => {
    // Without a row the vectors stop; their number is no divisor of a tile.
    const words = [timeHigh(0), row(0)];
    for (let index = 0; words.length < 50_000; index++) {
      if (index % 50 === 0) words.push(timeHigh((index / 50) % 4096));
      words.push(row(index % 480), timeLow(index % 50), base((index * 7) % 609, 1));
      words.push(...triple(0xfff, index % 4096, 0xff), off(index % 640), on(5));
    }
    const bytes = recordingOf(words);
    const expected = expectedEvt3(bytes, { geometry: SENSOR });
    expect(expected.events.length).toBeGreaterThan(100_000);
    await expectTable(bytes, expected);
    const pieces = new PieceSource(bytes, () => 4095);
    expectSameColumns(columnsOf(await loadTable(pieces)), expected.columns);
  });
});

describe("random words", () => {
  it("load as the reference decodes them: columns, triggers, report, strict", async () => {
    const tails = fc.uint8Array({ maxLength: 1 });
    const headers = fc.constantFrom(PLAIN_HEADER, OPEN_HEADER, `% a bc\n${PLAIN_HEADER}`);
    await fc.assert(
      fc.asyncProperty(wordStream(), tails, headers, async (words, tail, header) => {
        const bytes = recordingOf(words, { header, tail: [...tail] });
        const geometry = header === OPEN_HEADER ? null : SENSOR;
        const expected = expectedEvt3(bytes, { geometry });
        await expectLoads(bytes, expected, 61);
        await expectStrict(bytes, expected, () => loadTable(bytes, { strict: true }));
      }),
      { numRuns: 20 * SOAK },
    );
  });

  it("of an orderly camera load without loss", async () => {
    await fc.assert(
      fc.asyncProperty(wordStream({ disorder: false }), async (words) => {
        const bytes = recordingOf(words);
        const expected = expectedEvt3(bytes, { geometry: SENSOR });
        expect(expected.report.firstAt).toEqual({});
        await expectTable(bytes, expected);
        await expectStrict(bytes, expected, () => loadTable(bytes, { strict: true }));
      }),
      { numRuns: 20 * SOAK },
    );
  });

  it("of any kind load as the reference decodes them", async () => {
    const anyWords = fc.array(fc.integer({ min: 0, max: 0xffff }), {
      maxLength: 400,
      size: "max",
    });
    await fc.assert(
      fc.asyncProperty(anyWords, fc.boolean(), async (words, hasTime) => {
        const start = hasTime ? [...START, base(0)] : [];
        const bytes = recordingOf([...start, ...words], { header: OPEN_HEADER });
        await expectLoads(bytes, expectedEvt3(bytes, { geometry: null }));
      }),
      { numRuns: 20 * SOAK },
    );
  });

  it("load with any options as the reference decodes them", async () => {
    const side = fc.oneof(
      fc.integer({ min: 1, max: 2050 }),
      fc.constantFrom(1, 31, 32, 33, 320, 640, 2047, 2048, 4095, 4096, 4097, 32767, 32768, 65536),
    );
    const options = fc.record({
      geometry: fc.option(fc.record({ width: side, height: side }), { nil: undefined }),
      polarityEncoding: fc.constantFrom<PolarityEncoding>("minus-one-one", "zero-one"),
      rebase: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(wordStream({ maxPassages: 20 }), options, async (words, given) => {
        const bytes = recordingOf(words);
        const expected = expectedEvt3(bytes, { ...given, geometry: given.geometry ?? SENSOR });
        const table = await loadTable(bytes, given);
        expectSameColumns(columnsOf(table), expected.columns);
        expect(reportOf(table)).toEqual(expected.report);

        const recording = await openRecording(bytes, { geometry: given.geometry });
        expect(recording.geometry).toEqual(given.geometry ?? SENSOR);
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
      const high = { same: 3000, later: 3001, earlier: 2990, wrap: 5 }[next];
      const words = [
        ...[timeHigh(3000), row(3), timeLow(50)],
        ...Array.from({ length: 16 + inFront }, (_, at) => on(at)),
        ...[...Array.from({ length: repeats }, () => timeHigh(3000)), timeHigh(high)],
        ...[timeLow(10), row(4), ...Array.from({ length: 12 }, (_, at) => off(at))],
        ...[base(7), ...triple(5, 0, 1), timeHigh(high), ...triple(0xff, 0xf0f, 3), on(1)],
      ];
      const bytes = recordingOf(words);
      const expected = expectedEvt3(bytes, { geometry: SENSOR });
      const table = await loadTable(bytes);
      expectSameColumns(columnsOf(table), expected.columns);
      expect({ place, ...reportOf(table) }).toEqual({ place, ...expected.report });
    }
  });
});
