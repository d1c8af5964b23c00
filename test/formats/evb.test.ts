import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  analyze,
  loadStatistics,
  loadTable,
  openRecording,
  type ReadOptions,
  reportOf,
  sampleStatistics,
} from "../../src/node.ts";
import type { ByteSource } from "../../src/source/byte-source.ts";
import { MemorySource } from "../../src/source/memory.ts";
import {
  changed,
  columnsOf,
  containerOf,
  type PlainEvent,
  rowScene,
  segmentOf,
  segmentsOf,
} from "../support/containers.ts";
import { SOAK } from "../support/soak.ts";

const COLUMNS = rowScene(20_000);
const OPTIONS = { chunkEvents: 1000 };
const GEOMETRY = { width: 1280, height: 720 };
const CONTAINER = await containerOf(COLUMNS, { options: OPTIONS, geometry: GEOMETRY });

/** Counts the bytes that are read. */
class CountingSource implements ByteSource {
  readonly byteLength: number;
  readonly #source: MemorySource;
  bytes = 0;
  reads = 0;

  constructor(bytes: Uint8Array) {
    this.#source = new MemorySource(bytes);
    this.byteLength = bytes.byteLength;
  }

  read(offset: number, length: number, options?: ReadOptions): Promise<Uint8Array> {
    this.bytes += length;
    this.reads += 1;
    return this.#source.read(offset, length, options);
  }
}

describe("evb", () => {
  it("is detected, and says what it is", async () => {
    const recording = await openRecording(CONTAINER);
    expect(recording.detection).toMatchObject({ format: "evb", confidence: "certain" });
    expect(recording.geometry).toEqual(GEOMETRY);
    expect(recording.report.polarityEncoding).toBe("minus-one-one");
    expect(recording.header.slice(0, 4)).toEqual([
      ["evarrow.version", "1.0"],
      ["evarrow.createdBy", "evarrow"],
      ["evarrow.codec", "zstd"],
      ["evarrow.checksums", "sha256"],
    ]);
    await recording.close();
  });

  it("is opened, and its statistics are told, without its chunks", async () => {
    const [smaller, larger] = await Promise.all(
      [80_000, 160_000].map((count) => containerOf(rowScene(count), { options: OPTIONS })),
    );
    const counts: number[] = [];
    for (const bytes of [smaller, larger]) {
      const source = new CountingSource(bytes as Uint8Array);
      const recording = await openRecording(source);
      const onlyOpened = source.bytes;
      const told = await sampleStatistics(recording);
      await analyze(recording); // with this, all that `evarrow info` asks for
      expect(source.bytes).toBe(onlyOpened);
      expect(source.reads).toBe(4); // the format, header, trailer, and what is in front of the index
      counts.push(source.bytes);
      const { events, rate, pixels, histogram, ...read } = await loadStatistics(recording);
      expect({ ...read, events }).toEqual(told);
      expect(reportOf(told).events).toBe(events);
      await recording.close();
    }
    expect(counts[0]).toBe(counts[1]);
  });

  it("gives the polarity encoding that was written, and others where they are asked for", async () => {
    const table = await loadTable(CONTAINER);
    expect(table.schema.metadata.get("evarrow.polarityEncoding")).toBe("minus-one-one");
    const other = await loadTable(CONTAINER, { polarityEncoding: "zero-one" });
    expect(Array.from(other.getChild("polarity")?.toArray() ?? []).includes(-1)).toBe(false);
  });

  it("gives all in front of a damaged chunk", async () => {
    const chunks = segmentsOf(CONTAINER).filter(({ tag }) => tag === "CHNK");
    expect(chunks).toHaveLength(20);
    for (const [number, { at, bytes }] of chunks.entries()) {
      const damaged = CONTAINER.slice();
      const middle = at + bytes - 20;
      damaged[middle] = (damaged[middle] as number) ^ 1;
      const recording = await openRecording(damaged);
      const rows: number[] = [];
      const loading = (async () => {
        for await (const { numRows } of recording.stream()) rows.push(numRows);
      })();
      await expect(loading).rejects.toMatchObject({ code: "damaged-data", row: number * 1000 });
      expect(rows.reduce((sum, count) => sum + count, 0)).toBe(number * 1000);
      await recording.close();
    }
  });

  it("drops events outside of a geometry that the caller states", async () => {
    const table = await loadTable(CONTAINER, { geometry: { width: 640, height: 720 } });
    const inside = Array.from(COLUMNS.x).filter((x) => x < 640).length;
    expect(table.numRows).toBe(inside);
    expect(reportOf(table).eventsOutsideGeometry).toBe(20_000 - inside);
  });

  it("counts steps back in time, as the writer does", async () => {
    const events = Array.from(
      { length: 500 },
      (_, at): PlainEvent => [at % 7, at % 5, BigInt(at % 100), 1],
    );
    for (const chunkEvents of [1, 33, 100, 500]) {
      const container = await containerOf(columnsOf(events), { options: { chunkEvents } });
      expect(reportOf(await loadTable(container)).backwardSteps).toBe(4);
      const recording = await openRecording(container);
      expect(reportOf(await sampleStatistics(recording)).backwardSteps).toBe(4);
      await recording.close();
    }
  });

  it("finds the first row at a time by its index and one chunk", async () => {
    const source = new CountingSource(CONTAINER);
    const recording = await openRecording(source);
    const { content } = recording;
    if (content.kind !== "rows") throw new Error("no rows");
    const times = Array.from(COLUMNS.t);
    await content.table.findRow?.(0n);
    const largest = Math.max(...segmentsOf(CONTAINER).map(({ bytes }) => bytes));
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: -50, max: 50 }), fc.nat(19_999), async (step, at) => {
        const time = (times[at] as bigint) + BigInt(step);
        const before = source.bytes;
        const expected = times.findIndex((t) => t >= time);
        expect(await content.table.findRow?.(time)).toBe(expected < 0 ? times.length : expected);
        expect(source.bytes - before).toBeLessThanOrEqual(largest);
      }),
      { numRuns: 20 * SOAK },
    );
    await recording.close();
  });

  it("tells what each chunk holds before it is read", async () => {
    const recording = await openRecording(CONTAINER);
    const { content } = recording;
    const index = content.kind === "rows" ? await content.table.chunkIndex?.() : undefined;
    expect(index?.chunks).toBe(20);
    for (let chunk = 0; chunk < 20; chunk++) {
      const rows = [chunk * 1000, chunk * 1000 + 1000] as const;
      const [x, y] = [COLUMNS.x.subarray(...rows), COLUMNS.y.subarray(...rows)];
      expect(index?.entry(chunk)).toMatchObject({
        ...{ firstRow: rows[0], count: 1000 },
        ...{ leastX: Math.min(...x), greatestX: Math.max(...x) },
        ...{ leastY: Math.min(...y), greatestY: Math.max(...y) },
        ...{ leastTime: COLUMNS.t[rows[0]], greatestTime: COLUMNS.t[rows[1] - 1] },
        on: COLUMNS.polarity.subarray(...rows).filter((polarity) => polarity > 0).length,
      });
    }
    await recording.close();
  });

  it("gives its triggers, in as many segments as there are", async () => {
    const length = 70_000;
    const triggers = {
      length,
      t: BigInt64Array.from({ length }, (_, at) => 5000n + BigInt(at)),
      id: Int16Array.from({ length }, (_, at) => (at % 9) - 3),
      value: Uint8Array.from({ length }, (_, at) => at & 1),
    };
    const recording = await openRecording(await containerOf(COLUMNS, { triggers }));
    const table = await recording.triggers();
    expect(table.numRows).toBe(length);
    for (const name of ["t", "id", "value"] as const) {
      const found = table.getChild(name)?.toArray() as ArrayLike<number | bigint>;
      expect(Array.from(found)).toEqual(Array.from(triggers[name] as ArrayLike<number | bigint>));
    }
    await recording.close();
  });

  it("counts a step back that a file hides in a step of 64 bits", async () => {
    const sound = await containerOf(
      columnsOf([
        [1, 2, 0n, 1],
        [1, 2, 3000n, 0],
        [1, 2, 5000n, 1],
      ]),
      { options: { codec: "none" } },
    );
    const { at } = segmentOf(sound, "CHNK");
    const hiding = changed(sound, (file) => {
      const streams = file.readUInt8(at + 16 + 7);
      let start = at + 16 + 64 + 16 * streams;
      for (let line = at + 16 + 64; file.readUInt8(line) !== 3; line += 16) {
        start += Math.ceil(file.readUInt32LE(line + 4) / 8) * 8;
      }
      // Byte k of each step is in plane k: to 6000 and back to 5000, in place of 3000 and 5000.
      for (const [index, step] of [6000n, BigInt.asUintN(64, -1000n)].entries()) {
        for (let plane = 0; plane < 8; plane++) {
          file.writeUInt8(Number((step >> BigInt(8 * plane)) & 255n), start + plane * 2 + index);
        }
      }
    });
    const table = await loadTable(hiding);
    expect(table.getChild("t")?.toJSON()).toEqual([0n, 6000n, 5000n]);
    expect(reportOf(table).backwardSteps).toBe(1);
    expect(reportOf(await loadTable(sound)).backwardSteps).toBe(0);
  });

  it("skips segments that it does not know", async () => {
    const stat = segmentOf(CONTAINER, "META").at;
    const extra = Buffer.alloc(32);
    extra.write("XTRA", "latin1");
    extra.writeBigUInt64LE(16n, 8);
    // Behind the chunks of a file without an end, where it is walked.
    const cut = Buffer.concat([CONTAINER.subarray(0, stat), extra]);
    const crc = (await import("node:zlib")).crc32;
    cut.writeUInt32LE(crc(extra.subarray(8), crc(extra.subarray(0, 4))), stat + 4);
    const walked = await loadTable(new Uint8Array(cut));
    expect(walked.numRows).toBe(20_000);
    expect(reportOf(walked).truncatedBytes).toBe(0);
  });

  it.each([
    [{ verifyChecksum: 1 }, "evb.verifyChecksum"],
    [{ recover: "yes" }, "evb.recover"],
    [{ strictVersion: null }, "evb.strictVersion"],
    [3, "evb is no set"],
  ])("refuses the options %j", async (evb, text) => {
    const opening = openRecording(CONTAINER, { evb: evb as never });
    await expect(opening).rejects.toMatchObject({ code: "invalid-option" });
    await expect(opening).rejects.toThrow(text);
  });

  it("is closed and read no further when it is aborted", async () => {
    const stop = new AbortController();
    const recording = await openRecording(CONTAINER);
    const reading = (async () => {
      for await (const _ of recording.stream({ batchEvents: 1000, signal: stop.signal }))
        stop.abort();
    })();
    await expect(reading).rejects.toThrow(/abort/);
    await recording.close();
  });
});
