import type { LoadReport } from "../events/report.ts";
import type { EventBatch } from "../events/table.ts";
import type { BatchPart } from "./batches.ts";
import { type LentBatch, lendBatch } from "./borrowed.ts";
import { DONE, type Prefetch } from "./prefetch.ts";
import type { StreamPass } from "./stream-pass.ts";

/** A pass that is under way. */
export interface OpenedBatches {
  readonly pass: StreamPass;
  readonly parts: Prefetch<BatchPart>;
  /** Makes an Arrow batch of columns, without copying them. */
  readonly wrap: (columns: BatchPart["columns"]) => EventBatch;
  /** Whether batches are to tell when they are used after their time. */
  readonly lends: boolean;
}

/**
 * Hands out the batches of one pass as they are pulled. Nothing is begun before the first pull; the
 * pass is closed once, whatever ends it.
 */
export class BatchIterator<Item> implements AsyncIterableIterator<Item, void, void> {
  readonly #open: () => Promise<OpenedBatches>;
  readonly #toItem: (batch: EventBatch, part: BatchPart) => Item;
  #opened: OpenedBatches | undefined;
  /** Pulls that do not wait for the one before them are answered in turn. */
  #turn: Promise<unknown> = Promise.resolve();
  #isOver = false;
  /** Over because nobody wants more, and not by itself. */
  #isLeft = false;
  #lent: LentBatch | undefined;

  /**
   * @param open - begins the pass
   * @param toItem - what is handed out for a batch
   */
  constructor(
    open: () => Promise<OpenedBatches>,
    toItem: (batch: EventBatch, part: BatchPart) => Item,
  ) {
    this.#open = open;
    this.#toItem = toItem;
  }

  /** The report of the pass. */
  get report(): LoadReport {
    if (this.#opened === undefined) throw new Error("no pass has begun");
    return this.#opened.pass.report;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<IteratorResult<Item, void>> {
    const turn = this.#turn.then(() => this.#pull());
    this.#turn = turn.catch(() => {});
    return turn;
  }

  /** Aborted when the pass that is under way is to end. */
  get signal(): AbortSignal | undefined {
    return this.#opened?.pass.signal;
  }

  /**
   * Ends the pass with an error of who takes the batches, unless it is over.
   *
   * @returns the error
   */
  async fail(error: unknown): Promise<unknown> {
    this.#lent?.expire();
    return this.#isOver || this.#opened === undefined ? error : this.#fail(this.#opened, error);
  }

  /** Leaves the pass, also while a batch is waited for. */
  async return(): Promise<IteratorReturnResult<void>> {
    this.#lent?.expire();
    if (this.#isOver) return DONE;
    this.#isOver = true;
    this.#isLeft = true;
    if (this.#opened !== undefined) await leave(this.#opened);
    return DONE;
  }

  async #pull(): Promise<IteratorResult<Item, void>> {
    this.#lent?.expire();
    if (this.#isOver) return DONE;
    this.#opened ??= await this.#begin();
    const opened = this.#opened;
    try {
      if (this.#isLeft) await leave(opened);
      else return await this.#take(opened);
    } catch (error) {
      if (this.#isOver && !this.#isLeft) throw error; // of the callback that was told of the end
      if (!this.#isLeft) throw await this.#fail(opened, error);
    }
    return DONE;
  }

  async #begin(): Promise<OpenedBatches> {
    try {
      return await this.#open();
    } catch (error) {
      this.#isOver = true;
      throw error;
    }
  }

  async #take({ pass, parts, wrap, lends }: OpenedBatches): Promise<IteratorResult<Item, void>> {
    pass.signal.throwIfAborted();
    const next = await parts.next();
    pass.signal.throwIfAborted(); // what was ready comes too late
    if (next.done) {
      this.#isOver = true;
      pass.finish();
      return DONE;
    }
    const { columns } = next.value;
    this.#lent = lends ? lendBatch(columns, wrap) : undefined;
    const item = this.#toItem(this.#lent?.batch ?? wrap(columns), next.value);
    pass.handOut(columns.length);
    return { done: false, value: item };
  }

  async #fail({ pass, parts }: OpenedBatches, error: unknown): Promise<unknown> {
    this.#isOver = true;
    pass.abandon(); // so that nothing that was read ahead is waited for
    await parts.close();
    pass.dropUndelivered();
    return pass.fail(error);
  }
}

async function leave({ pass, parts }: OpenedBatches): Promise<void> {
  pass.abandon();
  await parts.close();
  pass.dropUndelivered();
  pass.finish();
}
