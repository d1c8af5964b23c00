import { execFileSync } from "node:child_process";
import {
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { open } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeEach, describe, expect, it, vi } from "vitest";
import {
  type ByteSink,
  type ConvertOptions,
  convertRecording,
  digestEvents,
  isEventError,
  reportOf,
} from "../../src/node.ts";
import type { RoomySink } from "../../src/source/byte-sink.ts";
import { createFile } from "../../src/source/node/file-sink.ts";
import {
  CONVERTED,
  converted,
  MemorySink,
  madeEvt2,
  mixedScene,
  triggersIn,
} from "../support/conversions.ts";
import type { PlainEvent, PlainTrigger } from "../support/encodings.ts";
import { longRecording } from "../support/long-recording.ts";
import { canSeeDescriptors, openDescriptors } from "../support/open-files.ts";
import { RecordingSource } from "../support/sources.ts";

const root = realpathSync(mkdtempSync(join(tmpdir(), "evarrow-failures-")));
afterAll(() => rmSync(root, { recursive: true, force: true }));
let folder = root;
beforeEach(() => {
  folder = mkdtempSync(join(root, "test-"));
});

const event = (t: number, x = 1, y = 2, p: 0 | 1 = 1): PlainEvent => ({ t, x, y, p });
const original = await madeEvt2(mixedScene());
const reason = { why: "no longer needed" };

/** Converts to a file that is there already and to one that is not; both must stay as they were. */
async function expectNoFile(
  source: Parameters<typeof convertRecording>[0],
  ending: string,
  options: ConvertOptions,
): Promise<Error> {
  const [before, fresh] = [join(folder, `old${ending}`), join(folder, `new${ending}`)];
  writeFileSync(before, "old");
  const errors: Error[] = [];
  for (const path of [before, fresh]) {
    errors.push(await convertRecording(source, path, options).then(String, (error) => error));
  }
  expect(readdirSync(folder)).toEqual([`old${ending}`]);
  expect(readFileSync(before, "utf8")).toBe("old");
  const [error = new Error("none"), other] = errors;
  expect(other).toMatchObject({ name: error.name });
  rmSync(before);
  return error;
}

describe("what the target cannot hold", () => {
  const good = [event(5), event(6)];
  const csv = CONVERTED.find(({ id }) => id === "csv");
  const csvOf = (events: readonly PlainEvent[]) => csv?.make({ events }) ?? new Uint8Array(0);

  const cases: [what: string, to: string, events: PlainEvent[], row: number, text: RegExp][] = [
    ["a wide pixel", "evt2", [...good, event(7, 2048)], 2, /pixel inside 2048x2048, found 2048, 2/],
    ["a low pixel", "evt21", [event(7, 5, 2048)], 0, /pixel inside 2048x2048, found 5, 2048/],
    ["a run across", "evt21", [event(7, 2047), event(7, 2048)], 1, /found 2048, 2/],
    ["a low pixel", "evt3", [event(7, 5, 4095)], 0, /found 5, 4095/],
    ["a wide pixel", "dat", [event(7, 16_384)], 0, /pixel inside 16384x16384, found 16384, 2/],
    ["a time below 0", "evt2", [...good, event(-1)], 2, /time from 0 us on, found -1 us/],
    ["a time below 0", "dat", [event(-5)], 0, /time from 0 us on, found -5 us/],
    ["a late first time", "dat", [event(2 ** 32)], 0, /found 4294967296 us/],
    ["a long step", "evt3", [...good, event(2 ** 35)], 2, /found 34359738368 us/],
    ["a long step back", "evt3", [event(1e7), event(9e6), event(5)], 2, /no step back.*found 5 us/],
    ["a step back across a wrap", "evt3", [event(2 ** 24), event(2 ** 24 - 1)], 1, /no step back/],
  ];

  it.each(cases)("is refused, with its row: %s for %s", async (_, to, events, row, text) => {
    const ending = to === "dat" ? ".dat" : `.${to}.raw`;
    const error = await expectNoFile(await csvOf(events), ending, {});
    expect(error).toMatchObject({ code: "not-encodable", format: to, row });
    expect(error.message).toMatch(text);
  });

  it("is left out and counted where that is asked for", async () => {
    const events = [event(5), event(6, 2048), event(-1), event(7), event(2 ** 60), event(8)];
    const source = await csvOf(events);
    const { bytes, conversion } = await converted(source, "evt2", { lossy: true, verify: true });
    expect(conversion).toMatchObject({ events: 3, leftOut: 3, digest: null });
    expect(reportOf(conversion)).toMatchObject({ events: 6 });
    expect(await digestEvents(bytes)).toMatchObject({ events: 3 });
    // Nothing to leave out: as without.
    const sound = await converted(original, "evt3", { lossy: true, verify: true });
    expect(sound.conversion).toMatchObject({ leftOut: 0, digest: expect.any(String) });
  });

  it("may be a trigger, whose row counts among all of them", async () => {
    const triggers = Array.from(
      { length: 5000 },
      (_, at): PlainTrigger => [at, at === 4321 ? 31 : 3, 1],
    );
    const source = await madeEvt2({ events: good, triggers });
    const error = await expectNoFile(source, ".evt3.raw", {});
    expect(error).toMatchObject({ code: "not-encodable", row: 4321 });
    expect(error.message).toContain("EVT 3.0 cannot hold this trigger (row 4321)");
    expect(error.message).toContain("a trigger id from 0 to 15, found 31");
    const { bytes, conversion } = await converted(source, "evt3", { lossy: true });
    expect(conversion).toMatchObject({ events: 2, triggers: 4999, leftOut: 1 });
    expect(await triggersIn(bytes)).toEqual(triggers.filter(([, id]) => id === 3));
  });

  it("may be in a later tile, and is named by its row among all events", async () => {
    const events = Array.from({ length: 400_000 }, (_, at) => event(at));
    events[300_000] = event(300_000, 2048);
    const error = await expectNoFile(await csvOf(events), ".evt3.raw", {});
    expect(error).toMatchObject({ code: "not-encodable", row: 300_000 });
  });

  it("may fit once it is rebased", async () => {
    const late = [event(2 ** 52), event(2 ** 52 + 5)];
    const source = await csvOf(late);
    const error = await expectNoFile(source, ".dat", {});
    expect(error).toMatchObject({ code: "not-encodable", row: 0 });
    const { conversion } = await converted(source, "dat", { rebase: true });
    expect(conversion.events).toBe(2);
  });
});

describe("a source that is damaged", () => {
  it("fails strictly, and leaves no file", async () => {
    for (const { ending } of CONVERTED) {
      const cut = original.slice(0, original.byteLength - 3);
      expect(await expectNoFile(cut, ending, { strict: true })).toMatchObject({
        code: "data-loss",
      });
      expect((await converted(cut, "csv", { strict: false })).conversion.events).toBe(4999);
    }
  });

  it("fails where it breaks off, and leaves no file", async () => {
    const source = new RecordingSource(longRecording(5 * 2 ** 20));
    source.onRead = (count) => {
      if (count > 2) throw new Error("disk on fire");
    };
    const error = await expectNoFile(source, ".evt3.raw", {});
    expect(error).toMatchObject({ code: "source-unreadable" });
  });
});

describe("verify", () => {
  const flip = (at: (length: number) => number) => (bytes: Uint8Array<ArrayBuffer>) => {
    const index = at(bytes.byteLength);
    bytes[index] = (bytes[index] ?? 0) ^ 1;
    return bytes;
  };
  type Corruption = [what: string, corrupt: MemorySink["corrupt"], options?: ConvertOptions];
  const corruptions = (id: string): Corruption[] => [
    // The last bytes of a chunk that is not full are those of compressed zeros.
    ["a bit of an event", flip((length) => length - (id === "hdf5" ? 400 : 9))],
    ["a missing end", (bytes) => bytes.slice(0, bytes.byteLength - 400)],
    ["nothing at all", (bytes) => bytes.slice(0, 0)],
    ["a broken start", (bytes) => bytes.fill(0xff, 0, 20)],
    ["nothing but noise", (bytes) => bytes.map((_, at) => (at * 197) & 255)],
  ];

  for (const { id } of CONVERTED) {
    it.each(corruptions(id))(`notices %s of ${id}`, async (_, corrupt) => {
      const sink = new MemorySink("out");
      sink.corrupt = corrupt;
      const error = await convertRecording(original, sink, { format: id, verify: true }).catch(
        (caught) => caught,
      );
      expect(isEventError(error, "verification-failed"), String(error)).toBe(true);
      expect(error.path).toBe("out");
      expect(error.hint).toContain("The output was not kept.");
      expect([sink.closed, sink.aborts]).toEqual([0, [error]]);
    });
  }

  // Checksums notice it first in containers.
  it.each(CONVERTED.filter(({ id, keepsTriggers }) => keepsTriggers && id !== "evb"))(
    "notices another trigger: $id",
    async ({ id }) => {
      const triggers: PlainTrigger[] = [
        [1, 1, 1],
        [2, 2, 0],
        [3, 3, 1],
      ];
      const source = await madeEvt2({ events: [], triggers });
      const sink = new MemorySink();
      // The last word is the last trigger; its lowest bit is the value.
      const valueByte = { evt2: 4, evt21: 4, evt3: 2 }[id] ?? 0;
      sink.corrupt = flip((length) => length - valueByte);
      const options = { format: id, verify: true };
      const error = await convertRecording(source, sink, options).catch((caught) => caught);
      expect(isEventError(error, "verification-failed"), String(error)).toBe(true);
      expect(error.found).toBe("other triggers");
    },
  );

  it("notices another geometry", async () => {
    const sink = new MemorySink();
    sink.corrupt = (bytes) => {
      const text = Buffer.from(bytes).toString("latin1");
      return Uint8Array.from(
        Buffer.from(text.replace("320x240", "321x240").replace("width=320", "width=321"), "latin1"),
      );
    };
    const options = { format: "evt3", verify: true };
    const error = await convertRecording(original, sink, options).catch((caught) => caught);
    expect(isEventError(error, "verification-failed"), String(error)).toBe(true);
    expect([error.expected, error.found]).toEqual([
      expect.stringMatching(/geometry 320x240$/),
      expect.stringMatching(/geometry 321x240$/),
    ]);
  });

  it("leaves no file, and what was there", async () => {
    for (const { id, ending } of CONVERTED) {
      const path = join(folder, `out${ending}`);
      for (const old of [null, "old"]) {
        if (old !== null) writeFileSync(path, old);
        const file = await createFile(path);
        let written = 0;
        const sink: ByteSink = Object.assign(Object.create(file), {
          write(bytes: Uint8Array) {
            const copy = bytes.slice();
            if (written === 0 || bytes.byteLength > 1000) copy.fill(0x30, bytes.byteLength >> 1);
            written += bytes.byteLength;
            return file.write(copy);
          },
          written: () => (file as unknown as MemorySink).written(),
          createScratch: () => (file as RoomySink).createScratch(),
          close: () => file.close?.(),
          abort: (why: unknown) => file.abort?.(why),
        });
        const options = { format: id, verify: true };
        await expect(convertRecording(original, sink, options)).rejects.toMatchObject({
          code: "verification-failed",
        });
        expect(readdirSync(folder)).toEqual(old === null ? [] : [`out${ending}`]);
        if (old !== null) expect(readFileSync(path, "utf8")).toBe(old);
      }
      rmSync(path);
    }
  });

  it("needs a target that can be read again", async () => {
    const sink = { name: "mine", write: vi.fn(), abort: vi.fn() };
    for (const target of [sink, new WritableStream<Uint8Array>()]) {
      await expect(
        convertRecording(original, target, { format: "csv", verify: true }),
      ).rejects.toMatchObject({
        code: "invalid-option",
        message: expect.stringContaining("this target cannot be read again to verify it"),
      });
    }
    expect(sink.write).not.toHaveBeenCalled();
    expect(sink.abort).toHaveBeenCalledOnce();
    await expect(
      convertRecording(original, "/dev/null", { format: "csv", verify: true }),
    ).rejects.toMatchObject({ code: "invalid-option", path: "/dev/null" });
  });
});

describe("a sink", () => {
  /** A sink that fails where it is told to, and notes what is called. */
  function failing({ write, close, abort }: Partial<ByteSink>): ByteSink & { calls: string[] } {
    const calls: string[] = [];
    return {
      calls,
      name: "mine",
      async write(bytes) {
        calls.push("write");
        await write?.(bytes);
      },
      async close() {
        calls.push("close");
        await close?.();
      },
      async abort(why) {
        calls.push("abort");
        await abort?.(why);
      },
    };
  }
  const fail = () => Promise.reject(new Error("disk on fire"));

  it("that cannot write ends the conversion, and is told", async () => {
    const sink = failing({ write: fail });
    const error = await convertRecording(original, sink, { format: "csv" }).catch((e) => e);
    expect(isEventError(error, "sink-unwritable"), String(error)).toBe(true);
    expect(error.message).toBe("mine: the output cannot be written (disk on fire).");
    expect(sink.calls).toEqual(["write", "abort"]);
  });

  it("that cannot be closed ends it, and is told", async () => {
    const sink = failing({ close: fail });
    await expect(convertRecording(original, sink, { format: "csv" })).rejects.toMatchObject({
      code: "sink-unwritable",
      message: "mine: the output cannot be completed (disk on fire).",
    });
    expect(sink.calls.slice(-2)).toEqual(["close", "abort"]);
  });

  it("that cannot be given up either does not hide why", async () => {
    const sink = failing({ write: fail, abort: () => Promise.reject(new Error("worse")) });
    await expect(convertRecording(original, sink, { format: "csv" })).rejects.toMatchObject({
      message: "mine: the output cannot be written (disk on fire).",
    });
  });

  it("may have its own errors of ours", async () => {
    const sink = failing({ write: () => createFile("").then(() => {}) });
    await expect(convertRecording(original, sink, { format: "csv" })).rejects.toMatchObject({
      code: "sink-unwritable",
      path: "",
    });
  });

  it("may be a stream that fails", async () => {
    const aborted = vi.fn();
    for (const stream of [
      new WritableStream<Uint8Array>({ write: fail, abort: aborted }),
      new WritableStream<Uint8Array>({ close: fail, abort: aborted }),
      new WritableStream<Uint8Array>({ start: fail, abort: aborted }),
    ]) {
      await expect(convertRecording(original, stream, { format: "csv" })).rejects.toMatchObject({
        code: "sink-unwritable",
        message: expect.stringContaining("disk on fire"),
      });
    }
  });

  it("is not written any more once a callback has thrown", async () => {
    const sink = failing({});
    const onReport = (): never => {
      throw new Error("of the caller");
    };
    await expect(convertRecording(original, sink, { format: "csv", onReport })).rejects.toThrow(
      "of the caller",
    );
    expect(sink.calls.at(-1)).toBe("abort");
    expect(sink.calls).not.toContain("close");
  });
});

describe("a signal", () => {
  const bytes = longRecording(6 * 2 ** 20);

  /** Rejects where a promise stays undecided though nothing is left to be done. */
  function decided<Result>(promise: Promise<Result>): Promise<Result> {
    let timer: NodeJS.Timeout | undefined;
    const never = new Promise<Result>((_, reject) => {
      timer = setTimeout(() => reject(new Error("still undecided")), 5000);
    });
    return Promise.race([promise, never]).finally(() => clearTimeout(timer));
  }

  it("that is aborted before leaves everything alone", async () => {
    const sink = new MemorySink();
    const signal = AbortSignal.abort(reason);
    await expect(convertRecording(bytes, sink, { format: "csv", signal })).rejects.toBe(reason);
    expect([sink.writes, sink.aborts]).toEqual([0, []]);
    const path = join(folder, "out.csv");
    await expect(convertRecording(bytes, path, { signal })).rejects.toBe(reason);
    expect(readdirSync(folder)).toEqual([]);
  });

  it.each(CONVERTED)(
    "that is aborted midway leaves no file and nothing open: $id",
    async ({ ending }) => {
      const source = join(folder, "in.raw");
      writeFileSync(source, bytes);
      for (const verify of [false, true]) {
        const controller = new AbortController();
        let seen = 0;
        vi.spyOn(performance, "now").mockImplementation(() => (seen += 150)); // progress each time
        const error = await convertRecording(source, join(folder, `out${ending}`), {
          signal: controller.signal,
          verify,
          onProgress: ({ events }) => {
            if (events > 500_000) controller.abort(reason);
          },
        }).catch((caught) => caught);
        vi.restoreAllMocks();
        expect(error).toBe(reason);
        expect(readdirSync(folder)).toEqual(["in.raw"]);
        if (canSeeDescriptors) expect(openDescriptors(source)).toBe(0);
      }
    },
  );

  it("that is aborted in any write leaves no file", async () => {
    for (let abortedBy = 1; abortedBy <= 12; abortedBy++) {
      const controller = new AbortController();
      const sink = new MemorySink();
      sink.onWrite = (count) => {
        if (count === abortedBy) controller.abort(reason);
      };
      const { signal } = controller;
      const options = { format: "evt3", signal, verify: true };
      const result = await convertRecording(bytes, sink, options).catch((error) => error);
      expect(result).toBe(reason);
      expect(sink.writes).toBe(abortedBy);
      expect([sink.closed, sink.aborts]).toEqual([0, [reason]]);
    }
  });

  it("that is aborted in the last write completes nothing", async () => {
    const count = new MemorySink();
    await convertRecording(original, count, { format: "csv" });
    const controller = new AbortController();
    const sink = new MemorySink();
    sink.onWrite = (writes) => {
      if (writes === count.writes) controller.abort(reason);
    };
    const { signal } = controller;
    await expect(convertRecording(original, sink, { format: "csv", signal })).rejects.toBe(reason);
    expect(sink.closed).toBe(0);
  });

  it("that is aborted while the output is read again completes nothing", async () => {
    const controller = new AbortController();
    const sink = new MemorySink();
    sink.corrupt = (written) => {
      controller.abort(reason);
      return written;
    };
    const { signal } = controller;
    const options = { format: "evt3", signal, verify: true };
    await expect(convertRecording(bytes, sink, options)).rejects.toBe(reason);
    expect([sink.closed, sink.aborts]).toEqual([0, [reason]]);
  });

  it.each([
    ["a sink", (): ByteSink | WritableStream => ({ write: () => new Promise(() => {}) })],
    ["a stream", () => new WritableStream({ write: () => new Promise(() => {}) })],
    ["a stream that starts", () => new WritableStream({ start: () => new Promise(() => {}) })],
    ["a stream that is to end", () => new WritableStream({ close: () => new Promise(() => {}) })],
  ])("ends the wait for %s that has gone silent", async (_, target) => {
    const controller = new AbortController();
    const { signal } = controller;
    const converting = convertRecording(original, target(), { format: "csv", signal });
    setTimeout(() => controller.abort(reason), 50);
    await expect(decided(converting)).rejects.toBe(reason);
  });

  it.skipIf(!canSeeDescriptors)("ends the wait for a pipe that nobody reads from", async () => {
    const pipe = join(folder, "unread");
    execFileSync("mkfifo", [pipe]);
    const controller = new AbortController();
    const { signal } = controller;
    const converting = convertRecording(original, pipe, { format: "csv", signal });
    setTimeout(() => controller.abort(reason), 50);
    await expect(decided(converting)).rejects.toBe(reason);
    // The opening goes on until there is a reader; then it is closed again.
    await (await open(pipe, "r")).close();
    await vi.waitUntil(() => openDescriptors(pipe) === 0, { timeout: 10_000 });
  });

  it.skipIf(!canSeeDescriptors)("ends the wait for a pipe that is full", async () => {
    const pipe = join(folder, "full");
    execFileSync("mkfifo", [pipe]);
    const controller = new AbortController();
    const { signal } = controller;
    const reader = open(pipe, "r");
    const converting = convertRecording(bytes, pipe, { format: "csv", signal });
    const opened = await reader;
    setTimeout(() => controller.abort(reason), 50);
    await expect(decided(converting)).rejects.toBe(reason);
    await opened.close(); // and the write that was under way ends, too
    await vi.waitUntil(() => openDescriptors(pipe) === 0, { timeout: 10_000 });
  });
});
