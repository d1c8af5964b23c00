/** What comes out of a file in a zip, on both platforms, whatever it is asked for in. */
import { describe, expect, it } from "vitest";
import { platform as browser } from "../../src/platform/browser.ts";
import { platform as node } from "../../src/platform/node.ts";
import { MemorySource } from "../../src/source/memory.ts";
import { findZipMember } from "../../src/source/zip-directory.ts";
import { ZipInflater } from "../../src/source/zip-inflater.ts";
import { type ZipFile, zipOf } from "../support/zip.ts";

const PLATFORMS = { node, browser };
const LENGTHS = [0, 1, 65_534, 65_535, 65_536, 131_070, 131_071, 200_000];

async function inflate(platform: "node" | "browser", file: ZipFile, takeBytes = 10_007) {
  const source = new MemorySource(zipOf([file]));
  const member = await findZipMember(source, "a.zip", undefined);
  const inflater = new ZipInflater(source, member, (gzip) =>
    PLATFORMS[platform].createInflater("gzip", gzip),
  );
  const into = new Uint8Array(takeBytes);
  const parts: Uint8Array[] = [];
  const used: number[] = [];
  const out: number[] = [];
  for (let count = -1; count !== 0; ) {
    count = await inflater.next(into);
    parts.push(into.slice(0, count));
    used.push(inflater.bytesUsed);
    out.push((out.at(-1) ?? 0) + count);
  }
  return { bytes: Buffer.concat(parts), used, out, member, source, damage: inflater.damage };
}

const contentOf = (length: number): Uint8Array =>
  Uint8Array.from({ length }, (_, at) => (at * 7919) >> 3);

describe.each(["node", "browser"] as const)("on %s", (platform) => {
  it.each([0, 8])("a file of any length comes out as it is, by method %i", async (method) => {
    for (const length of LENGTHS) {
      const content = contentOf(length);
      for (const takeBytes of [997, 65_536, 1_000_000]) {
        const file = { name: "a", content, method, descriptor: length % 2 === 0 };
        const { bytes, used, damage, source } = await inflate(platform, file, takeBytes);
        expect(Buffer.compare(bytes, content)).toBe(0);
        expect(damage).toBe(null);
        expect(used).toEqual(used.toSorted((a, b) => a - b));
        expect(used.at(-1)).toBe(source.byteLength);
      }
    }
  });

  it.each([0, 8])("a wrong checksum or length is told, by method %i", async (method) => {
    for (const length of LENGTHS) {
      const content = contentOf(length);
      for (const wrong of [{ crc32: 12345 }, { byteLength: length + 1 }]) {
        const { bytes, damage, member } = await inflate(platform, {
          name: "a",
          content,
          method,
          ...wrong,
        });
        expect(damage?.kind).toBe("corrupt");
        expect(damage?.problem).not.toBe("");
        const end = member.dataOffset + member.storedBytes;
        expect(damage?.byteOffset).toBeGreaterThanOrEqual(member.dataOffset);
        expect(damage?.byteOffset).toBeLessThanOrEqual(end);
        if (platform === "node") expect(Buffer.compare(bytes, content)).toBe(0);
        if (platform === "node") expect(damage?.byteOffset).toBe(end);
      }
    }
  });
});

it("a place in stored data is one in the archive", async () => {
  const content = contentOf(200_000);
  const { used, out, member } = await inflate("node", { name: "a", content, method: 0 });
  expect(member).toMatchObject({ dataOffset: 31, storedBytes: 200_000, isDeflated: false });
  // As much is taken as comes out, but for what zlib reads ahead.
  for (const [at, bytes] of used.slice(0, -1).entries()) {
    expect(bytes - 31).toBeGreaterThanOrEqual(out[at] ?? 0);
    expect(bytes - 31).toBeLessThan((out[at] ?? 0) + 70_000);
  }
});
