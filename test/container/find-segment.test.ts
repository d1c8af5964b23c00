import { describe, expect, it } from "vitest";
import { SegmentSearch } from "../../src/container/find-segment.ts";
import type { ByteSource, ReadOptions } from "../../src/source/byte-source.ts";
import { MemorySource } from "../../src/source/memory.ts";
import { containerOf, rowScene, segmentsOf } from "../support/containers.ts";

/** Counts what is read of it. */
class CountingSource implements ByteSource {
  readonly byteLength: number;
  readonly #source: MemorySource;
  bytesRead = 0;

  constructor(bytes: Uint8Array) {
    this.#source = new MemorySource(bytes);
    this.byteLength = bytes.byteLength;
  }

  read(offset: number, length: number, options?: ReadOptions): Promise<Uint8Array> {
    this.bytesRead += length;
    return this.#source.read(offset, length, options);
  }
}

const OPTIONS = { codec: "zstd", checkCrc: true, signal: undefined } as const;
const CONTAINER = await containerOf(rowScene(100), {
  options: { chunkEvents: 25 },
  triggers: {
    length: 1,
    t: BigInt64Array.of(5n),
    id: Int16Array.of(0),
    value: Uint8Array.of(1),
  },
});

describe("SegmentSearch", () => {
  it("finds every segment, wherever it stands", async () => {
    for (const moved of [0, 1, 4095, 65_531, 70_003]) {
      const bytes = new Uint8Array(Buffer.concat([Buffer.alloc(moved, 0x43), CONTAINER]));
      const search = new SegmentSearch(new MemorySource(bytes), OPTIONS);
      const found: number[] = [];
      for (let at = await search.next(0); at !== null; at = await search.next(at + 1)) {
        found.push(at - moved);
      }
      expect(found).toEqual(segmentsOf(CONTAINER).map(({ at }) => at));
    }
  });

  it.each(["CHNK", "TRIG", "META", "STAT", "INDX", "SHA2", "TRLR"])(
    "does not read a file many times that is full of what looks like %s",
    async (tag) => {
      const bytes = new Uint8Array(2 * 1024 * 1024);
      const file = Buffer.from(bytes.buffer);
      const payload = 256 * 1024;
      for (let at = 0; at + 40 <= bytes.length; at += 40) {
        file.write(tag, at, "latin1");
        file.writeBigUInt64LE(BigInt(payload), at + 8);
        if (tag === "META") file.writeUInt32LE(payload - 8, at + 16);
        if (tag === "INDX") file.writeUInt32LE(3640, at + 16); // chunks; the rest are triggers
        if (tag === "INDX") file.writeUInt32LE((payload - 16 - 3640 * 72) / 32, at + 24);
        if (tag === "TRIG") file.writeUInt32LE(100_000, at + 16);
        if (tag === "TRIG") file.writeUInt32LE(3, at + 20);
        if (tag === "CHNK") file.writeUInt32LE(100_000, at + 16);
        if (tag === "CHNK") file.writeUInt8(9, at + 23);
      }
      file.set(CONTAINER.subarray(64), bytes.length - CONTAINER.length);
      const source = new CountingSource(bytes);
      const search = new SegmentSearch(source, OPTIONS);
      const first = await search.next(0);
      expect(first).toBe(bytes.length - CONTAINER.length);
      expect(source.bytesRead).toBeLessThan(bytes.length * 7 + 17 * 1024 * 1024);
    },
    60_000,
  );
});
