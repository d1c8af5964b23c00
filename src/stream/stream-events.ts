import type { LoadReport } from "../events/report.ts";
import { warnIfRejected, warnOf } from "../util/tell.ts";
import type { LoadPlan } from "./plan.ts";

/** What a streamer is about to do. */
export interface StreamStart extends LoadPlan {
  /** Bytes of the source; null when it does not say. */
  readonly bytesTotal: number | null;
}

/** What a streamer hands out. */
export interface StreamedBatch {
  /** Number of the batch, from 0. */
  readonly index: number;
  /** Events in it. */
  readonly events: number;
}

/** The events of an `EventStreamer` and what their `detail` is. */
export interface StreamEventDetails {
  /** A pass begins. */
  plan: StreamStart;
  /** A batch is handed out, or put into the table or frame. */
  batch: StreamedBatch;
  /**
   * A pass is over: at its end, or because the loop was left. `break`, `return` and an error thrown in
   * the body of a loop are the same to an iterator.
   */
  end: LoadReport;
  /**
   * A pass failed, or was aborted: the error, or the reason of the signal. So does one whose consumer
   * threw in `forEachBatch`, with what it threw.
   */
  error: unknown;
}

/** An event of an `EventStreamer`. */
export class StreamEvent<Type extends keyof StreamEventDetails> extends Event {
  declare readonly type: Type;
  readonly detail: StreamEventDetails[Type];

  constructor(type: Type, detail: StreamEventDetails[Type]) {
    super(type);
    this.detail = detail;
  }
}

/** Who listens to an event. */
export type StreamListener<Type extends keyof StreamEventDetails> =
  | ((event: StreamEvent<Type>) => void)
  | { handleEvent(event: StreamEvent<Type>): void };

/** As `addEventListener` takes them everywhere. */
export interface StreamListenerOptions {
  capture?: boolean;
  once?: boolean;
  passive?: boolean;
  signal?: AbortSignal;
}

type AnyListener = ((event: Event) => void) | { handleEvent(event: Event): void };

/**
 * A target whose listeners cannot end what they listen to: Node makes an error of a listener one
 * that nobody caught, which ends the process. Here it is a warning.
 */
export class StreamEventTarget extends EventTarget {
  readonly #guarded = new WeakMap<AnyListener, (event: Event) => void>();

  /** Calls a listener for each event of a type. */
  override addEventListener<Type extends keyof StreamEventDetails>(
    type: Type,
    listener: StreamListener<Type> | null,
    options?: boolean | StreamListenerOptions,
  ): void;
  override addEventListener(
    type: string,
    listener: AnyListener | null,
    options?: boolean | StreamListenerOptions,
  ): void;
  override addEventListener(
    type: string,
    listener: unknown,
    options?: boolean | StreamListenerOptions,
  ): void {
    super.addEventListener(type, this.#guard(listener as AnyListener | null), options);
  }

  /** Calls a listener no more. */
  override removeEventListener<Type extends keyof StreamEventDetails>(
    type: Type,
    listener: StreamListener<Type> | null,
    options?: boolean | { capture?: boolean },
  ): void;
  override removeEventListener(
    type: string,
    listener: AnyListener | null,
    options?: boolean | { capture?: boolean },
  ): void;
  override removeEventListener(
    type: string,
    listener: unknown,
    options?: boolean | { capture?: boolean },
  ): void {
    super.removeEventListener(type, this.#guard(listener as AnyListener | null), options);
  }

  /** The same for the same listener, so that it is added once and can be removed. */
  #guard(listener: AnyListener | null): ((event: Event) => void) | null {
    if (listener === null || listener === undefined) return null;
    let guarded = this.#guarded.get(listener);
    if (guarded === undefined) {
      guarded = (event) => {
        try {
          const result: unknown =
            typeof listener === "function"
              ? listener.call(this, event)
              : listener.handleEvent(event);
          warnIfRejected(result);
        } catch (error) {
          warnOf(error);
        }
      };
      this.#guarded.set(listener, guarded);
    }
    return guarded;
  }
}
