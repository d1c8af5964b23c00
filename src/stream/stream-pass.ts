import type { LoadReport, MutableReport } from "../events/report.ts";
import type { OpenedRecording } from "../recording/recording.ts";
import { type TileOptions, TilePass } from "../recording/tiles.ts";
import { tell } from "../util/tell.ts";
import { abortWith } from "../util/until-aborted.ts";
import type { LoadPlan } from "./plan.ts";
import type { StreamEventDetails } from "./stream-events.ts";
import type { StreamStats } from "./stream-stats.ts";

/** Tells whoever listens. */
export type Emit = <Type extends keyof StreamEventDetails>(
  type: Type,
  detail: StreamEventDetails[Type],
) => void;

/** What a pass is made of. */
export interface StreamPassOptions {
  readonly plan: LoadPlan;
  readonly tiles: TileOptions;
  readonly onReport: ((report: LoadReport) => void) | undefined;
  readonly emit: Emit;
}

/** One pass of a streamer over its recording: what it reads, counts, holds and tells. */
export class StreamPass {
  readonly tiles: TilePass;
  readonly #controller = new AbortController();
  readonly #unlink: () => void;
  readonly #options: StreamPassOptions;
  readonly #bytesTotal: number | null;
  readonly #startedAt = performance.now();
  readonly #held: (() => number)[] = [];
  #endedAt: number | undefined;
  #batches = 0;
  #handedOut = 0;

  /** @throws EventError `assumption` */
  constructor(recording: OpenedRecording, options: StreamPassOptions) {
    this.#options = options;
    this.#bytesTotal = recording.byteLength;
    const { signal } = this.#controller;
    this.tiles = new TilePass(recording, { ...options.tiles, signal });
    const { plan } = options;
    this.tiles.report.mode = plan.mode;
    this.tiles.report.modeReason = plan.reason;
    this.#unlink = abortWith(this.#controller, [options.tiles.signal, recording.closing]);
    options.emit("plan", { ...plan, bytesTotal: this.#bytesTotal });
  }

  /** Aborted when the caller's signal is, when the recording is closed, and when the pass is left. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  get report(): MutableReport {
    return this.tiles.report;
  }

  /** Adds something to what the pass holds. */
  hold(bytes: () => number): void {
    this.#held.push(bytes);
  }

  /** Counts a batch that is handed out. */
  handOut(events: number): void {
    const index = this.#batches;
    this.#batches += 1;
    this.#handedOut += events;
    this.#options.emit("batch", { index, events });
  }

  stats(): StreamStats {
    const { events } = this.report;
    const seconds = ((this.#endedAt ?? performance.now()) - this.#startedAt) / 1000;
    const isOver = this.#endedAt !== undefined;
    return {
      bytesRead: this.tiles.bytesRead,
      bytesTotal: this.#bytesTotal,
      events,
      batches: this.#batches,
      eventsPerSecond: events / Math.max(seconds, 1e-9),
      memoryBytes: isOver
        ? 0
        : this.#held.reduce((sum, bytes) => sum + bytes(), this.tiles.memoryBytes),
    };
  }

  /** The pass came to its end. */
  finish(): void {
    this.#close();
    this.#options.emit("end", this.report);
    tell(this.#options.onReport, this.report);
  }

  /** Ends what is under way: nobody waits for it any more. */
  abandon(): void {
    if (!this.signal.aborted) this.#controller.abort(new DOMException("left", "AbortError"));
  }

  /** Takes what was read ahead, and is not handed out any more, out of the report. */
  dropUndelivered(): void {
    this.report.events = this.#handedOut;
  }

  /**
   * The pass failed.
   *
   * @returns the error to throw: of several the first
   */
  fail(error: unknown): unknown {
    this.abandon();
    this.#close();
    this.#options.emit("error", error);
    try {
      tell(this.#options.onReport, this.report);
    } catch {
      // What ended the pass says more.
    }
    return error;
  }

  #close(): void {
    this.#endedAt = performance.now();
    this.#unlink();
  }
}
