import { describe, expect, it } from "vitest";
import { COLUMN_NAMES, ColumnBuffer, type ColumnName } from "../../src/events/columns.ts";
import { encodeDat, type LoadOptions, openRecording } from "../../src/node.ts";
import { BatchRoom } from "../../src/stream/batch-room.ts";
import { type PlanRequest, resolvePlan } from "../../src/stream/plan.ts";

/** A room for the batches of a table, on a machine that gives at most so many events at once. */
async function roomOn(most: number, options: LoadOptions & PlanRequest) {
  const empty = { x: new Uint16Array(0), y: new Uint16Array(0) };
  const columns = { ...empty, t: new BigInt64Array(0), polarity: new Int8Array(0), length: 0 };
  const header = await encodeDat(columns);
  const bytes = new Uint8Array(header.byteLength + 3_000_000 * 8);
  bytes.set(header);
  const recording = await openRecording(bytes);
  const resolved = resolvePlan(recording, options, "table");
  const report = recording.startReport("zero-one");
  report.mode = resolved.plan.mode;
  const asked: number[] = [];
  const allocate = (events: number, names: readonly ColumnName[]): ColumnBuffer => {
    asked.push(events);
    if (events > most) throw new RangeError("Array buffer allocation failed");
    return new ColumnBuffer(events, names);
  };
  const mostEvents = recording.mostEvents();
  const room = new BatchRoom(resolved, { columns: COLUMN_NAMES, mostEvents, report, allocate });
  return { room, report, asked, resolved };
}

describe("BatchRoom", () => {
  it("gives what was planned", async () => {
    const chunked = await roomOn(10_000_000, { mode: "chunked" });
    expect(chunked.room.next(0).capacity).toBe(3_000_000);
    expect(chunked.room.next(2_500_000).capacity).toBe(500_000);
    expect(chunked.room.next(3_000_000).capacity).toBe(1);
    const direct = await roomOn(10_000_000, { mode: "direct" });
    expect(direct.room.next(0).capacity).toBe(3_000_000);
  });

  it("has room in a table for half of what is left, as far as what was read tells", async () => {
    const { resolved, report } = await roomOn(10_000_000, { mode: "chunked" });
    const large = { ...resolved, plan: { ...resolved.plan, chunkEvents: 2 ** 25 } };
    const allocate = (events: number) => new ColumnBuffer(events, []);
    const facts = { columns: COLUMN_NAMES, mostEvents: null, report, allocate };
    const room = new BatchRoom(large, { ...facts, byteLength: 100_000_000 });
    expect(room.next(0).capacity).toBe(1_000_000);
    report.bytesRead = 10_000_000;
    expect(room.next(1_000_000).capacity).toBe(4_500_000);
    report.bytesRead = 55_000_000;
    expect(room.next(5_500_000).capacity).toBe(2_250_000);
    report.bytesRead = 100_000_001;
    expect(room.next(20_000_000).capacity).toBe(1_000_000);
    expect(new BatchRoom(large, facts).next(0).capacity).toBe(2 ** 25);
    const counted = { ...facts, byteLength: 100_000_000, isCounted: true };
    expect(new BatchRoom(large, counted).next(0).capacity).toBe(2 ** 25);
    const stated = { ...large, isChunkStated: true };
    expect(new BatchRoom(stated, { ...facts, byteLength: 1 }).next(0).capacity).toBe(2 ** 25);
  });

  it("copies what is left of a batch only where that holds no more than was planned", async () => {
    const { resolved, report } = await roomOn(10_000_000, { mode: "chunked" });
    const facts = { columns: COLUMN_NAMES, mostEvents: 1000, report, isCounted: true };
    const columns = { x: new Uint16Array(1000), y: new Uint16Array(1000), length: 1000 };
    const all = { ...columns, t: new BigInt64Array(1000), polarity: new Int8Array(1000) };
    for (const [events, capacity] of [
      [500, 500],
      [501, 1000],
      [1000, 1000],
    ] as const) {
      const buffer = new BatchRoom(resolved, facts).next(0);
      expect(buffer.capacity).toBe(1000);
      buffer.append(all, 0, events);
      const { t, length } = buffer.finish();
      expect(length).toBe(events);
      expect(t?.buffer.byteLength).toBe(capacity * 8);
    }
  });

  it("halves the batches until there is memory for one, and stays there", async () => {
    const { room, asked } = await roomOn(150_000, { mode: "chunked" });
    expect(room.next(0).capacity).toBe(93_750);
    expect(asked).toEqual([3_000_000, 1_500_000, 750_000, 375_000, 187_500, 93_750]);
    expect(room.next(93_750).capacity).toBe(93_750);
    expect(asked).toHaveLength(7);
  });

  it("goes on in chunks where one piece was only tried", async () => {
    const { room, report } = await roomOn(600_000, { mode: "auto" });
    expect(report.mode).toBe("direct");
    expect(room.next(0).capacity).toBe(375_000);
    expect(report).toMatchObject({
      mode: "chunked",
      modeReason: expect.stringMatching(/no memory/),
    });
  });

  it.each([
    [600_000, { mode: "direct" }],
    [600_000, { mode: "chunked", batchEvents: 1_000_000 }],
    [1000, { mode: "chunked" }],
  ] as const)("throws with room for %d events under %j", async (most, options) => {
    const { room } = await roomOn(most, options);
    expect(() => room.next(0)).toThrow(
      expect.objectContaining({ code: "memory-limit", cause: expect.any(RangeError) }),
    );
  });
});
