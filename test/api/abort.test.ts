import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeEach, describe, expect, it } from "vitest";
import {
  appendEvents,
  concatEvents,
  convertRecording,
  exportEvents,
  loadTable,
  openRecording,
  repairContainer,
  scanEvents,
} from "../../src/node.ts";
import { MemorySink } from "../support/conversions.ts";
import { longRecording } from "../support/long-recording.ts";

const root = mkdtempSync(join(tmpdir(), "evarrow-abort-"));
afterAll(() => rmSync(root, { recursive: true }));
let folder = root;
beforeEach(() => {
  folder = mkdtempSync(join(root, "test-"));
});

const reason = new Error("enough");
const RAW = longRecording(2 ** 20);
const TABLE = await loadTable(RAW);
const sink = new MemorySink();
await exportEvents(TABLE, sink);
const EVB = sink.bytes;

/** When the signal is aborted: after so many microtasks, or turns of the event loop. */
const MOMENTS = [
  ...[0, 1, 2, 3, 5, 8, 13, 21].map((count) => ({ count, next: () => Promise.resolve() })),
  ...[1, 2, 3, 4, 5, 6, 8, 11, 15, 20, 27, 40, 60, 90].map((count) => ({
    count,
    next: () => new Promise<void>((resolve) => setImmediate(resolve)),
  })),
];

/** Calls, aborts at some moment, and looks in the very moment in which the call is over. */
async function aborted<State>(
  call: (signal: AbortSignal) => Promise<unknown>,
  { count, next }: (typeof MOMENTS)[number],
  look: () => State,
): Promise<{ isAborted: boolean; state: State }> {
  const controller = new AbortController();
  const over = call(controller.signal).then(
    () => ({ isAborted: false, state: look() }),
    (error) => {
      const state = look();
      expect(error).toBe(reason);
      return { isAborted: true, state };
    },
  );
  for (let done = 0; done < count; done++) await next();
  controller.abort(reason);
  return over;
}

const CALLS: Record<string, (path: string, signal: AbortSignal) => Promise<unknown>> = {
  "exportEvents of a table": (path, signal) =>
    exportEvents(TABLE, path, { signal, overwrite: true, bufferBytes: 0, chunkEvents: 65_536 }),
  "exportEvents of a recording": async (path, signal) => {
    const recording = await openRecording(RAW);
    const options = { signal, overwrite: true, bufferBytes: 0, chunkEvents: 65_536 };
    await exportEvents(recording, path, options).finally(() => recording.close());
  },
  "exportEvents of a stream": async (path, signal) => {
    const recording = await openRecording(EVB);
    const stream = recording.stream({ batchEvents: 100_000 });
    const options = { signal, overwrite: true };
    await exportEvents(stream, path, options).finally(() => recording.close());
  },
  "query.export": (path, signal) =>
    scanEvents(EVB).polarity("on").export(path, { signal, overwrite: true }),
  concatEvents: (path, signal) => concatEvents([RAW, EVB], path, { signal, overwrite: true }),
  "convertRecording to .csv": (path, signal) =>
    convertRecording(EVB, path, { signal, verify: true }),
  ...Object.fromEntries(
    [".evb", ".evt3.raw", ".arrow", ".h5", ".jsonl", ".parquet"].map((ending) => [
      `convertRecording to ${ending}`,
      (path: string, signal: AbortSignal) => convertRecording(RAW, path, { signal }),
    ]),
  ),
  repairContainer: (path, signal) => repairContainer(EVB, path, { signal, overwrite: true }),
};

describe("an abort", () => {
  it.each(Object.entries(CALLS))("of %s leaves nothing behind", async (name, call) => {
    const file = `out${/\..*raw|\.[a-z0-9]+$/.exec(name)?.[0] ?? ".evb"}`;
    const path = join(folder, file);
    let aborts = 0;
    for (const [number, moment] of MOMENTS.entries()) {
      const old = number % 2 === 0 ? [] : [file];
      rmSync(path, { force: true });
      for (const name of old) writeFileSync(join(folder, name), "old");
      const look = () => readdirSync(folder);
      const { isAborted, state } = await aborted((signal) => call(path, signal), moment, look);
      aborts += Number(isAborted);
      expect(state).toEqual(isAborted ? old : [file]);
      if (isAborted && old.length > 0) expect(readFileSync(path, "latin1")).toBe("old");
    }
    expect(aborts).toBeGreaterThan(0);
  });

  it.each([
    ["a table", async () => TABLE],
    ["a recording", () => openRecording(RAW)],
    ["a query", async () => scanEvents(RAW).polarity("on")],
  ])("of appendEvents of %s leaves the file as it was", async (_, open) => {
    const path = join(folder, "a.evb");
    let aborts = 0;
    for (const moment of MOMENTS) {
      writeFileSync(path, EVB);
      const events = await open();
      const { isAborted, state } = await aborted(
        (signal) => appendEvents(path, events, { signal, bufferBytes: 0, chunkEvents: 65_536 }),
        moment,
        () => ({ names: readdirSync(folder), bytes: readFileSync(path) }),
      );
      if ("close" in events) await events.close();
      aborts += Number(isAborted);
      expect(state.names).toEqual(["a.evb"]);
      expect(Buffer.compare(state.bytes, EVB) === 0).toBe(isAborted);
    }
    expect(aborts).toBeGreaterThan(0);
  });
});
