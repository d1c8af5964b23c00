import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { PIXELS_WIDE } from "../../src/container/layout.ts";
import { type ChunkModes, checkModes } from "../../src/container/modes.ts";
import { loadTable, openRecording } from "../../src/node.ts";
import { type ReferenceContainer, readReferenceContainer } from "../reference/evb.ts";
import {
  anyEvents,
  type ContainerParts,
  columnsOf,
  containerOf,
  type PlainEvent,
  rowScene,
} from "../support/containers.ts";
import { SOAK } from "../support/soak.ts";

/** Both readers give the events that were written. */
async function expectRoundTrip(
  events: readonly PlainEvent[],
  parts: ContainerParts,
): Promise<ReferenceContainer> {
  const columns = columnsOf(events);
  const container = await containerOf(columns, parts);
  const reference = readReferenceContainer(container);
  expect(reference.x).toEqual(Array.from(columns.x));
  expect(reference.y).toEqual(Array.from(columns.y));
  expect(reference.t).toEqual(Array.from(columns.t));
  expect(reference.p).toEqual(events.map(([, , , polarity]) => (polarity > 0 ? 1 : 0)));
  const { checksum = "sha256" } = parts.options ?? {};
  const verifyChecksum = checksum === "sha256" ? true : undefined;
  const table = await loadTable(container, { evb: { verifyChecksum } });
  expect(table.numRows).toBe(events.length);
  for (const name of ["x", "y", "t", "polarity"] as const) {
    const found = table.getChild(name)?.toArray() ?? [];
    expect(Array.from(found as ArrayLike<number | bigint>)).toEqual(
      Array.from(columns[name] as ArrayLike<number | bigint>),
    );
  }
  return reference;
}

const CODECS = ["none", "zstd", "deflate", "brotli"] as const;

/** Every way to write x and y. */
const PIXEL_MODES = [
  ...[0, 1, 2].flatMap((transform) => [0, 4].map((split) => transform | split)),
].flatMap((x) => [0, 8, 16, 24].map((y) => x | y));

/** Modes that hold the events, whatever they are. */
function fitting(modes: ChunkModes, events: readonly PlainEvent[]): ChunkModes {
  const isWide = events.some(([x, y]) => x >= 4096 || y >= 4096);
  const goesBack = events.some(([, , t], index) => t < (events[index - 1]?.[2] ?? t));
  const pixels = isWide ? PIXELS_WIDE : modes.pixels;
  const noCells = modes.polarity === 1 && (isWide || (pixels & 3) === 2);
  return { time: goesBack ? 2 : modes.time, pixels, polarity: noCells ? 0 : modes.polarity };
}

describe("a container", () => {
  it(
    "gives back any events, in any mode, chunk size and codec",
    async () => {
      const parts = fc.record({
        events: anyEvents(300),
        chunkEvents: fc.oneof(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: 400 })),
        codec: fc.constantFrom(...CODECS),
        checksum: fc.constantFrom("none" as const, "crc32" as const, "sha256" as const),
        modes: fc.option(
          fc.record({
            time: fc.constantFrom(0, 1, 2),
            pixels: fc.constantFrom(...PIXEL_MODES),
            polarity: fc.constantFrom(0, 1, 2),
          }),
          { nil: undefined },
        ),
      });
      await fc.assert(
        fc.asyncProperty(parts, async ({ events, modes, ...options }) => {
          await expectRoundTrip(events, { options, modes: modes && fitting(modes, events) });
        }),
        { numRuns: 50 * SOAK },
      );
    },
    120_000 * SOAK,
  );

  it("has every mode", async () => {
    const columns = rowScene(700);
    const events = Array.from(
      columns.x,
      (x, row): PlainEvent => [
        x,
        columns.y[row] as number,
        columns.t[row] as bigint,
        columns.polarity[row] as number,
      ],
    );
    const facts = { greatestX: 1279, greatestY: 719, leastTime: 0n, firstTime: 0n };
    const sorted = { ...facts, lastTime: 9n, greatestTime: 9n };
    let seen = 0;
    for (const pixels of [...PIXEL_MODES, PIXELS_WIDE]) {
      for (const polarity of [0, 1, 2]) {
        const modes = { time: seen % 3, pixels, polarity };
        if (checkModes(modes, sorted as never) !== null) continue;
        const { chunks } = await expectRoundTrip(events, { modes, options: { chunkEvents: 333 } });
        expect(chunks.map((chunk) => chunk.modes)).toEqual(
          chunks.map(() => [modes.time, pixels, polarity]),
        );
        seen++;
      }
    }
    expect(seen).toBe(24 * 3 - 8 + 2);
  });

  it("is the same for an empty recording", async () => {
    const { chunks } = await expectRoundTrip([], {});
    expect(chunks).toEqual([]);
    const recording = await openRecording(await containerOf(columnsOf([])));
    expect(recording.geometry).toBeNull();
    await recording.close();
  });

  it("keeps times at both ends of 64 bits", async () => {
    const times = [-(2n ** 63n), 2n ** 63n - 1n, 0n, -1n, 2n ** 63n - 1n, -(2n ** 63n)];
    const events = times.map((t): PlainEvent => [1, 2, t, 1]);
    for (const chunkEvents of [1, 2, 100])
      await expectRoundTrip(events, { options: { chunkEvents } });
    // In order, from one end to the other: a step of nearly 2^64.
    const sorted = [...times].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
    await expectRoundTrip(
      sorted.map((t): PlainEvent => [1, 2, t, -1]),
      {},
    );
  });

  it("is read in tiles of any size", async () => {
    const columns = rowScene(5000);
    const container = await containerOf(columns, { options: { chunkEvents: 700 } });
    for (const batchEvents of [1, 64, 699, 700, 701, 1400, 4999, 5000]) {
      const recording = await openRecording(container);
      const xs: number[] = [];
      for await (const batch of recording.stream({ batchEvents })) {
        xs.push(...(batch.getChild("x")?.toArray() ?? []));
      }
      expect(xs).toEqual(Array.from(columns.x));
      await recording.close();
    }
  });

  it("has the same bytes every time when it is deterministic", async () => {
    const columns = rowScene(3000);
    const options = { chunkEvents: 500 };
    const one = await containerOf(columns, { options });
    for (const chunksInFlight of [1, 2, 8]) {
      const other = await containerOf(columns, { options: { ...options, chunksInFlight } });
      expect(Buffer.compare(one, other)).toBe(0);
    }
  });
});
