import { describe, expect, it } from "vitest";
import { AppendSink } from "../../src/container/append-sink.ts";
import { endOf } from "../../src/container/container-end.ts";
import { ContainerReader } from "../../src/container/reader.ts";
import { resolveSettings } from "../../src/container/settings.ts";
import { ContainerWriter } from "../../src/container/writer.ts";
import { isEventError, loadTable, reportOf, verifyContainer } from "../../src/node.ts";
import type { ReadOptions } from "../../src/source/byte-source.ts";
import { CheckedSink } from "../../src/source/checked-sink.ts";
import type { GrowingFile } from "../../src/source/growing-file.ts";
import { MemorySource } from "../../src/source/memory.ts";
import { containerOf, rowScene } from "../support/containers.ts";
import { SOAK } from "../support/soak.ts";

/** A write that the disk may not have yet. */
type Pending =
  | { readonly bytes: Uint8Array; readonly offset: number }
  | { readonly length: number };

/** A file on a disk that fails, or loses its power, at a step that is given. */
class FragileFile implements GrowingFile {
  /** What the disk has for sure. */
  synced: Uint8Array;
  pending: Pending[] = [];
  steps = 0;
  failsAt = Number.POSITIVE_INFINITY;
  #bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.synced = bytes.slice();
    this.#bytes = bytes.slice();
  }

  get byteLength(): number {
    return this.#bytes.byteLength;
  }

  get bytes(): Uint8Array {
    return this.#bytes;
  }

  read(offset: number, length: number, options?: ReadOptions): Promise<Uint8Array> {
    return new MemorySource(this.#bytes).read(offset, length, options);
  }

  async write(bytes: Uint8Array, offset: number): Promise<void> {
    this.#step();
    this.#do({ bytes: bytes.slice(), offset });
  }

  async sync(): Promise<void> {
    this.#step();
    this.synced = this.#bytes.slice();
    this.pending = [];
  }

  async truncate(length: number): Promise<void> {
    this.#do({ length });
  }

  async close(): Promise<void> {}

  /** What is there after a crash that only some of the unsynced writes have outlived. */
  afterCrash(survives: (write: number) => boolean): Uint8Array {
    return this.pending
      .filter((_, write) => survives(write))
      .reduce<Uint8Array>((bytes, change) => changedBy(bytes, change), this.synced);
  }

  #step(): void {
    if (++this.steps >= this.failsAt) throw new Error("no space left on device");
  }

  #do(change: Pending): void {
    this.pending.push(change);
    this.#bytes = changedBy(this.#bytes, change);
  }
}

function changedBy(bytes: Uint8Array, change: Pending): Uint8Array {
  if ("length" in change) return bytes.slice(0, change.length);
  const result = new Uint8Array(
    Math.max(bytes.byteLength, change.offset + change.bytes.byteLength),
  );
  result.set(bytes);
  result.set(change.bytes, change.offset);
  return result;
}

const OLD = await containerOf(rowScene(60), { options: { chunkEvents: 20 } });
/** What an append left that was torn off. */
const TORN = new Uint8Array([...OLD, ...OLD.subarray(64, 400)]);
const settings = resolveSettings({ chunkEvents: 16, bufferBytes: 0, deterministic: true });

/** Appends 50 events; the error of ours that ends it, or null. */
async function append(file: FragileFile): Promise<unknown> {
  const end = await endOf(await ContainerReader.open(file), file);
  const writer = new ContainerWriter(settings, undefined, end);
  const sink = new CheckedSink(new AppendSink(file, end.fileLength), undefined);
  try {
    for (const piece of await writer.add(rowScene(50, 7), 0, 50)) await sink.write(piece);
    for (const piece of await writer.finish({})) await sink.write(piece);
    await sink.close();
    return null;
  } catch (error) {
    await sink.abort(error);
    return error;
  } finally {
    writer.close();
  }
}

describe.each([
  ["a sound file", OLD],
  ["a file with a torn end", TORN],
])("an append to %s", (_, start) => {
  it("is complete when nothing fails", async () => {
    const file = new FragileFile(start);
    expect(await append(file)).toBeNull();
    expect(file.pending).toEqual([]);
    expect(await verifyContainer(file.bytes)).toMatchObject({ findings: [], events: 110 });
    expect(file.steps).toBeGreaterThan(8);
  });

  it("leaves the old file when any write or sync fails", async () => {
    const { steps } = await (async () => {
      const file = new FragileFile(start);
      await append(file);
      return file;
    })();
    for (let failsAt = 1; failsAt <= steps; failsAt++) {
      const file = new FragileFile(start);
      file.failsAt = failsAt;
      const error = await append(file);
      expect(isEventError(error, "sink-unwritable"), String(error)).toBe(true);
      expect(Buffer.compare(file.bytes, OLD), `step ${failsAt}`).toBe(0);
    }
  });

  it("leaves old or new events when power goes at any step, whatever the disk has then", async () => {
    for (let failsAt = 1; failsAt <= 20; failsAt++) {
      const file = new FragileFile(start);
      file.failsAt = failsAt;
      // Nothing is cut off any more: the machine is off.
      const truncate = file.truncate.bind(file);
      file.truncate = async (length) => {
        if (file.steps < failsAt) await truncate(length);
      };
      const isDone = (await append(file)) === null;
      const all = 2 ** Math.min(file.pending.length, 6) - 1;
      for (let kept = 0; kept <= all; kept++) {
        // Of many combinations a third, others at each step; none and all of the writes always.
        const isSome = kept % 3 === failsAt % 3 || kept === 0 || kept === all;
        if (SOAK === 1 && all > 7 && !isSome) continue;
        const bytes = file.afterCrash((write) => write > 5 || (kept & (1 << write)) !== 0);
        const table = await loadTable(bytes);
        const rows = table.numRows;
        expect(isDone ? [110] : [60, 110], `step ${failsAt}, ${kept}`).toContain(rows);
        const { truncatedBytes } = reportOf(table);
        expect(truncatedBytes).toBe(rows === 110 ? 0 : bytes.byteLength - OLD.byteLength);
        if (rows === 110) expect((await verifyContainer(bytes)).ok).toBe(true);
      }
    }
  }, 120_000);
});
