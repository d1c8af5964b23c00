import { describe, expect, it } from "vitest";
import { isEventError } from "../../src/errors.ts";
import { fill } from "../../src/source/cursor.ts";
import { StreamSource } from "../../src/source/stream.ts";
import { streamOf } from "../support/sources.ts";

const bytes = Uint8Array.from({ length: 100 }, (_, index) => index);

/** Everything that comes, asked for in pieces of the given size. */
async function drain(source: StreamSource, pieceBytes: number): Promise<number[]> {
  const all: number[] = [];
  const into = new Uint8Array(pieceBytes);
  for (;;) {
    const count = await source.next(into);
    if (count === 0) return all;
    all.push(...into.subarray(0, count));
  }
}

describe("StreamSource", () => {
  it.each([
    [1, 1],
    [1, 7],
    [7, 1],
    [7, 3],
    [3, 7],
    [10, 10],
    [33, 1000],
    [1000, 33],
    [1000, 1000],
  ])("gives chunks of %i bytes in pieces of %i", async (chunkBytes, pieceBytes) => {
    const { stream } = streamOf(bytes, chunkBytes);
    expect(await drain(new StreamSource(stream), pieceBytes)).toEqual([...bytes]);
  });

  it("passes over empty chunks and says 0 only at the end, again and again", async () => {
    const stream = new ReadableStream<Uint8Array>({
      start(controller) {
        for (const length of [0, 2, 0, 0, 1, 0]) controller.enqueue(bytes.slice(0, length));
        controller.close();
      },
    });
    const source = new StreamSource(stream);
    const into = new Uint8Array(10);
    expect(await source.next(into)).toBe(2);
    expect(await source.next(into)).toBe(1);
    expect(await source.next(into)).toBe(0);
    expect(await source.next(into)).toBe(0);
  });

  it("fills what is asked for, over chunk ends", async () => {
    const source = new StreamSource(streamOf(bytes, 7).stream);
    const into = new Uint8Array(60);
    expect(await fill(source, into)).toBe(60);
    expect(into).toEqual(bytes.subarray(0, 60));
    expect(await fill(source, into)).toBe(40);
    expect(into.subarray(0, 40)).toEqual(bytes.subarray(60));
  });

  it("reads nothing before it is asked", async () => {
    let pulls = 0;
    const stream = new ReadableStream<Uint8Array>(
      {
        pull(controller) {
          pulls++;
          controller.enqueue(bytes.slice(0, 1));
        },
      },
      { highWaterMark: 0 },
    );
    const source = new StreamSource(stream);
    await Promise.resolve();
    expect(pulls).toBe(0);
    await source.next(new Uint8Array(10));
    expect(pulls).toBe(1);
  });

  it("refuses a stream that somebody else reads", () => {
    const { stream } = streamOf(bytes, 10);
    stream.getReader();
    const open = (): unknown => new StreamSource(stream);
    expect(open).toThrow(expect.objectContaining({ code: "source-consumed" }));
  });

  it.each([
    ["text", "abc"],
    ["numbers", [1, 2, 3]],
    ["a buffer", new ArrayBuffer(3)],
    ["nothing", undefined],
  ])("refuses chunks of %s", async (_, chunk) => {
    const stream = new ReadableStream({
      start(controller) {
        controller.enqueue(bytes.slice(0, 5));
        controller.enqueue(chunk);
      },
    });
    const source = new StreamSource(stream);
    await source.next(new Uint8Array(10));
    const error = await source.next(new Uint8Array(10)).catch((caught) => caught);
    expect(isEventError(error, "source-unreadable")).toBe(true);
    expect(error).toMatchObject({ byteOffset: 5, found: typeof chunk });
  });

  it("hands on the error of the stream", async () => {
    const cause = new Error("connection lost");
    const stream = new ReadableStream<Uint8Array>({
      pull(controller) {
        controller.error(cause);
      },
    });
    await expect(new StreamSource(stream).next(new Uint8Array(1))).rejects.toBe(cause);
  });

  it("can be closed after the stream failed", async () => {
    const stream = new ReadableStream<Uint8Array>({
      pull(controller) {
        controller.error(new Error("connection lost"));
      },
    });
    const source = new StreamSource(stream);
    await source.next(new Uint8Array(1)).catch(() => {});
    await expect(source.close()).resolves.toBeUndefined();
  });

  it("cancels the stream when it is closed", async () => {
    const { stream, cancelled } = streamOf(bytes, 10);
    const source = new StreamSource(stream);
    await source.next(new Uint8Array(3));
    await source.close();
    expect(cancelled()).toBe(true);
  });
});
