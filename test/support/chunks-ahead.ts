/** Passes over files whose chunks other threads decompress. */
import { vi } from "vitest";
import { platform } from "#platform";
import { inflaterOf } from "../../src/container/ahead-chunk.ts";
import { ChunkWork } from "../../src/platform/node-chunk-work.ts";
import { OpenedRecording, type OpenOptions, openParts } from "../../src/recording/recording.ts";
import { type TileOptions, TilePass } from "../../src/recording/tiles.ts";
import { ChunkDesk } from "../../src/source/chunk-desk.ts";

export const OPTIONS: TileOptions = { polarityEncoding: "minus-one-one", strict: false };

/** What comes out of a pass over a file, however short it is, and how it ended. */
export async function collect(
  path: string,
  options: Partial<TileOptions>,
  pause: () => Promise<unknown> | undefined = () => undefined,
  opening: OpenOptions = {},
) {
  const recording = new OpenedRecording(await openParts(path, opening));
  const { content } = recording;
  if (content.kind === "rows") Object.assign(content.table.aheadRules ?? {}, { rowsPerThread: 1 });
  const pass = new TilePass(recording, { ...OPTIONS, ...options });
  const found = { x: [] as number[], y: [] as number[], t: [] as bigint[], p: [] as number[] };
  let error: unknown = null;
  try {
    for await (const { columns, eventCount } of pass.tiles(() => Number.POSITIVE_INFINITY)) {
      for (const value of columns.x.subarray(0, eventCount)) found.x.push(value);
      for (const value of columns.y.subarray(0, eventCount)) found.y.push(value);
      for (const value of columns.t.subarray(0, eventCount)) found.t.push(value);
      for (const value of columns.polarity.subarray(0, eventCount)) found.p.push(value);
      await pause();
    }
  } catch (thrown) {
    error = thrown;
  } finally {
    await recording.close();
  }
  const { threads, ...report } = pass.report;
  return { found, error, threads, report };
}

/** Has threads decompress in this one: between two steps of the pass, so that they get far. */
export function workHere(): void {
  vi.spyOn(platform, "startThread").mockImplementation(() => {
    const work = new ChunkWork(async (content) => inflaterOf(content));
    let tell = (_: unknown): void => {};
    return {
      post: (message) => work.receive(message as never, () => setImmediate(() => tell(null))),
      onMessage: (listener) => {
        tell = listener;
      },
      onError() {},
      setAwaited() {},
      close: () => work.close(),
    };
  });
}

/** Has threads fail when they start. */
export function failToStart() {
  return vi.spyOn(platform, "startThread").mockImplementation(() => ({
    post() {},
    onMessage() {},
    onError: (listener) => void setImmediate(() => listener(new Error("it cannot start"))),
    setAwaited() {},
    async close() {},
  }));
}

/** Counts chunks that other threads decompressed. */
export function countTaken(): () => number {
  const result = vi.spyOn(ChunkDesk.prototype, "result");
  return () => result.mock.results.filter(({ value }) => value instanceof Uint8Array).length;
}
