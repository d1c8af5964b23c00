import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ChunkStage } from "../../src/container/chunk-stage.ts";
import { ContainerReader } from "../../src/container/reader.ts";
import { COLUMN_NAMES, type ColumnName } from "../../src/events/columns.ts";
import { loadTable, openRecording, reportOf } from "../../src/node.ts";
import { MemorySource } from "../../src/source/memory.ts";
import { anyEvents, columnsOf, containerOf, rowScene } from "../support/containers.ts";
import { columnsOf as loaded } from "../support/expected-load.ts";

const GEOMETRY = { width: 1280, height: 720 };
const SCENE = rowScene(30_000);

describe("some columns of a container", () => {
  it("are those of a load of all, whatever the modes", async () => {
    await fc.assert(
      fc.asyncProperty(
        anyEvents(300),
        fc.subarray([...COLUMN_NAMES], { minLength: 1 }),
        fc.integer({ min: 1, max: 400 }),
        fc.option(fc.integer({ min: 1, max: 5000 }), { nil: undefined }),
        async (events, columns, chunkEvents, side) => {
          const bytes = await containerOf(columnsOf(events), { options: { chunkEvents } });
          // A sensor that is smaller than the events drops some.
          const geometry = side === undefined ? side : { width: side, height: side };
          const all = await loadTable(bytes, { geometry });
          const some = await loadTable(bytes, { geometry, columns });
          expect(some.schema.fields.map(({ name }) => name)).toEqual(columns);
          for (const name of columns) {
            const arrays = [some, all].map((table) => table.getChild(name)?.toArray());
            expect(arrays[0]).toEqual(arrays[1]);
          }
          const { bytesRead, ...report } = reportOf(some);
          const { bytesRead: _, ...expected } = reportOf(all);
          expect(report).toEqual(expected);
        },
      ),
      { numRuns: 60 },
    );
  });

  it("are inflated without the others", async () => {
    const bytes = await containerOf(SCENE, { options: { chunkEvents: 10_000 } });
    const reader = await ContainerReader.open(new MemorySource(bytes));
    const entry = (await reader.index()).entry(1);
    const stage = await ChunkStage.create(entry.count);
    const decode = async (columns?: readonly ColumnName[]) => {
      const wanted = columns && new Set(columns);
      const chunk = await reader.readChunk(entry, new Uint8Array(entry.bytes), undefined, {
        columns: wanted,
      });
      stage.decode(chunk, 1, true);
      return { streams: [...chunk.streams.keys()], inflated: [...chunk.columns].sort() };
    };
    const all = await decode();
    expect(all.inflated).toEqual([...COLUMN_NAMES].sort());
    const { t } = stage.memory.columns;
    const times = t.slice(0, entry.count);
    const ofTime = await decode(["t"]);
    expect(ofTime.inflated).toEqual(["t"]);
    expect(ofTime.streams.length).toBeLessThan(all.streams.length - 2);
    expect(t.slice(0, entry.count)).toEqual(times);
    const { x, y, polarity } = stage.memory.columns;
    expect([x[0], y[9999], polarity[5]]).toEqual([entry.leastX, entry.leastY, 0]);
    const none = await decode([]);
    expect(none).toEqual({ streams: [], inflated: [] });
    expect([t[0], t[9998], t[9999]]).toEqual([entry.firstTime, entry.firstTime, entry.lastTime]);
    await expect(decode(["x"])).resolves.toMatchObject({
      inflated: expect.arrayContaining(["x"]),
    });
  });

  it("are enough for queries that look at no others", async () => {
    const bytes = await containerOf(SCENE, {
      options: { chunkEvents: 7000 },
      geometry: GEOMETRY,
    });
    const recording = await openRecording(bytes);
    const { x, y, t } = loaded(await loadTable(bytes));
    const middle = t[15_000] as bigint;
    const query = recording.query().time(middle).select("x");
    const rows = Array.from(t.keys()).filter((row) => (t[row] as bigint) >= middle);
    const found = (await query.toTable()).getChild("x")?.toArray();
    expect(Array.from(found ?? [])).toEqual(rows.map((row) => x[row]));
    expect(await query.count()).toBe(rows.length);
    const high = recording.query().roi({ x: 0, y: 0, width: 1280, height: 9 }).select("t");
    const expected = rows.length === 0 ? [] : Array.from(t).filter((_, row) => (y[row] ?? 9) < 9);
    expect(Array.from((await high.toTable()).getChild("t")?.toArray() ?? [])).toEqual(expected);
    const frame = await recording.query().sql("SELECT count(*) AS n FROM events WHERE y < 9");
    expect(Number(frame.getColumn("n").get(0))).toBe(expected.length);
    // Windows of time look at times, be they wanted or not.
    let windows = 0;
    for await (const _ of recording.query().select("x").windows({ windowUs: 1000 })) windows++;
    let all = 0;
    for await (const _ of recording.stream({ windowUs: 1000 }).windows()) all++;
    expect(windows).toBe(all);
    await recording.close();
  });
});
