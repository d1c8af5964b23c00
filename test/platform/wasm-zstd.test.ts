import { Zstd } from "@hpcc-js/wasm-zstd";
import fc from "fast-check";
import { afterEach, describe, expect, it, vi } from "vitest";
import { judgeFrame, withContentSize } from "../../src/container/zstd-frame.ts";
import { platform as browser } from "../../src/platform/browser.ts";
import { platform as node } from "../../src/platform/node.ts";
import { randomFrom } from "../support/containers.ts";
import { SOAK } from "../support/soak.ts";

/** Bytes that compress to about half. */
function sample(length: number): Uint8Array {
  const random = randomFrom(length);
  return Uint8Array.from({ length }, () => Math.floor(random() * random() * 40));
}

/** Bytes that the library has taken and keeps. */
async function memoryOfLibrary(): Promise<number> {
  const { _mainModule: memory } = (await Zstd.load()) as unknown as {
    _mainModule: { _module: { HEAPU8: Uint8Array } };
  };
  return memory._module.HEAPU8.byteLength;
}

describe("zstd in browsers", () => {
  it("writes frames that Node reads, and the other way round", async () => {
    const lengths = [1, 63, 64, 255, 256, 257, 65_535, 65_792, 131_072, 131_073, 3_000_000];
    for (const length of lengths) {
      const raw = sample(length);
      const frame = withContentSize(await browser.compressBlock("zstd", raw, 1), length);
      expect(judgeFrame(frame, length)).toEqual({ most: expect.any(Number) });
      expect(Buffer.compare(await node.inflateBlock("zstd", frame, length), raw)).toBe(0);
      expect(Buffer.compare(await browser.inflateBlock("zstd", frame, length), raw)).toBe(0);
      const other = await node.compressBlock("zstd", raw, 1);
      expect(Buffer.compare(await browser.inflateBlock("zstd", other, length), raw)).toBe(0);
    }
  });

  it("holds what cannot be compressed", async () => {
    const random = randomFrom(3);
    const raw = Uint8Array.from({ length: 1_000_000 }, () => Math.floor(random() * 256));
    const frame = await browser.compressBlock("zstd", raw, 19);
    expect(Buffer.compare(await node.inflateBlock("zstd", frame, raw.byteLength), raw)).toBe(0);
  });

  it("takes every level, and makes as little of it as Node", async () => {
    const raw = sample(60_000);
    for (let level = 1; level <= 19; level += 1) {
      const frame = await browser.compressBlock("zstd", raw, level);
      expect(Buffer.compare(await node.inflateBlock("zstd", frame, 60_000), raw)).toBe(0);
      const { byteLength } = await node.compressBlock("zstd", raw, level);
      // Not to the byte: the versions of zstd may not be the same.
      expect(Math.abs(frame.byteLength / byteLength - 1), `level ${level}`).toBeLessThan(0.005);
    }
  });

  it("gives so many bytes and no more", async () => {
    const frame = await browser.compressBlock("zstd", sample(9000), 1);
    for (const size of [1, 8999, 9001]) {
      await expect(browser.inflateBlock("zstd", frame, size)).rejects.toThrow();
    }
    // It declares 131 072 bytes, and its blocks give 20 000 times as much.
    const block = [3, 0, 16, 7]; // 128 KiB of 7, but for the bit that says that it is the last
    const blocks = Array.from({ length: 20_000 }, (_, at) => (at < 19_999 ? [2, 0, 16, 7] : block));
    const header = [0x28, 0xb5, 0x2f, 0xfd, 0xa0, 0, 0, 2, 0];
    const bomb = Uint8Array.from([...header, ...blocks.flat()]);
    const before = await memoryOfLibrary();
    await expect(browser.inflateBlock("zstd", bomb, 131_072)).rejects.toThrow();
    expect(await memoryOfLibrary()).toBe(before);
  });

  it("tells damage, whatever it is, and goes on", async () => {
    const raw = sample(20_000);
    const frame = await node.compressBlock("zstd", raw, 3);
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.nat(frame.length - 1), fc.nat(255)), { minLength: 1 }),
        fc.nat(frame.length),
        async (hits, length) => {
          const bytes = Uint8Array.from(frame.subarray(0, length));
          for (const [at, value] of hits) if (at < length) bytes[at] = value;
          const found = await browser.inflateBlock("zstd", bytes, 20_000).catch((error) => error);
          if (!(found instanceof Error)) expect(found.byteLength).toBe(20_000);
        },
      ),
      { numRuns: 100 * SOAK },
    );
    expect(Buffer.compare(await browser.inflateBlock("zstd", frame, 20_000), raw)).toBe(0);
  });

  it("takes no more memory call by call", async () => {
    const raw = sample(300_000);
    const frame = await browser.compressBlock("zstd", raw, 1);
    const cut = frame.subarray(0, -100);
    await expect(browser.inflateBlock("zstd", cut, 300_000)).rejects.toThrow();
    const before = await memoryOfLibrary();
    for (let call = 0; call < 100; call += 1) {
      await browser.compressBlock("zstd", raw, 1);
      await browser.inflateBlock("zstd", frame, 300_000);
      await browser.inflateBlock("zstd", cut, 300_000).catch(() => null);
    }
    expect(await memoryOfLibrary()).toBe(before);
  });
});

describe("zstd that cannot be loaded", () => {
  afterEach(() => {
    vi.doUnmock("@hpcc-js/wasm-zstd");
    vi.resetModules();
  });

  it.each([
    ["is not there", () => Promise.reject(new Error("no such module"))],
    ["may not run", () => ({ Zstd: { load: () => Promise.reject(new Error("not allowed")) } })],
    ["is another version", () => ({ Zstd: { load: async () => ({}) } })],
  ])("because it %s is an error that names deflate", async (_, mock) => {
    vi.resetModules();
    vi.doMock("@hpcc-js/wasm-zstd", mock as () => object);
    const { platform } = await import("../../src/platform/browser.ts");
    for (const refused of [
      () => platform.compressBlock("zstd", sample(100), 1),
      () => platform.inflateBlock("zstd", sample(100), 1),
    ]) {
      await expect(refused()).rejects.toMatchObject({
        code: "unsupported-compression",
        hint: expect.stringContaining('codec: "deflate"'),
      });
    }
    expect(await platform.compressBlock("deflate", sample(100), 1)).toBeInstanceOf(Uint8Array);
  });
});
