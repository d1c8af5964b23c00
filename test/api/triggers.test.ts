import { describe, expect, it } from "vitest";
import { openRecording, VERSION } from "../../src/node.ts";
import { on, recordingOf, timeHigh, trigger } from "../support/evt2-words.ts";
import { triggersOf } from "../support/expected-load.ts";

const words = [timeHigh(1), trigger(2, 31, 1), on(3, 1, 1), trigger(4, 0, 0)];

describe("the trigger table", () => {
  it("has t, id and value, without null bitmaps", async () => {
    for (const list of [words, []]) {
      const recording = await openRecording(recordingOf(list));
      const table = await recording.triggers();
      const fields = table.schema.fields;
      expect(fields.map(({ name, type, nullable }) => `${name} ${type} ${nullable}`)).toEqual([
        "t Int64 false",
        "id Int16 false",
        "value Uint8 false",
      ]);
      for (const { data } of table.batches) {
        for (const child of data.children) {
          expect(child.nullBitmap?.byteLength ?? 0).toBe(0);
        }
      }
      expect(table.numRows).toBe(list.length / 2);
    }
  });

  it("is on the clock of the events", async () => {
    const recording = await openRecording(recordingOf(words));
    expect(triggersOf(await recording.triggers())).toEqual({
      t: [66n, 68n],
      id: [31, 0],
      value: [1, 0],
    });
    expect(triggersOf(await recording.triggers({ rebase: true })).t).toEqual([-1n, 1n]);
  });

  it("has the facts of the recording in its metadata", async () => {
    const recording = await openRecording(new File([recordingOf(words)], "a.raw"));
    const { metadata } = (await recording.triggers({ rebase: true })).schema;
    expect(Object.fromEntries(metadata)).toEqual({
      "evarrow.format": "evt2",
      "evarrow.geometry": "640x480",
      "evarrow.timeUnit": "us",
      "evarrow.timeOffset": "67",
      "evarrow.sourceName": "a.raw",
      "evarrow.writerVersion": VERSION,
    });
  });
});
