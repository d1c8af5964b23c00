/** Place of the word that says whether the calling thread waits; behind it is one for each thread. */
const AWAITED = 0;
const FIRST_THREAD = 1;

/**
 * Where threads leave word for each other about lanes. A message wakes a thread, which may take longer
 * than decoding a part, so one is sent only to who would not look here.
 */
export class LaneDesk {
  readonly buffer: SharedArrayBuffer;
  readonly #words: Int32Array;

  constructor(buffer: SharedArrayBuffer) {
    this.buffer = buffer;
    this.#words = new Int32Array(buffer);
  }

  /** A desk for so many threads beside the calling one. */
  static for(threads: number): LaneDesk {
    return new LaneDesk(new SharedArrayBuffer((FIRST_THREAD + threads) * 4));
  }

  /** Takes a thread as at work; whether it was not before, so that it has to be woken. */
  begin(thread: number): boolean {
    return Atomics.compareExchange(this.#words, FIRST_THREAD + thread, 0, 1) === 0;
  }

  /** Takes a thread as resting: it will not look again unless it is woken. */
  rest(thread: number): void {
    Atomics.store(this.#words, FIRST_THREAD + thread, 0);
  }

  /** Says that the calling thread waits for a part to be decoded. */
  await(): void {
    Atomics.store(this.#words, AWAITED, 1);
  }

  /** Whether the calling thread waits, and is to be told; it is told once. */
  takeAwaited(): boolean {
    return Atomics.exchange(this.#words, AWAITED, 0) === 1;
  }
}
