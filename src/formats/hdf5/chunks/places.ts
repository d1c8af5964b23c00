/** Compares places of chunks, the first dimension first. */
export function comparePlaces(a: readonly number[], b: readonly number[]): number {
  for (let index = 0; index < a.length; index++) {
    const difference = (a[index] as number) - (b[index] as number);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** Whether a place lies in a box, both corners included. */
export function isInBox(
  at: readonly number[],
  low: readonly number[],
  high: readonly number[],
): boolean {
  return at.every((place, index) => {
    return place >= (low[index] as number) && place <= (high[index] as number);
  });
}
