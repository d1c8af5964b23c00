import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isEventError } from "../../src/errors.ts";
import { createReport, type MutableReport } from "../../src/events/report.ts";
import { ColumnConverter } from "../../src/formats/column-converter.ts";
import { RowAssembler } from "../../src/formats/row-assembler.ts";
import type { PolarityEncoding, SensorGeometry } from "../../src/index.ts";
import { EventMemory } from "../../src/kernels/event-memory.ts";
import { type ReferenceRow, rowsReference } from "../reference/rows.ts";
import { expectSameColumns, toColumns } from "../support/expected-load.ts";
import { SOAK } from "../support/soak.ts";

const SENSOR: SensorGeometry = { width: 640, height: 480 };

interface Setting {
  geometry: SensorGeometry | null;
  polarityEncoding: PolarityEncoding;
  rebase: boolean;
  /** Rows of each call; the last one goes on for the rest. */
  calls: readonly number[];
  /** Whether the assembler is told of rows that are sound. Default `false`. */
  knowsSound?: boolean;
}

/** Whether rows are inside the sensor and in order, as readers may know. */
function areSound(rows: readonly ReferenceRow[], geometry: SensorGeometry | null): boolean {
  const { width, height } = geometry ?? { width: 65536, height: 65536 };
  return rows.every(({ x, y, t }, at) => {
    const isInside = x >= 0n && x < width && y >= 0n && y < height;
    return isInside && t >= (rows[at - 1]?.t ?? t);
  });
}

/** Columns and report of rows that are assembled call by call in one tile. */
async function assemble(rows: readonly ReferenceRow[], setting: Setting) {
  const { geometry, polarityEncoding, rebase, calls, knowsSound = false } = setting;
  const memory = new EventMemory({ inputBytes: 64, tileEvents: Math.max(rows.length, 1) });
  memory.configure(geometry, polarityEncoding);
  const assembler = await RowAssembler.create(memory, "outsideGeometry", rebase);
  const converter = await ColumnConverter.create(memory);
  const report: MutableReport = createReport({
    format: "rows",
    sourceName: null,
    geometry,
    polarityEncoding,
    assumptions: [],
    firstRow: {},
  });
  for (let start = 0, call = 0; start < rows.length; call++) {
    const part = rows.slice(start, start + (calls[call] ?? rows.length));
    memory.clearRejected();
    put(memory, converter, part);
    assembler.assemble(start, part.length, report, knowsSound && areSound(part, geometry));
    start += part.length;
  }
  const length = memory.eventCount;
  const { x, y, t, polarity } = memory.columns;
  const columns = {
    x: x.slice(0, length),
    y: y.slice(0, length),
    t: t.slice(0, length),
    polarity: polarity.slice(0, length),
  };
  return { columns, report };
}

/** Coordinates go through the converter, value by value, so that bad ones are rejected. */
function put(memory: EventMemory, converter: ColumnConverter, rows: readonly ReferenceRow[]) {
  const from = memory.inputs[0].byteOffset;
  const input = new BigInt64Array(memory.memory.buffer, from, 1);
  for (const [index, { x, y, t, polarity }] of rows.entries()) {
    const at = memory.eventCount + index;
    for (const [column, value] of [["x", x] as const, ["y", y] as const]) {
      input[0] = value;
      converter.coordinates(column, "int64", from, at, 1);
    }
    memory.columns.t[at] = t;
    memory.columns.polarity[at] = Number(polarity);
  }
}

async function expectAssembled(rows: readonly ReferenceRow[], setting: Setting): Promise<void> {
  const { columns, report } = await assemble(rows, setting);
  const { events, timeOffset, ...counts } = rowsReference(rows, setting);
  expectSameColumns(columns, toColumns(events, setting.polarityEncoding));
  expect(report).toMatchObject({
    ...counts,
    events: events.length,
    timeOffset: Number(timeOffset),
  });
  expect(report.firstRow).toEqual(counts.firstRow);
}

const coordinate = fc.oneof(
  { weight: 12, arbitrary: fc.integer({ min: 0, max: 479 }) },
  { weight: 1, arbitrary: fc.constantFrom(-1, 480, 639, 640, 65535, 65536, 2 ** 40, -(2 ** 50)) },
);
const step = fc.oneof(
  { weight: 12, arbitrary: fc.integer({ min: 0, max: 50 }) },
  { weight: 1, arbitrary: fc.integer({ min: -100, max: -1 }) },
);
const anyRows = fc
  .array(fc.tuple(coordinate, coordinate, step, fc.integer({ min: -2, max: 2 })), {
    maxLength: 120,
    size: "max",
  })
  .map((list) => {
    let time = -20;
    return list.map(([x, y, forward, polarity]): ReferenceRow => {
      time += forward;
      return { x: BigInt(x), y: BigInt(y), t: BigInt(time), polarity: BigInt(polarity) };
    });
  });

describe("the kernel rows", () => {
  it("does what the plain loop does, however the rows come", async () => {
    const setting = fc.record({
      geometry: fc.constantFrom(SENSOR, null, { width: 1, height: 1 }, { width: 65536, height: 1 }),
      polarityEncoding: fc.constantFrom("minus-one-one" as const, "zero-one" as const),
      rebase: fc.boolean(),
      knowsSound: fc.boolean(),
      calls: fc.array(fc.integer({ min: 1, max: 40 }), { maxLength: 10 }),
    });
    await fc.assert(fc.asyncProperty(anyRows, setting, expectAssembled), { numRuns: 200 * SOAK });
  });

  it("keeps eight regular rows as they are, and those around a bad one", async () => {
    for (let length = 1; length <= 33; length++) {
      for (let bad = -1; bad < length; bad++) {
        const rows = Array.from({ length }, (_, index): ReferenceRow => {
          const x = BigInt(index === bad ? 640 : index);
          return { x, y: 3n, t: BigInt(index), polarity: BigInt((index % 2) * 2 - 1) };
        });
        const setting = { geometry: SENSOR, polarityEncoding: "zero-one", rebase: true } as const;
        await expectAssembled(rows, { ...setting, calls: [] });
        await expectAssembled(rows, { ...setting, calls: [5, 1, 8] });
      }
    }
  });

  it.each([1, 40])("refuses to rebase times that leave 64 bits, in %i rows", async (length) => {
    const row = { x: 1n, y: 1n, polarity: 1n };
    const rows: ReferenceRow[] = [
      { ...row, t: -1000n },
      ...Array.from({ length }, () => ({ ...row, t: 2n ** 63n - 1000n })),
    ];
    const setting = { geometry: null, polarityEncoding: "zero-one", calls: [] } as const;
    const error = await assemble(rows, { ...setting, rebase: true }).catch((caught) => caught);
    expect(isEventError(error, "unsafe-time")).toBe(true);
    await expectAssembled(rows, { ...setting, rebase: false });
    for (const value of rows) value.t -= 2n;
    if (rows[0]) rows[0].t = 0n;
    await expectAssembled(rows, { ...setting, rebase: true });
  });
});
