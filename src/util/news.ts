/** Lets one who waits know that something has happened, also when it did before they waited. */
export class News {
  #isThere = false;
  #tell: (() => void) | undefined;

  /** Something has happened. */
  happened(): void {
    this.#isThere = true;
    this.#tell?.();
  }

  /** Waits until something has happened since it was last waited for. */
  async next(): Promise<void> {
    if (!this.#isThere) {
      await new Promise<void>((resolve) => {
        this.#tell = resolve;
      });
    }
    this.#isThere = false;
    this.#tell = undefined;
  }
}
