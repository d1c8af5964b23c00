/**
 * Loading a recording in every way, and holding each to what the reference decoder gives.
 */
import { expect } from "vitest";
import {
  type EventTable,
  isEventError,
  type LoadReport,
  loadTable,
  openRecording,
  reportOf,
} from "../../src/index.ts";
import {
  columnsOf,
  type ExpectedLoad,
  expectSameColumns,
  joinColumns,
  type PlainColumns,
  triggersOf,
} from "./expected-load.ts";

/**
 * Columns, triggers and the whole report of a recording, loaded in every way.
 *
 * @param sizes - events of a batch. Default 5.
 */
export async function expectLoads(
  bytes: Uint8Array<ArrayBuffer>,
  expected: ExpectedLoad,
  ...sizes: readonly number[]
): Promise<void> {
  await expectTable(bytes, expected);
  const recording = await openRecording(bytes);
  expect(triggersOf(await recording.triggers())).toEqual(expected.triggers);
  for (const batchEvents of sizes.length === 0 ? [5] : sizes) {
    const owned = await streamed(recording.stream({ batchEvents }));
    expectSameColumns(owned.columns, expected.columns);
  }
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

const PROBLEMS: Record<string, RegExp> = {
  unknownWord: /word of a type/,
  eventBeforeTimeBase: /event before the first time/,
  triggerBeforeTimeBase: /trigger before the first time/,
  eventWithoutAddress: /event before its row or vector base/,
  outsideGeometry: /outside the sensor/,
  malformedLine: /a line that is no event/,
  backwardStep: /earlier than the one in front/,
  truncated: /ends inside a (word|line)/,
};

/** A strict load: the first loss as an error, with its place, or the same events as ever. */
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
  expect(result).toMatchObject({ byteOffset: loss.at, format: expected.report.format });
  const lines = Object.values(expected.report.firstLine ?? {});
  if (lines.length > 0) expect(result.line).toBe(Math.min(...lines));
  expect(loss.kinds.some((kind) => PROBLEMS[kind]?.test(result.message))).toBe(true);
  expect(result.byteOffset).toBeLessThan(bytes.byteLength);
}
