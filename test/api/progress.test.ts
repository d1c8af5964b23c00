import { afterEach, describe, expect, it, vi } from "vitest";
import {
  digestEvents,
  loadEvents,
  loadStatistics,
  loadTable,
  openRecording,
  type Progress,
} from "../../src/node.ts";
import { on, recordingOf, timeHigh } from "../support/evt2-words.ts";
import { longRecording } from "../support/long-recording.ts";
import { PieceSource } from "../support/sources.ts";

afterEach(() => {
  vi.restoreAllMocks();
});

const long = longRecording(4 * 1024 * 1024);

/** A clock that goes on by so many milliseconds each time it is looked at. */
function tickingClock(stepMs: number): () => number {
  let now = 0;
  vi.spyOn(performance, "now").mockImplementation(() => {
    now += stepMs;
    return now;
  });
  return () => now;
}

function expectRising(seen: readonly Progress[]): void {
  for (const [index, { bytesRead, events }] of seen.entries()) {
    expect(bytesRead).toBeGreaterThanOrEqual(seen[index - 1]?.bytesRead ?? 0);
    expect(events).toBeGreaterThanOrEqual(seen[index - 1]?.events ?? 0);
  }
}

describe("onProgress", () => {
  it("is told the end of every load", async () => {
    const bytes = recordingOf([timeHigh(1), on(1, 1, 1), on(2, 2, 2)]);
    const recording = await openRecording(bytes);
    const drain = async (onProgress: (progress: Progress) => void): Promise<void> => {
      for await (const _ of recording.stream({ onProgress }));
    };
    const loads: ((onProgress: (progress: Progress) => void) => Promise<unknown>)[] = [
      (onProgress) => loadTable(bytes, { onProgress }),
      (onProgress) => loadEvents(bytes, { onProgress }),
      (onProgress) => loadStatistics(bytes, { onProgress }),
      (onProgress) => digestEvents(bytes, { onProgress }),
      drain,
    ];
    for (const load of loads) {
      const seen: Progress[] = [];
      await load((progress) => void seen.push(progress));
      expect(seen.at(-1)).toMatchObject({
        bytesRead: bytes.byteLength,
        bytesTotal: bytes.byteLength,
        events: 2,
        etaSeconds: 0,
      });
      expect(seen.at(-1)?.eventsPerSecond).toBeGreaterThan(0);
      expectRising(seen);
    }
  });

  it("is told about an empty recording too", async () => {
    const bytes = recordingOf([]);
    const seen: Progress[] = [];
    await loadTable(bytes, { onProgress: (progress) => seen.push(progress) });
    expect(seen).toHaveLength(1);
    expect(seen[0]).toMatchObject({ bytesRead: bytes.byteLength, events: 0, eventsPerSecond: 0 });
  });

  it("is told at most ten times a second, and bytes and events only rise", async () => {
    const now = tickingClock(9);
    const seen: (Progress & { at: number })[] = [];
    const table = await loadTable(long, {
      onProgress: (progress) => seen.push({ ...progress, at: now() }),
    });
    expect(seen.length).toBeGreaterThan(1);
    expectRising(seen);
    for (const [index, { at }] of seen.slice(0, -1).entries()) {
      expect(at - (seen[index - 1]?.at ?? 0)).toBeGreaterThanOrEqual(100);
    }
    expect(seen.at(-1)).toMatchObject({ bytesRead: long.byteLength, events: table.numRows });
  });

  it("knows the rate and the time left", async () => {
    tickingClock(1000);
    const seen: Progress[] = [];
    await loadTable(long, { onProgress: (progress) => seen.push(progress) });
    for (const { bytesRead, bytesTotal, events, eventsPerSecond, etaSeconds } of seen) {
      expect(bytesTotal).toBe(long.byteLength);
      const seconds = events / eventsPerSecond;
      expect(Number.isInteger(Math.round(seconds * 1e6) / 1e6)).toBe(true);
      expect(etaSeconds).toBeCloseTo((seconds * (long.byteLength - bytesRead)) / bytesRead, 6);
    }
  });

  it("knows no total and no time left for a source without a length", async () => {
    tickingClock(1000);
    const seen: Progress[] = [];
    const source = new PieceSource(long, () => 262_144);
    await loadTable(source, { onProgress: (progress) => seen.push(progress) });
    expect(seen.length).toBeGreaterThan(3);
    expectRising(seen);
    for (const progress of seen) {
      expect(progress).toMatchObject({ bytesTotal: null, etaSeconds: null });
    }
    expect(seen.at(-1)?.bytesRead).toBe(long.byteLength);
  });

  it("may end the load by throwing", async () => {
    const enough = new Error("enough");
    const onProgress = (): void => {
      throw enough;
    };
    await expect(loadTable(long, { onProgress })).rejects.toBe(enough);
  });
});
