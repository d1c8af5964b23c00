import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import {
  appendEvents,
  type ContainerRepair,
  exportEvents,
  loadTable,
  repairContainer,
  reportOf,
  verifyContainer,
} from "../../src/node.ts";
import { readReferenceContainer } from "../reference/evb.ts";
import { changed, containerOf, rowScene, segmentOf, segmentsOf } from "../support/containers.ts";
import { MemorySink } from "../support/conversions.ts";
import { SOAK } from "../support/soak.ts";

const folder = mkdtempSync(join(tmpdir(), "evarrow-repair-"));
afterAll(() => rmSync(folder, { recursive: true }));

const COLUMNS = rowScene(100);
const CONTAINER = await containerOf(COLUMNS, {
  options: { chunkEvents: 25 },
  triggers: {
    length: 2,
    t: BigInt64Array.of(5001n, 5002n),
    id: Int16Array.of(0, 1),
    value: Uint8Array.of(1, 0),
  },
  geometry: { width: 1280, height: 720 },
  metadata: { description: "four chunks" },
});
const CHUNKS = segmentsOf(CONTAINER).filter(({ tag }) => tag === "CHNK");

const TRIGGERS = segmentOf(CONTAINER, "TRIG");

/** Repairs, and checks that what comes of it is sound. */
async function repaired(
  bytes: Uint8Array,
): Promise<{ repair: ContainerRepair; xs: number[]; bytes: Uint8Array }> {
  const sink = new MemorySink();
  const repair = await repairContainer(bytes, sink);
  const verified = await verifyContainer(sink.bytes, { deep: true });
  expect(verified.findings).toEqual([]);
  const { events, chunks, triggers } = repair;
  expect(verified).toMatchObject({ events, chunks, triggers, bytes: repair.bytes });
  const hasDigest = segmentsOf(sink.bytes).some(({ tag }) => tag === "SHA2");
  const table = await loadTable(sink.bytes, { evb: { verifyChecksum: hasDigest || undefined } });
  expect(reportOf(table).truncatedBytes).toBe(0);
  return { repair, xs: Array.from(table.getChild("x")?.toArray() ?? []), bytes: sink.bytes };
}

/** The events of some of the chunks. */
const eventsOf = (...chunks: number[]): number[] =>
  chunks.flatMap((chunk) => Array.from(COLUMNS.x.subarray(chunk * 25, chunk * 25 + 25)));

/** The parts of a container one behind the other: numbers of chunks, and what else is to be there. */
function rebuilt(parts: readonly (number | Uint8Array)[], source = CONTAINER): Uint8Array {
  const segments = segmentsOf(source);
  const chunks = segments.filter(({ tag }) => tag === "CHNK");
  const [first, last] = [chunks[0], chunks.at(-1)] as { at: number; bytes: number }[];
  const bytesOf = (number: number): Uint8Array => {
    const { at, bytes } = chunks[number] as { at: number; bytes: number };
    return source.subarray(at, at + bytes);
  };
  const pieces = parts.map((part) => (typeof part === "number" ? bytesOf(part) : part));
  const [front, behind] = [first?.at ?? 0, (last?.at ?? 0) + (last?.bytes ?? 0)];
  const all = [source.subarray(0, front), ...pieces, source.subarray(behind)];
  return new Uint8Array(Buffer.concat(all));
}

/** Without anything that says what was there: chunks alone. */
const withoutIndex = (bytes: Uint8Array): Uint8Array =>
  bytes.slice(0, segmentOf(bytes, "STAT").at - 1);

describe("the rows of chunks", () => {
  it("bring chunks that changed places back in order", async () => {
    for (const order of [
      [1, 0, 2, 3],
      [3, 2, 1, 0],
      [0, 3, 1, 2],
    ]) {
      for (const bytes of [rebuilt(order), withoutIndex(rebuilt(order))]) {
        const { repair, xs } = await repaired(bytes);
        expect(xs).toEqual(Array.from(COLUMNS.x));
        expect(repair).toMatchObject({ isComplete: false, events: 100, lostEvents: 0 });
        const moved = repair.lost.filter(({ problem }) => problem.includes("moved to where"));
        expect(moved.length).toBeGreaterThan(0);
        const table = await loadTable(bytes, { evb: { recover: true } });
        expect(Array.from(table.getChild("x")?.toArray() ?? [])).toEqual(Array.from(COLUMNS.x));
      }
    }
  });

  it("are kept once where a chunk is there twice", async () => {
    for (const parts of [
      [0, 1, 1, 2, 3],
      [0, 1, 2, 0, 3],
      [3, 0, 1, 2, 3],
    ]) {
      for (const bytes of [rebuilt(parts), withoutIndex(rebuilt(parts))]) {
        const { repair, xs } = await repaired(bytes);
        expect(xs).toEqual(Array.from(COLUMNS.x));
        expect(repair).toMatchObject({ isComplete: false, events: 100, lostEvents: 0, chunks: 4 });
        const left = repair.lost.filter(({ problem }) => problem.includes("left out"));
        expect(left).toEqual([expect.objectContaining({ found: expect.stringMatching(/^rows /) })]);
        const table = await loadTable(bytes, { evb: { recover: true } });
        expect(Array.from(table.getChild("x")?.toArray() ?? [])).toEqual(Array.from(COLUMNS.x));
        expect(reportOf(table).truncatedBytes).toBeGreaterThan(0);
      }
    }
  });

  it("do not take chunks of another file in", async () => {
    const other = await containerOf(rowScene(70, 9), { options: { chunkEvents: 35 } });
    const [first, second] = segmentsOf(other) as { at: number; bytes: number }[];
    for (const foreign of [first, second] as { at: number; bytes: number }[]) {
      const chunk = other.subarray(foreign.at, foreign.at + foreign.bytes);
      for (let at = 0; at <= 4; at++) {
        const parts = [0, 1, 2, 3].toSpliced(at, 0, -1).map((part) => (part < 0 ? chunk : part));
        const { repair, xs } = await repaired(rebuilt(parts));
        expect(xs, `in front of ${at}`).toEqual(Array.from(COLUMNS.x));
        expect(repair).toMatchObject({ events: 100, lostEvents: 0 });
        expect(repair.lost.some(({ problem }) => problem.includes("left out"))).toBe(true);
      }
    }
  });

  it("come from the copy of a chunk where the first one is damaged", async () => {
    const bytes = rebuilt([0, 1, 2, 1, 3]);
    const { at, bytes: length } = CHUNKS[1] as { at: number; bytes: number };
    bytes[at + length - 12] = (bytes[at + length - 12] as number) ^ 255;
    const { repair, xs } = await repaired(bytes);
    expect(xs).toEqual(Array.from(COLUMNS.x));
    expect(repair).toMatchObject({ events: 100, lostEvents: 0 });
  });

  it("are those of triggers, too", async () => {
    const trigger = segmentOf(CONTAINER, "TRIG");
    const twice = CONTAINER.subarray(trigger.at, trigger.at + trigger.bytes);
    const { repair } = await repaired(rebuilt([0, 1, twice, 2, 3]));
    expect(repair).toMatchObject({ triggers: 2, events: 100 });
    expect(repair.lost.some(({ problem }) => problem.startsWith("triggers for rows"))).toBe(true);
  });
});

describe("what there was", () => {
  it("is known from statistics or index, whatever else is damaged", async () => {
    const path = join(folder, "appended.evb");
    const table = await loadTable(CONTAINER);
    await exportEvents(table, path, { chunkEvents: 25 });
    await appendEvents(path, table, { chunkEvents: 25 });
    const sound = new Uint8Array(readFileSync(path));
    rmSync(path);
    const segments = segmentsOf(sound);
    const last = (tag: string) =>
      segments.findLast((segment) => segment.tag === tag) as { at: number; bytes: number };
    for (const also of ["", "STAT", "INDX"]) {
      const bytes = sound.slice();
      let gone = 0;
      for (const tag of ["CHNK", "META", also]) {
        if (tag === "") continue;
        bytes.fill(0, last(tag).at, last(tag).at + last(tag).bytes);
        gone += last(tag).bytes;
      }
      const { repair } = await repaired(bytes);
      expect(repair).toMatchObject({ events: 175, lostEvents: 25, lostBytes: gone });
    }
  });

  it("is nothing in an empty container, whatever of it is damaged", async () => {
    const empty = await containerOf(rowScene(0));
    const { repair } = await repaired(empty);
    expect(repair).toMatchObject({ isComplete: true, events: 0 });
    const meta = segmentOf(empty, "META").at;
    const damaged = empty.slice().fill(0, meta, meta + 16);
    expect((await repaired(damaged)).repair).toMatchObject({ events: 0, lostEvents: 0 });
  });

  it("is not replaced by nothing", async () => {
    const path = join(folder, "only-copy.evb");
    const text = Buffer.from(CONTAINER).toString("latin1").replaceAll("\n", "\r\n");
    const noise = CONTAINER.slice();
    for (const { at, bytes } of [...CHUNKS, ...["TRIG"].map((tag) => segmentOf(CONTAINER, tag))]) {
      noise[at + bytes - 9] = (noise[at + bytes - 9] as number) ^ 1;
      noise[at + 20] = (noise[at + 20] as number) ^ 1;
    }
    for (const [bytes, code] of [
      [Buffer.from(text.slice(0, 700), "latin1").fill(10, 100), "invalid-header"],
      [Buffer.from(noise), "damaged-data"],
    ] as const) {
      writeFileSync(path, bytes);
      const work = repairContainer(path, path, { overwrite: true });
      await expect(work).rejects.toMatchObject({ code });
      expect(Buffer.compare(readFileSync(path), bytes)).toBe(0);
      expect(readdirSync(folder)).toEqual(["only-copy.evb"]);
    }
    rmSync(path);
  });
});

describe("bytes that are gone or too many", () => {
  it.each([
    [1, 130],
    [3, 20],
    [8, 130],
    [21, 170],
    [1, 200],
    [8, 200],
    [17, 200],
  ])("lose one chunk: %i, %i bytes behind its start", async (count, place) => {
    const { at, bytes } = CHUNKS[1] as { at: number; bytes: number };
    expect(place).toBeLessThan(bytes - count);
    const middle = at + place;
    const inserted = Buffer.concat([
      CONTAINER.subarray(0, middle),
      Buffer.alloc(count, 7),
      CONTAINER.subarray(middle),
    ]);
    const removed = Buffer.concat([
      CONTAINER.subarray(0, middle),
      CONTAINER.subarray(middle + count),
    ]);
    for (const file of [inserted, removed]) {
      const { repair, xs } = await repaired(new Uint8Array(file));
      expect(xs).toEqual(eventsOf(0, 2, 3));
      expect(repair).toMatchObject({ lostEvents: 25, triggers: 2, hasMetadata: true });
      // A chunk whose head is sound says how long it is, and that its streams are not.
      const isHead = place < 176;
      const found = file === inserted ? (isHead ? bytes + count : count) : bytes - count;
      expect(repair.lostBytes).toBe(found);
      const table = await loadTable(new Uint8Array(file), { evb: { recover: true } });
      expect(Array.from(table.getChild("x")?.toArray() ?? [])).toEqual(eventsOf(0, 2, 3));
    }
  });

  it("lose nothing between two chunks", async () => {
    const at = CHUNKS[2]?.at ?? 0;
    const pieces = [CONTAINER.subarray(0, at), Buffer.from("xyz"), CONTAINER.subarray(at)];
    const { repair, xs } = await repaired(new Uint8Array(Buffer.concat(pieces)));
    expect(xs).toEqual(Array.from(COLUMNS.x));
    expect(repair).toMatchObject({ isComplete: false, lostEvents: 0, lostBytes: 3 });
  });
});

it("what text mode leaves of a container keeps what its header said", async () => {
  // Without the byte of LF in the first chunk there is something to keep.
  const bytes = await containerOf(rowScene(2000), {
    options: { chunkEvents: 20, codec: "deflate" },
    geometry: { width: 1280, height: 720 },
  });
  const text = Buffer.from(bytes).toString("latin1");
  for (const changed of [text.replaceAll("\n", "\r\n"), text.replaceAll("\r\n", "\n")]) {
    const { repair, bytes: result } = await repaired(Buffer.from(changed, "latin1"));
    expect(repair.events).toBeGreaterThan(0);
    expect(repair.lostEvents).toBe(2000 - repair.events);
    expect(repair.lost[0]?.problem).toContain("changed as text");
    expect(readReferenceContainer(result)).toMatchObject({ width: 1280, height: 720 });
  }
});

describe("repairContainer", () => {
  it("gives of a sound container the same one", async () => {
    const { repair, bytes } = await repaired(CONTAINER);
    expect(Buffer.compare(bytes, CONTAINER)).toBe(0);
    expect(repair).toMatchObject({
      ...{ isComplete: true, events: 100, triggers: 2, chunks: 4, bytes: CONTAINER.length },
      ...{ lostEvents: 0, lostBytes: 0, lost: [], hasMetadata: true },
    });
  });

  it("keeps whatever a damaged byte leaves sound", async () => {
    for (let at = 0; at < CONTAINER.length; at += SOAK > 1 ? 1 : 29) {
      const bytes = CONTAINER.slice();
      bytes[at] = (bytes[at] as number) ^ (1 + (at % 255));
      const { repair, xs } = await repaired(bytes);
      const hit = CHUNKS.findIndex((chunk) => at >= chunk.at && at < chunk.at + chunk.bytes);
      const kept = [0, 1, 2, 3].filter((chunk) => chunk !== hit);
      expect(xs, `byte ${at}`).toEqual(eventsOf(...kept));
      expect(repair.lostEvents).toBe(hit < 0 ? 0 : 25);
      // Index, statistics and digest are made anew: nothing of theirs is lost.
      if (hit >= 0) expect(repair.isComplete).toBe(false);
    }
  }, 120_000);

  it("keeps whole chunks of a file that was cut", async () => {
    for (let length = 64; length < CONTAINER.length; length += SOAK > 1 ? 3 : 37) {
      const whole = CHUNKS.filter(({ at, bytes }) => at + bytes <= length).length;
      if (length > 64 && length < TRIGGERS.at + TRIGGERS.bytes) {
        await expect(repaired(CONTAINER.slice(0, length))).rejects.toMatchObject({
          code: "damaged-data",
          byteOffset: 64,
        });
        continue;
      }
      const { repair, xs } = await repaired(CONTAINER.slice(0, length));
      expect(xs).toEqual(eventsOf(...[0, 1, 2, 3].slice(0, whole)));
      expect(repair).toMatchObject({ isComplete: false, events: whole * 25 });
      expect(repair.lost.at(-1)?.byteOffset).toBeLessThanOrEqual(length);
    }
  });

  it("goes on behind damage of any length, and says where it is", async () => {
    const bytes = CONTAINER.slice();
    const [from, to] = [(CHUNKS[1]?.at ?? 0) + 3, (CHUNKS[2]?.at ?? 0) + 40];
    bytes.fill(0xaa, from, to);
    const { repair, xs } = await repaired(bytes);
    expect(xs).toEqual(eventsOf(0, 3));
    const length = (CHUNKS[1]?.bytes ?? 0) + (CHUNKS[2]?.bytes ?? 0);
    expect(repair).toMatchObject({
      lostEvents: 50,
      lostBytes: length,
      triggers: 2,
      hasMetadata: true,
    });
    expect(repair.lost).toEqual([
      expect.objectContaining({ byteOffset: CHUNKS[1]?.at, found: `${length} bytes` }),
    ]);
  });

  it("does with a header that is gone, whatever the codec is", async () => {
    for (const codec of ["none", "zstd", "deflate", "brotli"] as const) {
      const container = await containerOf(rowScene(400), { options: { codec, chunkEvents: 100 } });
      for (const fill of [0, 0xff, 0x5a]) {
        const { repair, xs } = await repaired(container.slice().fill(fill, 0, 64));
        expect(xs).toEqual(Array.from(rowScene(400).x));
        expect(repair.lost[0]).toMatchObject({ byteOffset: 0 });
      }
    }
  });

  it("leaves out a sensor that events are outside of", async () => {
    const bytes = changed(CONTAINER, (file) => file.writeUInt32LE(20, 40));
    const { repair, bytes: result } = await repaired(bytes);
    expect(repair.events).toBe(100);
    expect(readReferenceContainer(result)).toMatchObject({ width: 0 });
  });

  it("works without checksums", async () => {
    const container = await containerOf(COLUMNS, {
      options: { chunkEvents: 25, checksum: "none" },
    });
    const second = segmentsOf(container)[1] as { at: number };
    const bytes = container.slice();
    bytes.fill(0, second.at, second.at + 64);
    expect((await repaired(bytes)).xs).toEqual(eventsOf(0, 2, 3));
  });

  it("keeps chunks of an append that was torn off", async () => {
    const path = join(folder, "torn.evb");
    const table = await loadTable(CONTAINER);
    await exportEvents(table, path);
    await appendEvents(path, table, { chunkEvents: 30 });
    const bytes = new Uint8Array(readFileSync(path));
    const last = segmentsOf(bytes).findLast(({ tag }) => tag === "CHNK") as { at: number };
    const { repair } = await repaired(bytes.slice(0, last.at + 20));
    expect(repair.events).toBe(100 + 90);
    expect(repair.lost.length).toBeGreaterThan(0);
    // Reading it gives what was there before the append.
    expect((await loadTable(bytes.slice(0, last.at + 20))).numRows).toBe(100);
    const whole = await repaired(bytes);
    expect(whole.repair).toMatchObject({ isComplete: true, events: 200 });
    rmSync(path);
  });

  it("may replace the damaged file, when it is asked to", async () => {
    const path = join(folder, "broken.evb");
    writeFileSync(path, CONTAINER.subarray(0, segmentOf(CONTAINER, "INDX").at));
    await expect(repairContainer(path, path)).rejects.toMatchObject({ code: "sink-unwritable" });
    const seen: number[] = [];
    const onProgress = ({ bytesRead }: { bytesRead: number }) => void seen.push(bytesRead);
    await repairContainer(path, path, { overwrite: true, onProgress });
    expect(seen.at(-1)).toBe(segmentOf(CONTAINER, "INDX").at);
    expect((await verifyContainer(path)).ok).toBe(true);
    expect(reportOf(await loadTable(path)).events).toBe(100);
    expect(readdirSync(folder)).toEqual(["broken.evb"]);
    rmSync(path);
  });

  it("refuses what holds nothing to be repaired, and leaves no file", async () => {
    const path = join(folder, "new.evb");
    const newer = changed(CONTAINER, (file) => file.writeUInt16LE(2, 8));
    for (const [bytes, code] of [
      [new Uint8Array(0), "invalid-header"],
      [new TextEncoder().encode("x,y,t,polarity\n".repeat(20)), "invalid-header"],
      [newer, "unsupported-format"],
    ] as const) {
      await expect(repairContainer(bytes, path)).rejects.toMatchObject({ code });
    }
    const full = new MemorySink();
    full.onWrite = () => {
      throw new Error("no space left");
    };
    await expect(repairContainer(CONTAINER, full)).rejects.toMatchObject({
      code: "sink-unwritable",
    });
    expect(full.aborts).toHaveLength(1);
    const signal = AbortSignal.abort(new Error("enough"));
    await expect(repairContainer(CONTAINER, path, { signal })).rejects.toThrow("enough");
    expect(existsSync(path)).toBe(false);
    expect(readdirSync(folder)).toEqual([]);
  });
});
