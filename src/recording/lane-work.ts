import { AheadState } from "../kernels/decode-ahead.ts";
import type { DecodingKernel } from "../kernels/decoding-kernel.ts";
import { LaneDesk } from "./lane-desk.ts";
import type { LaneMessage } from "./lanes.ts";

/** A lane with a kernel of this thread's over its memory. */
interface LaneHere {
  readonly ahead: AheadState;
  readonly kernel: DecodingKernel;
}

/** The lanes as another thread has them. */
export class LaneWork {
  readonly #lanes: LaneHere[] = [];
  #desk: LaneDesk | undefined;
  #thread = 0;
  /** The lane that was decoded last: they are filled in turn, so the next ones come first. */
  #last = -1;

  /**
   * Does what a message asks for.
   *
   * @param tell - wakes the calling thread
   */
  receive(message: LaneMessage, tell: () => void): void {
    if (message.kind === "desk") {
      this.#desk = new LaneDesk(message.buffer);
      this.#thread = message.thread;
      return;
    }
    if (message.kind === "lane") {
      const { lane, module, memory } = message;
      const { exports } = new WebAssembly.Instance(module, { env: { memory } });
      const kernel = exports as unknown as DecodingKernel;
      this.#lanes[lane] = { ahead: new AheadState(memory), kernel };
      return;
    }
    do {
      while (this.step()) if (this.#desk?.takeAwaited()) tell();
    } while (!this.rest());
  }

  /** Decodes a part that nobody else has claimed; whether there was one. */
  step(): boolean {
    const { length } = this.#lanes;
    for (let behind = 1; behind <= length; behind++) {
      const number = (this.#last + behind) % length;
      const { ahead, kernel } = this.#lanes[number] as LaneHere;
      if (!ahead.claim()) continue;
      ahead.decode(kernel);
      this.#last = number;
      return true;
    }
    return false;
  }

  /** Ends the work; false where a part came in the last moment and nobody else was woken for it. */
  rest(): boolean {
    this.#desk?.rest(this.#thread);
    const isOffered = this.#lanes.some(({ ahead }) => ahead.isFree);
    return !isOffered || this.#desk?.begin(this.#thread) !== true;
  }
}
