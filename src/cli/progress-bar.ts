import type { SingleBar } from "cli-progress";
import type { Progress } from "../node.ts";
import { formatBytes, formatDuration, formatMagnitude } from "./format.ts";
import type { OutputStream } from "./output.ts";

/** Work that takes less than this shows no bar. */
const DELAY_MS = 500;

/**
 * A line on stderr that says how far the work has come. It shows only in a terminal and only when
 * the work takes long, and leaves nothing behind. The cursor and the wrapping of lines are left
 * alone, so that nothing needs to be restored whatever ends the process.
 */
export class ProgressBar {
  readonly #stream: OutputStream;
  readonly #delayMs: number;
  readonly #startedAt = performance.now();
  #state: "waiting" | "loading" | "stopped" | SingleBar;

  constructor(stream: OutputStream, delayMs = DELAY_MS) {
    this.#stream = stream;
    this.#delayMs = delayMs;
    this.#state = stream.isTTY ? "waiting" : "stopped";
  }

  /** Takes what the library's `onProgress` gives. */
  readonly update = (progress: Progress): void => {
    if (typeof this.#state === "object") this.#state.update(progress.bytesRead, payload(progress));
    else if (this.#state === "waiting" && this.#isDue(progress)) void this.#show(progress);
  };

  /** Removes the line; it does not come back. */
  stop(): void {
    if (typeof this.#state === "object") this.#state.stop();
    this.#state = "stopped";
  }

  #isDue({ bytesRead, bytesTotal }: Progress): boolean {
    return performance.now() - this.#startedAt >= this.#delayMs && bytesRead !== bytesTotal;
  }

  async #show(progress: Progress): Promise<void> {
    this.#state = "loading";
    const { default: cliProgress } = await import("cli-progress");
    if (this.#state !== "loading") return; // the work has ended meanwhile
    const { bytesRead, bytesTotal } = progress;
    const bar = new cliProgress.SingleBar({
      stream: this.#stream,
      format: `${bytesTotal === null ? "" : "[{bar}] {percent}  "}{text}`,
      barsize: 20,
      barCompleteChar: "=",
      barIncompleteChar: " ",
      linewrap: true,
      clearOnComplete: true,
      gracefulExit: false,
    });
    bar.start(bytesTotal ?? 0, bytesRead, payload(progress));
    this.#state = bar;
  }
}

/** What the line says beside the bar. */
function payload(progress: Progress): { percent: string; text: string } {
  const { bytesRead, bytesTotal, events, eventsPerSecond, etaSeconds } = progress;
  const share = bytesTotal === null ? 0 : Math.floor((bytesRead / bytesTotal) * 100);
  const parts = [
    bytesTotal === null
      ? formatBytes(bytesRead)
      : `${formatBytes(bytesRead)} of ${formatBytes(bytesTotal)}`,
    `${formatMagnitude(events)} events`,
    `${formatMagnitude(eventsPerSecond)}/s`,
  ];
  if (etaSeconds) parts.push(`${formatDuration(Math.ceil(etaSeconds) * 1e6)} left`);
  return { percent: `${share} %`.padStart(5), text: parts.join("  ") };
}

/** Does some work with a progress bar, which is gone when this resolves or rejects. */
export async function withProgress<Result>(
  stream: OutputStream,
  work: (onProgress: ProgressBar["update"]) => Promise<Result>,
): Promise<Result> {
  const bar = new ProgressBar(stream);
  try {
    return await work(bar.update);
  } finally {
    bar.stop();
  }
}
