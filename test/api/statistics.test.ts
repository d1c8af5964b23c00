import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import {
  type EventStatistics,
  loadStatistics,
  openRecording,
  type Progress,
  reportOf,
  sampleStatistics,
} from "../../src/node.ts";
import type { ReferenceEvent } from "../reference/evt2.ts";
import { parseRawHeader } from "../reference/raw-header.ts";
import { concatBytes, off, on, recordingOf, timeHigh, wordStream } from "../support/evt2-words.ts";
import { expectedLoad } from "../support/expected-load.ts";
import { longRecording } from "../support/long-recording.ts";
import { itWithSharedData } from "../support/shared-data.ts";
import { SOAK } from "../support/soak.ts";
import { PieceSource, RecordingSource } from "../support/sources.ts";

const SENSOR = { width: 640, height: 480 };

function plainStatistics(events: readonly ReferenceEvent[], shift = 0n): EventStatistics {
  const least = (values: number[]): number | null =>
    values.length === 0 ? null : values.reduce((a, b) => Math.min(a, b));
  const greatest = (values: number[]): number | null =>
    values.length === 0 ? null : values.reduce((a, b) => Math.max(a, b));
  const times = events.map(({ t }) => Number(t - shift));
  const ons = events.filter(({ p }) => p === 1).length;
  const durationUs = (greatest(times) ?? 0) - (least(times) ?? 0);
  return {
    estimated: false,
    events: events.length,
    on: ons,
    off: events.length - ons,
    firstTime: times[0] ?? null,
    lastTime: times.at(-1) ?? null,
    minTime: least(times),
    maxTime: greatest(times),
    durationUs,
    eventsPerSecond: durationUs === 0 ? null : (events.length * 1e6) / durationUs,
    minX: least(events.map(({ x }) => x)),
    maxX: greatest(events.map(({ x }) => x)),
    minY: least(events.map(({ y }) => y)),
    maxY: greatest(events.map(({ y }) => y)),
  };
}

describe("two recordings joined end to end", () => {
  it("are sampled as time that goes back, not as a wrap of the clock", async () => {
    const one = longRecording(40 * 1024 * 1024);
    const joined = concatBytes(one, one.subarray(parseRawHeader(one).dataOffset));
    const single = await loadStatistics(one);
    const sampled = await sampleStatistics(joined);
    expect(sampled.estimated).toBe(true);
    expect(sampled.maxTime).toBeLessThanOrEqual(single.maxTime ?? 0);
    expect(sampled.durationUs).toBeLessThanOrEqual(single.durationUs);
  });

  it("are read whole under strict, which then throws", async () => {
    const bytes = longRecording(65 * 1024 * 1024);
    const cut = bytes.subarray(0, bytes.length - 1);
    await expect(sampleStatistics(cut, { strict: true })).rejects.toMatchObject({
      code: "data-loss",
    });
  });
});

describe("loadStatistics", () => {
  it("agrees with a plain computation", async () => {
    await fc.assert(
      fc.asyncProperty(wordStream(), fc.boolean(), async (words, rebase) => {
        const bytes = recordingOf(words);
        const { events, report } = expectedLoad(bytes, {
          geometry: SENSOR,
          rebase,
          mode: "chunked",
        });
        const statistics = await loadStatistics(bytes, { rebase });
        expect(statistics).toEqual(plainStatistics(events, BigInt(report.timeOffset)));
        expect(reportOf(statistics)).toEqual({ ...report, modeReason: null });
        expect(await sampleStatistics(bytes, { rebase })).toEqual(statistics);
      }),
      { numRuns: 80 * SOAK },
    );
  });

  it("agrees with it over many tiles", async () => {
    const bytes = longRecording(2_200_000);
    const { events } = expectedLoad(bytes, { geometry: SENSOR });
    const expected = plainStatistics(events);
    expect(await loadStatistics(bytes)).toEqual(expected);
    expect(await loadStatistics(new PieceSource(bytes, () => 99_999))).toEqual(expected);
    expect(await sampleStatistics(new PieceSource(bytes, () => 99_999))).toEqual(expected);
  });

  it("tells an event from none, and the first from the least time", async () => {
    expect(await loadStatistics(recordingOf([timeHigh(1)]))).toEqual(plainStatistics([]));
    const one = await loadStatistics(recordingOf([timeHigh(1), on(2, 3, 4)]));
    expect(one).toMatchObject({ events: 1, on: 1, firstTime: 66, durationUs: 0 });
    expect(one.eventsPerSecond).toBeNull();
    const back = [timeHigh(9), on(0, 1, 1), timeHigh(5), off(0, 1, 1), timeHigh(7), on(0, 1, 1)];
    expect(await loadStatistics(recordingOf(back))).toMatchObject({
      ...{ firstTime: 576, lastTime: 448, minTime: 320, maxTime: 576, durationUs: 256 },
    });
  });

  it("takes a geometry and refuses losses when it is strict", async () => {
    const bytes = recordingOf([timeHigh(1), on(1, 10, 10), on(2, 9, 9)]);
    const geometry = { width: 10, height: 10 };
    expect(await loadStatistics(bytes, { geometry })).toMatchObject({ events: 1, maxX: 9 });
    await expect(loadStatistics(bytes, { geometry, strict: true })).rejects.toMatchObject({
      code: "data-loss",
    });
  });

  itWithSharedData("agrees with a real recording", "evt2_sample.raw", async (path, expected) => {
    const statistics = await loadStatistics(path);
    expect(statistics).toMatchObject({
      events: expected.events,
      on: expected.on,
      firstTime: expected.first?.[0],
      lastTime: expected.last?.[0],
    });
  });
});

describe("sampleStatistics", () => {
  const folder = mkdtempSync(join(tmpdir(), "evarrow-statistics-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, "large.raw");
  const LARGE = 65 * 1024 * 1024;
  let large = new Uint8Array(0);
  beforeAll(() => {
    large = longRecording(LARGE);
    writeFileSync(path, large);
  });

  function expectNear(sampled: EventStatistics, truth: EventStatistics): void {
    expect(sampled.estimated).toBe(true);
    expect(truth.estimated).toBe(false);
    const near = (a: number | null, b: number | null, part: number): void => {
      expect(Math.abs((a ?? Number.NaN) / (b ?? Number.NaN) - 1)).toBeLessThan(part);
    };
    near(sampled.events, truth.events, 0.01);
    near(sampled.on, truth.on, 0.01);
    near(sampled.off, truth.off, 0.01);
    expect(sampled.on + sampled.off).toBe(sampled.events);
    near(sampled.durationUs, truth.durationUs, 0.01);
    near(sampled.eventsPerSecond, truth.eventsPerSecond, 0.02);
    for (const key of ["firstTime", "lastTime", "minTime", "maxTime"] as const) {
      expect(Math.abs((sampled[key] ?? 0) - (truth[key] ?? 0))).toBeLessThan(
        0.01 * truth.durationUs,
      );
    }
    for (const key of ["minX", "maxX", "minY", "maxY"] as const)
      expect(sampled[key]).toBe(truth[key]);
  }

  it("is near the truth for a large file, and says that it is an estimate", async () => {
    const sampled = await sampleStatistics(path);
    expectNear(sampled, await loadStatistics(path));
    // The report of a part would be taken for one of the whole.
    expect(reportOf(sampled)).toMatchObject({ events: 0, mode: null, bytesRead: 0 });
  });

  it("reads a small part of it", async () => {
    const source = new RecordingSource(large);
    await sampleStatistics(source);
    const bytesRead = source.reads.reduce((total, { length }) => total + length, 0);
    expect(bytesRead).toBeLessThan(10 * 1024 * 1024);
  });

  it("is near the truth when the clock wraps, wherever that is", async () => {
    const steps = Math.floor(LARGE / 400);
    for (const part of [0.003, 0.25, 0.5, 0.997]) {
      const bytes = longRecording(LARGE, 2 ** 28 - Math.floor(steps * part));
      const truth = await loadStatistics(bytes);
      expect(reportOf(truth).clockWraps).toBe(1);
      expectNear(await sampleStatistics(bytes), truth);
    }
  });

  it("takes a geometry", async () => {
    const geometry = { width: 320, height: 200 };
    const sampled = await sampleStatistics(path, { geometry });
    expectNear(sampled, await loadStatistics(path, { geometry }));
    expect(sampled.maxX).toBeLessThan(320);
  });

  it("puts the first event on 0 when asked to, as for a small file", async () => {
    const sampled = await sampleStatistics(path, { rebase: true });
    expectNear(sampled, await loadStatistics(path, { rebase: true }));
    expect(sampled.firstTime).toBe(0);
  });

  it("tells its progress, which only rises, and its end", async () => {
    let now = 0;
    vi.spyOn(performance, "now").mockImplementation(() => {
      now += 1000; // so that every report of progress is sent
      return now;
    });
    const seen: Progress[] = [];
    await sampleStatistics(path, { onProgress: (progress) => seen.push(progress) });
    vi.restoreAllMocks();
    expect(seen.length).toBeGreaterThan(1);
    for (const [index, { bytesRead, bytesTotal, events }] of seen.entries()) {
      expect(bytesRead).toBeGreaterThanOrEqual(seen[index - 1]?.bytesRead ?? 0);
      expect(bytesRead).toBeLessThanOrEqual(bytesTotal ?? 0);
      expect(events).toBeGreaterThanOrEqual(seen[index - 1]?.events ?? 0);
    }
    expect(seen.at(-1)).toMatchObject({ bytesRead: seen[0]?.bytesTotal, etaSeconds: 0 });
  });

  it("ends early when it is aborted", async () => {
    const reason = { why: "no longer needed" };
    for (const abortedBy of [2, 4, 9]) {
      const controller = new AbortController();
      const source = new RecordingSource(large);
      source.onRead = (count) => {
        if (count === abortedBy) controller.abort(reason);
      };
      const { signal } = controller;
      await expect(sampleStatistics(source, { signal })).rejects.toBe(reason);
      expect(source.reads.length).toBeLessThanOrEqual(abortedBy + 1);
    }
  });

  it("finds no events where there are none", async () => {
    const empty = new Uint8Array(LARGE).fill(0xff);
    empty.set(recordingOf([]));
    const sampled = await sampleStatistics(empty);
    expect(sampled).toEqual({ ...plainStatistics([]), estimated: true });
  });

  it("reads a recording that is open", async () => {
    const recording = await openRecording(path);
    expect(await sampleStatistics(recording)).toEqual(await sampleStatistics(path));
    await recording.close();
  });
});
