/** Work on columns of times by halves of 32 bits: a BigInt for each event would take far longer. */

/** Times that are before the one in front of them, among the first `count`. */
export function countBackward(times: BigInt64Array, count: number): number {
  const lows = new Uint32Array(times.buffer, times.byteOffset, count * 2);
  const highs = new Int32Array(times.buffer, times.byteOffset, count * 2);
  let steps = 0;
  for (let at = 2; at < count * 2; at += 2) {
    const high = highs[at + 1] as number;
    const before = highs[at - 1] as number;
    const goesBack =
      high === before ? (lows[at] as number) < (lows[at - 2] as number) : high < before;
    if (goesBack) steps++;
  }
  return steps;
}

/** Adds `by` to the first `count` times; returns whether any of them left 64 bits, and is wrong now. */
export function shiftTimes(times: BigInt64Array, count: number, by: bigint): boolean {
  const halves = new Uint32Array(times.buffer, times.byteOffset, count * 2);
  const low = Number(BigInt.asUintN(32, by));
  const high = Number(BigInt.asUintN(32, by >> 32n));
  let wrapped = 0; // its sign bit
  for (let at = 0; at < count * 2; at += 2) {
    const sum = (halves[at] as number) + low;
    const before = halves[at + 1] as number;
    const after = (before + high + (sum > 0xffffffff ? 1 : 0)) | 0;
    halves[at] = sum;
    halves[at + 1] = after;
    // Numbers of one sign whose sum has the other.
    wrapped |= (before ^ after) & (high ^ after);
  }
  return wrapped < 0;
}
