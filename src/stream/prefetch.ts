import { platform } from "#platform";

/** What an iterator gives when it is over. */
export const DONE: IteratorReturnResult<void> = { done: true, value: undefined };

/**
 * Asks for items ahead of who takes them. It begins when the taker waits for something else than the
 * next item: one that never does gets every item when it asks, and none is held for it.
 */
export class Prefetch<Item> {
  readonly #items: AsyncGenerator<Item, void, void>;
  readonly #ahead: number;
  readonly #sizeOf: (item: Item) => number;
  /** Items that were asked for and not taken, in their order. */
  readonly #asked: Promise<IteratorResult<Item, void>>[] = [];
  #bytes = 0;
  #isTaking = false;
  /** A turn of the event loop is waited for. */
  #isWaiting = false;
  #isOver = false;

  /**
   * @param ahead - how many items may be asked for ahead; 0 for none
   * @param sizeOf - bytes of an item
   */
  constructor(
    items: AsyncGenerator<Item, void, void>,
    ahead: number,
    sizeOf: (item: Item) => number,
  ) {
    this.#items = items;
    this.#ahead = ahead;
    this.#sizeOf = sizeOf;
  }

  /** Bytes of the items that wait to be taken. */
  get byteLength(): number {
    return this.#bytes;
  }

  /** The next item, or what was thrown instead of it. Not to be called before it has answered. */
  async next(): Promise<IteratorResult<Item, void>> {
    if (this.#isOver) return DONE;
    this.#isTaking = true;
    try {
      const result = await (this.#asked.shift() ?? this.#ask());
      if (result.done) this.#isOver = true;
      else this.#bytes -= this.#sizeOf(result.value);
      return result;
    } catch (error) {
      this.#isOver = true;
      throw error;
    } finally {
      this.#isTaking = false;
      if (!this.#isOver && !this.#isWaiting && this.#ahead > 0) void this.#lookAhead();
    }
  }

  /** Ends the iterator; what was asked for and not taken is dropped, its errors, too. */
  async close(): Promise<void> {
    this.#isOver = true;
    await Promise.allSettled(this.#asked);
    this.#bytes = 0;
    await this.#items.return();
  }

  async #lookAhead(): Promise<void> {
    this.#isWaiting = true;
    await platform.yieldToEventLoop();
    this.#isWaiting = false;
    while (!this.#isOver && !this.#isTaking && this.#asked.length < this.#ahead) {
      const asked = this.#ask();
      asked.catch(() => {}); // thrown where it is taken
      this.#asked.push(asked);
    }
  }

  async #ask(): Promise<IteratorResult<Item, void>> {
    const result = await this.#items.next();
    if (!result.done) this.#bytes += this.#sizeOf(result.value);
    return result;
  }
}
