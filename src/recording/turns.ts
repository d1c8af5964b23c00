import { platform } from "#platform";

/** Longest time in milliseconds that goes by without timers and aborts having their turn. */
const LONGEST_TURN_MS = 10;

/** Lets timers and aborts have their turn in a loop that would else run on without them. */
export class Turns {
  #startedAt = performance.now();

  /** To be awaited now and then; throws the signal's reason when that is aborted. */
  async give(signal: AbortSignal | undefined): Promise<void> {
    if (performance.now() - this.#startedAt > LONGEST_TURN_MS) {
      await platform.yieldToEventLoop();
      this.#startedAt = performance.now();
    }
    signal?.throwIfAborted();
  }
}
