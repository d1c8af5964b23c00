/** External triggers of Metavision files: they stand beside the events, and come in order. */
import { expect, it } from "vitest";
import { loadTable, openRecording, reportOf } from "../../../src/index.ts";
import { converted, triggersIn } from "../../support/conversions.ts";
import { cdType, bytes as field, types, writeHdf5 } from "../../support/hdf5-writer.ts";

type Trigger = [t: number, id: number, value: 0 | 1];

/** Metavision's layout, without a filter: an event every microsecond, and triggers. */
function fileOf(events: number, triggers: readonly Trigger[]): Uint8Array<ArrayBuffer> {
  const records = field();
  for (let t = 0; t < events; t++) {
    records
      .u16(t % 640)
      .u16(t % 480)
      .u16(t % 2)
      .u16(0)
      .u64(t + 100);
  }
  const edges = field();
  for (const [t, id, value] of triggers) {
    edges.u16(value).u16(0).u32(0).u64(t).u16(id).u16(0).u32(0);
  }
  const triggerType = types.compound(24, [
    ["p", 0, types.integer(2, true)],
    ["t", 8, types.integer(8, true)],
    ["id", 16, types.integer(2, true)],
  ]);
  return writeHdf5({
    CD: { events: { type: cdType(), shape: [events], data: records.end() } },
    EXT_TRIGGER: {
      events: { type: triggerType, shape: [triggers.length], data: edges.end() },
    },
  });
}

const regular = (count: number, everyUs: number): Trigger[] =>
  Array.from({ length: count }, (_, index) => [index * everyUs, index % 3, index % 2 ? 1 : 0]);

it("triggers are counted by a load and given when asked for", async () => {
  const triggers = regular(50, 20);
  const file = fileOf(500, triggers);
  expect(reportOf(await loadTable(file)).triggers).toBe(50);
  expect(await triggersIn(file)).toEqual(triggers);
  const recording = await openRecording(file);
  expect(Array.from(await recording.triggers(), ({ t }) => Number(t)).at(-1)).toBe(980);
  await recording.close();
});

it("there are more than one tile holds, before, between and behind the events", async () => {
  const triggers = regular(9000, 1);
  expect(await triggersIn(fileOf(3000, triggers))).toEqual(triggers);
  expect(await triggersIn(fileOf(0, triggers))).toEqual(triggers);
});

it("a file without any has none", async () => {
  expect(await triggersIn(fileOf(100, []))).toEqual([]);
});

it("they are kept by a format that has a place for them", async () => {
  const triggers = regular(40, 30);
  const { bytes } = await converted(fileOf(1000, triggers), "evt3");
  expect(await triggersIn(bytes)).toEqual(triggers);
});
