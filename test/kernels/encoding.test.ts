/**
 * Encoding kernels at their edges: room for output, tiles, refusals, triggers, runs. `EVARROW_SOAK=n`
 * makes n times as many random runs.
 */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ENTRY_ROOM } from "../../src/kernels/layout.ts";
import {
  ENCODINGS,
  encodeTiles,
  type PlainEvent,
  type PlainTile,
  type PlainTrigger,
  type TestedEncoding,
} from "../support/encodings.ts";
import { SOAK } from "../support/soak.ts";

const TIMEOUT_MS = 60_000 * SOAK;
/** Less than 20 000 events or triggers take in any format. */
const ROOM_BYTES = 65_536;

const event = (t: number, x = 1, y = 2, p: 0 | 1 = 1): PlainEvent => ({ t, x, y, p });

/** Pixels in a row that differ in x alone. */
const run = (t: number, from: number, count: number, y = 3, p: 0 | 1 = 1): PlainEvent[] =>
  Array.from({ length: count }, (_, at) => event(t, from + at, y, p));

/** Runs and single events on few rows, close to both borders, in order of time. */
function denseEvents(side: number): fc.Arbitrary<PlainEvent[]> {
  const start = fc.oneof(
    fc.constantFrom(0, 1, 31, 32, side - 64, side - 33, side - 32, side - 31, side - 1),
    fc.nat(side - 1),
  );
  const part = fc.record({
    step: fc.constantFrom(0, 0, 0, 1, 63, 64, 4096),
    start,
    gaps: fc.array(fc.constantFrom(1, 1, 1, 1, 2, 5, 31, 32), { maxLength: 70 }),
    y: fc.constantFrom(0, 1, side - 1),
    p: fc.constantFrom(0 as const, 1 as const),
  });
  return fc.array(part, { maxLength: 12 }).map((parts) => {
    let t = 0;
    return parts.flatMap(({ step, start: first, gaps, y, p }) => {
      t += step;
      let x = first;
      const xs = [x, ...gaps.map((gap) => (x += gap))];
      return xs.filter((value) => value < side).map((value) => event(t, value, y, p));
    });
  });
}

function triggerList({ maxTriggerId }: TestedEncoding): fc.Arbitrary<PlainTrigger[]> {
  if (maxTriggerId === null) return fc.constant([]);
  const one = fc.tuple(
    fc.nat(20_000),
    fc.nat(maxTriggerId),
    fc.constantFrom(0 as const, 1 as const),
  );
  return fc.array(one, { maxLength: 30 });
}

describe.each(ENCODINGS)("the encoding kernel of $name", (target) => {
  const { encoding, decode, side, periodUs, mostStepUs, maxTriggerId } = target;

  it(
    "writes runs next to each other and next to the borders",
    async () => {
      await fc.assert(
        fc.asyncProperty(denseEvents(side), async (events) => {
          const { bytes } = await encodeTiles(target, [{ events }]);
          expect(decode(bytes).events).toEqual(events);
        }),
        { numRuns: 30 * SOAK },
      );
    },
    TIMEOUT_MS,
  );

  it("does not take the column behind the last for the first of the other polarity", async () => {
    for (const [first, second] of [
      [0, 1],
      [1, 0],
    ] as const) {
      for (const from of [side - 34, side - 33, side - 32]) {
        const events = [...run(5, from, 32, 3, first), ...run(5, 0, 32, 3, second)];
        const { bytes } = await encodeTiles(target, [{ events }]);
        expect(decode(bytes).events).toEqual(events);
      }
    }
  });

  it(
    "gives the same bytes with any room for output, none of them behind it",
    async () => {
      const room = fc.oneof(fc.constant(0), fc.nat(8), fc.nat(300));
      await fc.assert(
        fc.asyncProperty(
          denseEvents(side),
          triggerList(target),
          room,
          async (events, triggers, more) => {
            const tiles = [{ events, triggers: triggers.sort(([a], [b]) => a - b) }];
            const whole = await encodeTiles(target, tiles);
            const pieces = await encodeTiles(target, tiles, { outputBytes: ENTRY_ROOM + more });
            expect(pieces.bytes).toEqual(whole.bytes);
            expect(pieces.chunks).toBeGreaterThanOrEqual(whole.chunks);
          },
        ),
        { numRuns: 25 * SOAK },
      );
    },
    TIMEOUT_MS,
  );

  it(
    "goes on in the next tile",
    async () => {
      const cuts = fc.array(fc.nat(200), { maxLength: 6 });
      await fc.assert(
        fc.asyncProperty(
          denseEvents(side),
          triggerList(target),
          cuts,
          async (events, triggers, list) => {
            triggers.sort(([a], [b]) => a - b);
            const ends = [...list.sort((a, b) => a - b), Number.POSITIVE_INFINITY];
            let start = 0;
            const tiles = ends.map((end): PlainTile => {
              const tile = {
                events: events.slice(start, end),
                triggers: triggers.slice(start, end),
              };
              start = end;
              return tile;
            });
            const { bytes, leftOut } = await encodeTiles(target, tiles, {
              outputBytes: ENTRY_ROOM + 64,
            });
            expect(decode(bytes)).toEqual({ events, triggers });
            expect(leftOut).toEqual({ events: 0, triggers: 0 });
          },
        ),
        { numRuns: 25 * SOAK },
      );
    },
    TIMEOUT_MS,
  );

  it("writes more than its room in one tile", async () => {
    // Pixels far from each other in rising time, so that every event takes all the words it can.
    const events = Array.from({ length: 20_000 }, (_, at) =>
      event(at * 64, (at * 997) % side, (at * 31) % side, (at & 1) as 0 | 1),
    );
    const { bytes, chunks } = await encodeTiles(target, [{ events }], { outputBytes: ROOM_BYTES });
    expect(chunks).toBeGreaterThan(1);
    const found = decode(bytes).events;
    expect(found.length).toBe(events.length);
    const differs = found.findIndex(({ t, x, y, p }, at) => {
      const { t: t0, x: x0, y: y0, p: p0 } = events[at] ?? event(-1);
      return t !== t0 || x !== x0 || y !== y0 || p !== p0;
    });
    expect(differs).toBe(-1);
  });

  it.skipIf(periodUs === null)("brings the clock over the longest steps there are", async () => {
    const step = mostStepUs;
    const times = [step - 1, step - 1 + step, step - 1 + 2 * step, 3 * step].filter(
      Number.isSafeInteger,
    );
    const events = times.map((t) => event(t));
    const options = { outputBytes: ENTRY_ROOM };
    const { bytes } = await encodeTiles(target, [{ events }], options);
    expect(decode(bytes).events).toEqual(events);
    if (maxTriggerId !== null) {
      const triggers = times.map((t): PlainTrigger => [t, maxTriggerId, 1]);
      const encoded = await encodeTiles(target, [{ events: [], triggers }], options);
      expect(decode(encoded.bytes).triggers).toEqual(triggers);
    }
    const late = [event(5), event(5 + step + (periodUs ?? 0))];
    await expect(encodeTiles(target, [{ events: late }], options)).rejects.toMatchObject({
      code: "not-encodable",
      row: 1,
    });
  });

  it("wraps wherever the clock stands in front of the end and behind it", async () => {
    if (periodUs === null) return; // its times have no end
    const offsets = [1, 2, 63, 64, 4096, 4097, 1_000_000, 8_000_000];
    for (const before of offsets) {
      for (const after of offsets.map((offset) => offset - 1)) {
        const events = [periodUs - before, periodUs + after, 2 * periodUs - before]
          .filter((t, at, all) => t - (all[at - 1] ?? t) <= mostStepUs)
          .map((t) => event(t));
        const { bytes } = await encodeTiles(target, [{ events }]);
        expect(decode(bytes).events).toEqual(events);
      }
    }
  });

  it("sends the clock through its last value and 0 wherever it wraps", async () => {
    // Readers differ in the falls that they take for a wrap; this one they all do.
    if (target.words === null || periodUs === null) return;
    const most = target.name === "evt3" ? 0xfff : 0xfffffff;
    for (const [from, to, wraps] of [
      [periodUs - 1, periodUs, 1],
      [periodUs - 1, periodUs + 5_000_000, 1],
      [periodUs - 5_000_000, periodUs + 1, 1],
      [5, periodUs + 5_000_000, 1],
      [0, 3 * periodUs, 3],
    ] as const) {
      const { bytes } = await encodeTiles(target, [{ events: [event(from), event(to)] }]);
      const clock = target.words(bytes).filter(({ type }) => type === 0x8);
      const values = clock.map(({ payload }) => payload);
      const falls = values.filter((value, at) => value < (values[at - 1] ?? 0));
      expect(falls).toEqual(Array(wraps).fill(0));
      const before = values.filter((value, at) => (values[at + 1] ?? value) < value);
      expect(before).toEqual(Array(wraps).fill(most));
    }
  });

  describe("a refusal", () => {
    // CSV takes every pixel that the columns hold, and so every event.
    const geometry = { width: 64, height: 48 };
    it("names the row, in whichever call and tile", async () => {
      if (encoding.id === "csv" || encoding.id === "text") return; // any pixel has a place in a line
      const tile = Array.from({ length: 300 }, (_, at) => event(at * 100));
      const last = Array.from({ length: 1000 }, (_, at) => event(30_000 + at * 100));
      for (const row of [0, 1, 700, 999]) {
        const events = last.map((one, at) => (at === row ? { ...one, x: 64 } : one));
        for (const outputBytes of [ENTRY_ROOM, ENTRY_ROOM + 100, 2 ** 20]) {
          const tiles = [{ events: tile }, { events: [] }, { events }];
          await expect(encodeTiles(target, tiles, { geometry, outputBytes })).rejects.toMatchObject(
            { code: "not-encodable", row: 300 + row, found: "64, 2" },
          );
        }
      }
    });

    it("is for the event outside the sensor, not for the run it ends", async () => {
      if (encoding.id === "csv" || encoding.id === "text") return; // any pixel has a place in a line
      for (const count of [1, 2, 3, 4, 5, 31, 32, 33]) {
        const events = run(5, 64 - count, count + 1);
        await expect(encodeTiles(target, [{ events }], { geometry })).rejects.toMatchObject({
          code: "not-encodable",
          row: count,
          found: "64, 3",
        });
        const { bytes, leftOut } = await encodeTiles(target, [{ events }], {
          geometry,
          leaveOut: true,
        });
        expect(leftOut).toEqual({ events: 1, triggers: 0 });
        expect(decode(bytes).events).toEqual(events.slice(0, -1));
      }
    });

    it("is for the event beyond what the format can name", async () => {
      if (side === 65_536) return;
      const events = run(5, side - 3, 5);
      await expect(encodeTiles(target, [{ events }])).rejects.toMatchObject({ row: 3 });
      const rows = [event(5, 1, side - 1), event(5, 1, side)];
      await expect(encodeTiles(target, [{ events: rows }])).rejects.toMatchObject({ row: 1 });
    });

    it(
      "can be left out, and the rest is as if it had not been there",
      async () => {
        const bad: PlainEvent[] = [
          ...(side < 65_536
            ? [event(0, side, 0), event(0, 0, side), event(0, 65_535, 65_535)]
            : []),
          ...(periodUs === null ? [] : [event(-1), event(-(2 ** 40)), event(2 ** 52)]),
        ];
        if (bad.length === 0) return;
        const mix = fc.array(fc.oneof(fc.constant(null), fc.constantFrom(...bad)), {
          minLength: 1,
          maxLength: 60,
        });
        await fc.assert(
          fc.asyncProperty(denseEvents(side), mix, async (good, list) => {
            const rest = [...good];
            const events = list.flatMap((one) => (one === null ? rest.splice(0, 7) : [one]));
            events.push(...rest);
            const expected = events.filter((one) => !bad.includes(one));
            const { bytes, leftOut } = await encodeTiles(target, [{ events }, { events: bad }], {
              leaveOut: true,
              outputBytes: ENTRY_ROOM + 40,
            });
            expect(decode(bytes).events).toEqual(expected);
            const left = events.length - expected.length + bad.length;
            expect(leftOut).toEqual({ events: left, triggers: 0 });
          }),
          { numRuns: 15 * SOAK },
        );
      },
      TIMEOUT_MS,
    );
  });
});

const WITH_TRIGGERS = ENCODINGS.filter(({ maxTriggerId }) => maxTriggerId !== null);

describe.each(WITH_TRIGGERS)("triggers through the kernel of $name", (target) => {
  const { decode, maxTriggerId } = target;
  const most = maxTriggerId ?? 0;
  const eventTypes = target.name === "evt3" ? [2, 4, 5] : [0, 1];

  /** The entries of a file in order: `T` a trigger, `E` a word that holds events. */
  function entries(bytes: Uint8Array): string {
    const letters = (target.words?.(bytes) ?? []).map(({ type }) => {
      if (type === 0xa) return "T";
      return eventTypes.includes(type) ? "E" : "";
    });
    return letters.join("");
  }

  it("go in front of the first event that is not earlier", async () => {
    const events = [5, 5, 6, 8].map((t, at) => event(t, at * 40, at));
    const triggers: PlainTrigger[] = [
      [4, 0, 1],
      [5, 1, 0],
      [7, most, 1],
      [8, 0, 0],
      [9, 0, 1],
    ];
    const { bytes } = await encodeTiles(target, [{ events, triggers }]);
    expect(entries(bytes)).toBe("TTEEETTET");
    expect(decode(bytes)).toEqual({ events, triggers });
  });

  it("do not split a run of their own time", async () => {
    const events = run(5, 64, 64);
    const alone = entries((await encodeTiles(target, [{ events }])).bytes);
    const triggers: PlainTrigger[] = [
      [5, 0, 1],
      [5, 1, 1],
      [6, 0, 0],
    ];
    const { bytes } = await encodeTiles(target, [{ events, triggers }]);
    expect(entries(bytes)).toBe(`TT${alone}T`);
    expect(decode(bytes)).toEqual({ events, triggers });
  });

  it("between runs leave row, base and time of the events as they are", async () => {
    const events = [...run(5, 0, 32), ...run(6, 32, 32), ...run(6, 64, 32), ...run(4100, 96, 32)];
    for (const t of [0, 5, 6, 7, 4095, 4096, 4100, 5000]) {
      const triggers: PlainTrigger[] = [[t, most, 1]];
      const { bytes } = await encodeTiles(target, [{ events, triggers }]);
      expect(decode(bytes)).toEqual({ events, triggers });
    }
  });

  it("keep their order where it is not that of time", async () => {
    const events = run(50, 0, 40);
    const triggers: PlainTrigger[] = [
      [60, 0, 1],
      [40, 1, 0],
      [50, 2, 1],
    ];
    const { bytes } = await encodeTiles(target, [{ events, triggers }, { events: run(70, 0, 40) }]);
    expect(decode(bytes)).toEqual({ events: [...events, ...run(70, 0, 40)], triggers });
  });

  it("that are refused are named by their row among all triggers", async () => {
    const good: PlainTrigger[] = [
      [1, 0, 1],
      [2, 0, 1],
    ];
    for (const bad of [
      [3, most + 1, 1],
      [3, -1, 1],
      [-3, 0, 1],
      [2 ** 52, 0, 1],
    ] as PlainTrigger[]) {
      const tiles = [
        { events: [event(1)], triggers: good },
        { events: [], triggers: good },
        { events: [event(2)], triggers: [...good, bad, [5, 0, 1] as const] },
      ];
      await expect(encodeTiles(target, tiles)).rejects.toMatchObject({
        code: "not-encodable",
        row: 6,
        message: expect.stringContaining("trigger"),
      });
      const { bytes, leftOut } = await encodeTiles(target, tiles, { leaveOut: true });
      expect(leftOut).toEqual({ events: 0, triggers: 1 });
      expect(decode(bytes).triggers).toEqual([...good, ...good, ...good, [5, 0, 1]]);
    }
  });

  it("fill the room for output, too", async () => {
    const triggers = Array.from(
      { length: 20_000 },
      (_, at): PlainTrigger => [at * 64, at % most, 1],
    );
    const options = { outputBytes: ROOM_BYTES };
    const { bytes, chunks } = await encodeTiles(target, [{ events: [], triggers }], options);
    expect(chunks).toBeGreaterThan(1);
    const found = decode(bytes).triggers;
    expect(found.length).toBe(triggers.length);
    expect(found[12_345]).toEqual(triggers[12_345]);
    expect(found.at(-1)).toEqual(triggers.at(-1));
  });
});
