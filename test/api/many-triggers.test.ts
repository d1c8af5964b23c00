import { expect, it } from "vitest";
import { loadEvents, loadTable, openRecording } from "../../src/node.ts";
import { cd, recordingOf, timeHigh, trigger } from "../support/evt2-words.ts";

it("keeps a frame in one piece however many triggers stand between its events", async () => {
  const triggers = Array.from({ length: 20_000 }, (_, index) => trigger(0, 1, index % 2 ? 1 : 0));
  const bytes = recordingOf([timeHigh(1), cd(1, 0, 1, 1), ...triggers, cd(0, 5, 2, 2)]);
  const frame = await loadEvents(bytes);
  expect(frame.rows()).toEqual([
    [1, 1, 64, 1],
    [2, 2, 69, -1],
  ]);
  expect((await loadTable(bytes)).batches).toHaveLength(1);
  const recording = await openRecording(bytes);
  expect((await recording.triggers()).numRows).toBe(20_000);
  const sizes: number[] = [];
  for await (const batch of recording.stream({ batches: "borrowed" })) sizes.push(batch.numRows);
  expect(sizes).toEqual([2]);
});
