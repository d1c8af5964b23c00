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

/** Adds `by` to the first `count` times, modulo 2^64. */
export function shiftTimes(times: BigInt64Array, count: number, by: bigint): void {
  const halves = new Uint32Array(times.buffer, times.byteOffset, count * 2);
  const low = Number(BigInt.asUintN(32, by));
  const high = Number(BigInt.asUintN(32, by >> 32n));
  for (let at = 0; at < count * 2; at += 2) {
    const sum = (halves[at] as number) + low;
    halves[at] = sum;
    halves[at + 1] = (halves[at + 1] as number) + high + (sum > 0xffffffff ? 1 : 0);
  }
}
