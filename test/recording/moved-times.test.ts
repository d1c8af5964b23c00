/**
 * EVT 3.0 whose clock starts again and again: what was decoded before the wraps in front of it were known
 * is used with its times moved.
 */
import { existsSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import { createReport } from "../../src/events/report.ts";
import { evt3 } from "../../src/formats/evt3/decoder.ts";
import type { DecodingKernel } from "../../src/kernels/decoding-kernel.ts";
import { EventMemory } from "../../src/kernels/event-memory.ts";
import { instantiateKernel } from "../../src/kernels/kernel.ts";
import { EVENT_COUNT } from "../../src/kernels/layout.ts";
import { Lane } from "../../src/recording/lane.ts";
import { randomNumbers } from "../support/evt2-words.ts";
import {
  base,
  off,
  on,
  recordingOf,
  row,
  timeHigh,
  timeLow,
  trigger,
  triple,
  wordBytes,
} from "../support/evt3-words.ts";
import { inLanes, inOne, type LaneSetting, paces } from "../support/lanes.ts";
import { SOAK } from "../support/soak.ts";

describe("lanes of EVT 3.0 whose clock starts again and again", () => {
  /** Time highs that wrap with every fourth, each with events and now and then a trigger. */
  function wrapping(steps: number): number[] {
    return Array.from({ length: steps }, (_, step) => [
      timeHigh((step * 1100) % 4096),
      ...(step % 10 === 0 ? [trigger(1, 1)] : []),
      ...[row(step % 480), timeLow(step), base(8, 0), ...triple(1, step, 255)],
      ...Array.from({ length: 20 }, (_, at) => (at % 3 === 0 ? on : off)(at * 30)),
    ]).flat();
  }

  it.each([
    ["decoded by others", { delays: [0], partBytes: 512 }],
    ["decoded by all, some later", { delays: [9, null, 0, "later"], threads: 2, partBytes: 1000 }],
  ] satisfies [string, LaneSetting][])("%s give what one thread gives", async (_, setting) => {
    const bytes = recordingOf(wrapping(1500));
    for (const rebase of [false, true]) {
      const one = await inOne(bytes, { rebase });
      expect(one.report?.clockWraps).toBeGreaterThan(300);
      expect(await inLanes(bytes, { rebase }, setting)).toEqual(one);
    }
  });

  it("use what was decoded before the wraps in front of it were known", async () => {
    const memory = new EventMemory({ inputBytes: 65_536, tileEvents: 4096, isShared: true });
    memory.configure({ width: 640, height: 480 }, "zero-one");
    const kernel = await instantiateKernel<DecodingKernel>(evt3.kernel, memory.memory);
    const decode = vi.fn(kernel.decode);
    const header = evt3.readHeader(recordingOf([]), undefined);
    const lane = new Lane(memory, { ...kernel, decode }, 0, {
      rules: evt3.parts,
      dataOffset: header.dataOffset,
      createDecoder: (ofLane, results) =>
        evt3.createDecoder(ofLane, results, { dataOffset: 0, rebase: false, variant: 0, header }),
    });
    const lead = wordBytes(wrapping(2));
    const words = wordBytes(wrapping(40).slice(2));
    lane.input.set(lead);
    lane.input.set(words, lead.byteLength);
    const end = lead.byteLength + words.byteLength;
    const part = { lead: 0, start: lead.byteLength, end, offset: 0, bytesRead: end, place: lane };
    lane.offer(part, new Uint8Array(64));
    expect(lane.ahead.claim()).toBe(true);
    lane.decodeAhead();
    const [time, triggerTime] = [memory.columns.t[0], memory.triggers.t[0]] as [bigint, bigint];
    const carried = lane.ahead.startedWith;
    const state = new DataView(carried.buffer);
    for (const at of evt3.parts.carriedTimes) {
      state.setBigInt64(at, state.getBigInt64(at, true) + 3n * 16_777_216n, true);
    }
    const calls = decode.mock.calls.length;
    lane.begin({ carried, rest: new Uint8Array(0) });
    const facts = { format: "evt3", geometry: null, polarityEncoding: "zero-one" } as const;
    const report = createReport({ ...facts, sourceName: null, assumptions: [] });
    lane.decoder.decode(4096, report);
    expect(decode.mock.calls).toHaveLength(calls);
    expect(report.events).toBeGreaterThan(800);
    expect(memory.columns.t[0]).toBe(time + 50_331_648n);
    expect(memory.triggers.t[0]).toBe(triggerTime + 50_331_648n);

    // Another row at the start is another matter.
    carried[12] = (carried[12] as number) ^ 1;
    lane.begin({ carried, rest: new Uint8Array(0) });
    lane.decoder.decode(4096, report);
    expect(decode.mock.calls.length).toBeGreaterThan(calls);
  });
});

/** Words that follow each other, as the generator makes them. */
type Passage =
  | { readonly kind: "scene"; readonly events: number; readonly seed: number }
  | { readonly kind: "highs"; readonly steps: readonly number[] }
  | { readonly kind: "word"; readonly word: number };

/** Falls by half of the range or more are wraps, others steps back. */
const WRAPS = [-4095, -4000, -3000, -2049, -2048] as const;
const passages = fc.array(
  fc.oneof(
    {
      weight: 12,
      arbitrary: fc.record({
        kind: fc.constant("scene" as const),
        events: fc.integer({ min: 1, max: 30 }),
        seed: fc.nat(),
      }),
    },
    {
      weight: 8,
      // One behind the other, without an event in between, too.
      arbitrary: fc.record({
        kind: fc.constant("highs" as const),
        steps: fc.array(
          fc.oneof(
            { weight: 6, arbitrary: fc.constantFrom(0, 1, 2, 1100, 2047) },
            { weight: 3, arbitrary: fc.constantFrom(...WRAPS) },
            { weight: 1, arbitrary: fc.constantFrom(-2047, -1) },
          ),
          { minLength: 1, maxLength: 4 },
        ),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        kind: fc.constant("word" as const),
        word: fc.integer({ min: 0, max: 0xffff }),
      }),
    },
  ),
  { minLength: 100, maxLength: 400, size: "max" },
);

/** The words of passages, and a wrap at the start of some parts or right in front of it. */
function wordsOf(
  list: readonly Passage[],
  partBytes: number,
  starts: readonly { readonly part: number; readonly inFront: boolean }[],
): number[] {
  let high = 0;
  const words = [timeHigh(0), row(7), timeLow(0), base(0)];
  for (const passage of list) {
    if (passage.kind === "word") {
      words.push(passage.word);
    } else if (passage.kind === "highs") {
      for (const step of passage.steps) {
        high = (high + step + 4096) % 4096;
        words.push(timeHigh(high));
      }
    } else {
      const random = randomNumbers(passage.seed);
      words.push(row(random(480)), timeLow(random(4096)), base(random(600), 1));
      if (random(4) === 0) words.push(...triple(random(4096), random(4096), random(256)));
      if (random(8) === 0) words.push(trigger(random(16), 1));
      for (let left = passage.events; left > 0; left--) {
        words.push(random(2) === 0 ? on(random(640)) : off(random(640)));
      }
    }
  }
  for (const { part, inFront } of starts) {
    const at = part * (partBytes >> 1) - (inFront ? 1 : 0);
    if (at < 5 || at >= words.length) continue;
    words[at - 1] = timeHigh(4090);
    words[at] = timeHigh(3);
  }
  return words;
}

/** Counts the tiles with events whose times kernels move, until it is restored. */
function countMoves() {
  const { instantiate } = WebAssembly;
  const found = { moves: 0 };
  // No mock, which would keep the memory of every call.
  WebAssembly.instantiate = (async (
    module: WebAssembly.Module,
    imports: { env: { memory: WebAssembly.Memory } },
  ) => {
    const { exports } = await instantiate(module, imports);
    const { moveTimes } = exports as unknown as DecodingKernel;
    const words = new Int32Array(imports.env.memory.buffer);
    const counting = (by: bigint): void => {
      if ((words[EVENT_COUNT >> 2] as number) > 0) found.moves++;
      moveTimes?.(by);
    };
    return { exports: moveTimes === undefined ? exports : { ...exports, moveTimes: counting } };
  }) as typeof WebAssembly.instantiate;
  const restore = (): void => {
    WebAssembly.instantiate = instantiate;
  };
  return { found, restore };
}

const thread = new URL("../../dist/thread.js", import.meta.url);

describe("lanes of EVT 3.0 whose clock starts again at random places", () => {
  const setting = fc.record({
    delays: paces,
    partBytes: fc.integer({ min: 40, max: 1000 }),
    leadBytes: fc.constantFrom(120, 400, 800, 1600, 16_384),
    isAtHand: fc.boolean(),
  });
  const options = fc.record({
    rebase: fc.boolean(),
    strict: fc.integer({ min: 0, max: 9 }).map((number) => number === 0),
    triggers: fc.boolean(),
    // Fewer events than some parts have: the rest of them follows in another tile.
    tileEvents: fc.constantFrom(64, 4096),
  });
  const starts = fc.array(
    fc.record({ part: fc.integer({ min: 1, max: 40 }), inFront: fc.boolean() }),
    { maxLength: 12 },
  );

  it("give what one thread gives, most often with parts whose times were moved", async () => {
    const { found, restore } = countMoves();
    let [cases, withMoves] = [0, 0];
    try {
      await fc.assert(
        fc.asyncProperty(passages, setting, options, starts, async (list, lanes, chosen, at) => {
          const bytes = recordingOf(wordsOf(list, lanes.partBytes, at));
          const before = found.moves;
          expect(await inLanes(bytes, chosen, lanes)).toEqual(await inOne(bytes, chosen));
          cases++;
          if (found.moves > before) withMoves++;
        }),
        { numRuns: 100 * SOAK },
      );
    } finally {
      restore();
    }
    expect(withMoves).toBeGreaterThan(cases / 3);
  });

  it.skipIf(!existsSync(thread))("give the same in a real thread (needs dist)", async () => {
    await fc.assert(
      fc.asyncProperty(passages, setting, starts, async (list, { partBytes: partSize }, at) => {
        const words = wordsOf(list, partSize, at);
        const bytes = recordingOf(Array.from({ length: 8 }, () => words).flat());
        const { report, ...found } = await inOne(bytes, { threads: 2, partSize });
        const { report: expected, ...one } = await inOne(bytes, {});
        expect(found).toEqual(one);
        expect(report).toEqual({ ...expected, threads: 2 });
      }),
      { numRuns: 8 * SOAK },
    );
  });
});
