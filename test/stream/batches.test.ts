import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  type EventBatch,
  loadTable,
  openRecording,
  reportOf,
  type StreamOptions,
} from "../../src/node.ts";
import { columnsOf, expectSameColumns, joinColumns } from "../support/expected-load.ts";
import { streamed } from "../support/loads.ts";
import { longRecording } from "../support/long-recording.ts";
import { SAMPLES, sample } from "../support/samples.ts";
import { SOAK } from "../support/soak.ts";
import { PieceSource } from "../support/sources.ts";

/** Every way to cut a stream; as many times more events in a batch as `scale` says. */
function cutsOf(scale: number): fc.Arbitrary<StreamOptions> {
  const sizes = fc
    .oneof(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 5000 }))
    .map((size) => size * scale);
  return fc.oneof(
    sizes.map((batchEvents) => ({ batchEvents })),
    sizes.map((batchBytes) => ({ batchBytes })),
    fc.record({
      windowUs: fc.oneof(fc.integer({ min: 500, max: 2e6 }), fc.integer({ min: 1, max: 3000 })),
      windowStart: fc.integer({ min: -5000, max: 5000 }),
    }),
    fc.record({ windowUs: fc.integer({ min: 500, max: 1e6 }), batchEvents: sizes }),
  );
}

describe.each(SAMPLES)("the batches of %s", (name) => {
  const { path, options } = sample(name);

  it("are the direct table, however they are cut", async () => {
    const recording = await openRecording(path, options);
    const table = await loadTable(recording, options);
    const expected = columnsOf(table);
    const property = fc.asyncProperty(
      cutsOf(SOAK > 1 ? 1 : Math.ceil(table.numRows / 10_000) || 1),
      fc.constantFrom("owned", "borrowed"),
      async (cut, batches) => {
        const stream = recording.stream({ ...options, ...cut, batches });
        const modeReason = "a stream hands over batches";
        const { columns } = await streamed(stream);
        expectSameColumns(columns, expected);
        expect(stream.report).toEqual({ ...reportOf(table), mode: "chunked", modeReason });
      },
    );
    // One event a batch takes long, and is the same whatever else a sample holds.
    const least = SOAK > 1 || name.startsWith("falling-bar.evt") ? 1 : 997;
    const examples: [StreamOptions, "owned"][] = [[{ batchEvents: least }, "owned"]];
    await fc.assert(property, { numRuns: 3 * SOAK, examples });
    await recording.close();
  });
});

describe("the size of batches", () => {
  const bytes = longRecording(5 * 1024 * 1024); // several tiles

  async function sizesOf(options: StreamOptions, source: () => unknown = () => bytes) {
    const recording = await openRecording(source() as Uint8Array);
    const sizes: number[] = [];
    for await (const batch of recording.stream(options)) sizes.push(batch.numRows);
    return sizes;
  }

  function expected(total: number, size: number): number[] {
    const full = Array<number>(Math.floor(total / size)).fill(size);
    return total % size === 0 ? full : [...full, total % size];
  }

  it("does not follow that of tiles or pieces", async () => {
    const total = (await loadTable(bytes)).numRows;
    expect(total).toBeGreaterThan(1_200_000);
    for (const batchEvents of [999, 262_144, 262_145, 600_000, 1_000_000, 5_000_000]) {
      expect(await sizesOf({ batchEvents })).toEqual(expected(total, batchEvents));
      const pieces = (): PieceSource => new PieceSource(bytes, () => 200_001);
      expect(await sizesOf({ batchEvents }, pieces)).toEqual(expected(total, batchEvents));
    }
    expect(Math.max(...(await sizesOf({ batches: "borrowed", batchEvents: 999 })))).toBe(999);
  });

  it("is said in bytes of the columns asked for", async () => {
    const total = (await loadTable(bytes)).numRows;
    expect(await sizesOf({ batchBytes: 1_300_012 })).toEqual(expected(total, 100_000));
    const xs = await sizesOf({ batchBytes: 1_000_001, columns: ["x"] });
    expect(xs).toEqual(expected(total, 500_000));
    const recording = await openRecording(bytes);
    for await (const { numRows } of recording.stream({ batchBytes: 12 })) {
      expect(numRows).toBe(1);
      break;
    }
  });

  it("leaves every batch its own memory", async () => {
    const recording = await openRecording(bytes);
    const all: EventBatch[] = [];
    for await (const batch of recording.stream({ batchEvents: 100_001, prefetch: 3 })) {
      all.push(batch);
    }
    const table = columnsOf(await loadTable(bytes));
    expectSameColumns(joinColumns(all.map(columnsOf)), table);
    // A batch keeps no more than itself alive.
    const buffers = all.map((batch) => batch.data.children[0]?.values.buffer.byteLength);
    expect(Math.max(...buffers.map(Number))).toBeLessThan(2 * 100_001 * 1.4);
  });

  it.each<[string, StreamOptions, string]>([
    ["two limits", { batchEvents: 5, batchBytes: 5 }, "batchBytes"],
    ["no bytes", { batchBytes: 0 }, "batchBytes"],
    ["too many bytes", { batchBytes: 1_300_000_001 }, "batchBytes"],
    ["half a microsecond", { windowUs: 0.5 }, "windowUs"],
    ["no microseconds", { windowUs: 0 }, "windowUs"],
    ["a start without windows", { windowStart: 0 }, "windowStart"],
    ["a start that is no number", { windowUs: 1, windowStart: Number.NaN }, "windowStart"],
    ["empty windows without windows", { emptyWindows: true }, "emptyWindows"],
    ["borrowed batches ahead", { batches: "borrowed", prefetch: 1 }, "prefetch"],
    ["too many ahead", { prefetch: 65 }, "prefetch"],
    ["fewer than none ahead", { prefetch: -1 }, "prefetch"],
    ["a check that is no flag", { checkBorrowed: 1 as never }, "checkBorrowed"],
  ])("cannot be %s", async (_, options, option) => {
    const recording = await openRecording(bytes);
    expect(() => recording.stream(options)).toThrow(
      expect.objectContaining({
        code: "invalid-option",
        message: expect.stringContaining(option),
      }),
    );
  });
});
