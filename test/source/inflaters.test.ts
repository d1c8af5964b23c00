/**
 * Everything that decompresses, against what was compressed: whole, cut anywhere, changed, followed
 * by something else. `EVARROW_SOAK=n` makes n times as many runs.
 */
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isEventError } from "../../src/errors.ts";
import { platform as browser } from "../../src/platform/browser.ts";
import { platform as node } from "../../src/platform/node.ts";
import type { CompressionDamage, StreamCompression } from "../../src/util/compression.ts";
import { gzipMember, skippableFrame, zstdFrame } from "../support/compressed.ts";
import { concatBytes, latin1Bytes } from "../support/evt2-words.ts";
import { PieceSource } from "../support/sources.ts";
import { CONTENTS } from "./contents.ts";

const SOAK = Math.max(Number(process.env.EVARROW_SOAK ?? 1) || 1, 1);
const TIMEOUT_MS = 60_000 * SOAK;
/** Node uses its own zstd from 22.15 on; a browser always what Node 20 uses. */
const PLATFORMS = { node, browser };
type PlatformName = keyof typeof PLATFORMS;

const folder = fileURLToPath(new URL("zstd/", import.meta.url));
const ZSTD = readdirSync(folder)
  .filter((name) => name.endsWith(".zst"))
  .map((name) => ({
    name,
    compressed: new Uint8Array(readFileSync(folder + name)),
    content: CONTENTS[name.split(/[-.]/)[0] ?? ""] ?? new Uint8Array(0),
  }));
const GZIP = Object.entries(CONTENTS).map(([name, content]) => ({
  name: `${name}.gz`,
  compressed: new Uint8Array(gzipSync(content)),
  content,
}));

interface Inflated {
  bytes: Uint8Array;
  damage: CompressionDamage | null;
  bytesUsed: number;
}

/** All that comes out; read and asked for in pieces of the given sizes. */
async function inflate(
  platform: PlatformName,
  compression: StreamCompression,
  compressed: Uint8Array,
  { feedBytes = 5000, takeBytes = 1 << 16 } = {},
): Promise<Inflated> {
  const source = new PieceSource(compressed, () => feedBytes, "a");
  const inflater = PLATFORMS[platform].createInflater(compression, source);
  const into = new Uint8Array(takeBytes);
  const parts: Uint8Array[] = [];
  for (;;) {
    const count = await inflater.next(into);
    if (count === 0) break;
    parts.push(into.slice(0, count));
  }
  expect(await inflater.next(into)).toBe(0);
  return { bytes: concatBytes(...parts), damage: inflater.damage, bytesUsed: inflater.bytesUsed };
}

const same = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0;

describe.each<[PlatformName, StreamCompression, typeof ZSTD]>([
  ["node", "gzip", GZIP],
  ["browser", "gzip", GZIP],
  ["node", "zstd", ZSTD],
  ["browser", "zstd", ZSTD],
])("%s decompresses %s", (platform, compression, files) => {
  it.each(files)("$name", async ({ compressed, content }) => {
    // The larger files by a few bytes, so that they end somewhere in a block just the same.
    const isSmall = SOAK > 1 || compressed.byteLength < 2000;
    const [feedBytes, takeBytes] = isSmall ? [1, 7] : [5, 29];
    for (const sizes of [{}, { feedBytes, takeBytes: 1000 }, { feedBytes: 333, takeBytes }]) {
      const found = await inflate(platform, compression, compressed, sizes);
      expect(same(found.bytes, content)).toBe(true);
      expect([found.damage, found.bytesUsed]).toEqual([null, compressed.byteLength]);
    }
  });

  const small = (CONTENTS.words ?? new Uint8Array(0)).slice(0, 3000);
  const whole = compression === "gzip" ? gzipMember(small) : zstdFrame(small, { windowLog: 10 });

  it(
    "cut at any byte as far as it goes, and says so",
    async () => {
      for (let length = 1; length < whole.byteLength; length += length < 40 ? 1 : 37) {
        const found = await inflate(platform, compression, whole.subarray(0, length));
        expect(same(small.subarray(0, found.bytes.byteLength), found.bytes)).toBe(true);
        expect(found.damage?.kind).toBe("truncated");
        expect(found.damage?.byteOffset).toBeLessThanOrEqual(length);
      }
    },
    TIMEOUT_MS,
  );

  it(
    "with bytes changed, and gives no wrong byte without saying so",
    async () => {
      const change = fc.record({
        at: fc.nat(whole.byteLength - 1),
        by: fc.integer({ min: 1, max: 255 }),
      });
      await fc.assert(
        fc.asyncProperty(
          fc.uniqueArray(change, { minLength: 1, maxLength: 3, selector: ({ at }) => at }),
          async (changes) => {
            const damaged = whole.slice();
            for (const { at, by } of changes) damaged[at] = (damaged[at] ?? 0) ^ by;
            const found = await inflate(platform, compression, damaged).catch((error) => {
              if (isEventError(error, "unsupported-compression")) return null;
              throw error;
            });
            // A header that no longer says that there is a checksum takes that away, too.
            const isChecked = compression === "gzip" || !changes.some(({ at }) => at === 4);
            if (found === null || found.damage !== null || !isChecked) return;
            expect(same(found.bytes, small)).toBe(true);
          },
        ),
        { numRuns: 80 * SOAK },
      );
    },
    TIMEOUT_MS,
  );

  it("noise behind its start, and ends", async () => {
    const start = compression === "gzip" ? [0x1f, 0x8b, 8, 0] : [0x28, 0xb5, 0x2f, 0xfd, 0, 0x40];
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), async (tail) => {
        const noise = concatBytes(Uint8Array.from(start), tail);
        const found = await inflate(platform, compression, noise).catch((error) => {
          if (isEventError(error, "unsupported-compression")) return null;
          throw error;
        });
        if (found !== null) expect(found.bytes.byteLength).toBeLessThan(2 ** 25);
      }),
      { numRuns: 120 * SOAK },
    );
  });

  it("with something else behind it", async () => {
    for (const tail of [new Uint8Array(512), latin1Bytes("garbage"), Uint8Array.of(0x28, 0xb5)]) {
      const found = await inflate(platform, compression, concatBytes(whole, tail));
      // What a browser says of this differs, and Node's own DecompressionStream says nothing.
      if (platform === "browser" && compression === "gzip") continue;
      expect(["trailing", "truncated"]).toContain(found.damage?.kind);
      expect(same(found.bytes, small)).toBe(true);
      const end = found.damage?.kind === "trailing" ? whole.byteLength : whole.byteLength + 2;
      expect(found.damage?.byteOffset).toBe(end);
    }
  });

  it("passes on what reading throws", async () => {
    const failing = {
      next: async () => {
        throw new Error("the disk is gone");
      },
    };
    const inflater = PLATFORMS[platform].createInflater(compression, failing);
    await expect(inflater.next(new Uint8Array(10))).rejects.toThrow("the disk is gone");
  });
});

describe("zstd", () => {
  const content = CONTENTS.prose ?? new Uint8Array(0);

  it.each(["node", "browser"] as const)("of many frames, %s", async (platform) => {
    const skipped = skippableFrame(latin1Bytes("for others"), 7);
    const all = ZSTD.flatMap(({ compressed }) => [skipped, compressed]);
    const found = await inflate(platform, "zstd", concatBytes(...all));
    expect(found.damage).toBe(null);
    expect(same(found.bytes, concatBytes(...ZSTD.map((file) => file.content)))).toBe(true);
  });

  it.each(["node", "browser"] as const)("with a wrong checksum, %s", async (platform) => {
    const frame = zstdFrame(content, { windowLog: 17 });
    const at = frame.byteLength - 1;
    frame[at] = (frame[at] ?? 0) ^ 1;
    const found = await inflate(platform, "zstd", concatBytes(frame, zstdFrame(content)));
    expect(found.damage?.kind).toBe("corrupt");
  });

  it.each(["node", "browser"] as const)("that needs too much is refused, %s", async (platform) => {
    const dictionary = zstdFrame(content, { dictionary: 5 });
    const window = Uint8Array.from([0x28, 0xb5, 0x2f, 0xfd, 0, 18 << 3, 1, 0, 0]);
    for (const refused of [dictionary, window, concatBytes(zstdFrame(content), window)]) {
      await expect(inflate(platform, "zstd", refused)).rejects.toMatchObject({
        code: "unsupported-compression",
        path: "a",
      });
    }
  });
});

describe("gzip of several members", () => {
  it("is one, with every field that a header can have", async () => {
    const fields = [
      {},
      { name: "a.raw", comment: "made for a test", headerCrc: true },
      { extra: new Uint8Array(5000) },
    ];
    const all = fields.map((field, at) => gzipMember(latin1Bytes(`part ${at}`), {}, field));
    for (const feedBytes of [1, 7, 100_000]) {
      const found = await inflate("node", "gzip", concatBytes(...all), { feedBytes });
      expect(found.damage).toBe(null);
      expect(same(found.bytes, latin1Bytes("part 0part 1part 2"))).toBe(true);
    }
  });
});
