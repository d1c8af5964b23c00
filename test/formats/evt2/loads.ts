import { expect } from "vitest";
import {
  type EventTable,
  isEventError,
  type LoadReport,
  loadTable,
  openRecording,
  reportOf,
  type SensorGeometry,
} from "../../../src/index.ts";
import {
  columnsOf,
  type ExpectedLoad,
  expectSameColumns,
  joinColumns,
  type PlainColumns,
  triggersOf,
} from "../../support/expected-load.ts";

export const SENSOR: SensorGeometry = { width: 640, height: 480 };
export const OPEN_HEADER = "% evt 2.0\n% end\n";

/** Columns, triggers and the whole report of a recording, loaded in every way. */
export async function expectLoads(
  bytes: Uint8Array<ArrayBuffer>,
  expected: ExpectedLoad,
): Promise<void> {
  const table = await loadTable(bytes);
  expectSameColumns(columnsOf(table), expected.columns);
  expect(reportOf(table)).toEqual(expected.report);

  const recording = await openRecording(bytes);
  expect(triggersOf(await recording.triggers())).toEqual(expected.triggers);
  const owned = await streamed(recording.stream({ batchEvents: 5 }));
  expectSameColumns(owned.columns, expected.columns);
}

export interface Streamed {
  columns: PlainColumns;
  sizes: number[];
}

/** All batches of a stream, each copied before the next one is asked for. */
export async function streamed(
  batches: AsyncIterable<Parameters<typeof columnsOf>[0]>,
): Promise<Streamed> {
  const parts: PlainColumns[] = [];
  for await (const batch of batches) parts.push(columnsOf(batch));
  return { columns: joinColumns(parts), sizes: parts.map(({ x }) => x.length) };
}

/** What strict loading throws: the loss that stands first in the file. */
export function firstLoss({ firstAt }: LoadReport): { at: number; kinds: string[] } | null {
  const at = Math.min(...Object.values(firstAt));
  if (at === Number.POSITIVE_INFINITY) return null;
  const kinds = Object.entries(firstAt).filter(([, offset]) => offset === at);
  return { at, kinds: kinds.map(([kind]) => kind) };
}

export const PROBLEMS: Record<string, RegExp> = {
  unknownWord: /word of a type/,
  eventBeforeTimeBase: /event before the first time/,
  triggerBeforeTimeBase: /trigger before the first time/,
  outsideGeometry: /outside the sensor/,
  backwardStep: /earlier than the one in front/,
  truncated: /ends inside a word/,
};

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
  expect(result).toMatchObject({ byteOffset: loss.at, format: "evt2" });
  expect(loss.kinds.some((kind) => PROBLEMS[kind]?.test(result.message))).toBe(true);
  expect(result.byteOffset).toBeLessThan(bytes.byteLength);
}
