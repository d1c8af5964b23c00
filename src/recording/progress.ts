import { tell } from "../util/tell.ts";

/** How far a load has come. */
export interface Progress {
  /** Bytes of the source read so far, compressed if it is. */
  readonly bytesRead: number;
  /** Bytes of the whole source, compressed if it is; null when it does not say. */
  readonly bytesTotal: number | null;
  /** Events decoded so far. */
  readonly events: number;
  /** Mean rate since the start. */
  readonly eventsPerSecond: number;
  /** Seconds left at that rate; null when the total is not known. */
  readonly etaSeconds: number | null;
}

/** Least time between two reports of progress, in milliseconds. */
const INTERVAL_MS = 100;

/** Calls back at most ten times a second, and once more at the end. */
export class ProgressMeter {
  readonly #report: (progress: Progress) => void;
  readonly #bytesTotal: number | null;
  readonly #startedAt = performance.now();
  #reportedAt = this.#startedAt;

  constructor(report: (progress: Progress) => void, bytesTotal: number | null) {
    this.#report = report;
    this.#bytesTotal = bytesTotal;
  }

  /** Takes the state of the load and passes it on when it is time to. */
  update(bytesRead: number, events: number): void {
    const now = performance.now();
    if (now - this.#reportedAt >= INTERVAL_MS) this.#send(bytesRead, events, now);
  }

  /** Passes on the last state. */
  finish(bytesRead: number, events: number): void {
    this.#send(bytesRead, events, performance.now());
  }

  #send(bytesRead: number, events: number, now: number): void {
    this.#reportedAt = now;
    const seconds = Math.max((now - this.#startedAt) / 1000, 1e-9);
    const left = this.#bytesTotal === null ? null : Math.max(this.#bytesTotal - bytesRead, 0);
    tell(this.#report, {
      bytesRead,
      bytesTotal: this.#bytesTotal,
      events,
      eventsPerSecond: events / seconds,
      etaSeconds: left === null || bytesRead === 0 ? null : (left * seconds) / bytesRead,
    });
  }
}
