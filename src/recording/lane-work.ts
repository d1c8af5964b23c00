import { AheadState } from "../kernels/decode-ahead.ts";
import type { DecodingKernel } from "../kernels/decoding-kernel.ts";
import type { LaneMessage } from "./lanes.ts";

/** The lanes as another thread has them. */
export class LaneWork {
  readonly #lanes: { readonly ahead: AheadState; readonly kernel: DecodingKernel }[] = [];

  /**
   * Does what a message asks for.
   *
   * @returns whether a part was decoded, which is to be told
   */
  receive(message: LaneMessage): boolean {
    if (message.kind === "lane") {
      const { lane, module, memory } = message;
      const { exports } = new WebAssembly.Instance(module, { env: { memory } });
      const kernel = exports as unknown as DecodingKernel;
      this.#lanes[lane] = { ahead: new AheadState(memory), kernel };
      return false;
    }
    const lane = this.#lanes[message.lane];
    if (!lane?.ahead.claim()) return false; // another thread was faster
    lane.ahead.decode(lane.kernel);
    return true;
  }
}
