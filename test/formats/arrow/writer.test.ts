import { fileURLToPath } from "node:url";
import { tableFromIPC } from "apache-arrow";
import { describe, expect, it } from "vitest";
import { createReport } from "../../../src/events/report.ts";
import { eventSchema } from "../../../src/events/schema.ts";
import { toEventBatch } from "../../../src/events/table.ts";
import { createArrowWriter } from "../../../src/formats/arrow/writer.ts";
import type { EventBatch } from "../../../src/index.ts";
import { loadTable, openRecording } from "../../../src/node.ts";
import { concatBytes } from "../../support/evt2-words.ts";
import {
  columnsOf,
  expectSameColumns,
  joinColumns,
  type PlainColumns,
} from "../../support/expected-load.ts";
import { cut, loaded, someEvents } from "./tables.ts";

const sample = fileURLToPath(new URL("../../../data-samples/moving-bar.evt2.raw", import.meta.url));

const schema = eventSchema(
  createReport({
    format: "evt2",
    sourceName: null,
    geometry: { width: 640, height: 480 },
    polarityEncoding: "zero-one",
    assumptions: [],
  }),
);

function batchOf(columns: PlainColumns): EventBatch {
  return toEventBatch({ length: columns.x.length, ...(columns as object) }, schema);
}

describe("a writer", () => {
  it("copies batches that are overwritten afterwards", async () => {
    const recording = await openRecording(sample);
    const expected = columnsOf(await loadTable(recording));
    const writer = createArrowWriter(schema);
    const parts: Uint8Array[] = [];
    for await (const batch of recording.stream({ batches: "borrowed", batchEvents: 3000 })) {
      parts.push(...writer.write(batch));
      for (const name of ["x", "y", "t", "polarity"] as const) {
        batch
          .getChild(name)
          ?.toArray()
          .fill(name === "t" ? (77n as never) : (77 as never));
      }
    }
    await recording.close();
    const bytes = concatBytes(...parts, ...writer.finish());
    expectSameColumns(
      (await loaded(bytes, { polarityEncoding: "minus-one-one" })).columns,
      expected,
    );
  });

  it("gives every batch at once, and keeps none", () => {
    const writer = createArrowWriter(schema);
    const events = someEvents(10_000);
    const batch = batchOf(events);
    const sizes = Array.from({ length: 5 }, () =>
      writer.write(batch).reduce((total, { byteLength }) => total + byteLength, 0),
    );
    expect(Math.min(...sizes)).toBeGreaterThanOrEqual(130_000);
    expect(Math.max(...sizes)).toBeLessThan(131_500);
    expect(new Set(sizes.slice(1)).size).toBe(1);
    const end = writer.finish().reduce((total, { byteLength }) => total + byteLength, 0);
    expect(end).toBeLessThan(2000);
  });

  it("makes files that apache-arrow reads, with the schema at both ends", async () => {
    const events = someEvents(500);
    const parts = cut(events, [100, 0, 7]);
    const writer = createArrowWriter(schema);
    const chunks = parts.flatMap((part) => writer.write(batchOf(part)));
    const bytes = concatBytes(...chunks, ...writer.finish());
    const table = tableFromIPC(bytes);
    expect(table.batches.map(({ numRows }) => numRows).filter((rows) => rows > 0)).toEqual([
      100, 7, 393,
    ]);
    expectSameColumns(joinColumns(table.batches.map((batch) => columnsOf(batch as never))), events);
    expect([...table.schema.metadata]).toEqual([...schema.metadata]);
    // What stands behind the magic is a stream of its own.
    const stream = tableFromIPC(bytes.subarray(8));
    expect(stream.numRows).toBe(500);
    expect([...stream.schema.metadata]).toEqual([...schema.metadata]);
  });

  it("without batches makes an empty table", async () => {
    const bytes = concatBytes(...createArrowWriter(schema).finish());
    expect(tableFromIPC(bytes).numRows).toBe(0);
    const { columns, report } = await loaded(bytes);
    expect(columns.x.length).toBe(0);
    expect(report).toMatchObject({ geometry: { width: 640, height: 480 }, firstAt: {} });
  });
});
