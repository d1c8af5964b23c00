/**
 * Decodes parts of the data in several threads at once and hands over their tiles in order. A part
 * is decoded before those in front of it are done: from the bytes in front of it follows the state
 * that it starts from, most often. When its turn comes, that state is known, and the part is decoded
 * anew if it was another one. So what comes out is always what one thread makes.
 */
import { platform } from "#platform";
import type { DecodingKernel } from "../kernels/decoding-kernel.ts";
import type { EventMemory } from "../kernels/event-memory.ts";
import { compileKernel, instantiateKernel } from "../kernels/kernel.ts";
import type { DecodeThread } from "../platform/platform.ts";
import { News } from "../util/news.ts";
import { untilAborted } from "../util/until-aborted.ts";
import { awaitThreads } from "./await-threads.ts";
import { Lane, type LaneOptions } from "./lane.ts";
import { LaneDesk } from "./lane-desk.ts";

/** Lanes for each thread: one that it decodes, one that waits for it, one that is handed over. */
export const LANES_PER_THREAD = 3;

/** What threads are sent: the desk, the memory of a lane, or that there are parts. */
export type LaneMessage =
  | { readonly kind: "desk"; readonly buffer: SharedArrayBuffer; readonly thread: number }
  | {
      readonly kind: "lane";
      readonly lane: number;
      readonly module: WebAssembly.Module;
      readonly memory: WebAssembly.Memory;
    }
  | { readonly kind: "work" };

/** Parts that are being read. */
interface MoreParts {
  readonly isReady: boolean;
  /** Settled when the next one is there; null when none is being read. */
  readonly ready: Promise<void> | null;
}

/** Lanes, and the threads beside this one that decode what is in them. */
export class Lanes {
  readonly all: readonly Lane[];
  readonly #threads: readonly DecodeThread[];
  readonly #desk: LaneDesk;
  /** Whether a thread failed: what it had begun nobody can tell, so all are ended. */
  #isAlone = false;
  readonly #news = new News();

  private constructor(lanes: readonly Lane[], threads: readonly DecodeThread[]) {
    this.all = lanes;
    this.#threads = threads;
    this.#desk = LaneDesk.for(threads.length);
    for (const [number, thread] of threads.entries()) {
      this.#send(thread, { kind: "desk", buffer: this.#desk.buffer, thread: number });
      thread.onMessage(() => this.#news.happened());
      thread.onError(() => {
        this.#isAlone = true;
        this.#news.happened();
      });
    }
  }

  /**
   * Starts threads.
   *
   * @param threads - those beside this one
   * @param createMemory - memory that is shared
   */
  static async start(
    kernel: string,
    threads: readonly DecodeThread[],
    createMemory: () => EventMemory,
    options: LaneOptions,
  ): Promise<Lanes> {
    const module = await compileKernel(kernel, true);
    const lanes: Lane[] = [];
    for (let lane = 0; lane < (threads.length + 1) * LANES_PER_THREAD; lane++) {
      const memory = createMemory();
      const instance = await instantiateKernel<DecodingKernel>(kernel, memory.memory);
      lanes.push(new Lane(memory, instance, lane, options));
      const message: LaneMessage = { kind: "lane", lane, module, memory: memory.memory };
      for (const thread of threads) thread.post(message);
    }
    return new Lanes(lanes, threads);
  }

  /** Tells the others that a lane has a part: a thread that works comes by in any case. */
  announce(): void {
    const thread = this.#threads.find((_, number) => this.#desk.begin(number));
    if (thread !== undefined) this.#send(thread, { kind: "work" });
  }

  #send(thread: DecodeThread, message: LaneMessage): void {
    thread.post(message);
  }

  /**
   * Goes on until the first lane is decoded, or can be by nobody else: it is then claimed for this
   * thread. Meanwhile this thread decodes what is in the lanes behind it.
   *
   * @param more - what there is to fill further lanes with
   * @param isAtHand - whether reading that needs nothing but this thread
   * @returns whether the first lane is to be handed over; false to fill others first
   */
  async settle(
    busy: readonly Lane[],
    more: MoreParts | null,
    isAtHand: boolean,
    signal: AbortSignal | undefined,
  ): Promise<boolean> {
    const [head] = busy as [Lane];
    while (!head.ahead.isDone) {
      if (this.#isAlone) {
        await this.close();
        return true; // not done, so it is decoded when it is begun
      }
      // What comes from elsewhere comes late enough without this thread being busy.
      const ready = more?.ready ?? null;
      const free = ready === null || isAtHand ? busy.find(({ ahead }) => ahead.claim()) : undefined;
      if (free === head) return true;
      if (free === undefined) {
        this.#desk.await();
        if (head.ahead.isDone) return true;
        void ready?.then(() => this.#news.happened());
        await this.#untilNews(signal);
      } else {
        free.decodeAhead();
        await platform.yieldToEventLoop();
        signal?.throwIfAborted();
      }
      if (more?.isReady) return head.ahead.isDone;
    }
    return true;
  }

  #untilNews(signal: AbortSignal | undefined): Promise<void> {
    return awaitThreads(this.#threads, untilAborted(this.#news.next(), signal));
  }

  /** Ends the threads. */
  async close(): Promise<void> {
    await Promise.all(this.#threads.map((thread) => thread.close()));
  }
}
