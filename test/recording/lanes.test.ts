import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import { createReport, type MutableReport } from "../../src/events/report.ts";
import { evt3 } from "../../src/formats/evt3/decoder.ts";
import type { DecodingKernel } from "../../src/kernels/decoding-kernel.ts";
import { EventMemory } from "../../src/kernels/event-memory.ts";
import { instantiateKernel } from "../../src/kernels/kernel.ts";
import type { DecodeThread } from "../../src/platform/platform.ts";
import { Lane } from "../../src/recording/lane.ts";
import { LaneDesk } from "../../src/recording/lane-desk.ts";
import { tilesOfLanes } from "../../src/recording/lane-tiles.ts";
import { LaneWork } from "../../src/recording/lane-work.ts";
import type { LaneMessage } from "../../src/recording/lanes.ts";
import { OpenedRecording, openParts } from "../../src/recording/recording.ts";
import { type TileOptions, TilePass } from "../../src/recording/tiles.ts";
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
import { SOAK } from "../support/soak.ts";

/** A thread that is none: it does what it is sent after a while, or never. */
function fakeThread(delays: readonly (number | null)[]): DecodeThread {
  const work = new LaneWork();
  let desk: LaneDesk | undefined;
  let thread = 0;
  let parts = 0;
  let tell = (_: unknown): void => {};
  return {
    post(message) {
      const lane = message as LaneMessage;
      if (lane.kind === "desk") {
        desk = new LaneDesk(lane.buffer);
        thread = lane.thread;
      }
      if (lane.kind !== "work") return work.receive(lane, () => {});
      const delay = delays[parts++ % delays.length];
      if (delay === null) return desk?.rest(thread);
      const step = (): void => {
        work.step();
        if (!work.rest()) this.post(lane);
        tell(null);
      };
      if (delay === 1) setImmediate(step);
      else step();
    },
    onMessage(listener) {
      tell = listener;
    },
    onError() {},
    setAwaited() {},
    async close() {},
  };
}

interface Loaded {
  /** A line for each. */
  readonly rows: string;
  readonly triggers: string;
  readonly report?: MutableReport;
  readonly error?: unknown;
}

/** All that comes out of a pass, and how it ended. */
async function collect(
  tiles: AsyncIterable<import("../../src/kernels/event-memory.ts").EventMemory>,
  report: MutableReport,
): Promise<Loaded> {
  const rows: string[] = [];
  const triggers: string[] = [];
  try {
    for await (const tile of tiles) {
      for (let at = 0; at < tile.eventCount; at++) {
        const { x, y, t, polarity } = tile.columns;
        rows.push(`${x[at]} ${y[at]} ${t[at]} ${polarity[at]}`);
      }
      for (let at = 0; at < tile.triggerCount; at++) {
        const { t, id, value } = tile.triggers;
        triggers.push(`${t[at]} ${id[at]} ${value[at]}`);
      }
    }
  } catch (error) {
    return { rows: rows.join("\n"), triggers: triggers.join("\n"), error };
  }
  return { rows: rows.join("\n"), triggers: triggers.join("\n"), report };
}

const OPTIONS: TileOptions = { polarityEncoding: "zero-one", strict: false, triggers: true };

async function inLanes(
  bytes: Uint8Array,
  options: Partial<TileOptions>,
  { delays = [0], threads = 1, others, isAtHand = false, ...parts }: LaneSetting,
): Promise<Loaded> {
  const { partBytes = 512, eventsPerByte = null, onRead = () => {} } = parts;
  const recording = new OpenedRecording(await openParts(bytes));
  const { content, source } = recording;
  if (content.kind !== "stream") throw new Error("this is no stream");
  const report = recording.startReport("zero-one");
  const { dataOffset } = content.header;
  const data = source.bytesFrom(dataOffset, options.signal);
  const next = (into: Uint8Array): Promise<number> => {
    onRead(into.byteLength);
    return data.next(into);
  };
  const tiles = tilesOfLanes({
    ...{ ...OPTIONS, tileEvents: 4096, ...options },
    ...{ format: content.format, header: content.header },
    bytes: { next },
    isAtHand,
    byteLength: bytes.byteLength,
    eventsPerByte,
    report,
    others: others ?? Array.from({ length: threads }, () => fakeThread(delays)),
    partSize: partBytes === "usual" ? undefined : partBytes,
  });
  return collect(tiles, report);
}

interface LaneSetting {
  readonly delays?: readonly (number | null)[];
  readonly threads?: number;
  readonly partBytes?: number | "usual";
  readonly eventsPerByte?: number | null;
  readonly onRead?: (bytes: number) => void;
  readonly isAtHand?: boolean;
  readonly others?: readonly DecodeThread[];
}

async function inOne(bytes: Uint8Array, options: Partial<TileOptions>): Promise<Loaded> {
  const recording = new OpenedRecording(await openParts(bytes));
  const pass = new TilePass(recording, { ...OPTIONS, ...options });
  return collect(
    pass.tiles(() => Number.POSITIVE_INFINITY),
    pass.report,
  );
}

const SAMPLES = [
  "falling-bar.evt2.raw",
  "falling-bar.evt21.raw",
  "falling-bar.evt3.raw",
  "falling-bar.dat",
  "falling-bar.csv",
  "clock-wrap.evt2.raw",
  "clock-wrap.evt3.raw",
] as const;
const read = (name: string): Uint8Array<ArrayBuffer> =>
  new Uint8Array(readFileSync(new URL(`../../data-samples/${name}`, import.meta.url)));

describe.each(SAMPLES)("lanes of %s", (name) => {
  const sample = read(name).subarray(0, 60_000);

  it.each([
    ["decoded by others at once", { delays: [0] }],
    ["decoded by others later", { delays: [1] }],
    ["decoded by nobody else", { delays: [null] }],
    ["decoded by all in turn", { delays: [null, 0, 1], threads: 3 }],
    ["of a few bytes", { delays: [0, null, 1, 1], partBytes: 40 }],
    ["of many bytes", { partBytes: 30_000 }],
    ["that are at hand", { delays: [0, 1, null], isAtHand: true }],
  ] satisfies [string, LaneSetting][])("%s give what one thread gives", async (_, setting) => {
    const lanes = await inLanes(sample, {}, setting);
    const one = await inOne(sample, {});
    expect(lanes.rows.split("\n").length).toBeGreaterThan(1000);
    expect(lanes).toEqual(one);
  });

  it("are decoded by the calling thread when another one fails", async () => {
    const failing: DecodeThread = {
      ...fakeThread([null]),
      onError: (listener) => void setImmediate(() => listener(new Error("it cannot start"))),
    };
    expect(await inLanes(sample, {}, { others: [failing] })).toEqual(await inOne(sample, {}));
  });

  it("give the same of changed bytes, with every option", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.nat(), fc.uint8Array({ minLength: 1, maxLength: 12 })), {
          maxLength: 12,
        }),
        fc.record({
          delays: fc.array(fc.constantFrom(0, 1, null), { minLength: 1, maxLength: 5 }),
          threads: fc.integer({ min: 1, max: 3 }),
          partBytes: fc.integer({ min: 16, max: 4000 }),
          isAtHand: fc.boolean(),
        }),
        fc.record({
          rebase: fc.boolean(),
          strict: fc.boolean(),
          triggers: fc.boolean(),
          onMalformed: fc.constantFrom("skip" as const, "error" as const),
        }),
        async (changes, setting, options) => {
          const bytes = sample.slice(0, 12_000);
          const header = 400;
          for (const [at, change] of changes) {
            bytes.set(change, header + (at % (bytes.byteLength - header - change.byteLength)));
          }
          // How many events come in front of an error does not depend on the parts either.
          expect(await inLanes(bytes, options, setting)).toEqual(await inOne(bytes, options));
        },
      ),
      { numRuns: 25 * SOAK },
    );
  });
});

it("cuts parts of usual recordings as large as usual, of dense ones as a tile has room for", async () => {
  const sample = read("falling-bar.evt3.raw");
  const partBytesAt = async (eventsPerByte: number | null): Promise<number> => {
    const sizes: number[] = [];
    const onRead = (bytes: number) => void sizes.push(bytes);
    await inLanes(sample, {}, { partBytes: "usual", eventsPerByte, onRead });
    return Math.max(...sizes);
  };
  const usual = evt3.parts.partBytes;
  expect(await partBytesAt(null)).toBe(usual);
  expect(await partBytesAt(0)).toBe(usual);
  expect(await partBytesAt(0.3)).toBe(usual);
  expect(await partBytesAt(0.65)).toBe(usual / 2);
  expect(await partBytesAt(6)).toBe(65_536);
});

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
    ["decoded by all, some later", { delays: [1, null, 0], threads: 2, partBytes: 1000 }],
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
