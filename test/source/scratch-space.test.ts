import { readdirSync, readlinkSync, realpathSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { platform as browser } from "../../src/platform/browser.ts";
import { platform as node } from "../../src/platform/node.ts";
import { isRoomySink } from "../../src/source/byte-sink.ts";
import { createFile } from "../../src/source/node/file-sink.ts";
import { createScratchFile } from "../../src/source/node/scratch-file.ts";
import { ScratchMemory } from "../../src/source/scratch-memory.ts";
import type { ScratchSpace } from "../../src/source/scratch-space.ts";
import { canSeeDescriptors } from "../support/open-files.ts";
import { SOAK } from "../support/soak.ts";

const folder = realpathSync(await mkdtemp(join(tmpdir(), "evarrow-scratch-")));
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Names of the files of this process that lie in a folder and have no name any more. */
function namelessIn(where: string): string[] {
  return readdirSync("/proc/self/fd").flatMap((descriptor) => {
    try {
      const name = readlinkSync(`/proc/self/fd/${descriptor}`);
      return name.startsWith(where) && name.endsWith("(deleted)") ? [name] : [];
    } catch {
      return []; // closed in the meantime
    }
  });
}

const all = (space: ScratchSpace): Uint8Array => {
  const bytes = new Uint8Array(space.byteLength);
  expect(space.read(bytes, 0)).toBe(bytes.byteLength);
  return bytes;
};

describe.each<[string, () => Promise<ScratchSpace>]>([
  ["in a file", () => createScratchFile(folder, "out.h5")],
  ["in memory", async () => new ScratchMemory("out.h5")],
  ["of Node", () => node.createScratch("out.h5")],
  ["of a browser", () => browser.createScratch("out.h5")],
])("scratch space %s", (_, create) => {
  it("holds what was written, anywhere and in any order", async () => {
    const most = 3_000_000;
    const write = fc.record({
      at: fc.nat(most),
      length: fc.oneof(fc.nat(20), fc.nat(1_200_000)),
      value: fc.integer({ min: 1, max: 255 }),
    });
    const resize = fc.record({ size: fc.nat(most) });
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.oneof({ weight: 4, arbitrary: write }, resize), { maxLength: 12 }),
        async (steps) => {
          const space = await create();
          const model = new Uint8Array(2 * most);
          let end = 0;
          for (const step of steps) {
            if ("size" in step) {
              space.resize(step.size);
              model.fill(0, step.size);
              end = step.size;
              continue;
            }
            const { at, length, value } = step;
            if (length === 0) continue;
            space.write(new Uint8Array(length).fill(value), at);
            model.fill(value, at, at + length);
            end = Math.max(end, at + length);
          }
          expect(space.byteLength).toBe(end);
          expect(Buffer.compare(all(space), model.subarray(0, end))).toBe(0);
          const tail = new Uint8Array(100).fill(7);
          const from = Math.max(end - 50, 0);
          const count = space.read(tail, from);
          expect(count).toBe(end - from);
          expect([...tail.subarray(0, count)]).toEqual([...model.subarray(from, end)]);
          expect(space.read(tail, end + 10)).toBe(0);
          space.close();
        },
      ),
      { numRuns: 15 * SOAK },
    );
  });

  it("can be closed twice, and holds nothing then", async () => {
    const space = await create();
    space.write(new Uint8Array(10), 0);
    space.close();
    space.close();
  });
});

describe("scratch space in memory", () => {
  it("has a limit, which is told before it is exceeded", () => {
    const space = new ScratchMemory("out.h5", 1000);
    space.write(new Uint8Array(1000), 0);
    for (const exceed of [
      () => space.write(new Uint8Array(1), 1000),
      () => space.write(new Uint8Array(600), 500),
      () => space.resize(1001),
    ]) {
      expect(exceed).toThrow(
        expect.objectContaining({
          code: "sink-unwritable",
          path: "out.h5",
          expected: "at most 1000 bytes, which are kept in memory",
        }),
      );
    }
    expect(space.byteLength).toBe(1000);
  });

  it("tells when there is no memory", () => {
    const space = new ScratchMemory(undefined, Number.POSITIVE_INFINITY);
    const { Uint8Array: Real } = globalThis;
    const full = new Real(1);
    globalThis.Uint8Array = class extends Real {
      constructor(...values: [never]) {
        super(...values);
        throw new RangeError("Array buffer allocation failed");
      }
    } as typeof Uint8Array;
    try {
      expect(() => space.write(full, 0)).toThrow(
        expect.objectContaining({
          code: "sink-unwritable",
          message: expect.stringContaining("there is no memory left for the output"),
        }),
      );
    } finally {
      globalThis.Uint8Array = Real;
    }
  });
});

describe("scratch space in a file", () => {
  it("tells where there is no room for it", async () => {
    const missing = join(folder, "missing");
    await expect(createScratchFile(missing, "out.h5")).rejects.toMatchObject({
      code: "sink-unwritable",
      path: "out.h5",
      hint: `It takes room in ${missing} until it is complete.`,
      cause: { code: "ENOENT" },
    });
    const closed = await createScratchFile(folder, undefined);
    closed.close();
    for (const use of [
      () => closed.write(new Uint8Array(1), 0),
      () => closed.read(new Uint8Array(1), 0),
      () => closed.resize(1),
    ]) {
      expect(use).toThrow(expect.objectContaining({ code: "sink-unwritable" }));
    }
  });

  it.skipIf(!canSeeDescriptors)("has no name, and lies beside the file to be written", async () => {
    const own = realpathSync(await mkdtemp(join(folder, "own-")));
    const sink = await createFile(join(own, "out.h5"));
    if (!isRoomySink(sink)) throw new Error("a regular file has room");
    const before = readdirSync(own);
    const space = await sink.createScratch();
    space.write(new Uint8Array(100), 5);
    expect(readdirSync(own)).toEqual(before);
    expect(namelessIn(own)).toHaveLength(1);
    space.close();
    expect(namelessIn(own)).toHaveLength(0);
    await sink.abort?.(undefined);
    expect(readdirSync(own)).toEqual([]);
  });
});
