import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { digestEvents, type LoadOptions, openRecording, reportOf } from "../../src/node.ts";
import { referenceDigest } from "../reference/digest.ts";
import { off, on, recordingOf, timeHigh, wordStream } from "../support/evt2-words.ts";
import { expectedLoad } from "../support/expected-load.ts";
import { longRecording } from "../support/long-recording.ts";
import { itWithSharedData } from "../support/shared-data.ts";
import { SOAK } from "../support/soak.ts";
import { PieceSource } from "../support/sources.ts";

const SENSOR = { width: 640, height: 480 };

describe("digestEvents", () => {
  it("agrees with the reference", async () => {
    await fc.assert(
      fc.asyncProperty(wordStream(), fc.boolean(), async (words, rebase) => {
        const bytes = recordingOf(words);
        const { events, report } = expectedLoad(bytes, {
          geometry: SENSOR,
          rebase,
          mode: "chunked",
        });
        const shift = BigInt(report.timeOffset);
        const result = await digestEvents(bytes, { rebase });
        expect(result).toEqual({
          events: events.length,
          on: events.filter(({ p }) => p === 1).length,
          digest: referenceDigest(events.map((event) => ({ ...event, t: event.t - shift }))),
        });
        expect(reportOf(result)).toEqual({ ...report, modeReason: null });
      }),
      { numRuns: 80 * SOAK },
    );
  });

  it("does not depend on the pieces", async () => {
    const bytes = longRecording(1024 * 1024);
    const { events } = expectedLoad(bytes, { geometry: SENSOR });
    const whole = await digestEvents(bytes);
    expect(whole.digest).toBe(referenceDigest(events));
    for (const size of [3333, 65536, 999_999]) {
      expect(await digestEvents(new PieceSource(bytes, () => size))).toEqual(whole);
    }
  });

  it("does not depend on words that hold no events", async () => {
    const plain = [timeHigh(1), on(1, 2, 3), off(4, 5, 6)];
    const [time = 0, ...events] = plain;
    const padded = [
      0xe0000000,
      time,
      time,
      ...events.flatMap((word) => [word, 0xa0000000, 0x30000000]),
    ];
    const digest = await digestEvents(recordingOf(plain));
    expect(await digestEvents(recordingOf(padded, { tail: [1] }))).toEqual(digest);
    expect(await digestEvents(recordingOf([...plain].slice(0, 2)))).not.toEqual(digest);
  });

  it("does not depend on the polarity encoding, which a caller without types may give", async () => {
    const bytes = recordingOf([timeHigh(1), on(1, 2, 3), off(4, 5, 6)]);
    const options: LoadOptions = { polarityEncoding: "zero-one" };
    expect(await digestEvents(bytes, options)).toEqual(await digestEvents(bytes));
  });

  it("of nothing is that of no bytes", async () => {
    const empty = { events: 0, on: 0, digest: "e3b0c44298fc1c14" };
    expect(await digestEvents(recordingOf([]))).toEqual(empty);
    expect(await digestEvents(recordingOf([timeHigh(1), 0xa0000000]))).toEqual(empty);
  });

  it("takes a geometry and refuses losses when it is strict", async () => {
    const bytes = recordingOf([timeHigh(1), on(1, 10, 10), on(2, 9, 9)]);
    const geometry = { width: 10, height: 10 };
    expect((await digestEvents(bytes, { geometry })).events).toBe(1);
    await expect(digestEvents(bytes, { geometry, strict: true })).rejects.toMatchObject({
      code: "data-loss",
    });
  });

  itWithSharedData("agrees with a real recording", "evt2_sample.raw", async (path, expected) => {
    const { events, on: ons, digest } = expected;
    expect(await digestEvents(path)).toEqual({ events, on: ons, digest });
    const recording = await openRecording(path);
    expect(await digestEvents(recording)).toEqual({ events, on: ons, digest });
    await recording.close();
  });
});
