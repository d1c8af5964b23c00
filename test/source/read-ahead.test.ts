import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { ByteSource, ReadOptions } from "../../src/index.ts";
import { ReadAheadSource } from "../../src/source/read-ahead.ts";
import { SOAK } from "../support/soak.ts";
import { RecordingSource } from "../support/sources.ts";

const LEAST = 256 * 1024;
const MIB = 1024 * 1024;

const bytes = Uint8Array.from({ length: 40 * MIB }, (_, at) => (at * 31 + (at >> 8) * 7) & 255);

function make(byteLength = bytes.byteLength, headLength = LEAST) {
  const source = new RecordingSource(bytes.subarray(0, byteLength), "far");
  return { source, ahead: new ReadAheadSource(source, bytes.slice(0, headLength)) };
}

/** A source whose reads end when the test says so. */
class WaitingSource implements ByteSource {
  readonly byteLength = bytes.byteLength;
  readonly reads: { offset: number; signal: AbortSignal; end: (error?: Error) => void }[] = [];

  read(offset: number, length: number, { into, signal }: ReadOptions = {}): Promise<Uint8Array> {
    return new Promise((resolve, reject) => {
      if (into === undefined || signal === undefined) throw new Error("into and signal are given");
      signal.addEventListener("abort", () => reject(signal.reason));
      const end = (error?: Error) => {
        if (error !== undefined) return reject(error);
        into.set(bytes.subarray(offset, offset + length));
        resolve(into.subarray(0, length));
      };
      this.reads.push({ offset, signal, end });
    });
  }
}

describe("ReadAheadSource", () => {
  it("has the name and the length of its source, and closes it", async () => {
    const { source, ahead } = make();
    expect([ahead.name, ahead.byteLength]).toEqual(["far", bytes.byteLength]);
    await ahead.close();
    expect(source.closed).toBe(1);
  });

  it("reads nothing that is in the head", async () => {
    const { source, ahead } = make();
    expect(await ahead.read(0, 100)).toEqual(bytes.subarray(0, 100));
    expect(await ahead.read(LEAST - 5, 5)).toEqual(bytes.subarray(LEAST - 5, LEAST));
    expect(await ahead.read(bytes.byteLength, 0)).toHaveLength(0);
    expect(source.reads).toEqual([]);
  });

  it("reads more and more ahead of reads that go on", async () => {
    const { source, ahead } = make();
    for (let at = 0; at < 9 * MIB; at += 65536) {
      expect(Buffer.compare(await ahead.read(at, 65536), bytes.subarray(at, at + 65536))).toBe(0);
    }
    const sizes = [0.5, 1, 2, 2, 2, 2].map((size) => size * MIB);
    expect(source.reads.map(({ length }) => length)).toEqual(sizes);
  });

  it("reads little around reads that are scattered, once", async () => {
    const { source, ahead } = make();
    for (const at of [20, 5, 30, 20, 5, 30]) await ahead.read(at * MIB + 77, 1000);
    expect(source.reads).toEqual([20, 5, 30].map((at) => ({ offset: at * MIB, length: LEAST })));
  });

  it("keeps up with the columns of a table", async () => {
    const { source, ahead } = make();
    const columns = [1, 10, 20, 30];
    for (let row = 0; row < 8 * MIB; row += 131_072) {
      for (const column of columns) await ahead.read(column * MIB + row, 131_072);
    }
    const read = source.reads.reduce((sum, { length }) => sum + length, 0);
    expect(read).toBeLessThanOrEqual(4 * 10 * MIB);
    expect(source.reads.length).toBeLessThanOrEqual(4 * 7);
  });

  it("hands large reads on, without what it has", async () => {
    const { source, ahead } = make();
    const into = new Uint8Array(3 * MIB);
    const read = await ahead.read(100, 3 * MIB, { into });
    expect(Buffer.compare(read, bytes.subarray(100, 100 + 3 * MIB))).toBe(0);
    expect(read.buffer).toBe(into.buffer);
    expect(source.reads).toEqual([{ offset: LEAST, length: 3 * MIB + 100 - LEAST }]);
    // What goes on behind them is read ahead for.
    await ahead.read(3 * MIB + 100, 10);
    expect(source.reads[1]).toEqual({ offset: 3 * MIB + 100, length: 2 * MIB });
  });

  it("refuses what is behind the end", async () => {
    const { ahead } = make(LEAST + 10);
    expect(await ahead.read(LEAST, 10)).toEqual(bytes.subarray(LEAST, LEAST + 10));
    await expect(ahead.read(LEAST, 11)).rejects.toMatchObject({
      ...{ code: "source-too-short", path: "far", expected: "11 bytes", found: "10" },
    });
  });

  it("gives the bytes of its source, whatever is read in whatever order", async () => {
    const length = 6 * MIB + 123;
    const reads = fc.tuple(
      fc.oneof(fc.nat(length), fc.nat(LEAST * 3), fc.constant(null)),
      fc.oneof(fc.nat(2000), fc.nat(LEAST * 2), fc.nat(3 * MIB)),
    );
    await fc.assert(
      fc.asyncProperty(fc.nat(LEAST), fc.array(reads), fc.boolean(), async (head, plan, atOnce) => {
        const { ahead } = make(length, head);
        let next = 0;
        const readings: Promise<unknown>[] = [];
        for (const [offset, wanted] of plan) {
          const start = offset ?? next;
          const end = Math.min(start + wanted, length);
          next = end;
          const into = new Uint8Array(end - start + 1).fill(7);
          const reading = ahead.read(start, end - start, { into }).then((read) => {
            expect(Buffer.compare(read, bytes.subarray(start, end))).toBe(0);
            expect(into.at(-1)).toBe(7);
          });
          if (!atOnce) await reading;
          readings.push(reading);
        }
        await Promise.all(readings);
      }),
      { numRuns: 15 * SOAK },
    );
  });

  it("reads a block once for all who wait for it", async () => {
    const source = new WaitingSource();
    const ahead = new ReadAheadSource(source, new Uint8Array(0));
    const reads = [ahead.read(MIB, 10), ahead.read(MIB + 5, 10), ahead.read(MIB + 100, 10)];
    expect(source.reads.map(({ offset }) => offset)).toEqual([MIB]);
    source.reads[0]?.end();
    expect(await reads[1]).toEqual(bytes.subarray(MIB + 5, MIB + 15));
    await Promise.all(reads);
  });

  it("gives up a block when the last who waits for it does", async () => {
    const source = new WaitingSource();
    const ahead = new ReadAheadSource(source, new Uint8Array(0));
    const [one, two] = [new AbortController(), new AbortController()];
    const first = ahead.read(MIB, 10, { signal: one.signal });
    const second = ahead.read(MIB, 10, { signal: two.signal });
    one.abort("first");
    await expect(first).rejects.toBe("first");
    expect(source.reads[0]?.signal.aborted).toBe(false);
    two.abort("second");
    await expect(second).rejects.toBe("second");
    expect(source.reads[0]?.signal.aborted).toBe(true);
    // It is read again for the next.
    const third = ahead.read(MIB, 10);
    source.reads[1]?.end();
    expect(await third).toEqual(bytes.subarray(MIB, MIB + 10));
    await expect(ahead.read(0, 1, { signal: one.signal })).rejects.toBe("first");
  });

  it("tells all who wait of a failure, and tries again for the next", async () => {
    const source = new WaitingSource();
    const ahead = new ReadAheadSource(source, new Uint8Array(0));
    const reads = [ahead.read(MIB, 10), ahead.read(MIB, 20)];
    const cause = new Error("gone");
    source.reads[0]?.end(cause);
    for (const read of reads) await expect(read).rejects.toBe(cause);
    const again = ahead.read(MIB, 10);
    source.reads[1]?.end();
    expect(await again).toHaveLength(10);
  });
});
