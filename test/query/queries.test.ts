import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type EventQuery, openRecording, reportOf } from "../../src/node.ts";
import { type QueriedEvent, queryReference, type ReferenceStep } from "../reference/query.ts";
import { CONVERTED } from "../support/conversions.ts";
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
      { maxLength: 400, size: "max" },
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

describe.each(CONVERTED)("queries of $id", (format) => {
  const geometry = SENSOR;

  it("give what filtering everything gives", async () => {
    await fc.assert(
      fc.asyncProperty(
        eventLists,
        stepLists,
        fc.record({
          rebase: fc.boolean(),
          indexPartBytes: fc.constantFrom(256, 1024, 8192),
          index: fc.constantFrom(undefined, undefined, false),
          batchEvents: fc.integer({ min: 1, max: 200 }),
        }),
        async (events, steps, { batchEvents, ...options }) => {
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
      { numRuns: 25 * SOAK },
    );
  });
});
