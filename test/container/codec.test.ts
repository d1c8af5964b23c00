import { crc32 as zlibCrc32 } from "node:zlib";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  compressStream,
  inflateStream,
  inflateStreams,
  type StreamToInflate,
} from "../../src/container/codec.ts";
import { judgeFrame, withContentSize } from "../../src/container/zstd-frame.ts";
import { isEventError } from "../../src/errors.ts";
import { platform as browser } from "../../src/platform/browser.ts";
import { platform as node } from "../../src/platform/node.ts";
import type { FrameInflater } from "../../src/platform/platform.ts";
import { crc32 } from "../../src/util/crc32.ts";
import { randomFrom } from "../support/containers.ts";
import { SOAK } from "../support/soak.ts";

const PLACE = { path: "x.evb", byteOffset: 8 };
const MAGIC = [0x28, 0xb5, 0x2f, 0xfd];

/** Bytes that compress to about half. */
function sample(length: number): Uint8Array {
  const random = randomFrom(length);
  return Uint8Array.from({ length }, () => Math.floor(random() * random() * 40));
}

/** A block of zstd that repeats a byte. */
function repeated(length: number, isLast: boolean): number[] {
  const header = (length << 3) | (1 << 1) | (isLast ? 1 : 0);
  return [header & 255, (header >> 8) & 255, header >> 16, 7];
}

/** What comes out of streams of a chunk; the `byteOffset` of the error where nothing does. */
async function rawsOf(
  streams: StreamToInflate[],
  atOnce: FrameInflater | null,
): Promise<Uint8Array[] | number> {
  try {
    return (await inflateStreams(streams, atOnce)).map((stream, at) => {
      if (typeof stream !== "function") return stream;
      const into = new Uint8Array(streams[at]?.size ?? 0);
      stream(into);
      return into;
    });
  } catch (error) {
    if (!isEventError(error, "damaged-data")) throw error;
    return error.byteOffset as number;
  }
}

describe("streams", () => {
  it.each(["none", "zstd", "deflate", "brotli"] as const)("survive %s", async (codec) => {
    for (const length of [1, 63, 64, 255, 256, 257, 65_535, 65_792, 131_072, 131_073, 500_000]) {
      const raw = sample(length);
      const stored = await compressStream(raw, false, codec, 1);
      expect(stored.bytes.byteLength).toBeLessThanOrEqual(length);
      const back = await inflateStream(stored, length, PLACE);
      expect(Buffer.compare(back, raw), `${length}`).toBe(0);
    }
  });

  it("of one value are stored as that", async () => {
    const stored = await compressStream(new Uint8Array(5000).fill(9), true, "zstd", 1);
    expect(stored).toEqual({ codec: 4, bytes: Uint8Array.of(9) });
    expect(await inflateStream(stored, 5000, PLACE)).toEqual(new Uint8Array(5000).fill(9));
  });

  it("that hardly shrink are stored", async () => {
    const random = randomFrom(3);
    const raw = Uint8Array.from({ length: 5000 }, () => Math.floor(random() * 256));
    for (const codec of ["zstd", "deflate", "brotli"] as const) {
      expect((await compressStream(raw, false, codec, 1)).codec).toBe(0);
    }
  });

  it("of zstd and deflate are read and written in browsers, too", async () => {
    for (const codec of ["zstd", "deflate"] as const) {
      const raw = sample(70_000);
      const { bytes } = await compressStream(raw, false, codec, 1);
      expect(Buffer.compare(await browser.inflateBlock(codec, bytes, 70_000), raw)).toBe(0);
      const written = await browser.compressBlock(codec, raw, 6);
      const stored =
        codec === "zstd"
          ? { codec: 1, bytes: withContentSize(written, 70_000) }
          : { codec: 2, bytes: written };
      expect(Buffer.compare(await inflateStream(stored, 70_000, PLACE), raw)).toBe(0);
    }
    for (const refused of [
      browser.compressBlock("brotli", sample(100), 1),
      browser.inflateBlock("brotli", sample(100), 1),
    ]) {
      await expect(refused).rejects.toMatchObject({ code: "unsupported-compression" });
    }
  });

  it.each([
    ["in this thread", node.loadFrameInflater],
    ["in others", browser.loadFrameInflater],
  ])("of a chunk are inflated %s, each to what it was", async (_, load) => {
    const atOnce = await load();
    const raws = [
      sample(9000),
      new Uint8Array(500).fill(3),
      sample(40),
      sample(131_073),
      sample(300),
      sample(1_500_000), // too long to be decompressed where it is wanted
    ];
    const stored = await Promise.all(
      raws.map((raw, at) => compressStream(raw, at === 1, "zstd", 1)),
    );
    expect(stored.map(({ codec }) => codec)).toEqual([1, 4, 0, 1, 1, 1]);
    const streams = stored.map((one, at) => {
      const size = (raws[at] as Uint8Array).byteLength;
      return { ...one, size, place: { path: "x.evb", byteOffset: at * 1000 } };
    });
    const found = (await rawsOf(streams, atOnce)) as Uint8Array[];
    for (const [at, raw] of raws.entries()) {
      expect(Buffer.compare(found[at] as Uint8Array, raw), `${at}`).toBe(0);
    }
    const isLeft = (await inflateStreams(streams, atOnce)).map((one) => typeof one === "function");
    const isFast = atOnce !== null;
    expect(isLeft).toEqual([isFast, false, false, isFast, isFast, false]);
    // A frame that gives one byte more, and one that gives one less: together as many as before.
    const moved = [0, 4].map((at) => {
      const one = streams[at] as (typeof streams)[number];
      const bytes = Uint8Array.from(one.bytes);
      const change = at === 0 ? 1 : -1;
      bytes[5] = (bytes[5] as number) + change;
      return { ...one, bytes, size: one.size + change };
    });
    const [first, last] = moved as [(typeof streams)[number], (typeof streams)[number]];
    expect([0, 4000]).toContain(await rawsOf([first, last], atOnce));
    expect(await rawsOf([last, first], atOnce)).toEqual(expect.any(Number));
    // The place is that of the one that is damaged.
    for (const at of [0, 3, 4, 5]) {
      const bytes = Uint8Array.from(streams[at]?.bytes ?? []);
      bytes[bytes.length - 9] = (bytes[bytes.length - 9] as number) ^ 255;
      const wrong = streams.map((one, index) => (index === at ? { ...one, bytes } : one));
      const found = await rawsOf(wrong, atOnce);
      // Of frames without a checksum of their own, some damage gives other bytes.
      if (typeof found === "number") expect(found).toBe(at * 1000);
      else expect(Buffer.compare(found[at] as Uint8Array, raws[at] as Uint8Array)).not.toBe(0);
    }
  });

  it.each(["deflate", "brotli"] as const)("of %s give so many bytes and no more", async (codec) => {
    const { bytes, codec: number } = await compressStream(sample(9000), false, codec, 1);
    for (const size of [1, 8999, 9001]) {
      const inflating = inflateStream({ codec: number, bytes }, size, PLACE);
      await expect(inflating).rejects.toMatchObject({ code: "damaged-data", byteOffset: 8 });
    }
    const bomb = await node.compressBlock(codec, new Uint8Array(50_000_000), 9);
    const inflating = inflateStream({ codec: number, bytes: bomb }, 1000, PLACE);
    await expect(inflating).rejects.toMatchObject({ code: "damaged-data" });
  });
});

describe("a frame of zstd", () => {
  const frame = (descriptor: number, rest: number[]): Uint8Array =>
    Uint8Array.from([...MAGIC, descriptor, ...rest]);

  it.each([
    ["other bytes", Uint8Array.from(Array(20).fill(1)), "no frame"],
    ["a short one", Uint8Array.from(MAGIC), "no frame"],
    ["one that declares nothing", frame(0, [0x48, ...repeated(100, true)]), "does not declare"],
    ["one that declares another size", frame(0x20, [99, ...repeated(100, true)]), "declares 99"],
    ["one that asks for a dictionary", frame(0x21, [5, 100, ...repeated(100, true)]), "dictionary"],
    ["one with an unknown bit", frame(0x28, [100, ...repeated(100, true)]), "unknown bit"],
    ["one that is cut", frame(0x20, [100, ...repeated(100, true)]).subarray(0, 9), "ends inside"],
    ["one that goes on", frame(0x20, [100, ...repeated(100, false)]), "ends inside"],
    ["one with more behind it", frame(0x20, [100, ...repeated(100, true), 1]), "more than a frame"],
    [
      "one with a block too many bytes",
      frame(0x20, [100, ...repeated(101, true)]),
      "it gives more",
    ],
    ["one of 2^63", frame(0xe0, [0, 0, 0, 0, 0, 0, 0, 128, ...repeated(9, true)]), "declares"],
  ])("is refused when it is %s", async (_, bytes, problem) => {
    expect(judgeFrame(bytes, 100)).toContain(problem);
    const inflating = inflateStream({ codec: 1, bytes }, 100, PLACE);
    await expect(inflating).rejects.toMatchObject({ code: "damaged-data", byteOffset: 8 });
  });

  it("that gives more than it declares, in as many blocks as it takes, is refused", async () => {
    // 20 000 blocks of 100 bytes, and as many of 128 KiB that only a decoder can tell.
    for (const size of [100, 131_072]) {
      const blocks = Array.from({ length: 20_000 }, (_, at) =>
        repeated(size, at === 19_999),
      ).flat();
      const length = [size & 255, (size >> 8) & 255, size >> 16, 0];
      const bytes = frame(0xa0, [...length, ...blocks]);
      const before = process.memoryUsage().rss;
      const inflating = inflateStream({ codec: 1, bytes }, size, PLACE);
      await expect(inflating).rejects.toMatchObject({ code: "damaged-data" });
      expect(process.memoryUsage().rss - before).toBeLessThan(200_000_000);
    }
  });

  it("is judged whatever its bytes are", async () => {
    const stored = await compressStream(sample(2000), false, "zstd", 1);
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.nat(stored.bytes.length - 1), fc.nat(255)), { minLength: 1 }),
        fc.nat(stored.bytes.length),
        async (hits, length) => {
          const bytes = stored.bytes.slice(0, length);
          for (const [at, value] of hits) if (at < length) bytes[at] = value;
          try {
            const raw = await inflateStream({ codec: 1, bytes }, 2000, PLACE);
            expect(raw.byteLength).toBe(2000);
          } catch (error) {
            expect(isEventError(error, "damaged-data"), String(error)).toBe(true);
          }
        },
      ),
      { numRuns: 60 * SOAK },
    );
  });
});

describe("the CRC-32", () => {
  it("is that of zlib, in one piece and in two", () => {
    expect(crc32(new TextEncoder().encode("123456789"))).toBe(0xcbf43926);
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.nat(300), (bytes, cut) => {
        const crc = zlibCrc32(bytes);
        expect(crc32(bytes)).toBe(crc);
        expect(crc32(bytes.subarray(cut), crc32(bytes.subarray(0, cut)))).toBe(crc);
      }),
    );
  });
});
