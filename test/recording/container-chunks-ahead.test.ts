import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import fc from "fast-check";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { platform } from "#platform";
import { EventError } from "../../src/errors.ts";
import { ChunksAhead } from "../../src/recording/chunks-ahead.ts";
import { ChunkDesk } from "../../src/source/chunk-desk.ts";
import { collect, countTaken, failToStart, workHere } from "../support/chunks-ahead.ts";
import { changed, containerOf, rowScene, segmentsOf } from "../support/containers.ts";
import { canSeeDescriptors, openDescriptors } from "../support/open-files.ts";
import { SOAK } from "../support/soak.ts";

const EVENTS = 60_001;
const SCENE = rowScene(EVENTS, 7);

describe("chunks of a container that other threads inflate", () => {
  let folder = "";
  const write = async (
    name: string,
    options: Parameters<typeof containerOf>[1],
  ): Promise<string> => {
    const path = join(folder, name);
    await writeFile(path, await containerOf(SCENE, options));
    return path;
  };
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "evarrow-chunks-"));
  });
  afterAll(() => rm(folder, { recursive: true }));
  afterEach(() => void vi.restoreAllMocks());

  it.each([
    ["zstd", 2, undefined],
    ["zstd", 3, 7000],
    ["zstd", 2, 100],
    ["deflate", 2, 20_000],
    ["brotli", 2, undefined],
    ["none", 2, undefined],
  ] as const)(
    "are what one thread reads: %s, %i threads, tiles of %s events",
    async (codec, threads, tileEvents) => {
      const path = await write("any.evb", { options: { codec, chunkEvents: 1000 } });
      const one = await collect(path, { tileEvents });
      expect(one.error).toBeNull();
      expect(one.found.t).toEqual([...SCENE.t]);
      workHere();
      const taken = countTaken();
      expect(await collect(path, { tileEvents, threads })).toEqual({ ...one, threads });
      expect(taken()).toBeGreaterThan(0);
    },
  );

  it("come from threads of their own (needs dist)", async () => {
    const path = await write("threads.evb", { options: { chunkEvents: 1000 } });
    const one = await collect(path, { tileEvents: 5000 });
    const create = vi.spyOn(ChunkDesk, "create");
    // Until one has started: what none of them has begun with is read here. Jobs have the slots from the last one on.
    const someIsDone = async (): Promise<void> => {
      const desk = create.mock.results[0]?.value as ChunkDesk;
      const last = desk.slots - 1;
      const jobs = Array.from({ length: desk.slots }, (_, job) => job);
      while (!jobs.some((job) => desk.result(last - job, job + 1))) await wait(5);
    };
    let isFirst = true;
    const several = await collect(path, { tileEvents: 5000, threads: 3 }, () => {
      const waiting = isFirst ? someIsDone() : undefined;
      isFirst = false;
      return waiting;
    });
    expect(several).toEqual({ ...one, threads: 3 });
    if (canSeeDescriptors) expect(openDescriptors(path)).toBe(0);
  });

  it("are what one thread makes of them, whatever is damaged", async () => {
    workHere();
    const bytes = await containerOf(SCENE, { options: { chunkEvents: 4000 } });
    const chunks = segmentsOf(bytes).filter(({ tag }) => tag === "CHNK");
    const path = join(folder, "damaged.evb");
    const anyDamage = fc.record({
      chunk: fc.nat(chunks.length - 1),
      at: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
      bit: fc.nat(7),
      verifyChecksum: fc.boolean(),
      recover: fc.boolean(),
    });
    const property = fc.asyncProperty(anyDamage, async ({ chunk, at, bit, ...evb }) => {
      const damaged = Uint8Array.from(bytes);
      const { at: start, bytes: length } = chunks[chunk] as (typeof chunks)[0];
      const byte = start + Math.floor(at * length);
      damaged[byte] = (damaged[byte] as number) ^ (1 << bit);
      await writeFile(path, damaged);
      const stated = { evb: evb.verifyChecksum ? { recover: evb.recover } : { ...evb } };
      const one = await collect(path, { tileEvents: 10_000 }, undefined, stated);
      const two = await collect(path, { tileEvents: 10_000, threads: 2 }, undefined, stated);
      // What no checksum guards is read by one thread.
      expect(two).toEqual({ ...one, threads: evb.verifyChecksum ? 2 : 1 });
      if (one.error !== null) expect(one.error).toBeInstanceOf(EventError);
    });
    await fc.assert(property, { numRuns: 20 * SOAK });
  });

  it.each([1, 9, 14])(
    "with damage that checksums do not show are the same error: chunk %i",
    async (chunk) => {
      const path = join(folder, "sealed.evb");
      const container = await containerOf(SCENE, { options: { chunkEvents: 4000 } });
      const { at = 0 } = segmentsOf(container).filter(({ tag }) => tag === "CHNK")[chunk] ?? {};
      const damaged = changed(container, (file) => {
        const frame = file.indexOf(Buffer.from([0x28, 0xb5, 0x2f, 0xfd]), at);
        file.fill(0xff, frame + 12, frame + 30);
      });
      await writeFile(path, damaged);
      const one = await collect(path, { tileEvents: 10_000 });
      expect(one.error).toMatchObject({ code: "damaged-data", row: chunk * 4000 });
      workHere();
      const two = await collect(path, { tileEvents: 10_000, threads: 2 });
      expect(two).toEqual({ ...one, threads: 2 });
      expect(two.error).toHaveProperty("message", (one.error as Error).message);
    },
  );

  it("are not asked for where only some columns are read", async () => {
    const path = await write("columns.evb", { options: { chunkEvents: 1000 } });
    workHere();
    const offered = vi.spyOn(ChunksAhead.prototype, "offer");
    const { found, error, threads } = await collect(path, { threads: 2, columns: ["t"] });
    expect({ error, threads }).toEqual({ error: null, threads: 1 });
    expect(found.t).toEqual([...SCENE.t]);
    expect(offered).not.toHaveBeenCalled();
  });

  it("are read by the calling thread where others cannot", async () => {
    const path = await write("dying.evb", { options: { chunkEvents: 1000 } });
    const one = await collect(path, {});
    failToStart();
    expect(await collect(path, { threads: 2 })).toEqual({ ...one, threads: 2 });
  });

  it("are those of the file that was opened, when another one has its name by then", async () => {
    const path = await write("replaced.evb", { options: { chunkEvents: 1000 } });
    const other = await readFile(path);
    const { startThread } = platform;
    workHere();
    const start = vi.mocked(platform.startThread).getMockImplementation() ?? startThread;
    const { renameSync, writeFileSync } = await import("node:fs");
    vi.mocked(platform.startThread).mockImplementation(() => {
      writeFileSync(`${path}.new`, other.fill(0, 4000, other.byteLength - 4000));
      renameSync(`${path}.new`, path);
      return start();
    });
    const { found, error } = await collect(path, { threads: 2 });
    expect(error).toBeNull();
    expect(found.x).toEqual([...SCENE.x]);
  });
});
