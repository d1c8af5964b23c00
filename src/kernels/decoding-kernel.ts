/** What every decoding kernel does. */
export interface DecodingKernel {
  /**
   * Appends the events from the address `input` to the columns, until less than a word or line is
   * left before `end` or the tile is full; returns the address of the first unread byte.
   *
   * @param capacity - the most events the tile may hold
   */
  decode(input: number, end: number, capacity: number): number;
  /** Adds to the times of all events and triggers of the tile; there where the clock starts again often. */
  moveTimes?(by: bigint): void;
}
