/** Lets a few tasks run at the same time; the others wait, in the order in which they came. */
export class TaskLimit {
  #free: number;
  readonly #waiting: (() => void)[] = [];

  /** @param most - tasks at the same time */
  constructor(most: number) {
    this.#free = most;
  }

  async run<Result>(task: () => Promise<Result>): Promise<Result> {
    if (this.#free > 0) this.#free--;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    try {
      return await task();
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#free++;
      else next();
    }
  }
}
