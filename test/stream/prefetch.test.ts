import { describe, expect, it } from "vitest";
import { openRecording, type StreamOptions } from "../../src/node.ts";
import { Prefetch } from "../../src/stream/prefetch.ts";
import { longRecording } from "../support/long-recording.ts";
import { RecordingSource } from "../support/sources.ts";

/** Lets everything happen that can happen without the consumer. */
async function idle(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
}

/** Numbers, and how many were made. */
function numbers(count = Number.POSITIVE_INFINITY) {
  const state = { made: 0, closed: 0 };
  async function* items(): AsyncGenerator<number, void, void> {
    try {
      while (state.made < count) yield state.made++;
    } finally {
      state.closed += 1;
    }
  }
  return { state, items: items() };
}

describe("looking ahead", () => {
  it.each([0, 1, 2, 5])("goes %i items far, and no further", async (ahead) => {
    const { state, items } = numbers();
    const prefetch = new Prefetch(items, ahead, () => 10);
    await idle();
    expect(state.made).toBe(0); // not before it is asked
    for (let taken = 1; taken < 10; taken++) {
      expect(await prefetch.next()).toEqual({ done: false, value: taken - 1 });
      await idle();
      expect(state.made).toBe(taken + ahead);
      expect(prefetch.byteLength).toBe(10 * ahead);
    }
    await prefetch.close();
    expect(prefetch.byteLength).toBe(0);
    expect(state).toEqual({ made: 9 + ahead, closed: 1 });
    expect(await prefetch.next()).toEqual({ done: true, value: undefined });
  });

  it("holds nothing for a taker that waits for nothing else", async () => {
    const { state, items } = numbers();
    const prefetch = new Prefetch(items, 5, () => 1);
    for (let taken = 1; taken < 100; taken++) {
      await prefetch.next();
      expect(state.made).toBe(taken);
    }
    await prefetch.close();
  });

  it("stops at the end", async () => {
    const { state, items } = numbers(3);
    const prefetch = new Prefetch(items, 2, () => 1);
    const seen: unknown[] = [];
    for (let next = await prefetch.next(); !next.done; next = await prefetch.next()) {
      seen.push(next.value);
      await idle();
    }
    expect(seen).toEqual([0, 1, 2]);
    expect(state.closed).toBe(1);
    expect(await prefetch.next()).toEqual({ done: true, value: undefined });
  });

  it.each([0, 1, 4])("throws an error in its place: %i ahead", async (ahead) => {
    const error = new Error("third");
    async function* items(): AsyncGenerator<number, void, void> {
      yield 1;
      yield 2;
      throw error;
    }
    const prefetch = new Prefetch(items(), ahead, () => 1);
    for (const value of [1, 2]) {
      expect(await prefetch.next()).toEqual({ done: false, value });
      await idle();
    }
    await expect(prefetch.next()).rejects.toBe(error);
    expect(await prefetch.next()).toEqual({ done: true, value: undefined });
    // Nobody takes it here, and nobody hears of it.
    const unheard = new Prefetch(items(), ahead, () => 1);
    await unheard.next();
    await idle();
    await unheard.close();
    await idle();
  });
});

describe("a stream", () => {
  const bytes = longRecording(12 * 1024 * 1024);

  async function readsWhileHolding(options: StreamOptions) {
    const source = new RecordingSource(bytes);
    const recording = await openRecording(source);
    const stream = recording.stream({ batchEvents: 600_000, ...options });
    const batches = stream[Symbol.asyncIterator]();
    const steps: { end: number; events: number; memoryBytes: number }[] = [];
    for (let taken = 0; taken < 3; taken++) {
      await batches.next();
      await idle();
      const { offset, length } = source.reads.at(-1) ?? { offset: 0, length: 0 };
      steps.push({ end: offset + length, ...stream.stats() });
    }
    const reads = source.reads.length;
    await batches.return?.();
    await idle();
    expect(source.reads).toHaveLength(reads);
    return { steps, stats: stream.stats() };
  }

  it.each([0, 1, 3])("decodes %i batches ahead, and reads no further", async (prefetch) => {
    const { steps, stats } = await readsWhileHolding({ prefetch });
    for (const [taken, { end, events }] of steps.entries()) {
      const most = Math.min(600_000 * (taken + 1 + prefetch), 3_114_000);
      expect(events).toBeGreaterThanOrEqual(most);
      expect(events).toBeLessThan(most + 262_144 + 1); // a tile more at most
      // One slot is decoded and the next one read.
      expect(end).toBeLessThan((most + 262_144) * 4.05 + 2 * 2 * 1024 * 1024);
    }
    expect(stats).toMatchObject({ events: 1_800_000, batches: 3, memoryBytes: 0 });
  });

  it("decodes one batch ahead by default, and borrows none", async () => {
    const { steps } = await readsWhileHolding({});
    expect(steps[0]?.events).toBeGreaterThanOrEqual(1_200_000);
    const borrowed = await readsWhileHolding({ batches: "borrowed" });
    expect(borrowed.steps[0]?.events).toBe(262_144);
  });

  it("counts what it holds", async () => {
    const [none, one, three] = await Promise.all(
      [0, 1, 3].map(async (prefetch) => {
        const { steps } = await readsWhileHolding({ prefetch });
        return steps[0]?.memoryBytes ?? Number.NaN;
      }),
    );
    const batch = 600_000 * 13;
    expect(none).toBeGreaterThan(4 * 1024 * 1024 + 262_144 * 13);
    expect(none).toBeLessThan(12 * 1024 * 1024 + batch);
    expect((one ?? 0) - (none ?? 0)).toBe(batch);
    expect((three ?? 0) - (none ?? 0)).toBe(3 * batch);
  });
});
