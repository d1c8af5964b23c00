import { mkdtemp, readFile, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { platform } from "#platform";
import { EventError } from "../../src/errors.ts";
import { OpenedRecording, type OpenOptions, openParts } from "../../src/recording/recording.ts";
import { type TileOptions, TilePass } from "../../src/recording/tiles.ts";
import { types, writeHdf5 } from "../support/hdf5-writer.ts";
import { canSeeDescriptors, openDescriptors } from "../support/open-files.ts";

const OPTIONS: TileOptions = { polarityEncoding: "minus-one-one", strict: false };

/** All that comes out of a pass over a file, and how it ended. */
async function collect(path: string, options: Partial<TileOptions>, opening: OpenOptions = {}) {
  const recording = new OpenedRecording(await openParts(path, opening));
  const pass = new TilePass(recording, { ...OPTIONS, ...opening, ...options } as TileOptions);
  const rows: string[] = [];
  try {
    for await (const { columns, eventCount } of pass.tiles(() => Number.POSITIVE_INFINITY)) {
      for (let at = 0; at < eventCount; at++) {
        const { x, y, t, polarity } = columns;
        rows.push(`${x[at]} ${y[at]} ${t[at]} ${polarity[at]}`);
      }
    }
  } catch (error) {
    return { rows, error: error as Error };
  } finally {
    await recording.close();
  }
  const { threads, ...report } = pass.report;
  return { rows, threads, report };
}

const OTHER = "falling-bar.deflate.h5";
const sample = (name: string): string =>
  fileURLToPath(new URL(`../../data-samples/${name}`, import.meta.url));

describe("rows read by several threads (need dist)", () => {
  it.each([
    ["falling-bar.deflate.h5", 500, {}],
    ["falling-bar.deflate.h5", 997, { rebase: true, tileEvents: 300 }],
    ["falling-bar.lz4.h5", 700, {}],
    ["falling-bar.ecf.hdf5", 640, {}],
    ["falling-bar.mvsec.hdf5", 311, { rebase: true }],
    ["falling-bar.dsec.h5", 64, { tileEvents: 100 }],
  ] as const)("give what one thread reads: %s in blocks of %i", async (name, partSize, options) => {
    const opening = name.includes("mvsec") ? { stream: "left" } : {};
    const one = await collect(sample(name), options, opening);
    const several = await collect(sample(name), { ...options, threads: 3, partSize }, opening);
    expect(one).toMatchObject({ threads: 1 });
    expect(several).toEqual({ ...one, threads: 3 });
    expect(one.rows.length).toBeGreaterThan(1000);
  });

  describe("of a file with rows that hold no events", () => {
    let folder: string;
    let path: string;
    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), "evarrow-blocks-"));
      path = join(folder, "some.h5");
      const rows = 2000;
      const column = (type: Uint8Array, values: ArrayBufferView<ArrayBuffer>) => ({
        type,
        shape: [rows],
        data: new Uint8Array(values.buffer),
      });
      const index = Array.from({ length: rows }, (_, row) => row);
      const events = {
        x: column(
          types.integer(2, true),
          Int16Array.from(index, (row) => (row % 401 === 400 ? -1 : row % 300)),
        ),
        y: column(
          types.integer(2, false),
          Uint16Array.from(index, (row) => row % 200),
        ),
        t: column(
          types.integer(8, true),
          BigInt64Array.from(index, (row) => BigInt(row % 1500)),
        ),
        p: column(
          types.integer(1, false),
          Uint8Array.from(index, (row) => row % 2),
        ),
      };
      await writeFile(path, writeHdf5({ events }));
    });
    afterAll(() => rm(folder, { recursive: true }));

    it("counts the same ones", async () => {
      const opening = { onMalformed: "skip", geometry: { width: 250, height: 180 } } as const;
      const one = await collect(path, {}, opening);
      const several = await collect(path, { threads: 2, partSize: 331 }, opening);
      expect(several).toEqual({ ...one, threads: 2 });
      expect(one.report).toMatchObject({ malformedLines: 4, backwardSteps: 1 });
      expect(one.report?.eventsOutsideGeometry).toBeGreaterThan(0);
    });

    it("throws the same error", async () => {
      const one = await collect(path, { tileEvents: 200 });
      const several = await collect(path, { threads: 2, partSize: 200 });
      expect(one.error).toBeInstanceOf(EventError);
      expect(several.error).toBeInstanceOf(EventError);
      expect(several).toEqual(one);
      expect(one.rows).toHaveLength(400);
      expect(several.error).toMatchObject({ code: "malformed-row", row: 400, path });
    });

    it("hand over the same rows in front of a loss, from blocks that were taken", async () => {
      const opening = { onMalformed: "skip", strict: true } as const;
      const geometry = { width: 250, height: 200 };
      const one = await collect(path, {}, { ...opening, geometry });
      const several = await collect(path, { threads: 2, partSize: 100 }, { ...opening, geometry });
      expect(one.error).toMatchObject({ code: "data-loss", row: 250 });
      expect(one.rows).toHaveLength(250);
      expect(several).toEqual(one);
    });

    it.each(["is gone", "is another one", "was written to"])(
      "are those of the file that was opened, when it %s by then",
      async (how) => {
        const { rows } = await collect(path, { onMalformed: "skip" });
        const recording = new OpenedRecording(await openParts(path));
        const bytes = await readFile(path);
        if (how !== "was written to") await rm(path);
        if (how === "is another one") await writeFile(path, await readFile(sample(OTHER)));
        if (how === "was written to") await utimes(path, 1, 1);
        const pass = new TilePass(recording, {
          ...{ ...OPTIONS, onMalformed: "skip" },
          ...{ threads: 3, partSize: 100 },
        });
        let events = 0;
        for await (const tile of pass.tiles(() => 100)) events += tile.eventCount;
        expect(events).toBe(rows.length);
        await recording.close();
        if (canSeeDescriptors) expect(openDescriptors(path)).toBe(0);
        await writeFile(path, bytes);
      },
    );
  });

  it("are read by the calling thread when the others fail", async () => {
    const name = sample("falling-bar.deflate.h5");
    const one = await collect(name, {});
    const start = vi.spyOn(platform, "startThread").mockImplementation(() => ({
      post() {},
      onMessage() {},
      onError: (listener) => void setImmediate(() => listener(new Error("it cannot start"))),
      setAwaited() {},
      async close() {},
    }));
    const several = await collect(name, { threads: 2, partSize: 500 });
    start.mockRestore();
    expect(several).toEqual({ ...one, threads: 2 });
  });

  it("end with the loop", async () => {
    const recording = new OpenedRecording(await openParts(sample("falling-bar.deflate.h5")));
    const pass = new TilePass(recording, { ...OPTIONS, threads: 2, partSize: 100 });
    for await (const tile of pass.tiles(() => 100)) {
      expect(tile.eventCount).toBe(100);
      break;
    }
    await recording.close();
  });
});
