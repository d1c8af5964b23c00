import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import {
  analyze,
  appendEvents,
  COLUMN_NAMES,
  type ColumnName,
  concatEvents,
  convertRecording,
  digestEvents,
  type EventTable,
  exportEvents,
  loadEvents,
  loadStatistics,
  loadTable,
  openRecording,
  readContainer,
  repairContainer,
  reportOf,
  sampleStatistics,
  scanEvents,
  verifyContainer,
} from "../../src/node.ts";
import { readReferenceContainer } from "../reference/evb.ts";
import { anyEvents, columnsOf, containerOf, segmentOf } from "../support/containers.ts";
import { MemorySink, madeEvt2, mixedScene, triggersIn } from "../support/conversions.ts";

const folder = mkdtempSync(join(tmpdir(), "evarrow-columns-"));
afterAll(() => rmSync(folder, { recursive: true }));

const RAW = await madeEvt2(mixedScene());
const WHOLE = await loadTable(RAW);
const someColumns = fc
  .subarray([...COLUMN_NAMES], { minLength: 1, maxLength: 3 })
  .chain((names) => fc.shuffledSubarray(names, { minLength: names.length }));

const namesOf = (table: EventTable): string[] => table.schema.fields.map(({ name }) => name);
const inOrder = (names: readonly ColumnName[]) =>
  COLUMN_NAMES.filter((name) => names.includes(name));

/** The bytes of an export. */
async function written(
  source: Parameters<typeof exportEvents>[0],
  columns: readonly ColumnName[],
  options: object = {},
): Promise<Uint8Array> {
  const sink = new MemorySink();
  await exportEvents(source, sink, { columns, deterministic: true, chunkEvents: 900, ...options });
  return sink.bytes;
}

function expectColumns(found: EventTable, columns: readonly ColumnName[], of = WHOLE): void {
  expect(namesOf(found)).toEqual(inOrder(columns));
  expect(found.numRows).toBe(of.numRows);
  for (const name of columns) {
    expect(found.getChild(name)?.toArray(), name).toEqual(of.getChild(name)?.toArray());
  }
}

describe("a container of some columns", () => {
  it("gives these alone, whatever they are and however they were written", async () => {
    await fc.assert(
      fc.asyncProperty(
        anyEvents(200),
        someColumns,
        fc.integer({ min: 1, max: 300 }),
        fc.constantFrom("zstd" as const, "none" as const, "deflate" as const),
        fc.boolean(),
        async (events, columns, chunkEvents, codec, cells) => {
          const arrays = columnsOf(events);
          const options = { columns, chunkEvents, codec, cells };
          const bytes = await containerOf(arrays, { options });
          const all = await loadTable(await containerOf(arrays, { options: { chunkEvents } }));
          expectColumns(await loadTable(bytes), columns, all);
          expect((await verifyContainer(bytes, { deep: true })).findings).toEqual([]);
          const reference = readReferenceContainer(bytes);
          expect(reference.columns).toEqual(inOrder(columns));
          for (const name of ["x", "y", "t"] as const) {
            if (!columns.includes(name)) continue;
            expect(reference[name]).toEqual([...arrays[name]]);
          }
          if (columns.includes("polarity")) {
            expect(reference.p).toEqual(Array.from(arrays.polarity, (value) => Number(value > 0)));
          }
        },
      ),
      { numRuns: 60 },
    );
  });

  it.each<[ColumnName[]]>([[["x", "y", "t"]], [["polarity", "t"]], [["x"]], [["t"]]])(
    "is written of tables, frames, streams, queries and recordings: %j",
    async (columns) => {
      const recording = await openRecording(RAW);
      const fewer = await loadTable(RAW, { columns });
      const sources = [
        ...[recording, recording.stream(), recording.stream({ columns, batchEvents: 300 })],
        ...[WHOLE, fewer, await loadEvents(RAW), await loadEvents(RAW, { columns })],
        ...[scanEvents(RAW), scanEvents(RAW).select(...columns)],
      ];
      for (const source of sources)
        expectColumns(await loadTable(await written(source, columns)), columns);
      const selected = new MemorySink();
      await scanEvents(RAW)
        .select(...columns)
        .export(selected);
      expectColumns(await loadTable(selected.bytes), columns);
      // A container of it, and one that is converted, have the same columns.
      const again = await openRecording(selected.bytes);
      expect(again.columns).toEqual(inOrder(columns));
      const copies = [new MemorySink("copy.evb"), new MemorySink("copy.evb")] as const;
      const stats = await exportEvents(again, copies[0]);
      expect(stats.settings.columns).toEqual(inOrder(columns));
      await convertRecording(again, copies[1]);
      for (const { bytes } of copies) expectColumns(await loadTable(bytes), columns);
      expect((await loadEvents(selected.bytes)).columns).toEqual(inOrder(columns));
      await again.close();
      await recording.close();
    },
  );

  it("is written of what streams of some columns have, and conversions say what is missing", async () => {
    const columns = ["x", "t"] as const;
    const bytes = await written(scanEvents(RAW), columns);
    const [recording, whole] = [await openRecording(bytes), await openRecording(RAW)];
    for (const stream of [
      recording.stream(),
      whole.stream({ columns: ["t", "x"], batchEvents: 300 }),
    ]) {
      const sink = new MemorySink();
      const { settings, ...stats } = await exportEvents(stream, sink);
      expect([settings.columns, stats.columns.y.ratio]).toEqual([columns, 0]);
      expectColumns(await loadTable(sink.bytes), columns);
    }
    await recording.close();
    await whole.close();
    const copyOf = (source: Uint8Array) => convertRecording(source, new MemorySink("copy.evb"));
    expect((await copyOf(bytes)).missingColumns).toEqual(["y", "polarity"]);
    expect("missingColumns" in (await copyOf(RAW))).toBe(false);
    const selected = await scanEvents(RAW).select("t").write(new MemorySink("copy.evb"));
    expect(selected.missingColumns).toEqual(["x", "y", "polarity"]);
    // Of a table or frame a column may have got lost.
    for (const held of [await loadTable(bytes), await loadEvents(bytes)]) {
      const unnamed = exportEvents(held, new MemorySink());
      await expect(unnamed).rejects.toMatchObject({ code: "invalid-option" });
    }
  });

  it("tells of its sizes without what it leaves out", async () => {
    const columns = ["x", "t"] as const;
    const sink = new MemorySink();
    const stats = await exportEvents(WHOLE, sink, { columns });
    const lines = Array.from(WHOLE.getChild("x")?.toArray() ?? [], (x, row) =>
      JSON.stringify({ x, t: Number(WHOLE.getChild("t")?.get(row)) }),
    );
    expect(stats.jsonBytes).toBe(lines.join("\n").length + 1);
    expect(stats.ratio).toBeCloseTo((stats.events * 10) / stats.bytes, 10);
    expect([stats.columns.y.ratio, stats.columns.polarity.ratio]).toEqual([0, 0]);
    // A byte of each stream, in every chunk.
    expect(stats.columns.polarity.bytes).toBe(stats.chunks);
    const whole = await exportEvents(WHOLE, new MemorySink());
    expect(whole.columns.t.bytes).toBe(stats.columns.t.bytes);
    expect(await analyze(sink.bytes)).toMatchObject({ events: stats.events, bytesPerEvent: 10 });
  });

  it("is queried by what it has, and says what is missing", async () => {
    const bytes = await written(scanEvents(RAW), ["x", "y", "t"]);
    const query = scanEvents(bytes);
    const all = scanEvents(RAW);
    const region = { x: 3, y: 4, width: 20, height: 30 };
    expect(await query.roi(region).count()).toBe(await all.roi(region).count());
    const near = await query.roi(region).time(0, "1ms").toTable();
    expectColumns(near, ["x", "y", "t"], await all.roi(region).time(0, "1ms").toTable());
    expect(await query.count()).toBe(WHOLE.numRows);
    const frame = await query.sql("SELECT * FROM events ORDER BY t LIMIT 3");
    expect(frame.columns).toEqual(["x", "y", "t"]);
    const missing = { code: "missing-column", found: "x, y, t" };
    for (const failing of [
      loadTable(bytes, { columns: ["x", "polarity"] }),
      digestEvents(bytes),
      loadStatistics(bytes),
      sampleStatistics(bytes),
      query.polarity("on").toTable(),
      query.select("polarity").collect(),
      query.digest(),
      convertRecording(bytes, new MemorySink("out.csv")),
      concatEvents([bytes, RAW], new MemorySink("out.evb")),
      written(query, ["polarity"]),
    ]) {
      await expect(failing).rejects.toMatchObject(missing);
    }
    const sql = query.sql("SELECT count(*) FROM events WHERE polarity > 0");
    await expect(sql).rejects.toThrow(/unable to find column.*The columns of events are x, y, t\./);
    const timeless = scanEvents(await written(WHOLE, ["x", "y"]));
    await expect(timeless.time(0, 5).toTable()).rejects.toMatchObject({ code: "missing-column" });
  });

  it("is made of several recordings, and nothing is added to it", async () => {
    const columns = ["x", "t"] as const;
    const path = join(folder, "joined.evb");
    await concatEvents([RAW, RAW], path, { columns, rebase: true });
    const joined = await loadTable(path);
    expect(namesOf(joined)).toEqual(columns);
    expect(joined.numRows).toBe(2 * WHOLE.numRows);
    expect((await readContainer(path)).metadata.columns).toEqual(columns);
    const bytes = readFileSync(path);
    for (const events of [WHOLE, await loadTable(RAW, { columns }), scanEvents(RAW)]) {
      await expect(appendEvents(path, events)).rejects.toMatchObject({
        ...{ code: "not-encodable", found: "x, t" },
      });
    }
    const fixed = appendEvents(path, WHOLE, { columns: ["x"] } as object);
    await expect(fixed).rejects.toMatchObject({ code: "invalid-option" });
    expect(readFileSync(path).equals(bytes)).toBe(true);
  });

  it("needs no column that a statement, a plan or a conversion does not look at", async () => {
    const bytes = await written(scanEvents(RAW), ["x", "t"]);
    const query = scanEvents(bytes);
    for (const where of ["x <= 10", "x BETWEEN 5 AND 30 AND t > 900", "t < 2000"]) {
      const statement = `SELECT count(*) AS n FROM events WHERE ${where}`;
      const [found, expected] = [await query.sql(statement), await scanEvents(RAW).sql(statement)];
      expect(found.rows()).toEqual(expected.rows());
    }
    const sink = new MemorySink("copy.evb");
    const { digest, events } = await convertRecording(bytes, sink, { verify: true });
    expect([digest, events]).toEqual([null, WHOLE.numRows]);
    const queried = new MemorySink("copy.evb");
    await query.write(queried);
    const selected = new MemorySink("copy.evb");
    await scanEvents(RAW).select("t", "x").write(selected);
    for (const copy of [sink, queried, selected])
      expectColumns(await loadTable(copy.bytes), ["x", "t"]);
    const joined = new MemorySink();
    await concatEvents([bytes, bytes, RAW], joined, { columns: ["t"] });
    expect((await loadTable(joined.bytes)).numRows).toBe(3 * WHOLE.numRows);
  });

  it("does not take zeros for values where it would be silent about it", async () => {
    const [timeless, placeless] = [await written(WHOLE, ["x"]), await written(WHOLE, ["y", "t"])];
    const geometry = { width: 10, height: 10 };
    const recording = await openRecording(timeless);
    for (const failing of [
      loadTable(placeless, { geometry }),
      scanEvents(placeless, { geometry }).count(),
      exportEvents(await openRecording(placeless, { geometry }), new MemorySink()),
      loadTable(timeless, { rebase: true }),
      recording.triggers({ rebase: true }),
      recording.query().time(0, 100).explain(),
      recording.query().polarity("on").explain(),
      scanEvents(placeless)
        .roi({ x: 0, y: 0, ...geometry })
        .explain(),
    ]) {
      await expect(failing).rejects.toMatchObject({ code: "missing-column" });
    }
    await recording.close();
  });

  it("keeps the triggers", async () => {
    const triggers = await triggersIn(await written(scanEvents(RAW), ["x"]));
    expect(triggers.length).toBe(20);
    expect(triggers).toEqual(await triggersIn(RAW));
  });

  it("is read as far as it goes where it was cut, and repaired where its header is damaged", async () => {
    const columns = ["y", "polarity"] as const;
    const bytes = await written(scanEvents(RAW), columns);
    const { at } = segmentOf(bytes, "META");
    const cut = await loadTable(bytes.subarray(0, at + 8));
    expectColumns(cut, columns);
    expect(reportOf(cut).truncatedBytes).toBe(8);
    const broken = bytes.slice();
    broken[14] = 0; // the flag
    broken[52] = 0;
    expectColumns(await loadTable((await repaired(broken)).bytes), columns);
    // Without metadata it is the header that counts, as far as it agrees with itself.
    const without = bytes.slice(0, at + 8);
    without[20] = 0; // the name of the writer
    expectColumns(await loadTable((await repaired(without)).bytes), columns);
    without[52] = 0;
    const unknown = await repaired(without);
    expect(unknown.lost).toMatch(/nothing says which columns there are/);
    expect(namesOf(await loadTable(unknown.bytes))).toEqual([...COLUMN_NAMES]);
  });

  it("is found out where its metadata name other columns", async () => {
    const bytes = await containerOf(columnsOf([[1, 2, 3n, 1]]), {
      options: { columns: ["x"] },
      metadata: { columns: ["x", "t"] },
    });
    const { ok, findings } = await verifyContainer(bytes);
    expect(ok).toBe(false);
    expect(findings).toMatchObject([{ expected: "columns x", found: "x, t" }]);
  });
});

/** What a repair writes, and what it says is lost. */
async function repaired(bytes: Uint8Array): Promise<{ bytes: Uint8Array; lost: string }> {
  const sink = new MemorySink();
  const { lost } = await repairContainer(bytes, sink);
  return { bytes: sink.bytes, lost: JSON.stringify(lost) };
}
