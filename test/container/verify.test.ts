import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { exportEvents, loadTable, verifyContainer } from "../../src/node.ts";
import {
  changed,
  columnsOf,
  containerOf,
  type PlainEvent,
  rowScene,
  segmentOf,
  segmentsOf,
} from "../support/containers.ts";
import { MemorySink } from "../support/conversions.ts";
import { SOAK } from "../support/soak.ts";

const TRIGGERS = {
  length: 3,
  t: BigInt64Array.of(5001n, 5002n, 5003n),
  id: Int16Array.of(0, 1, 0),
  value: Uint8Array.of(1, 0, 1),
};
/** Two chunks, triggers, and all that stands behind them. */
const SMALL = await containerOf(rowScene(40), {
  options: { chunkEvents: 25 },
  triggers: TRIGGERS,
  geometry: { width: 1280, height: 720 },
  metadata: { description: "two chunks" },
});

const problemsOf = async (bytes: Uint8Array, deep = false): Promise<string[]> => {
  const { ok, findings } = await verifyContainer(bytes, { deep });
  expect(ok).toBe(findings.length === 0);
  for (const { byteOffset } of findings) {
    expect(byteOffset).toBeGreaterThanOrEqual(0);
    expect(byteOffset).toBeLessThanOrEqual(bytes.byteLength);
  }
  return findings.map(({ problem }) => problem);
};

describe("a sound container", () => {
  it("has nothing to be found in it, and is counted", async () => {
    for (const deep of [false, true]) {
      expect(await verifyContainer(SMALL, { deep })).toEqual({
        ...{ ok: true, version: "1.0", bytes: SMALL.length },
        ...{ segments: 8, chunks: 2, events: 40, triggers: 3, trailers: 1, backwardSteps: 0 },
        ...{ findings: [], findingsLeftOut: 0 },
      });
    }
  });

  it("may be empty, without checksums, of any codec, and of times that go back", async () => {
    const back: PlainEvent[] = [5n, 3n, 2n ** 40n, -(2n ** 33n), 7n, 7n].map((t) => [1, 2, t, 1]);
    for (const columns of [rowScene(300), columnsOf([]), columnsOf(back)]) {
      for (const codec of ["none", "zstd", "deflate", "brotli"] as const) {
        for (const checksum of ["none", "crc32", "sha256"] as const) {
          const bytes = await containerOf(columns, {
            options: { codec, checksum, chunkEvents: 4 },
          });
          const deep = await verifyContainer(bytes, { deep: true });
          expect(deep).toMatchObject({ findings: [], ok: true, events: columns.length });
          expect(deep.backwardSteps).toBe(columns.length === 6 ? 2 : 0);
          expect(await verifyContainer(bytes)).toMatchObject({ findings: [], ok: true });
        }
      }
    }
  });

  it("tells how far it has come, and ends when it is told to", async () => {
    const seen: number[] = [];
    await verifyContainer(SMALL, { onProgress: ({ bytesRead }) => void seen.push(bytesRead) });
    expect(seen.at(-1)).toBe(SMALL.length);
    const signal = AbortSignal.abort(new Error("enough"));
    await expect(verifyContainer(SMALL, { signal })).rejects.toThrow("enough");
  });

  it("may come as a stream", async () => {
    const stream = new Blob([SMALL]).stream();
    expect(await verifyContainer(stream)).toMatchObject({ ok: true, events: 40 });
  });
});

describe("every bit of a container", () => {
  it("is reported when it is wrong, at a place that is not behind it by more than a segment", async () => {
    const starts = [0, ...segmentsOf(SMALL).map(({ at }) => at)];
    const missed: number[] = [];
    // Otherwise one or two bits of each byte, which are others in each of eight that follow.
    for (let bit = 0; bit < SMALL.length * 8; bit += SOAK > 1 ? 1 : 5) {
      const bytes = SMALL.slice();
      bytes[bit >> 3] = (bytes[bit >> 3] as number) ^ (1 << (bit & 7));
      const { ok, findings } = await verifyContainer(bytes);
      const start = starts.findLast((at) => at <= bit >> 3) as number;
      const end = starts.find((at) => at > bit >> 3) ?? SMALL.length;
      const isPlaced = findings.some(({ byteOffset }) => byteOffset >= start && byteOffset < end);
      if (ok || !isPlaced) missed.push(bit);
    }
    expect(missed).toEqual([]);
  }, 120_000);

  it("is reported by the digest, too, where all other checksums are right", async () => {
    const digest = segmentOf(SMALL, "SHA2");
    for (let at = 64; at < digest.at; at += 3) {
      const bytes = changed(SMALL, (file) => file.writeUInt8(file.readUInt8(at) ^ 1, at));
      if (Buffer.compare(bytes, SMALL) === 0) continue; // a checksum, which is right again
      expect(await problemsOf(bytes), `byte ${at}`).toContain(
        "bytes in front of here are damaged: their digest is wrong",
      );
    }
  });
});

describe("a container that was cut", () => {
  it("is reported at every length", async () => {
    for (let length = 0; length < SMALL.length; length++) {
      const { ok, findings, version } = await verifyContainer(SMALL.slice(0, length));
      expect(ok, `${length} bytes`).toBe(false);
      expect(findings.at(-1)?.byteOffset).toBeLessThanOrEqual(length);
      expect(version).toBe(length < 64 ? null : "1.0");
    }
  });

  it("is reported when something stands behind it", async () => {
    const torn = new Uint8Array([...SMALL, ...SMALL.subarray(64, 300)]);
    const { findings, chunks } = await verifyContainer(torn);
    expect(chunks).toBeGreaterThanOrEqual(2);
    expect(findings.at(-1)).toMatchObject({ byteOffset: SMALL.length, found: "236 bytes" });
  });
});

describe("what is no container", () => {
  it.each([
    ["nothing", new Uint8Array(0)],
    ["text", new TextEncoder().encode("x,y,t,polarity\n".repeat(20))],
    ["a newer version", changed(SMALL, (file) => file.writeUInt16LE(2, 8))],
    ["unknown flags", changed(SMALL, (file) => file.writeUInt32LE(0x40000000, 12))],
  ])("has a finding: %s", async (_, bytes) => {
    const found = await verifyContainer(bytes, { deep: true });
    expect(found).toMatchObject({ ok: false, version: null, segments: 0 });
    expect(found.findings).toHaveLength(1);
  });

  it("is told from a container that was compressed, or is damaged", async () => {
    const gzipped = await verifyContainer(gzipSync(SMALL));
    expect(gzipped.findings).toEqual([
      expect.objectContaining({
        problem: "this is no compact container",
        found: "data compressed with gzip",
        hint: expect.stringContaining("Decompress"),
      }),
    ]);
    const magic = SMALL.slice();
    magic[2] = 0;
    const { findings } = await verifyContainer(magic);
    expect(findings[0]).toMatchObject({ problem: "the header is damaged: its magic is wrong" });
    const text = Buffer.from(SMALL).toString("latin1").replaceAll("\n", "\r\n");
    const changedAsText = await verifyContainer(Buffer.from(text, "latin1"));
    expect(changedAsText.findings[0]?.problem).toContain("changed as text");
  });

  it("is an error where nothing can be read", async () => {
    const missing = verifyContainer("/no/such/file.evb");
    await expect(missing).rejects.toMatchObject({ code: "source-not-found" });
    await expect(verifyContainer(7 as never)).rejects.toMatchObject({ code: "source-unsupported" });
  });
});

describe("contradictions whose checksums are right", () => {
  const chunk = segmentOf(SMALL, "CHNK").at + 16;
  const stat = segmentOf(SMALL, "STAT").at + 16;
  const index = segmentOf(SMALL, "INDX").at + 16;
  const trailer = segmentOf(SMALL, "TRLR").at + 16;
  const triggers = segmentOf(SMALL, "TRIG").at + 16;

  it.each([
    ["rows of a chunk", (file: Buffer) => file.writeUInt8(1, chunk + 56), "in front of it"],
    ["rows of triggers", (file: Buffer) => file.writeUInt8(1, triggers + 8), "in front of them"],
    ["a sensor too small", (file: Buffer) => file.writeUInt32LE(10, 40), "outside the sensor"],
    ["ON and OFF", (file: Buffer) => swap(file, stat + 8, stat + 16), "statistics"],
    ["a last time", (file: Buffer) => file.writeUInt8(1, stat + 32), "lastTime"],
    ["steps back", (file: Buffer) => file.writeUInt8(1, stat + 104), "backwardSteps"],
    ["a time in the index", (file: Buffer) => file.writeUInt8(1, index + 16 + 24), "firstTime"],
    ["an offset in the index", (file: Buffer) => move(file, index + 16), "where there is none"],
    ["a chunk that is not named", (file: Buffer) => move(file, index + 16), "does not name"],
    [
      "a place in the trailer",
      (file: Buffer) => file.writeBigUInt64LE(64n, trailer + 8),
      "metadata",
    ],
    ["a trailer before", (file: Buffer) => file.writeBigUInt64LE(64n, trailer + 40), "previous"],
    ["no digest", (file: Buffer) => file.writeBigUInt64LE(0n, trailer + 32), "digest"],
    ["other metadata", (file: Buffer) => file.write("STAT", segmentOf(SMALL, "META").at), "place"],
  ])("are found: %s", async (_, change, text) => {
    expect((await problemsOf(changed(SMALL, change))).join()).toContain(text);
  });

  function swap(file: Buffer, one: number, other: number): void {
    const [first, second] = [file.readBigUInt64LE(one), file.readBigUInt64LE(other)];
    file.writeBigUInt64LE(second, one);
    file.writeBigUInt64LE(first, other);
  }

  function move(file: Buffer, at: number): void {
    file.writeBigUInt64LE(file.readBigUInt64LE(at) + 8n, at);
    file.writeUInt32LE(file.readUInt32LE(at + 20) - 8, at + 20);
  }

  it("in the events are found when it is deep, and only then", async () => {
    const columns = rowScene(40);
    const bytes = await containerOf(columns, { options: { codec: "none", checksum: "crc32" } });
    const { at } = segmentOf(bytes, "CHNK");
    for (const [offset, text] of [
      [48, "not what it says"], // ON events
      [42, "not what it says"], // greatest x
    ] as const) {
      const other = changed(bytes, (file) =>
        file.writeUInt16LE(file.readUInt16LE(at + 16 + offset) + 1, at + 16 + offset),
      );
      expect((await problemsOf(other, true)).join()).toContain(text);
      expect((await problemsOf(other)).join()).not.toContain(text);
    }
  });

  it("are found behind damage, too", async () => {
    const container = await containerOf(rowScene(1000), { options: { chunkEvents: 100 } });
    const chunks = segmentsOf(container).filter(({ tag }) => tag === "CHNK");
    const bytes = container.slice();
    for (const number of [2, 5]) bytes[(chunks[number]?.at ?? 0) + 8] = 255; // lengths
    bytes[(chunks[8]?.at ?? 0) + (chunks[8]?.bytes ?? 0) - 9] = 255;
    const { findings, chunks: sound } = await verifyContainer(bytes, { deep: true });
    expect(sound).toBe(8);
    const places = [chunks[2]?.at, chunks[5]?.at].map((at) =>
      expect.objectContaining({ byteOffset: at }),
    );
    expect(findings).toEqual(expect.arrayContaining(places));
    const inChunk = findings.filter(
      ({ byteOffset }) => byteOffset > (chunks[8]?.at ?? 0) && byteOffset < (chunks[9]?.at ?? 0),
    );
    expect(inChunk).toHaveLength(1);
    expect(findings.length).toBeLessThan(8);
  });
});

it("an exported table is sound", async () => {
  const sink = new MemorySink();
  await exportEvents(await loadTable("data-samples/moving-bar.evt2.raw"), sink, {
    chunkEvents: 900,
  });
  expect(await verifyContainer(sink.bytes, { deep: true })).toMatchObject({
    ok: true,
    events: 32256,
  });
});
