/** Passes over a recording in several threads and in one, and all that comes out of them. */
import fc from "fast-check";
import type { MutableReport } from "../../src/events/report.ts";
import type { EventMemory } from "../../src/kernels/event-memory.ts";
import type { DecodeThread } from "../../src/platform/platform.ts";
import { LaneDesk } from "../../src/recording/lane-desk.ts";
import { tilesOfLanes } from "../../src/recording/lane-tiles.ts";
import { LaneWork } from "../../src/recording/lane-work.ts";
import type { LaneMessage } from "../../src/recording/lanes.ts";
import { OpenedRecording, openParts } from "../../src/recording/recording.ts";
import { type TileOptions, TilePass } from "../../src/recording/tiles.ts";

/**
 * When a thread decodes a part: after so many microtasks, "later" when the calling thread lets the event loop
 * turn, or never.
 */
export type Pace = number | "later" | null;

/** Some paces, which a thread takes in turn. */
export const paces: fc.Arbitrary<Pace[]> = fc.array(
  fc.oneof(
    { weight: 4, arbitrary: fc.integer({ min: 0, max: 40 }) },
    { weight: 1, arbitrary: fc.constantFrom("later" as const, null) },
  ),
  { minLength: 1, maxLength: 5 },
);

/** A thread that is none: it does what it is sent after a while, or never. */
export function fakeThread(delays: readonly Pace[]): DecodeThread {
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
      const delay = delays[parts++ % delays.length] as Pace;
      if (delay === null) return desk?.rest(thread);
      const step = (): void => {
        work.step();
        if (!work.rest()) this.post(lane);
        tell(null);
      };
      const wait = (microtasks: number): void => {
        if (microtasks === 0) step();
        else queueMicrotask(() => wait(microtasks - 1));
      };
      if (delay === "later") setImmediate(step);
      else wait(delay);
    },
    onMessage(listener) {
      tell = listener;
    },
    onError() {},
    setAwaited() {},
    async close() {},
  };
}

export interface Loaded {
  /** A line for each. */
  readonly rows: string;
  readonly triggers: string;
  readonly report?: MutableReport;
  readonly error?: unknown;
}

/** All that comes out of a pass, and how it ended. */
async function collect(tiles: AsyncIterable<EventMemory>, report: MutableReport): Promise<Loaded> {
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

/** What several threads make of a recording, in parts of `partBytes`. */
export async function inLanes(
  bytes: Uint8Array,
  options: Partial<TileOptions>,
  { delays = [0], threads = 1, others, isAtHand = false, ...sizes }: LaneSetting,
): Promise<Loaded> {
  const { partBytes = 512, eventsPerByte = null, onRead = () => {} } = sizes;
  const recording = new OpenedRecording(await openParts(bytes));
  const { content, source } = recording;
  if (content.kind !== "stream") throw new Error("this is no stream");
  const report = recording.startReport("zero-one");
  const { dataOffset } = content.header;
  const { parts } = content.format;
  const { leadBytes = parts.leadBytes } = sizes;
  const data = source.bytesFrom(dataOffset, options.signal);
  const next = (into: Uint8Array): Promise<number> => {
    onRead(into.byteLength);
    return data.next(into);
  };
  const tiles = tilesOfLanes({
    ...{ ...OPTIONS, tileEvents: 4096, ...options },
    ...{ format: { ...content.format, parts: { ...parts, leadBytes } }, header: content.header },
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

export interface LaneSetting {
  /** When threads decode their parts, in turn. */
  readonly delays?: readonly Pace[];
  /** Threads beside the calling one. */
  readonly threads?: number;
  readonly partBytes?: number | "usual";
  /** Bytes in front of a part that are decoded for the state at its start. Default: the format's. */
  readonly leadBytes?: number;
  readonly eventsPerByte?: number | null;
  readonly onRead?: (bytes: number) => void;
  readonly isAtHand?: boolean;
  readonly others?: readonly DecodeThread[];
}

/** What one thread makes of it; with `threads`, as many. */
export async function inOne(bytes: Uint8Array, options: Partial<TileOptions>): Promise<Loaded> {
  const recording = new OpenedRecording(await openParts(bytes));
  const pass = new TilePass(recording, { ...OPTIONS, ...options });
  return collect(
    pass.tiles(() => Number.POSITIVE_INFINITY),
    pass.report,
  );
}
