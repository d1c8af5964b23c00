import { mkdtempSync, readdirSync, readlinkSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { type Dataset as LibraryDataset, ready } from "h5wasm";
import { afterAll, afterEach, describe, expect, it, vi } from "vitest";
import { POLARITY_ENCODINGS } from "../../../src/events/polarity.ts";
import { CHUNK_EVENTS } from "../../../src/formats/hdf5/writing/layout.ts";
import {
  convertRecording,
  digestEvents,
  isEventError,
  loadTable,
  openRecording,
  reportOf,
} from "../../../src/node.ts";
import { createScratchFile } from "../../../src/source/node/scratch-file.ts";
import { ScratchMemory } from "../../../src/source/scratch-memory.ts";
import type { ScratchSpace } from "../../../src/source/scratch-space.ts";
import { VERSION } from "../../../src/version.ts";
import {
  CONVERTED,
  converted,
  MemorySink,
  madeEvt2,
  mixedScene,
} from "../../support/conversions.ts";
import { longRecording } from "../../support/long-recording.ts";
import { canSeeDescriptors } from "../../support/open-files.ts";
import { SOAK } from "../../support/soak.ts";
import { expectSame, open, withLibrary } from "./files.ts";
import {
  anyColumns,
  type Columns,
  readBack,
  readByLibrary,
  reportFor,
  startWriting,
  written,
} from "./writing.ts";

const folder = realpathSync(mkdtempSync(join(tmpdir(), "evarrow-h5-")));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
afterEach(() => {
  vi.restoreAllMocks();
});

function expectSameColumns(found: Columns, expected: Columns): void {
  for (const name of ["x", "y", "t", "p"] as const) {
    expect(found[name].constructor.name, name).toBe(expected[name].constructor.name);
    expectSame(found[name], expected[name]);
  }
}

/** Files in the library's own file system that are ours. */
async function libraryFiles(): Promise<string[]> {
  const { FS } = await ready;
  const own = Array.from({ length: 200 }, (_, at) => `/evarrow-output-${at}.h5`);
  return own.filter((path) => FS.analyzePath(path).exists);
}

/** Files of this process without a name, in the folder of the tests. */
function namelessFiles(): string[] {
  return readdirSync("/proc/self/fd").flatMap((descriptor) => {
    try {
      const name = readlinkSync(`/proc/self/fd/${descriptor}`);
      return name.includes("evarrow-") && name.endsWith("(deleted)") ? [name] : [];
    } catch {
      return []; // closed in the meantime
    }
  });
}

describe.each(POLARITY_ENCODINGS)("written with polarities %s", (encoding) => {
  it.each([0, 1, 2, CHUNK_EVENTS - 1, CHUNK_EVENTS, CHUNK_EVENTS + 1, 2 * CHUNK_EVENTS, 200_000])(
    "%i events are read by the library and by us",
    async (length) => {
      const columns = anyColumns(length, encoding, length);
      const bytes = await written(columns, reportFor(encoding));
      expectSameColumns(await readBack(bytes), columns);
      expectSameColumns(await readByLibrary(bytes), columns);
    },
  );

  it("tiles of any size give the same bytes", async () => {
    const columns = anyColumns(2 * CHUNK_EVENTS + 1234, encoding);
    const report = reportFor(encoding, { geometry: { width: 640, height: 480 } });
    const expected = await written(columns, report, () => 262_144);
    expectSameColumns(await readBack(expected), columns);
    const tile = fc.oneof(fc.integer({ min: 1, max: 100 }), fc.integer({ min: 1, max: 300_000 }));
    await fc.assert(
      fc.asyncProperty(fc.array(tile, { minLength: 1, maxLength: 10 }), async (sizes) => {
        const tileOf = (row: number) =>
          Math.max(sizes[row % sizes.length] ?? 1, row > 1000 ? 9999 : 1);
        expectSame(await written(columns, report, tileOf), expected);
      }),
      { numRuns: 4 * SOAK },
    );
  });
});

describe("a written file", () => {
  const columns = anyColumns(70_000, "zero-one");

  it("has datasets that can grow, in chunks, with deflate alone", async () => {
    const bytes = await written(columns, reportFor("zero-one"));
    await withLibrary(bytes, (file) => {
      for (const name of ["x", "y", "t", "p"]) {
        const { metadata, filters } = file.get(`/events/${name}`) as LibraryDataset;
        expect(metadata).toMatchObject({ shape: [70_000], chunks: [CHUNK_EVENTS] });
        expect(metadata.maxshape?.[0]).toBeGreaterThan(2 ** 53);
        expect(filters).toEqual([{ id: 1, name: "deflate", cd_values: [1] }]);
      }
    });
    const file = await open(bytes);
    expect(file.superblock.end).toBe(bytes.byteLength);
    const x = await file.dataset("/events/x");
    expect(x?.layout).toMatchObject({ kind: "chunked", index: { kind: "btree1" } });
  });

  it("says what is known of the recording", async () => {
    const report = reportFor("minus-one-one", {
      format: "hdf5",
      originalFormat: "evt3",
      sourceName: "räume/α.raw",
      geometry: { width: 1280, height: 720 },
      timeOffset: -1234567890123,
    });
    const file = await open(await written(anyColumns(3, "minus-one-one"), report));
    const root = await (await file.get("/"))?.attributes();
    expect(Object.fromEntries(root ?? [])).toEqual({
      width: 1280,
      height: 720,
      geometry: "1280x720",
      "evarrow.format": "evt3",
      "evarrow.geometry": "1280x720",
      "evarrow.polarityEncoding": "minus-one-one",
      "evarrow.timeUnit": "us",
      "evarrow.timeOffset": "-1234567890123",
      "evarrow.sourceName": "räume/α.raw",
      "evarrow.writerVersion": VERSION,
    });
    const events = await (await file.get("/events"))?.attributes();
    expect(Object.fromEntries(events ?? [])).toEqual({ width: 1280, height: 720 });
    const t = await (await file.dataset("/events/t"))?.attributes();
    expect(Object.fromEntries(t ?? [])).toEqual({ unit: "us" });
  });

  it("says nothing of what is not known", async () => {
    const file = await open(await written(columns, reportFor("zero-one")));
    const root = await (await file.get("/"))?.attributes();
    expect([...(root ?? new Map()).keys()].sort()).toEqual([
      "evarrow.format",
      "evarrow.polarityEncoding",
      "evarrow.timeOffset",
      "evarrow.timeUnit",
      "evarrow.writerVersion",
    ]);
    const events = await (await file.get("/events"))?.attributes();
    expect(events?.size).toBe(0);
  });

  it("does not tell when it was written", async () => {
    const report = reportFor("zero-one");
    const now = vi.spyOn(Date, "now");
    now.mockReturnValue(1_000_000_000_000);
    const before = await written(columns, report);
    now.mockReturnValue(1_700_000_000_000);
    expectSame(await written(columns, report), before);
  });

  it("is the same from scratch space on disk", async () => {
    const report = reportFor("zero-one");
    const space = await createScratchFile(folder, undefined);
    const bytes = await written(columns, report, () => 5000, space);
    expectSame(bytes, await written(columns, report));
    expect(() => space.read(new Uint8Array(1), 0)).toThrow("closed");
  });

  it("may be one of several that are written at once", async () => {
    const tables = [1, 2, 3].map((seed) => anyColumns(150_000, "zero-one", seed));
    const all = await Promise.all(tables.map((one) => written(one, reportFor("zero-one"))));
    for (const [index, bytes] of all.entries()) {
      expectSameColumns(await readBack(bytes), tables[index] as Columns);
    }
    expect(await libraryFiles()).toEqual([]);
  });
});

describe("a conversion", () => {
  const scene = mixedScene();

  it.each(["out.h5", "out.hdf5", "OUT.H5"])("knows the name %s", async (name) => {
    const path = join(folder, name);
    const conversion = await convertRecording(await madeEvt2(scene), path, { verify: true });
    expect(conversion).toMatchObject({ format: "hdf5", events: 5000, triggersLeftOut: 20 });
    expect(readdirSync(folder)).toEqual([name]);
    rmSync(path);
  });

  it.each(CONVERTED)("keeps what the Arrow target keeps, from $id", async (from) => {
    const original = await from.make(scene);
    for (const options of [{}, { rebase: true }, { polarityEncoding: "minus-one-one" as const }]) {
      const [hdf5, arrow] = await Promise.all(
        ["hdf5", "arrow"].map(async (format) => {
          const { bytes } = await converted(original, format, { ...options, verify: true });
          const recording = await openRecording(bytes);
          const { geometry, timeOffset, originalFormat, assumptions } = recording.report;
          const digest = await digestEvents(bytes);
          await recording.close();
          return { geometry, timeOffset, originalFormat, assumptions, digest };
        }),
      );
      expect(hdf5).toEqual(arrow);
    }
  });

  it.each([2n ** 63n - 10n, -(2n ** 63n), 10n ** 17n, -5n])(
    "keeps times around %i, and nobody takes them for others",
    async (start) => {
      const times = [start, start + 3n, start + 1n];
      const csv = `x,y,t,polarity\n${times.map((t) => `1,2,${t},1\n`).join("")}`;
      const text = new TextEncoder().encode(csv);
      const { bytes } = await converted(text, "hdf5", { verify: true });
      const kept = await loadTable(bytes);
      expect([...(kept.getChild("t")?.toArray() ?? [])]).toEqual(times);
      expect(reportOf(kept)).toMatchObject({ assumptions: [], backwardSteps: 1 });
    },
  );

  it("writes 0 and 1 unless told otherwise", async () => {
    const original = await madeEvt2(scene);
    const plain = await readBack((await converted(original, "hdf5")).bytes);
    expect([plain.p.constructor, new Set(plain.p)]).toEqual([Uint8Array, new Set([0, 1])]);
    const options = { polarityEncoding: "minus-one-one" as const };
    const signed = await readBack((await converted(original, "hdf5", options)).bytes);
    expect([signed.p.constructor, new Set(signed.p)]).toEqual([Int8Array, new Set([-1, 1])]);
  });

  it("gives an empty recording its datasets and attributes", async () => {
    const geometry = { width: 64, height: 48 };
    const { bytes } = await converted(await madeEvt2({ events: [], geometry }), "hdf5");
    const table = await loadTable(bytes);
    expect(table.numRows).toBe(0);
    expect(reportOf(table)).toMatchObject({ geometry, assumptions: [], originalFormat: "evt2" });
  });

  it("lets timers have their turn", async () => {
    let turns = 0;
    const timer = setInterval(() => turns++, 0);
    await converted(longRecording(4_000_000), "hdf5");
    clearInterval(timer);
    expect(turns).toBeGreaterThan(1_000_000 / CHUNK_EVENTS / 2);
  });
});

/** Scratch space that fails at one of its calls. */
class FailingSpace extends ScratchMemory {
  closed = 0;
  calls = 0;
  readonly #failsAt: number;

  constructor(failsAt: number) {
    super("out.h5");
    this.#failsAt = failsAt;
  }

  #count(): void {
    if (++this.calls >= this.#failsAt) {
      throw Object.assign(new Error("ENOSPC: no space left on device, write"), { code: "ENOSPC" });
    }
  }

  override write(bytes: Uint8Array, offset: number): void {
    this.#count();
    super.write(bytes, offset);
  }

  override resize(byteLength: number): void {
    this.#count();
    super.resize(byteLength);
  }

  override close(): void {
    this.closed++;
    super.close();
  }
}

class RoomyMemorySink extends MemorySink {
  readonly space: ScratchSpace;

  constructor(space: ScratchSpace) {
    super("out.h5");
    this.space = space;
  }

  async createScratch(): Promise<ScratchSpace> {
    return this.space;
  }
}

describe("a full disk", () => {
  const recording = longRecording(700_000);

  it("is our error wherever it happens, and harms nobody else", async () => {
    const whole = new FailingSpace(Number.POSITIVE_INFINITY);
    await convertRecording(recording, new RoomyMemorySink(whole), { format: "hdf5" });
    expect(whole.calls).toBeGreaterThan(20);
    const printed = (["log", "warn", "error", "info"] as const).map((name) =>
      vi.spyOn(console, name),
    );
    for (let failsAt = 1; failsAt <= whole.calls; failsAt++) {
      const space = new FailingSpace(failsAt);
      const sink = new RoomyMemorySink(space);
      const error = await convertRecording(recording, sink, { format: "hdf5" }).catch((e) => e);
      expect(String(error), `call ${failsAt}`).toContain("ENOSPC");
      expect([sink.closed, sink.writes, sink.aborts, space.closed]).toEqual([0, 0, [error], 1]);
    }
    for (const spy of printed) expect(spy).not.toHaveBeenCalled();
    expect(await libraryFiles()).toEqual([]);
    const { conversion } = await converted(recording, "hdf5", { verify: true });
    expect(conversion.digest).toBe((await digestEvents(recording)).digest);
  });

  it("may be a limit of memory", async () => {
    const sink = new RoomyMemorySink(new ScratchMemory("out.h5", 100_000));
    const error = await convertRecording(recording, sink, { format: "hdf5" }).catch((e) => e);
    expect(isEventError(error, "sink-unwritable"), String(error)).toBe(true);
    expect(error.message).toContain("too large to be put together here");
    expect(sink.aborts).toEqual([error]);
  });

  it("may be one without a place for scratch space", async () => {
    const sink = Object.assign(new MemorySink("out.h5"), {
      createScratch: () => createScratchFile(join(folder, "missing"), "out.h5"),
    });
    const error = await convertRecording(recording, sink, { format: "hdf5" }).catch((e) => e);
    expect(isEventError(error, "sink-unwritable"), String(error)).toBe(true);
    expect(sink.aborts).toEqual([error]);
  });
});

describe("a library that fails", () => {
  it("is told by its own words", async () => {
    const { columns, report } = {
      columns: anyColumns(10, "zero-one"),
      report: reportFor("zero-one"),
    };
    const module = await ready;
    const space = new FailingSpace(Number.POSITIVE_INFINITY);
    const { writer, put } = await startWriting(report, 100, space);
    const set = vi.spyOn(module, "set_dataset_data");
    set.mockImplementation((id, _, ...rest) => {
      set.mockRestore();
      return module.set_dataset_data(id, "/events/none", ...rest);
    });
    put(columns, 0, 10);
    await writer.write();
    const error = await Promise.resolve(writer.finish()).catch((caught) => caught);
    expect(isEventError(error, "sink-unwritable"), String(error)).toBe(true);
    expect(error.message).toMatch(/^h5wasm, which writes HDF5, failed \(.*\w/);
    writer.close?.();
    expect(space.closed).toBe(1);
    expect(await libraryFiles()).toEqual([]);
  });
});

describe.skipIf(!canSeeDescriptors)("a conversion that ends early", () => {
  const recording = longRecording(3_000_000);

  it("leaves no file and nothing open when it is aborted", async () => {
    for (const after of [1, 3, 6]) {
      const controller = new AbortController();
      const reason = new Error("enough");
      let count = 0;
      const onProgress = (): void => {
        if (++count === after) controller.abort(reason);
      };
      // Progress is told a few times a second only: now it is at every tile.
      let now = 0;
      const clock = vi.spyOn(performance, "now").mockImplementation(() => (now += 300));
      const converting = convertRecording(recording, join(folder, "a.h5"), {
        signal: controller.signal,
        onProgress,
      });
      await expect(converting).rejects.toBe(reason);
      clock.mockRestore();
      expect(readdirSync(folder)).toEqual([]);
      expect(namelessFiles()).toEqual([]);
    }
    expect(await libraryFiles()).toEqual([]);
  });

  it("does not when the source or the sink fails either", async () => {
    const cut = recording.slice(0, recording.byteLength - 3);
    await expect(
      convertRecording(cut, join(folder, "a.h5"), { strict: true }),
    ).rejects.toMatchObject({ code: "data-loss" });
    const sink = { name: "mine", write: () => Promise.reject(new Error("disk on fire")) };
    await expect(convertRecording(recording, sink, { format: "hdf5" })).rejects.toMatchObject({
      message: "mine: the output cannot be written (disk on fire).",
    });
    expect(readdirSync(folder)).toEqual([]);
    expect(namelessFiles()).toEqual([]);
    expect(await libraryFiles()).toEqual([]);
  });
});
