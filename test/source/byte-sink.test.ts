import { createWriteStream } from "node:fs";
import { devNull } from "node:os";
import { PassThrough, Writable } from "node:stream";
import { describe, expect, it } from "vitest";
import { isEventError } from "../../src/errors.ts";
import {
  type ByteSink,
  isByteSink,
  isReadableSink,
  streamSink,
} from "../../src/source/byte-sink.ts";
import { CheckedSink } from "../../src/source/checked-sink.ts";

const never = () => new Promise<void>(() => {});

describe("isByteSink", () => {
  it("is for what has a method write", () => {
    class Sink {
      async write(): Promise<void> {}
    }
    expect(isByteSink({ write: async () => {} })).toBe(true);
    expect(isByteSink(new Sink())).toBe(true);
    expect(isByteSink({ write: "no" })).toBe(false);
    expect(isByteSink({})).toBe(false);
    expect(isByteSink([])).toBe(false);
  });

  it("is not for streams of Node, which keep what they are given", () => {
    expect(isByteSink(new PassThrough())).toBe(false);
    expect(isByteSink(new Writable({ write: (_chunk, _encoding, done) => done() }))).toBe(false);
    expect(isByteSink(process.stdout)).toBe(false);
    const file = createWriteStream(devNull);
    expect(isByteSink(file)).toBe(false);
    file.destroy();
  });

  it("is not for Web streams and their writers", () => {
    const stream = new WritableStream();
    expect(isByteSink(stream)).toBe(false);
    expect(isByteSink(stream.getWriter())).toBe(false);
  });

  it("does not make a sink a readable one", () => {
    const sink = { write: async () => {} };
    expect(isReadableSink(sink)).toBe(false);
    expect(isReadableSink({ ...sink, written: true } as ByteSink)).toBe(false);
    expect(isReadableSink({ ...sink, written: async () => {} } as ByteSink)).toBe(true);
  });
});

describe("streamSink", () => {
  it("gives the stream copies, and waits until it has taken them", async () => {
    const taken: Uint8Array[] = [];
    let release = (): void => {};
    const stream = new WritableStream<Uint8Array>({
      write(chunk) {
        taken.push(chunk);
        return new Promise((resolve) => {
          release = resolve;
        });
      },
    });
    const sink = streamSink(stream);
    const memory = Uint8Array.of(1, 2, 3, 4, 5);
    let isDone = false;
    const writing = sink.write(memory.subarray(1, 4)).then(() => {
      isDone = true;
    });
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(isDone).toBe(false);
    release();
    await writing;
    memory.fill(9);
    expect(taken.map((chunk) => [...chunk])).toEqual([[2, 3, 4]]);
    expect(taken[0]?.buffer.byteLength).toBe(3);
  });

  it("closes the stream, or aborts it with the reason", async () => {
    const ends: unknown[] = [];
    const stream = () =>
      new WritableStream<Uint8Array>({
        close: () => void ends.push("closed"),
        abort: (reason) => void ends.push(reason),
      });
    await streamSink(stream()).close?.();
    await streamSink(stream()).abort?.("reason");
    expect(ends).toEqual(["closed", "reason"]);
  });

  it("does not wait for a write that never ends when it is aborted", async () => {
    const sink = streamSink(new WritableStream<Uint8Array>({ write: never }));
    const writing = sink.write(Uint8Array.of(1));
    writing.catch(() => {});
    await sink.abort?.("reason");
  });

  it("refuses a stream that somebody else is writing to", () => {
    const stream = new WritableStream<Uint8Array>();
    stream.getWriter();
    const error = (() => {
      try {
        return streamSink(stream);
      } catch (caught) {
        return caught;
      }
    })();
    expect(isEventError(error, "sink-unwritable")).toBe(true);
  });
});

describe("CheckedSink", () => {
  const bytes = Uint8Array.of(1, 2, 3);

  it("passes everything on", async () => {
    const calls: unknown[] = [];
    const sink: ByteSink = {
      write: async (given) => void calls.push([...given]),
      close: async () => void calls.push("close"),
      abort: async (reason) => void calls.push(reason),
    };
    const checked = new CheckedSink(sink, undefined);
    await checked.write(bytes);
    await checked.close();
    await checked.abort("reason");
    expect(calls).toEqual([[1, 2, 3], "close", "reason"]);
  });

  it("needs no more than write", async () => {
    const checked = new CheckedSink({ write: async () => {} }, undefined);
    await checked.write(bytes);
    await checked.close();
    await checked.abort("reason");
  });

  const failures: [what: string, fail: () => Promise<void>, reason: string][] = [
    ["an error", () => Promise.reject(new Error("disk on fire")), "disk on fire"],
    ["text", () => Promise.reject("disk on fire"), "disk on fire"],
    ["nothing", () => Promise.reject(undefined), "undefined"],
    [
      "an error at once",
      () => {
        throw new TypeError("disk on fire");
      },
      "disk on fire",
    ],
  ];

  it.each(failures)("passes %s on as ours", async (_, fail, reason) => {
    const checked = new CheckedSink({ name: "out", write: fail, close: fail }, undefined);
    const writing = await checked.write(bytes).catch((error) => error);
    expect(isEventError(writing, "sink-unwritable"), String(writing)).toBe(true);
    expect(writing.message).toBe(`out: the output cannot be written (${reason}).`);
    const closing = await checked.close().catch((error) => error);
    expect(closing.message).toBe(`out: the output cannot be completed (${reason}).`);
    expect("cause" in closing).toBe(true);
  });

  it.each(failures)("hides %s of an abort", async (_, fail) => {
    await new CheckedSink({ write: never, abort: fail }, undefined).abort("reason");
  });

  it("ends a write that never ends when the signal is aborted", async () => {
    const controller = new AbortController();
    const checked = new CheckedSink({ write: never, close: never }, controller.signal);
    const writing = checked.write(bytes);
    const closing = checked.close();
    controller.abort("reason");
    await expect(writing).rejects.toBe("reason");
    await expect(closing).rejects.toBe("reason");
  });

  it("completes nothing once the signal is aborted", async () => {
    let closed = 0;
    const sink: ByteSink = { write: async () => {}, close: async () => void closed++ };
    const checked = new CheckedSink(sink, AbortSignal.abort("reason"));
    await expect(checked.write(bytes)).rejects.toBe("reason");
    await expect(checked.close()).rejects.toBe("reason");
    expect(closed).toBe(0);
  });

  it("leaves a file that is getting its name alone", async () => {
    const controller = new AbortController();
    let finish = (): void => {};
    const sink = {
      write: async () => {},
      written: never,
      close: () =>
        new Promise<void>((resolve) => {
          finish = resolve;
        }),
    };
    const closing = new CheckedSink(sink as ByteSink, controller.signal).close();
    controller.abort("too late");
    finish();
    await closing;
  });
});
