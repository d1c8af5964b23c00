import { EventError } from "../errors.ts";
import { untilAborted } from "../util/until-aborted.ts";
import { type ByteSink, isReadableSink } from "./byte-sink.ts";

/**
 * A sink of any kind, as its user wants it: what it throws is passed on as ours, no wait outlives
 * the signal, and giving it up does not hide why.
 */
export class CheckedSink {
  readonly #sink: ByteSink;
  readonly #signal: AbortSignal | undefined;

  constructor(sink: ByteSink, signal: AbortSignal | undefined) {
    this.#sink = sink;
    this.#signal = signal;
  }

  /** Takes all of `bytes`, which may be overwritten then. */
  write(bytes: Uint8Array): Promise<void> {
    const problem = "the output cannot be written";
    return this.#run(problem, () => this.#sink.write(bytes), this.#signal);
  }

  /** Ends the output. Nothing is complete once the signal was aborted. */
  async close(): Promise<void> {
    this.#signal?.throwIfAborted();
    // A file gets its name now or not at all; nobody is to give it up in the midst of that.
    const signal = isReadableSink(this.#sink) ? undefined : this.#signal;
    await this.#run("the output cannot be completed", () => this.#sink.close?.(), signal);
  }

  /** Gives the output up. Never rejects: there is a better reason than what goes wrong here. */
  async abort(reason: unknown): Promise<void> {
    try {
      await this.#sink.abort?.(reason);
    } catch {
      // The reason is thrown.
    }
  }

  async #run(
    problem: string,
    work: () => Promise<void> | undefined,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    try {
      await untilAborted(Promise.resolve(work()), signal);
    } catch (cause) {
      if (signal?.aborted || cause instanceof EventError) throw cause;
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new EventError("sink-unwritable", `${problem} (${reason})`, {
        path: this.#sink.name,
        cause,
      });
    }
  }
}
