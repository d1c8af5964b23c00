import { describe, expect, it } from "vitest";
import { ChunkStage } from "../../src/container/chunk-stage.ts";
import { ContainerReader } from "../../src/container/reader.ts";
import {
  type EventErrorCode,
  isEventError,
  type LoadReport,
  loadTable,
  openRecording,
  reportOf,
} from "../../src/node.ts";
import { MemorySource } from "../../src/source/memory.ts";
import { readReferenceContainer } from "../reference/evb.ts";
import {
  changed,
  columnsOf,
  containerOf,
  rowScene,
  segmentOf,
  segmentsOf,
} from "../support/containers.ts";
import { SOAK } from "../support/soak.ts";

const COLUMNS = rowScene(40);
const TRIGGERS = {
  length: 3,
  t: BigInt64Array.of(5001n, 5002n, 5003n),
  id: Int16Array.of(0, 1, 0),
  value: Uint8Array.of(1, 0, 1),
};
/** Two chunks with a compressed stream, triggers, and all that stands behind them. */
const SMALL = await containerOf(COLUMNS, {
  options: { chunkEvents: 25 },
  triggers: TRIGGERS,
  geometry: { width: 1280, height: 720 },
  metadata: { description: "two chunks" },
});

async function errorOf(bytes: Uint8Array, options: object = {}): Promise<unknown> {
  try {
    await loadTable(bytes, options);
    return null;
  } catch (error) {
    return error;
  }
}

/** Loading ends with an error of ours, of this code, and at a place inside the file. */
async function expectError(
  bytes: Uint8Array,
  code: EventErrorCode,
  text?: string | RegExp,
  options: object = {},
): Promise<void> {
  const error = await errorOf(bytes, options);
  if (!isEventError(error)) throw new Error(`${code} expected, ${error} found`);
  expect(error.code, error.message).toBe(code);
  if (text !== undefined) expect(error.message).toMatch(text);
  expect(error.byteOffset, error.message).toBeTypeOf("number");
  expect(error.byteOffset).toBeLessThanOrEqual(bytes.byteLength);
}

describe("every bit of a container", () => {
  const digest = segmentOf(SMALL, "SHA2");
  const flipped = (bit: number): Uint8Array => {
    const bytes = SMALL.slice();
    bytes[bit >> 3] = (bytes[bit >> 3] as number) ^ (1 << (bit & 7));
    return bytes;
  };
  /** A read looks at all of the file but the digest; that is looked at when it is asked for. */
  const optionsFor = (bit: number) => {
    const isInDigest = bit >> 3 >= digest.at && bit >> 3 < digest.at + digest.bytes;
    return { verifyChecksum: isInDigest ? true : undefined };
  };

  it("is noticed when it is wrong", async () => {
    expect(readReferenceContainer(SMALL).x).toHaveLength(40);
    const stage = await ChunkStage.create(25);
    /** All that a load does, in memory that is there already. */
    const readAll = async (bytes: Uint8Array, bit: number): Promise<unknown> => {
      const reader = await ContainerReader.open(new MemorySource(bytes), optionsFor(bit));
      if (reader.truncation !== null) return "truncated";
      const index = await reader.index();
      for (let chunk = 0; chunk < index.chunks; chunk++) {
        const entry = index.entry(chunk);
        const buffer = new Uint8Array(entry.bytes);
        stage.decode(await reader.readChunk(entry, buffer, undefined), chunk, true);
      }
      for (const entry of index.triggers) await reader.readTriggers(entry);
      return null;
    };
    expect(await readAll(SMALL, 0)).toBeNull();
    const missed: string[] = [];
    // That verification notices every bit is tested beside it; here they are too many to load each.
    for (let bit = 0; bit < SMALL.length * 8; bit += SOAK > 1 ? 1 : 5) {
      const found = await readAll(flipped(bit), bit).catch((error) => error);
      if (found === "truncated" || isEventError(found)) continue;
      missed.push(`bit ${bit & 7} of byte ${bit >> 3}: ${found}`);
    }
    expect(missed).toEqual([]);
  }, 120_000);

  it("is noticed by an ordinary load", async () => {
    for (let at = 0; at < SMALL.length; at += SOAK > 1 ? 1 : 5) {
      const bit = at * 8 + (at % 8);
      const error = await errorOf(flipped(bit), { evb: optionsFor(bit), strict: true });
      expect(isEventError(error), `byte ${at}: ${error}`).toBe(true);
    }
  }, 60_000);

  it("is noticed by the digest, whatever the other checksums say", async () => {
    for (let at = 64; at < digest.at; at += 5) {
      const bytes = changed(SMALL, (file) => file.writeUInt8(file.readUInt8(at) ^ 1, at));
      if (Buffer.compare(bytes, SMALL) === 0) continue; // a checksum, which is right again
      const error = await errorOf(bytes, { evb: { verifyChecksum: true } });
      expect(isEventError(error), `byte ${at}`).toBe(true);
    }
  });

  it("is read on purpose without any check", async () => {
    const chunk = segmentOf(SMALL, "CHNK");
    const bytes = SMALL.slice();
    bytes[chunk.at + 4] = (bytes[chunk.at + 4] as number) ^ 255; // the checksum itself
    await expectError(bytes, "damaged-data", "checksum");
    const table = await loadTable(bytes, { evb: { verifyChecksum: false } });
    expect(table.numRows).toBe(40);
  });
});

describe("a container that was cut", () => {
  it("gives the chunks that are whole, and says what is missing", async () => {
    const chunks = segmentsOf(SMALL).filter(({ tag }) => tag === "CHNK");
    const ends = chunks.map(({ at, bytes }) => at + bytes);
    for (let length = 0; length < SMALL.length; length += SOAK > 1 ? 1 : 7) {
      const bytes = SMALL.slice(0, length);
      const error = await errorOf(bytes);
      if (error !== null) {
        expect(isEventError(error), `${length} bytes: ${error}`).toBe(true);
        expect(length).toBeLessThan(64);
        continue;
      }
      const table = await loadTable(bytes);
      const whole = ends.filter((end) => end <= length).length;
      expect(table.numRows, `${length} bytes`).toBe([0, 25, 40][whole]);
      const xs = Array.from(table.getChild("x")?.toArray() ?? []);
      expect(xs).toEqual(Array.from(COLUMNS.x.subarray(0, table.numRows)));
      const { firstAt, truncatedBytes } = reportOf(table);
      expect(firstAt.truncated).toBeTypeOf("number");
      expect((firstAt.truncated ?? 0) + truncatedBytes).toBe(length);
      await expect(loadTable(bytes, { strict: true })).rejects.toMatchObject({ code: "data-loss" });
    }
  }, 60_000);

  it("says so in queries, too, whose chunks stand in front of the cut", async () => {
    const bytes = SMALL.slice(0, SMALL.length - 1);
    const recording = await openRecording(bytes);
    for (const query of [
      recording.query().time(0, 3),
      recording.query().time("1s", "2s"),
      recording.query().roi({ x: 0, y: 0, width: 1, height: 1 }),
    ]) {
      const reports: LoadReport[] = [];
      await query.count({ onReport: (report) => void reports.push(report) });
      expect(reports[0]?.firstAt.truncated).toBeTypeOf("number");
      await expect(query.count({ strict: true })).rejects.toMatchObject({ code: "data-loss" });
    }
    await recording.close();
  });

  it("goes back to the last trailer when something was torn off behind it", async () => {
    const torn = new Uint8Array([...SMALL, ...SMALL.subarray(64, 300)]);
    const table = await loadTable(torn);
    expect(table.numRows).toBe(40);
    expect(reportOf(table).truncatedBytes).toBe(236);
    expect(reportOf(table).firstAt.truncated).toBe(SMALL.length);
  });
});

describe("a digest that is to be checked", () => {
  const checked = { evb: { verifyChecksum: true } };

  it("is an error where it cannot be", async () => {
    const trailer = segmentOf(SMALL, "TRLR").at;
    const flipped = SMALL.slice();
    flipped[trailer + 30] = (flipped[trailer + 30] as number) ^ 1;
    const unnamed = changed(SMALL, (file) => file.writeBigUInt64LE(0n, trailer + 16 + 32));
    const text = "the digest could not be checked: ";
    for (const bytes of [flipped, SMALL.slice(0, trailer), SMALL.slice(0, trailer - 8)]) {
      expect((await loadTable(bytes)).numRows).toBe(40);
      await expectError(bytes, "damaged-data", `${text}there is no sound trailer`, checked);
      const recovered = await loadTable(bytes, { evb: { verifyChecksum: true, recover: true } });
      expect(recovered.numRows).toBe(40);
    }
    await expectError(unnamed, "damaged-data", `${text}the trailer names none`, checked);
  });

  it("is checked of what stands in front of a torn end", async () => {
    const torn = new Uint8Array([...SMALL, ...SMALL.subarray(64, 300)]);
    expect((await loadTable(torn, checked)).numRows).toBe(40);
    const digest = segmentOf(torn, "SHA2").at;
    const wrong = changed(torn.slice(0, SMALL.length), (file) => file.writeUInt8(9, digest + 30));
    const both = new Uint8Array([...wrong, ...SMALL.subarray(64, 300)]);
    expect((await loadTable(both)).numRows).toBe(40);
    await expectError(both, "damaged-data", "their digest is wrong", checked);
  });

  it.each(["crc32", "none"] as const)(
    "is refused of a file with checksum: %s",
    async (checksum) => {
      const bytes = await containerOf(COLUMNS, { options: { checksum } });
      for (const recover of [false, true]) {
        const options = { evb: { verifyChecksum: true, recover } };
        await expect(loadTable(bytes, options)).rejects.toMatchObject({
          code: "invalid-option",
          found: `checksum: "${checksum}"`,
          hint: expect.stringContaining("verifyChecksum"),
        });
      }
      expect((await loadTable(bytes)).numRows).toBe(40);
    },
  );
});

describe("a damaged chunk", () => {
  it("is told with its first event, behind all events in front of it", async () => {
    const columns = rowScene(1000);
    const container = await containerOf(columns, { options: { chunkEvents: 100 } });
    const chunk = segmentsOf(container)[6] as { at: number; bytes: number };
    const bytes = new Uint8Array(container);
    const at = chunk.at + chunk.bytes - 20;
    bytes[at] = (bytes[at] as number) ^ 255;
    for (const options of [{}, { batchEvents: 70 }, { memoryLimitBytes: 20_000_000 }]) {
      const recording = await openRecording(bytes);
      const xs: number[] = [];
      const load = async (): Promise<void> => {
        for await (const batch of recording.stream(options)) {
          xs.push(...(batch.getChild("x")?.toArray() ?? []));
        }
      };
      await expect(load()).rejects.toMatchObject({ code: "damaged-data", row: 600 });
      expect(xs).toEqual([...columns.x.subarray(0, 600)]);
    }
  });
});

describe("recover", () => {
  it("leaves out damaged chunks and counts their events", async () => {
    const columns = rowScene(1000);
    const container = await containerOf(columns, { options: { chunkEvents: 100 } });
    const chunk = segmentsOf(container)[3] as { at: number; bytes: number };
    const bytes = container.slice();
    bytes[chunk.at + chunk.bytes - 20] = (bytes[chunk.at + chunk.bytes - 20] as number) ^ 255;
    await expectError(bytes, "damaged-data", "stream");
    for (const batchEvents of [50, 64, 100, 1000]) {
      const table = await loadTable(bytes, { evb: { recover: true }, batchEvents } as object);
      expect(table.numRows).toBe(900);
      expect(reportOf(table).malformedLines).toBe(100);
      expect(reportOf(table).firstRow).toEqual({ malformedLine: 300 });
      const expected = [...columns.x.subarray(0, 300), ...columns.x.subarray(400)];
      expect(Array.from(table.getChild("x")?.toArray() ?? [])).toEqual(expected);
    }
  });

  it("finds sound chunks behind damage where there is no index", async () => {
    const columns = rowScene(1000);
    const container = await containerOf(columns, { options: { chunkEvents: 100 } });
    const segments = segmentsOf(container);
    const bytes = container.slice(0, segmentOf(container, "INDX").at + 9);
    bytes.fill(0xaa, (segments[2] as { at: number }).at, (segments[2] as { at: number }).at + 40);
    expect((await loadTable(bytes)).numRows).toBe(200);
    const table = await loadTable(bytes, { evb: { recover: true } });
    expect(table.numRows).toBe(900);
    expect(reportOf(table).truncatedBytes).toBeGreaterThan(0);
  });

  it("does without an index that is damaged", async () => {
    const index = segmentOf(SMALL, "INDX");
    const bytes = SMALL.slice();
    bytes[index.at + 40] = (bytes[index.at + 40] as number) ^ 4;
    await expectError(bytes, "damaged-data", "INDX");
    expect((await loadTable(bytes, { evb: { recover: true } })).numRows).toBe(40);
  });
});

describe("a header", () => {
  const header = (change: (file: Buffer) => void) => changed(SMALL, change);

  it("of another major version is refused, of another minor one read unless that is strict", async () => {
    await expectError(
      header((file) => file.writeUInt16LE(2, 8)),
      "unsupported-format",
      "version 2.0",
    );
    const minor = header((file) => file.writeUInt16LE(7, 10));
    expect((await loadTable(minor)).numRows).toBe(40);
    await expectError(minor, "unsupported-format", "1.7", { evb: { strictVersion: true } });
    expect((await loadTable(SMALL, { evb: { strictVersion: true } })).numRows).toBe(40);
  });

  it("may have flags that can be ignored, and no others", async () => {
    const known = header((file) => file.writeUInt32LE(file.readUInt32LE(12) | 0x8000, 12));
    expect((await loadTable(known)).numRows).toBe(40);
    await expectError(
      header((file) => file.writeUInt32LE(file.readUInt32LE(12) | 0x40000000, 12)),
      "unsupported-format",
      "0x40000000",
    );
  });

  it("may hold anything in reserved bytes", async () => {
    expect((await loadTable(header((file) => file.fill(7, 53, 60)))).numRows).toBe(40);
  });

  it.each([
    ["an unknown codec", (file: Buffer) => file.writeUInt8(9, 48), "compression"],
    ["a codec that is none of a file", (file: Buffer) => file.writeUInt8(4, 48), "compression"],
    ["flag and codec that disagree", (file: Buffer) => file.writeUInt8(0, 48), "disagree"],
    ["an unknown unit of time", (file: Buffer) => file.writeUInt8(1, 50), "unit of time"],
    ["unknown checksums", (file: Buffer) => file.writeUInt8(3, 51), "checksums"],
    ["an unknown polarity encoding", (file: Buffer) => file.writeUInt8(2, 49), "polarity"],
    ["all columns left out", (file: Buffer) => file.writeUInt8(15, 52), "columns"],
    ["a column that there is none of", (file: Buffer) => file.writeUInt8(16, 52), "columns"],
    ["columns left out without the flag", (file: Buffer) => file.writeUInt8(8, 52), "disagree"],
    ["the flag alone", (file: Buffer) => file.writeUInt8(3, 14), "disagree"],
    ["a geometry that is none", (file: Buffer) => file.writeUInt32LE(0, 40), "geometry"],
  ])("with %s is refused", async (_, change, text) => {
    await expectError(header(change), "invalid-header", text);
  });
});

describe("a chunk", () => {
  const first = segmentOf(SMALL, "CHNK").at + 16;
  const chunk = (change: (file: Buffer) => void) => changed(SMALL, change);

  it.each([
    ["more events than it has", (file: Buffer) => file.writeUInt32LE(26, first)],
    ["no events", (file: Buffer) => file.writeUInt32LE(0, first)],
    ["2^31 events", (file: Buffer) => file.writeUInt32LE(2 ** 31, first)],
    ["an unknown mode of t", (file: Buffer) => file.writeUInt8(3, first + 4)],
    ["an unknown mode of x and y", (file: Buffer) => file.writeUInt8(3, first + 5)],
    ["bits of a mode that mean nothing", (file: Buffer) => file.writeUInt8(32, first + 5)],
    ["an unknown mode of p", (file: Buffer) => file.writeUInt8(3, first + 6)],
    ["runs by cells", (file: Buffer) => file.writeUInt16LE(0x0102, first + 5)],
    ["too many streams", (file: Buffer) => file.writeUInt8(200, first + 7)],
    ["another first time", (file: Buffer) => file.writeUInt8(1, first + 8)],
    ["another greatest time", (file: Buffer) => file.writeUInt8(1, first + 38)],
    ["another least x", (file: Buffer) => file.writeUInt16LE(1, first + 40)],
    ["coordinates that need wide modes", (file: Buffer) => file.writeUInt16LE(5000, first + 42)],
    ["another number that is ON", (file: Buffer) => file.writeUInt32LE(3, first + 48)],
    ["other events in front of it", (file: Buffer) => file.writeUInt8(1, first + 56)],
    ["an unknown stream", (file: Buffer) => file.writeUInt8(77, first + 64)],
    ["an unknown codec", (file: Buffer) => file.writeUInt8(9, first + 65)],
    ["a codec that is not the file's", (file: Buffer) => file.writeUInt8(3, first + 65)],
    ["a stream that declares 4 GB", (file: Buffer) => file.writeUInt32LE(2 ** 32 - 1, first + 72)],
    ["a stream of 4 GB", (file: Buffer) => file.writeUInt32LE(2 ** 32 - 1, first + 68)],
    ["a stream of nothing", (file: Buffer) => file.writeUInt32LE(0, first + 72)],
  ])("with %s is refused", async (_, change) => {
    await expectError(chunk(change), "damaged-data");
    // Where nothing checks, anything may come out, but nothing else may happen.
    const error = await errorOf(chunk(change), { evb: { verifyChecksum: false } });
    expect(error === null || isEventError(error)).toBe(true);
  });

  it("with a length of 2^63 is refused", async () => {
    const bytes = SMALL.slice();
    Buffer.from(bytes.buffer).writeBigUInt64LE(2n ** 63n, first - 8);
    await expectError(bytes, "damaged-data", "length");
    const cut = bytes.slice(0, -1);
    expect((await loadTable(cut)).numRows).toBe(0);
  });

  it("with random streams ends in an error of ours or in events", async () => {
    let state = 7;
    const random = (): number => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      return state >>> 24;
    };
    for (const codec of ["none", "zstd", "deflate", "brotli"] as const) {
      const container = await containerOf(rowScene(400), { options: { codec } });
      const { at, bytes: length } = segmentOf(container, "CHNK");
      const start = at + 80 + 16 * (container[at + 23] as number);
      for (let run = 0; run < 60; run++) {
        const bytes = changed(container, (file) => {
          for (let hit = 0; hit < 8; hit++) {
            const place = start + Math.floor((random() * (at + length - start)) / 256);
            file.writeUInt8(random(), place);
          }
        });
        const error = await errorOf(bytes);
        expect(error === null || isEventError(error), String(error)).toBe(true);
      }
    }
  }, 30_000);
});

describe("index, statistics and trailer", () => {
  const index = segmentOf(SMALL, "INDX").at + 16;
  const stat = segmentOf(SMALL, "STAT").at + 16;
  const trailer = segmentOf(SMALL, "TRLR").at + 16;

  it.each([
    ["2^63 chunks", (file: Buffer) => file.writeBigUInt64LE(2n ** 63n, index)],
    ["2^63 triggers", (file: Buffer) => file.writeBigUInt64LE(2n ** 63n, index + 8)],
    ["an offset of 2^63", (file: Buffer) => file.writeBigUInt64LE(2n ** 63n, index + 16)],
    ["an offset in the header", (file: Buffer) => file.writeBigUInt64LE(8n, index + 16)],
    [
      "chunks that overlap",
      (file: Buffer) => file.writeBigUInt64LE(file.readBigUInt64LE(index + 16), index + 88),
    ],
    [
      "offsets that go back",
      (file: Buffer) => {
        const [one, two] = [file.readBigUInt64LE(index + 16), file.readBigUInt64LE(index + 88)];
        file.writeBigUInt64LE(two, index + 16);
        file.writeBigUInt64LE(one, index + 88);
      },
    ],
    ["a chunk that reaches out", (file: Buffer) => file.writeUInt32LE(2 ** 30, index + 88 + 20)],
    ["other rows", (file: Buffer) => file.writeBigUInt64LE(24n, index + 88 + 8)],
    ["other counts", (file: Buffer) => file.writeUInt32LE(24, index + 16 + 16)],
    ["other times than the chunk", (file: Buffer) => file.writeBigInt64LE(3n, index + 16 + 24)],
    ["other extremes than the chunk", (file: Buffer) => file.writeUInt16LE(3, index + 16 + 58)],
    ["other ON events than the chunk", (file: Buffer) => file.writeUInt32LE(0, index + 16 + 64)],
    ["2^63 events", (file: Buffer) => file.writeBigUInt64LE(2n ** 63n, stat)],
    ["chunks of 2^31 events", (file: Buffer) => file.writeUInt32LE(2 ** 31 - 1, stat + 88)],
    ["chunks of 2^32 bytes", (file: Buffer) => file.writeUInt32LE(2 ** 32 - 1, stat + 92)],
    ["events that are neither", (file: Buffer) => file.writeBigUInt64LE(3n, stat + 8)],
    [
      "more events than the index",
      (file: Buffer) => {
        file.writeBigUInt64LE(41n, stat);
        file.writeBigUInt64LE(file.readBigUInt64LE(stat + 8) + 1n, stat + 8);
      },
    ],
    ["metadata elsewhere", (file: Buffer) => file.writeBigUInt64LE(64n, trailer + 8)],
    ["an index elsewhere", (file: Buffer) => file.writeBigUInt64LE(2n ** 63n, trailer + 24)],
    ["a digest elsewhere", (file: Buffer) => file.writeBigUInt64LE(80n, trailer + 32)],
  ])("with %s are refused", async (_, change) => {
    await expectError(changed(SMALL, change), "damaged-data");
  });
});

describe("metadata", () => {
  /** A container with this text as its metadata. */
  async function withText(text: string | Uint8Array): Promise<Uint8Array> {
    const bytes = Buffer.from(text);
    const room = await containerOf(columnsOf([]), {
      metadata: { description: " ".repeat(bytes.length) },
    });
    const { at } = segmentOf(room, "META");
    return changed(room, (file) => {
      file.writeUInt32LE(bytes.length, at + 16);
      bytes.copy(file, at + 24);
    });
  }

  it.each([
    ["an array", "[1]"],
    ["null", "null"],
    ["a number", "3"],
    ["no JSON", "{"],
    ["no UTF-8", Uint8Array.of(0x22, 0xff, 0xfe, 0x22)],
    ["a field of another type", '{"tags":"a"}'],
    ["a custom value of another type", '{"custom":{"a":1}}'],
    ["a header of another type", '{"source":{"header":[["a"]]}}'],
    ["a time offset that is no number of microseconds", '{"timeOffset":0.5}'],
    ["20 levels", `{"a":${"[".repeat(20)}${"]".repeat(20)}}`],
    ["a million levels", "[".repeat(1_000_000)],
  ])("that are %s are refused", async (_, text) => {
    await expectError(await withText(text), "damaged-data", /metadata|trailer/);
  });

  it("that say to be longer than they may be are refused", async () => {
    for (const length of [1_048_577, 2 ** 32 - 1, 40]) {
      const bytes = await withText('{"description":"a"}');
      const { at } = segmentOf(bytes, "META");
      const longer = changed(bytes, (file) => file.writeUInt32LE(length, at + 16));
      await expectError(longer, "damaged-data", /metadata/);
    }
  });

  it("keep keys as data, whatever they are called", async () => {
    const text = '{"custom":{"__proto__":"a","constructor":"b"},"__proto__":{"x":1},"other":[{}]}';
    const { openRecording } = await import("../../src/node.ts");
    const recording = await openRecording(await withText(text));
    expect(recording.header).toContainEqual(["evarrow.custom.__proto__", "a"]);
    expect(recording.header).toContainEqual(["evarrow.custom.constructor", "b"]);
    expect(({} as { x?: number }).x).toBeUndefined();
    await recording.close();
  });
});
