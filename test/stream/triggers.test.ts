import { Table } from "apache-arrow";
import { describe, expect, it } from "vitest";
import {
  type LoadReport,
  openRecording,
  type TriggerOptions,
  type TriggerTable,
} from "../../src/node.ts";
import { on, recordingOf, timeHigh, trigger } from "../support/evt2-words.ts";
import { triggersOf } from "../support/expected-load.ts";
import { SAMPLES, sample } from "../support/samples.ts";
import { PieceSource, RecordingSource } from "../support/sources.ts";

type Source = Parameters<typeof openRecording>[0];

async function streamed(source: Source, options: TriggerOptions = {}) {
  const recording = await openRecording(source);
  const sizes: number[] = [];
  const batches = [];
  for await (const batch of recording.streamTriggers(options)) {
    sizes.push(batch.numRows);
    batches.push(batch);
  }
  const none = { t: [], id: [], value: [] };
  const all = batches.length === 0 ? none : triggersOf(new Table(batches) as TriggerTable);
  await recording.close();
  return { sizes, all, metadata: batches[0]?.schema.metadata };
}

/** A time word, an event or not, and triggers one microsecond apart. */
function many(count: number, { first = false, last = true } = {}): Uint8Array<ArrayBuffer> {
  const words = [timeHigh(1), ...(first ? [on(5, 1, 1)] : [])];
  for (let index = 0; index < count; index++) {
    if (index % 64 === 0) words.push(timeHigh(2 + index / 64));
    words.push(trigger(index % 64, index % 32, index % 2 === 0 ? 1 : 0));
  }
  if (last) words.push(on(63, 1, 1));
  return recordingOf(words);
}

describe("streamed triggers", () => {
  it.each(SAMPLES)("are those of the table: %s", async (name) => {
    const { path, options } = sample(name);
    const recording = await openRecording(path, options);
    for (const rebase of [false, true]) {
      const table = await recording.triggers({ rebase });
      const batches = [];
      for await (const batch of recording.streamTriggers({ rebase })) batches.push(batch);
      expect(batches.reduce((sum, { numRows }) => sum + numRows, 0)).toBe(table.numRows);
      if (batches.length === 0) continue;
      expect(triggersOf(new Table(batches) as TriggerTable)).toEqual(triggersOf(table));
      expect(batches[0]?.schema.metadata).toEqual(table.schema.metadata);
    }
    await recording.close();
  });

  it("come in batches of 65 536", async () => {
    const bytes = many(150_000);
    const { sizes, all } = await streamed(bytes);
    expect(sizes).toEqual([65_536, 65_536, 150_000 - 2 * 65_536]);
    const table = await (await openRecording(bytes)).triggers();
    expect(all).toEqual(triggersOf(table));
    expect(all.t.at(-1)).toBe(128n + 149_999n);
  });

  it("come from a pipe as it sends them", async () => {
    const { sizes, all } = await streamed(new PieceSource(many(40_000), () => 5000));
    expect(sizes.length).toBeGreaterThan(5);
    expect(all).toEqual((await streamed(many(40_000))).all);
  });

  it("wait for the first event when they are rebased", async () => {
    for (const bytes of [many(70_000), many(70_000, { first: true })]) {
      for (const source of [() => bytes, () => new PieceSource(bytes, () => 5000)]) {
        const { all, metadata } = await streamed(source(), { rebase: true });
        const table = await (await openRecording(source())).triggers({ rebase: true });
        expect(all).toEqual(triggersOf(table));
        expect(metadata).toEqual(table.schema.metadata);
      }
    }
    const { all, metadata } = await streamed(many(3, { last: false }), { rebase: true });
    expect(all.t).toEqual([128n, 129n, 130n]); // there is no first event
    expect(metadata?.get("evarrow.timeOffset")).toBe("0");
  });

  it("do not wait for ever", async () => {
    const bytes = many(1_060_000);
    await expect(streamed(bytes, { rebase: true })).rejects.toMatchObject({
      code: "invalid-option",
    });
    const table = await (await openRecording(bytes)).triggers({ rebase: true });
    expect(table.numRows).toBe(1_060_000);
  });

  it("come in front of an error, and the report in any case", async () => {
    const bytes = recordingOf([
      timeHigh(1),
      trigger(2, 3, 1),
      on(4, 1, 1),
      0x30000000,
      trigger(9, 9, 1),
    ]);
    const reports: LoadReport[] = [];
    const onReport = (report: LoadReport): void => void reports.push(report);
    const recording = await openRecording(bytes);
    const sizes: number[] = [];
    const loop = async (): Promise<void> => {
      const options = { strict: true, onReport };
      for await (const batch of recording.streamTriggers(options)) sizes.push(batch.numRows);
    };
    await expect(loop()).rejects.toMatchObject({ code: "data-loss" });
    expect(sizes).toEqual([1]);
    expect(reports).toHaveLength(1);
    await expect(recording.triggers({ strict: true })).rejects.toMatchObject({ code: "data-loss" });
  });

  it("are left, aborted, and checked as any stream", async () => {
    const source = new RecordingSource(many(1_000_000));
    const recording = await openRecording(source);
    for await (const _ of recording.streamTriggers()) break;
    expect(source.reads.length).toBeLessThanOrEqual(3);
    const reason = new Error("enough");
    const signal = AbortSignal.abort(reason);
    await expect(recording.streamTriggers({ signal }).next()).rejects.toBe(reason);
    expect(() => recording.streamTriggers({ rebase: "no" as never })).toThrow(
      expect.objectContaining({ code: "invalid-option" }),
    );
  });
});
