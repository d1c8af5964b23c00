import {
  Field,
  Float64,
  Int64,
  RecordBatch,
  Schema,
  Table,
  tableFromArrays,
  tableFromIPC,
  tableToIPC,
  vectorFromArray,
} from "apache-arrow";
import fc from "fast-check";
import pl, { type DataFrame } from "nodejs-polars";
import { describe, expect, it } from "vitest";
import {
  type ColumnName,
  cropEvents,
  downsampleEvents,
  type EventQuery,
  type EventTable,
  encodeEvt2,
  filterBackgroundActivity,
  filterEvery,
  filterHead,
  filterHotPixels,
  filterMask,
  filterPolarity,
  filterRefractory,
  filterRoi,
  filterTime,
  flipEvents,
  isEventError,
  openRecording,
  reportOf,
  selectColumns,
} from "../../src/node.ts";
import { CONVERTED } from "../support/conversions.ts";
import { eventColumns, type PlainEvent } from "../support/encodings.ts";
import { SOAK } from "../support/soak.ts";

type Held = EventTable | DataFrame;

/** A step as a query has it, and as what is held. */
interface Step {
  name: string;
  of(query: EventQuery): EventQuery;
  to<Events extends Held>(events: Events): Promise<Events>;
  /** The sensor behind it. */
  sensor: Sensor;
}

interface Sensor {
  width: number;
  height: number;
}

const SENSOR = { width: 48, height: 40 };

const events = fc
  .array(
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
    { maxLength: 300, size: "max" },
  )
  .map((steps) => {
    let t = 1_000_000;
    return steps.map(({ dt, x, y, p }): PlainEvent => {
      t += dt;
      return { t, x, y, p };
    });
  });

const regionIn = ({ width, height }: Sensor) =>
  fc
    .record({
      x: fc.integer({ min: 0, max: width - 1 }),
      y: fc.integer({ min: 0, max: height - 1 }),
      right: fc.integer({ min: 1, max: width }),
      bottom: fc.integer({ min: 1, max: height }),
    })
    .map(({ x, y, right, bottom }) => ({
      x,
      y,
      width: Math.min(right, width - x),
      height: Math.min(bottom, height - y),
    }));

const times = fc.option(fc.integer({ min: 1_000_000, max: 1_008_000 }), { freq: 4 });
const offsets = fc.option(fc.integer({ min: -100, max: 8000 }), { freq: 4 });
const windowOf = (values: fc.Arbitrary<number | null>) =>
  fc
    .tuple(values, values)
    .filter(([from, to]) => (from ?? to) !== null)
    .map(([from, to]) => (from !== null && to !== null && from > to ? [to, from] : [from, to]));

/** A step that fits a sensor of some size. */
function stepIn(sensor: Sensor, isFirst: boolean): fc.Arbitrary<Step> {
  const { width, height } = sensor;
  const pixel = fc.record({ x: fc.nat(width - 1), y: fc.nat(height - 1) });
  const pixels = width * height;
  const period = fc.integer({ min: 1, max: 2000 });
  const step = (
    name: string,
    of: Step["of"],
    to: (events: never) => Promise<Held>,
    behind = sensor,
  ): Step => ({ name, of, to: to as Step["to"], sensor: behind });
  return fc.oneof(
    windowOf(times).map(([from = null, to = null]) =>
      step(
        `time(${from}, ${to})`,
        (query) => query.time(from, to),
        (held) => filterTime(held, from, to),
      ),
    ),
    windowOf(offsets).map((window) => {
      // Offsets count from the first event that was given.
      const [from = null, to = null] = window.map((us) =>
        us === null || !isFirst ? us : `${us}us`,
      );
      return step(
        `time(${from}, ${to})`,
        (query) => query.time(from, to),
        (held) => filterTime(held, from, to),
      );
    }),
    fc.constantFrom("on" as const, "off" as const).map((polarity) =>
      step(
        `polarity(${polarity})`,
        (query) => query.polarity(polarity),
        (held) => filterPolarity(held, polarity),
      ),
    ),
    fc.array(regionIn(sensor), { minLength: 1, maxLength: 3 }).map((regions) =>
      step(
        `roi(${JSON.stringify(regions)})`,
        (query) => query.roi(...regions),
        (held) => filterRoi(held, regions),
      ),
    ),
    fc.array(fc.constantFrom(0, 1, 1), { minLength: pixels, maxLength: pixels }).map((data) =>
      step(
        "mask",
        (query) => query.mask({ width, height, data }),
        (held) => filterMask(held, { width, height, data }),
      ),
    ),
    fc.integer({ min: 1, max: 9 }).map((n) =>
      step(
        `every(${n})`,
        (query) => query.every(n),
        (held) => filterEvery(held, n),
      ),
    ),
    fc.nat(300).map((n) =>
      step(
        `head(${n})`,
        (query) => query.head(n),
        (held) => filterHead(held, n),
      ),
    ),
    period.map((us) =>
      step(
        `refractory(${us})`,
        (query) => query.refractory(us),
        (held) => filterRefractory(held, us),
      ),
    ),
    period.map((us) =>
      step(
        `backgroundActivity(${us})`,
        (query) => query.backgroundActivity(us),
        (held) => filterBackgroundActivity(held, us),
      ),
    ),
    fc
      .oneof(
        fc.array(pixel, { maxLength: 20 }),
        fc.integer({ min: 1, max: 100 }).map((percentile) => ({ percentile })),
      )
      .map((choice) =>
        step(
          `hotPixels(${JSON.stringify(choice)})`,
          (query) => query.hotPixels(choice),
          (held) => filterHotPixels(held, choice),
        ),
      ),
    fc.constantFrom("x" as const, "y" as const).map((axis) =>
      step(
        `flip(${axis})`,
        (query) => query.flip(axis),
        (held) => flipEvents(held, axis),
      ),
    ),
    regionIn(sensor).map((region) =>
      step(
        `crop(${JSON.stringify(region)})`,
        (query) => query.crop(region),
        (held) => cropEvents(held, region),
        region,
      ),
    ),
    fc.integer({ min: 1, max: 5 }).map((n) =>
      step(
        `downsample(${n})`,
        (query) => query.downsample(n),
        (held) => downsampleEvents(held, n),
        { width: Math.ceil(width / n), height: Math.ceil(height / n) },
      ),
    ),
  );
}

const steps: fc.Arbitrary<readonly Step[]> = stepIn(SENSOR, true).chain((first) =>
  fc.oneof(
    fc.constant([first]),
    stepIn(first.sensor, false).map((second) => [first, second]),
  ),
);

const ALL = ["x", "y", "t", "polarity"] as const;

/** Compares arrays as bytes: element by element it takes minutes. */
function expectSameValues(values: unknown, expected: unknown): void {
  expect(Object.getPrototypeOf(values)).toBe(Object.getPrototypeOf(expected));
  const bytesOf = ({ buffer, byteOffset, byteLength }: Uint8Array) =>
    Buffer.from(buffer, byteOffset, byteLength);
  const [found, wanted] = [values, expected].map((array) => bytesOf(array as Uint8Array));
  if (found?.equals(wanted as Buffer)) return;
  if (found?.length === wanted?.length && (found?.length ?? 0) < 10_000) {
    expect(values).toEqual(expected);
  }
  expect.fail(`${found?.length} bytes are not the ${wanted?.length} that were expected`);
}

function expectSameTables(table: EventTable, expected: EventTable): void {
  expect(String(table.schema)).toBe(String(expected.schema));
  expect(table.schema.fields.map(({ nullable }) => nullable)).toEqual(
    expected.schema.fields.map(({ nullable }) => nullable),
  );
  expect(table.schema.metadata).toEqual(expected.schema.metadata);
  expect(table.numRows).toBe(expected.numRows);
  for (const name of expected.schema.names as ColumnName[]) {
    expectSameValues(table.getChild(name)?.toArray(), expected.getChild(name)?.toArray());
  }
}

function expectSameFrames(frame: DataFrame, expected: DataFrame): void {
  expect(frame.columns).toEqual(expected.columns);
  expect(frame.dtypes.map(String)).toEqual(expected.dtypes.map(String));
  expect(frame.height).toBe(expected.height);
  for (const name of expected.columns) {
    const values = (of: DataFrame) => of.getColumn(name).toTypedArray();
    expectSameValues(values(frame), values(expected));
  }
}

async function failure(of: Promise<unknown>): Promise<Error & { found?: string }> {
  const error = await of.then(
    () => "nothing was thrown",
    (caught) => caught,
  );
  expect(isEventError(error), String(error)).toBe(true);
  return error;
}

const FORMATS = CONVERTED.filter(({ id }) => ["evt2", "evt3", "csv", "arrow"].includes(id));

describe.each(FORMATS)("filters of what was loaded from $id", ({ make }) => {
  it("give what queries of the recording give", async () => {
    await fc.assert(
      fc.asyncProperty(
        events,
        steps,
        fc.integer({ min: 1, max: 200 }),
        async (list, done, batchEvents) => {
          const geometry = SENSOR;
          const recording = await openRecording(await make({ events: list, geometry }), {
            geometry,
          });
          const query = done.reduce<EventQuery>(
            (described, { of }) => of(described),
            recording.query(),
          );
          const load = recording.stream({ batchEvents, geometry });
          let table = await load.toTable();
          let frame = await load.toDataFrame();
          for (const { to } of done) [table, frame] = [await to(table), await to(frame)];
          const expected = await query.toTable();
          expectSameTables(table, expected);
          expectSameFrames(frame, await query.collect());
          const report = { events: expected.numRows, geometry: reportOf(expected).geometry };
          expect(reportOf(table)).toMatchObject(report);
          expect(reportOf(frame)).toMatchObject(report);
          await recording.close();
        },
      ),
      { numRuns: 9 * SOAK },
    );
  });
});

/** Events that are the same every time, on all of the sensor. */
function manyEvents(count: number): PlainEvent[] {
  let seed = 1;
  const next = (most: number): number => {
    seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0;
    return Math.floor((seed / 2 ** 32) * most);
  };
  return Array.from({ length: count }, (_, at) => ({
    x: next(next(3) === 0 ? 5 : SENSOR.width),
    y: next(SENSOR.height),
    t: at * 2 + next(300),
    p: next(2) as 0 | 1,
  }));
}

async function loaded(list: readonly PlainEvent[], columns: readonly ColumnName[] = ALL) {
  const bytes = await encodeEvt2(eventColumns(list), { geometry: SENSOR });
  const recording = await openRecording(bytes);
  const stream = recording.stream({ columns, batchEvents: 7000 });
  return { recording, table: await stream.toTable(), frame: await stream.toDataFrame() };
}

describe("filters of tables and frames", () => {
  it("work over many tiles and pieces", async () => {
    const { recording, table, frame } = await loaded(manyEvents(SOAK > 1 ? 1_100_000 : 600_000));
    const mask = { ...SENSOR, data: new Uint8Array(48 * 40).fill(1, 3) };
    const cases: [Step["of"], (held: never) => Promise<Held>][] = [
      [(query) => query.every(7), (held) => filterEvery(held, 7)],
      [(query) => query.head(500_000), (held) => filterHead(held, 500_000)],
      [(query) => query.refractory(40), (held) => filterRefractory(held, 40)],
      [(query) => query.backgroundActivity(20), (held) => filterBackgroundActivity(held, 20)],
      [
        (query) => query.hotPixels({ percentile: 90 }),
        (held) => filterHotPixels(held, { percentile: 90 }),
      ],
      [(query) => query.mask(mask), (held) => filterMask(held, mask)],
      [(query) => query.downsample(2), (held) => downsampleEvents(held, 2)],
    ];
    for (const [of, to] of cases) {
      const query = of(recording.query());
      expectSameTables((await to(table as never)) as EventTable, await query.toTable());
      expectSameFrames((await to(frame as never)) as DataFrame, await query.collect());
    }
    await recording.close();
  });

  it("leave what they were given as it is", async () => {
    const { table, frame } = await loaded(manyEvents(500));
    const copy = tableFromIPC(tableToIPC(table)) as EventTable;
    const same = frame.clone();
    await flipEvents(table, "x");
    await cropEvents(table, { x: 1, y: 1, width: 20, height: 20 });
    await filterRefractory(frame, 100);
    await downsampleEvents(frame, 3);
    expectSameTables(table, copy);
    expectSameFrames(frame, same);
    const { geometry, events } = reportOf(table);
    expect({ geometry, events }).toEqual({ geometry: SENSOR, events: 500 });
  });

  it("work with projections in any order, and say which column is missing", async () => {
    const { recording, table, frame } = await loaded(manyEvents(3000), ["t", "y", "x"]);
    for (const held of [table, frame]) {
      expect((await failure(filterPolarity<Held>(held, "on"))).message).toContain("polarity");
    }
    const query = recording.query().select("t", "y", "x").refractory(500);
    expectSameTables(await filterRefractory(table, 500), await query.toTable());
    expectSameFrames(await filterRefractory(frame, 500), await query.collect());
    const onlyT = await selectColumns(table, ["t"]);
    expect(onlyT.schema.metadata).toEqual(table.schema.metadata);
    expect(onlyT.batches[0]?.getChild("t")?.toArray().buffer).toBe(
      table.batches[0]?.getChild("t")?.toArray().buffer,
    );
    expect((await filterTime(onlyT, 100, 200)).schema.fields.map(({ name }) => name)).toEqual([
      "t",
    ]);
    const onlyFrame = await selectColumns(frame, ["x", "t"]);
    expect(onlyFrame.columns).toEqual(["x", "t"]);
    for (const held of [onlyT, onlyFrame] as Held[]) {
      const needY: Promise<Held>[] = [
        filterRoi(held, { x: 0, y: 0, width: 1, height: 1 }),
        filterMask(held, { ...SENSOR, data: new Uint8Array(48 * 40) }),
        filterRefractory(held, 1),
        filterBackgroundActivity(held, 1),
        filterHotPixels(held),
        filterHotPixels(held, [{ x: 1, y: 1 }]),
        flipEvents(held, "y"),
        cropEvents(held, { x: 0, y: 0, width: 1, height: 1 }),
        downsampleEvents(held, 2),
        selectColumns(held, ["y"]),
      ];
      for (const call of needY) {
        const error = await failure(call);
        expect(isEventError(error, "invalid-query"), String(error)).toBe(true);
        expect(error.message).toMatch(/no column [xy]/);
      }
    }
  });

  it("give a table or frame without events of one without", async () => {
    const { table, frame } = await loaded([]);
    const calls: ((held: Held) => Promise<Held>)[] = [
      (held) => filterTime(held, "1s"),
      (held) => filterRoi(held, { x: 0, y: 0, width: 1, height: 1 }),
      (held) => filterMask(held, { ...SENSOR, data: new Uint8Array(48 * 40) }),
      (held) => filterPolarity(held, "on"),
      (held) => filterEvery(held, 2),
      (held) => filterHead(held, 0),
      (held) => filterRefractory(held, 1),
      (held) => filterBackgroundActivity(held, 1),
      (held) => filterHotPixels(held),
      (held) => filterHotPixels(held, []),
      (held) => flipEvents(held, "x"),
      (held) => cropEvents(held, { x: 0, y: 0, width: 1, height: 1 }),
      (held) => downsampleEvents(held, 2),
      (held) => selectColumns(held, ALL),
    ];
    for (const call of calls) {
      const [ofTable, ofFrame] = [await call(table), await call(frame)] as [EventTable, DataFrame];
      expect(ofTable.numRows).toBe(0);
      expect(String(ofTable.schema)).toBe(String(table.schema));
      expectSameFrames(ofFrame, frame);
    }
  });

  it("check what they are asked for as queries do", async () => {
    const { recording, table, frame } = await loaded(manyEvents(10));
    const query = recording.query();
    const none = undefined as never;
    const out = { x: 40, y: 0, width: 20, height: 1 };
    const small = { width: 2, height: 2, data: [1, 1, 1, 1] };
    const wrong: [(query: EventQuery) => unknown, (held: Held) => Promise<Held>][] = [
      [(q) => q.time(2, 1), (held) => filterTime(held, 2, 1)],
      [(q) => q.time(null), (held) => filterTime(held, null)],
      [(q) => q.time(Number.NaN), (held) => filterTime(held, Number.NaN)],
      [(q) => q.time("soon"), (held) => filterTime(held, "soon")],
      [(q) => q.roi(), (held) => filterRoi(held, [])],
      [(q) => q.roi(none), (held) => filterRoi(held, none)],
      [(q) => q.roi(out).count(), (held) => filterRoi(held, out)],
      [(q) => q.mask(none), (held) => filterMask(held, none)],
      [(q) => q.mask(small).count(), (held) => filterMask(held, small)],
      [(q) => q.polarity("up" as "on"), (held) => filterPolarity(held, "up" as "on")],
      [(q) => q.every(0), (held) => filterEvery(held, 0)],
      [(q) => q.head(-1), (held) => filterHead(held, -1)],
      [(q) => q.refractory(0.5), (held) => filterRefractory(held, 0.5)],
      [(q) => q.backgroundActivity(0), (held) => filterBackgroundActivity(held, 0)],
      [(q) => q.hotPixels([{ x: -1, y: 0 }]), (held) => filterHotPixels(held, [{ x: -1, y: 0 }])],
      [(q) => q.hotPixels({ percentile: 0 }), (held) => filterHotPixels(held, { percentile: 0 })],
      [(q) => q.flip("z" as "x"), (held) => flipEvents(held, "z" as "x")],
      [(q) => q.crop(none), (held) => cropEvents(held, none)],
      [(q) => q.crop(out).count(), (held) => cropEvents(held, out)],
      [(q) => q.downsample(0), (held) => downsampleEvents(held, 0)],
      [(q) => q.select(), (held) => selectColumns(held, [])],
      [(q) => q.select("z" as "x"), (held) => selectColumns(held, ["z" as "x"])],
    ];
    for (const [asQuery, asFilter] of wrong) {
      const expected = await failure((async () => asQuery(query))());
      for (const held of [table, frame]) {
        const { message, code, found } = (await failure(asFilter(held))) as typeof expected & {
          code: string;
        };
        expect({ message, code, found }).toMatchObject({
          message: expected.message,
          code: (expected as unknown as { code: string }).code,
          found: expected.found,
        });
      }
    }
    expect(isEventError(await failure(selectColumns(table, none)), "invalid-option")).toBe(true);
    const geometry = { width: 0, height: 1 };
    const error = await failure(flipEvents(table, "x", { geometry }));
    expect(isEventError(error, "invalid-option")).toBe(true);
  });

  it("need to be told the sensor where nothing says it", async () => {
    const list = manyEvents(2000);
    const { table, frame } = await loaded(list);
    const derived = frame.filter(pl.col("x").gtEq(0));
    const bare = new Table(
      new Schema(table.schema.fields),
      table.batches.map((batch) => new RecordBatch(new Schema(table.schema.fields), batch.data)),
    ) as EventTable;
    for (const held of [derived, bare] as Held[]) {
      for (const call of [
        (options?: object) => filterRefractory(held, 100, options),
        (options?: object) => filterBackgroundActivity(held, 100, options),
        (options?: object) => flipEvents(held, "y", options),
      ]) {
        expect((await failure(call())).message).toContain("needs to know the sensor");
        await call({ geometry: SENSOR });
        const narrow = { geometry: { width: 48, height: 20 } };
        expect((await failure(call(narrow))).message).toMatch(/outside the sensor/);
      }
      const narrow = { geometry: { width: 20, height: 40 } };
      const hot = await failure(filterHotPixels<Held>(held, {}, narrow));
      expect(hot.message).toMatch(/outside the sensor/);
    }
    const told = await filterRefractory(bare, 100, { geometry: SENSOR });
    expect(told.schema.metadata.get("evarrow.geometry")).toBe("48x40");
    expect((await flipEvents(told, "x")).numRows).toBe(told.numRows);
    // Without a sensor, pixels are counted wherever they are.
    const expected = await filterHotPixels(table, { percentile: 50 });
    expect((await filterHotPixels(bare, { percentile: 50 })).numRows).toBe(expected.numRows);
    expectSameFrames(
      await filterHotPixels(derived, { percentile: 50 }),
      await filterHotPixels(frame, { percentile: 50 }),
    );
    const huge = { geometry: { width: 65536, height: 65536 } };
    expect(isEventError(await failure(filterRefractory(bare, 1, huge)), "memory-limit")).toBe(true);
    const cropped = await cropEvents(bare, { x: 2, y: 3, width: 4, height: 5 });
    expect(cropped.schema.metadata.get("evarrow.geometry")).toBe("4x5");
  });

  it("take tables of other making: slices, several batches, read from files", async () => {
    const { table, frame } = await loaded(manyEvents(30_000));
    const part = table.slice(1001, 20_003) as EventTable;
    const file = tableFromIPC(tableToIPC(part)) as EventTable;
    const expected = await filterRefractory(frame.slice(1001, 19_002), 300, { geometry: SENSOR });
    for (const held of [part, file]) {
      const left = await filterRefractory(held, 300);
      for (const name of ALL) {
        expectSameValues(left.getChild(name)?.toArray(), expected.getColumn(name).toTypedArray());
      }
    }
    const arrays = { y: new Uint16Array([1, 2]), x: new Uint16Array([3, 4]) };
    const mine = await filterEvery(tableFromArrays(arrays) as unknown as EventTable, 2);
    expect(mine.toArray().map((row) => ({ ...row }))).toEqual([{ y: 1, x: 3 }]);
    const chunks = pl.concat([frame.slice(0, 7), frame.slice(7, 30)], {
      how: "vertical",
      rechunk: false,
    });
    const some = { ...SENSOR, data: new Uint8Array(48 * 40).fill(1, 0, 900) };
    expectSameFrames(await filterMask(chunks, some), await filterMask(frame.slice(0, 37), some));
  });

  it("refuse what they would give wrong rows of", async () => {
    const { table, frame } = await loaded(manyEvents(50));
    const wide = table.assign(
      new Table({ x: vectorFromArray(new Array(50).fill(1), new Float64()) }),
    );
    const nulls = vectorFromArray([1n, null, 3n], new Int64());
    const missing = new Table({ t: nulls });
    const twice = new Table(new Schema([...table.schema.fields, new Field("t", new Int64())]));
    const geometry = SENSOR;
    const wrong: [unknown, RegExp][] = [
      [wide, /column x has not the type/],
      [
        table.assign(new Table({ z: table.getChild("x") as never })),
        /column z, which no event has/,
      ],
      [missing, /column t has values that are missing/],
      [twice, /column t, which no event has/],
      [frame.withColumns(pl.lit(1).alias("z")), /column z, which no event has/],
      [frame.withColumns(pl.col("x").cast(pl.Int32)), /column x has not the type/],
      [frame.withColumns(pl.lit(null).cast(pl.Int64).alias("t")), /column t has values that/],
      [frame.lazy(), /no events to filter/],
      [table.batches[0], /no events to filter/],
      [null, /no events to filter/],
      [undefined, /no events to filter/],
      ["recording.raw", /no events to filter/],
    ];
    for (const [held, message] of wrong) {
      const isOnlyTimes = held === missing;
      const call = isOnlyTimes
        ? filterTime(held as unknown as EventTable, 0)
        : filterRefractory(held as EventTable, 10, { geometry });
      const error = await failure(call);
      expect(isEventError(error, "invalid-query"), String(error)).toBe(true);
      expect(error.message).toMatch(message);
    }
  });

  it("keep other columns of frames where Polars does the step", async () => {
    const { frame } = await loaded(manyEvents(50));
    const wide = frame.withColumns(pl.lit(1).alias("z"));
    for (const left of [
      await filterTime(wide, 0),
      await filterPolarity(wide, "on"),
      await cropEvents(wide, { x: 0, y: 0, width: 30, height: 30 }),
    ]) {
      expect(left.columns).toEqual([...ALL, "z"]);
    }
    expectSameFrames(await selectColumns(wide, ALL), frame);
  });
});
