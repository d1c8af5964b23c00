import { expect } from "vitest";
import {
  type EventTable,
  isEventError,
  loadTable,
  openRecording,
  reportOf,
  type SensorGeometry,
} from "../../../src/index.ts";
import { decodeEvt3Reference } from "../../reference/evt3.ts";
import {
  columnsOf,
  type ExpectedLoad,
  type ExpectedOptions,
  expectedLoad,
  expectSameColumns,
  rawReference,
  triggersOf,
} from "../../support/expected-load.ts";
import { firstLoss, PROBLEMS, streamed } from "../evt2/loads.ts";

export const SENSOR: SensorGeometry = { width: 640, height: 480 };
export const OPEN_HEADER = "% evt 3.0\n% end\n";

/** The pixels that words can name: every x that the column can hold, and all rows of 11 bits. */
const LARGEST: SensorGeometry = { width: 65536, height: 2048 };

/**
 * Two things the reference decoder leaves open: without a geometry an x beyond the column's range
 * is off the sensor, and so are the rows of the slave camera, however high the sensor is said to be.
 */
const reference = rawReference("evt3", (data, { geometry }) => {
  const { width, height } = geometry ?? LARGEST;
  const sensor = { width, height: Math.min(height, LARGEST.height) };
  return decodeEvt3Reference(data, { geometry: sensor });
});

export function expectedEvt3(
  recording: Uint8Array,
  options: Omit<ExpectedOptions, "reference">,
): ExpectedLoad {
  return expectedLoad(recording, { ...options, reference });
}

/** Columns, triggers and the whole report of a recording, loaded in every way. */
export async function expectLoads(
  bytes: Uint8Array<ArrayBuffer>,
  expected: ExpectedLoad,
  batchEvents = 5,
): Promise<void> {
  await expectTable(bytes, expected);
  const recording = await openRecording(bytes);
  expect(triggersOf(await recording.triggers())).toEqual(expected.triggers);
  const owned = await streamed(recording.stream({ batchEvents }));
  expectSameColumns(owned.columns, expected.columns);
}

/** Columns and the whole report of a recording. */
export async function expectTable(
  bytes: Uint8Array<ArrayBuffer>,
  expected: ExpectedLoad,
): Promise<void> {
  const table = await loadTable(bytes);
  expectSameColumns(columnsOf(table), expected.columns);
  expect(reportOf(table)).toEqual(expected.report);
}

const EVT3_PROBLEMS = { ...PROBLEMS, eventWithoutAddress: /event before its row or vector base/ };

export async function expectStrict(
  bytes: Uint8Array<ArrayBuffer>,
  expected: ExpectedLoad,
  load: () => Promise<EventTable>,
): Promise<void> {
  const loss = firstLoss(expected.report);
  const result = await load().catch((caught) => caught);
  if (loss === null) {
    if (result instanceof Error) throw result;
    expectSameColumns(columnsOf(result), expected.columns);
    return;
  }
  expect(isEventError(result, "data-loss"), String(result)).toBe(true);
  expect(result).toMatchObject({ byteOffset: loss.at, format: "evt3" });
  const problems = Object.entries(EVT3_PROBLEMS).filter(([kind]) => loss.kinds.includes(kind));
  expect(problems.some(([, text]) => text.test(result.message))).toBe(true);
  expect(result.byteOffset).toBeLessThan(bytes.byteLength);
}
