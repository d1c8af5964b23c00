import { describe, expect, it } from "vitest";
import { ProgressBar, withProgress } from "../../src/cli/progress-bar.ts";
import type { Progress } from "../../src/node.ts";
import { CapturedStream } from "./support.ts";

const HALF: Progress = {
  bytesRead: 201_000_000,
  bytesTotal: 402_000_000,
  events: 50_000_000,
  eventsPerSecond: 101_000_000,
  etaSeconds: 1.2,
};

/** Gives the bar's package time to load. */
async function shown(stream: CapturedStream): Promise<void> {
  for (let turn = 0; turn < 1000 && stream.text === ""; turn++) {
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

describe("the progress bar", () => {
  it("says how far the work has come, and leaves nothing behind", async () => {
    const stream = new CapturedStream(true);
    const bar = new ProgressBar(stream, 0);
    bar.update(HALF);
    await shown(stream);
    expect(stream.text).toContain(
      "[==========          ]  50 %  201 MB of 402 MB  50 M events  101 M/s  2 s left",
    );
    bar.update({ ...HALF, bytesRead: 301_500_000 });
    bar.stop();
    expect(stream.text).toContain("[===============     ]  75 %");
    expect(stream.text.endsWith("\u001b[2K")).toBe(true); // the line is cleared
    bar.update(HALF);
    expect(stream.text.endsWith("\u001b[2K")).toBe(true);
  });

  it("leaves the cursor and the wrapping of lines alone", async () => {
    const stream = new CapturedStream(true);
    const bar = new ProgressBar(stream, 0);
    bar.update(HALF);
    await shown(stream);
    bar.stop();
    expect(stream.text).not.toContain("\u001b[?");
  });

  it("has no bar when the length is not known", async () => {
    const stream = new CapturedStream(true);
    const bar = new ProgressBar(stream, 0);
    bar.update({ ...HALF, bytesTotal: null, etaSeconds: null });
    await shown(stream);
    bar.stop();
    expect(stream.text).toContain("201 MB  50 M events  101 M/s");
    expect(stream.text).not.toMatch(/%|left/);
  });

  it("does not show for short work, at the end, or when the work ended first", async () => {
    const stream = new CapturedStream(true);
    const short = new ProgressBar(stream);
    short.update(HALF);
    const ended = new ProgressBar(stream, 0);
    ended.update({ ...HALF, bytesRead: 402_000_000 });
    const stopped = new ProgressBar(stream, 0);
    stopped.update(HALF);
    stopped.stop();
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(stream.text).toBe("");
  });

  it("does not show outside a terminal", async () => {
    const stream = new CapturedStream(false);
    const bar = new ProgressBar(stream, 0);
    bar.update(HALF);
    await new Promise((resolve) => setTimeout(resolve, 100));
    bar.stop();
    expect(stream.text).toBe("");
  });

  it("goes when the work fails", async () => {
    const stream = new CapturedStream(true);
    const failure = new Error("the work failed");
    await expect(withProgress(stream, () => Promise.reject(failure))).rejects.toBe(failure);
  });
});
