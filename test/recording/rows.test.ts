import { describe, expect, it } from "vitest";
import type { RowTable } from "../../src/formats/decoder.ts";
import { OpenedSource } from "../../src/recording/opened-source.ts";
import { OpenedRecording } from "../../src/recording/recording.ts";
import { TilePass } from "../../src/recording/tiles.ts";
import { recordingOf } from "../support/evt2-words.ts";
import { RecordingSource } from "../support/sources.ts";

const ROWS = 1000;

/** A table whose row number n is the event (n, n + 1, 10 n, ON), and a record of what was read. */
async function recordingOfRows() {
  const source = new RecordingSource(recordingOf([]));
  const reads: [start: number, count: number][] = [];
  const state = { readers: 0, closed: 0 };
  const table: RowTable = {
    header: {
      entries: [["key", "value"]],
      geometry: { width: 900, height: 2000 },
      assumptions: [],
    },
    polarityEncoding: "zero-one",
    rows: ROWS,
    truncation: null,
    rejectedAs: "outsideGeometry",
    async createReader(memory) {
      state.readers += 1;
      return {
        async read(start, count) {
          reads.push([start, count]);
          const at = memory.eventCount;
          for (let index = 0; index < count; index++) {
            memory.columns.x[at + index] = start + index;
            memory.columns.y[at + index] = start + index + 1;
            memory.columns.t[at + index] = BigInt(10 * (start + index));
            memory.columns.polarity[at + index] = 1;
          }
        },
      };
    },
    async close() {
      state.closed += 1;
    },
  };
  const format = { id: "rows", name: "Rows", open: async () => table };
  const opened = await OpenedSource.open(source);
  const recording = new OpenedRecording({
    source: opened,
    content: { kind: "rows", format, table },
    strict: false,
    stated: {},
  });
  return { recording, reads, state };
}

/** The x of every event, tile by tile. */
async function tilesOf(pass: TilePass, room: () => number): Promise<number[][]> {
  const tiles: number[][] = [];
  for await (const tile of pass.tiles(room)) {
    tiles.push([...tile.columns.x.subarray(0, tile.eventCount)]);
  }
  return tiles;
}

const numbers = (start: number, end: number): number[] =>
  Array.from({ length: end - start }, (_, index) => start + index);

describe("a recording of rows", () => {
  it("is read from front to back, tiles filled up where rows are dropped", async () => {
    const { recording, reads, state } = await recordingOfRows();
    expect(recording.mostEvents()).toBe(ROWS);
    expect(recording.header).toEqual([["key", "value"]]);
    const pass = new TilePass(recording, { polarityEncoding: "zero-one", strict: false });
    const tiles = await tilesOf(pass, () => 300);
    expect(tiles).toEqual([numbers(0, 300), numbers(300, 600), numbers(600, 900)]);
    expect(reads).toEqual([
      [0, 300],
      [300, 300],
      [600, 300],
      [900, 100],
    ]);
    expect(pass.report).toMatchObject({
      events: 900,
      eventsOutsideGeometry: 100,
      firstRow: { outsideGeometry: 900 },
      bytesRead: recording.byteLength,
    });
    expect(state.readers).toBe(1);
  });

  it("is read in part", async () => {
    const { recording, reads } = await recordingOfRows();
    const options = { polarityEncoding: "zero-one", strict: false } as const;
    const pass = new TilePass(recording, { ...options, ranges: [{ start: 850, end: 920 }] });
    expect(await tilesOf(pass, () => 60)).toEqual([numbers(850, 900)]);
    expect(reads).toEqual([
      [850, 60],
      [910, 10],
    ]);
    expect(pass.report).toMatchObject({ events: 50, firstRow: { outsideGeometry: 900 } });
    expect(pass.report.bytesRead).toBeLessThan(recording.byteLength ?? 0);
  });

  it("fills a tile from several reads", async () => {
    const { recording } = await recordingOfRows();
    const geometry = { width: 1000, height: 500 };
    const options = { polarityEncoding: "zero-one", strict: false, geometry } as const;
    const pass = new TilePass(recording, { ...options, ranges: [{ start: 450, end: 1000 }] });
    expect(await tilesOf(pass, () => 60)).toEqual([numbers(450, 499)]);
  });

  it("gives back what its table holds", async () => {
    const { recording, state } = await recordingOfRows();
    await recording.close();
    expect(state.closed).toBe(1);
  });
});
