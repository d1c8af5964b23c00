import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { WholeEventColumns } from "../../src/events/from-table.ts";
import { type EventQuery, openRecording, reportOf } from "../../src/node.ts";
import { type QueriedEvent, queryReference, type ReferenceStep } from "../reference/query.ts";
import { containerOf } from "../support/containers.ts";
import { CONVERTED, type Scene } from "../support/conversions.ts";
import { eventColumns } from "../support/encodings.ts";
import { columnsOf } from "../support/expected-load.ts";
import { streamed } from "../support/loads.ts";
import { SOAK } from "../support/soak.ts";

const SENSOR = { width: 48, height: 40 };

/** Events whose time mostly rises, and now and then goes back a little. */
const eventLists = fc
  .record({
    start: fc.integer({ min: 1_000_000, max: 2_000_000 }),
    steps: fc.array(
      fc.record({
        dt: fc.oneof(
          { weight: 20, arbitrary: fc.integer({ min: 0, max: 30 }) },
          { weight: 2, arbitrary: fc.integer({ min: 100, max: 3000 }) },
          { weight: 1, arbitrary: fc.integer({ min: -500, max: -1 }) },
        ),
        x: fc.integer({ min: 0, max: SENSOR.width - 1 }),
        y: fc.integer({ min: 0, max: SENSOR.height - 1 }),
        p: fc.constantFrom(0 as const, 1 as const),
      }),
      { minLength: 100, maxLength: 400, size: "max" },
    ),
  })
  .map(({ start, steps }) => {
    let t = start;
    return steps.map(({ dt, x, y, p }): QueriedEvent => {
      t = Math.max(t + dt, 0);
      return { t, x, y, p };
    });
  });

const regionIn = ({ width, height }: typeof SENSOR) =>
  fc
    .record({
      x: fc.integer({ min: 0, max: width - 1 }),
      y: fc.integer({ min: 0, max: height - 1 }),
      right: fc.integer({ min: 0, max: width }),
      bottom: fc.integer({ min: 0, max: height }),
    })
    .map(({ x, y, right, bottom }) => ({
      x,
      y,
      width: Math.max(Math.min(right, width - x), 1),
      height: Math.max(Math.min(bottom, height - y), 1),
    }));

/** A time near those of the events. */
const times = fc.integer({ min: 1_000_000, max: 2_010_000 });
const offsets = fc.integer({ min: -100, max: 8000 });
const maybe = <Value>(values: fc.Arbitrary<Value>) => fc.option(values, { freq: 4, nil: null });
const window = (values: fc.Arbitrary<number>, kind: "absolute" | "offset") =>
  fc
    .tuple(maybe(values), maybe(values))
    .filter(([from, to]) => from !== null || to !== null)
    .map(([from, to]): ReferenceStep => {
      const swap = from !== null && to !== null && from > to;
      return swap ? ["time", to, from, kind] : ["time", from, to, kind];
    });

/** A step that fits a sensor of some size. */
function stepIn(sensor: typeof SENSOR): fc.Arbitrary<ReferenceStep> {
  const pixel = fc.record({
    x: fc.integer({ min: 0, max: sensor.width - 1 }),
    y: fc.integer({ min: 0, max: sensor.height - 1 }),
  });
  const pixels = sensor.width * sensor.height;
  return fc.oneof(
    window(offsets, "offset"),
    window(times, "absolute"),
    fc.constantFrom<ReferenceStep>(["polarity", "on"], ["polarity", "off"]),
    fc
      .array(regionIn(sensor), { minLength: 1, maxLength: 3 })
      .map((all): ReferenceStep => ["roi", all]),
    fc
      .array(fc.constantFrom(0, 1, 1), { minLength: pixels, maxLength: pixels })
      .map((data): ReferenceStep => ["mask", { ...sensor, data }]),
    fc.integer({ min: 1, max: 9 }).map((n): ReferenceStep => ["every", n]),
    fc.integer({ min: 0, max: 300 }).map((n): ReferenceStep => ["head", n]),
    fc.integer({ min: 1, max: 2000 }).map((us): ReferenceStep => ["refractory", us]),
    fc.integer({ min: 1, max: 2000 }).map((us): ReferenceStep => ["backgroundActivity", us]),
    fc.array(pixel, { maxLength: 20 }).map((all): ReferenceStep => ["dropPixels", all]),
    fc.integer({ min: 1, max: 100 }).map((share): ReferenceStep => ["hotPixels", share]),
    fc.constantFrom<ReferenceStep>(["flip", "x"], ["flip", "y"]),
    regionIn(sensor).map((region): ReferenceStep => ["crop", region]),
    fc.integer({ min: 1, max: 5 }).map((n): ReferenceStep => ["downsample", n]),
  );
}

/** A part of the recording, mostly in front of all other steps, so that not all of it is read. */
const narrowWindow = fc
  .record({ at: offsets, length: fc.integer({ min: 0, max: 400 }) })
  .map(({ at, length }): ReferenceStep => ["time", at, at + length, "offset"]);

/** Some steps, each for the sensor that those in front of it leave. */
const stepLists = fc.integer({ min: 0, max: 5 }).chain((count) => {
  const more = (steps: ReferenceStep[], sensor: typeof SENSOR): fc.Arbitrary<ReferenceStep[]> =>
    steps.length === count
      ? fc.constant(steps)
      : stepIn(sensor).chain((step) =>
          more([...steps, step], queryReference([], sensor, [step]).sensor),
        );
  return more([], SENSOR);
});

function describeQuery(query: EventQuery, steps: readonly ReferenceStep[]): EventQuery {
  let described = query;
  for (const step of steps) described = describeStep(described, step);
  return described;
}

function describeStep(described: EventQuery, step: ReferenceStep): EventQuery {
  switch (step[0]) {
    case "time": {
      const [, from, to, kind] = step;
      const time = (us: number | null) => (kind === "offset" && us !== null ? `${us}us` : us);
      return described.time(time(from), time(to));
    }
    case "polarity":
      return described.polarity(step[1]);
    case "roi":
      return described.roi(...step[1]);
    case "mask":
      return described.mask(step[1]);
    case "every":
      return described.every(step[1]);
    case "head":
      return described.head(step[1]);
    case "refractory":
      return described.refractory(step[1]);
    case "backgroundActivity":
      return described.backgroundActivity(step[1]);
    case "dropPixels":
      return described.hotPixels(step[1]);
    case "hotPixels":
      return described.hotPixels({ percentile: step[1] });
    case "flip":
      return described.flip(step[1]);
    case "crop":
      return described.crop(step[1]);
    case "downsample":
      return described.downsample(step[1]);
  }
}

const plain = (columns: ReturnType<typeof columnsOf>) =>
  Array.from(columns.t, (t, row) => ({
    t: Number(t),
    x: columns.x[row],
    y: columns.y[row],
    p: (columns.polarity[row] as number) > 0 ? 1 : 0,
  }));

/** Containers of small chunks, so that some of them are left out. */
const smallChunks = ({ events, geometry }: Scene) =>
  containerOf(eventColumns(events) as WholeEventColumns, {
    ...(geometry && { geometry }),
    options: { chunkEvents: 25 },
  });
const QUERIED = CONVERTED.map((format) =>
  format.id === "evb" ? { ...format, make: smallChunks } : format,
);

describe.each(QUERIED)("queries of $id", (format) => {
  const geometry = SENSOR;
  const foundBy = format.id === "evb" ? "chunks" : "index";

  it("read only what their window of time needs", async () => {
    const events = Array.from({ length: 4000 }, (_, at): QueriedEvent => {
      return { t: 1_000_000 + at * 10, x: at % 48, y: at % 40, p: at % 3 === 0 ? 1 : 0 };
    });
    const recording = await openRecording(await format.make({ events, geometry }));
    const query = recording.query({ geometry, indexPartBytes: 256 }).time("20ms", "20100us");
    const plan = await query.explain();
    expect(plan).toMatchObject({ foundBy, bytesTotal: recording.byteLength });
    expect(plan.ranges?.length).toBe(1);
    expect(plan.bytesToRead).toBeLessThan((recording.byteLength ?? 0) / 7);
    const table = await query.toTable();
    expect(plain(columnsOf(table))).toEqual(events.slice(2000, 2010));
    expect(reportOf(table).eventsDecoded).toBeLessThan(4000 / 7);
    // From wherever reading starts, the decoder is in the state that it would have been in.
    for (let first = 0; first < 4000; first += 97) {
      const there = recording.query({ geometry, indexPartBytes: 256 });
      const all = there.time(1_000_000 + first * 10, 1_000_000 + (first + 97) * 10);
      const found = columnsOf(await all.toTable());
      expect(plain(found)).toEqual(events.slice(first, first + 97));
    }
    await recording.close();
  });

  it("give events without any, too", async () => {
    const recording = await openRecording(await format.make({ events: [], geometry }));
    const query = recording.query({ geometry }).time("1s").roi({ x: 0, y: 0, width: 2, height: 2 });
    expect([await query.count(), (await query.collect()).height]).toEqual([0, 0]);
    await recording.close();
  });

  it("give what filtering everything gives", async () => {
    await fc.assert(
      fc.asyncProperty(
        eventLists,
        fc.tuple(fc.option(narrowWindow), stepLists),
        fc.record({
          rebase: fc.boolean(),
          indexPartBytes: fc.constantFrom(256, 1024, 8192),
          index: fc.constantFrom(undefined, undefined, false),
          batchEvents: fc.integer({ min: 1, max: 200 }),
        }),
        async (events, [narrow, others], { batchEvents, ...options }) => {
          const steps = narrow === null ? others : [narrow, ...others];
          const bytes = await format.make({ events, geometry });
          const recording = await openRecording(bytes);
          const first = options.rebase ? (events[0]?.t ?? 0) : 0;
          const loaded = events.map((event) => ({ ...event, t: event.t - first }));
          const expected = queryReference(loaded, SENSOR, steps);
          const query = describeQuery(recording.query({ ...options, geometry }), steps);
          expect(await query.count()).toBe(expected.events.length);
          const table = await query.toTable();
          expect(plain(columnsOf(table))).toEqual(expected.events);
          expect(reportOf(table)).toMatchObject({
            events: expected.events.length,
            geometry: expected.sensor,
          });
          const { columns } = await streamed(query.stream({ batchEvents }));
          expect(plain(columns)).toEqual(expected.events);
          await recording.close();
        },
      ),
      { numRuns: 17 * SOAK },
    );
  });
});
