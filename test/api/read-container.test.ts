import { describe, expect, it } from "vitest";
import { exportEvents, loadTable, openRecording, readContainer, reportOf } from "../../src/node.ts";
import { MemorySink, madeEvt2, mixedScene } from "../support/conversions.ts";

const RAW = await madeEvt2(mixedScene());

async function exported(): Promise<Uint8Array> {
  const sink = new MemorySink();
  const metadata = { description: "a bar", custom: { lens: "8 mm" } };
  await exportEvents(await loadTable(RAW), sink, { metadata, chunkEvents: 1000, codec: "deflate" });
  return sink.bytes;
}

describe("readContainer", () => {
  it("gives the events, and what the container says of itself", async () => {
    const bytes = await exported();
    const { table, header, statistics, metadata } = await readContainer(bytes);
    const { events, on } = statistics;
    expect([table.numRows, events, reportOf(table).format]).toEqual([5000, 5000, "evb"]);
    const polarities = table.getChild("polarity")?.toArray() as Int8Array;
    expect(on).toBe(polarities.filter((polarity) => polarity > 0).length);
    expect(header).toMatchObject({ codec: "deflate", checksums: "sha256", major: 1 });
    expect(metadata).toMatchObject({ description: "a bar", custom: { lens: "8 mm" } });
    const part = await readContainer(bytes, { columns: ["x"], evb: { verifyChecksum: true } });
    expect(part.table.schema.names).toEqual(["x"]);
  });

  it("takes a recording that is open, which says the same without its events", async () => {
    const recording = await openRecording(await exported());
    const { table, ...said } = await readContainer(recording);
    expect(recording.container).toEqual(said);
    expect(table.numRows).toBe(5000);
    await recording.close();
  });

  it("refuses what is no container", async () => {
    await expect(readContainer(RAW)).rejects.toMatchObject({
      ...{ code: "unsupported-format", expected: "evb", found: "evt2" },
      message: expect.stringContaining("loadTable"),
    });
    const recording = await openRecording(RAW);
    expect(recording.container).toBeNull();
    await recording.close();
  });
});
