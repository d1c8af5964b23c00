/** The one of some names that a misspelt one stands for, as far as one can tell; undefined if none is near. */
export function nearest(name: string, names: readonly string[]): string | undefined {
  const given = name.toLowerCase();
  const most = Math.floor((given.length + 1) / 3);
  let found: string | undefined;
  let least = most + 1;
  for (const candidate of names) {
    const other = candidate.toLowerCase();
    const isPart = given.length >= 4 && other.includes(given);
    const isNear = Math.abs(other.length - given.length) <= most; // of megabytes nothing is
    const edits = Math.min(isNear ? editsBetween(given, other) : least, isPart ? most : least);
    if (edits >= least) continue;
    found = candidate;
    least = edits;
  }
  return found;
}

/** Characters to be added, removed, replaced, or exchanged with the one behind them. */
function editsBetween(one: string, other: string): number {
  let before: readonly number[] = [];
  let row: readonly number[] = Array.from({ length: other.length + 1 }, (_, at) => at);
  for (let i = 1; i <= one.length; i++) {
    const next = [i];
    for (let j = 1; j <= other.length; j++) {
      const replaced = at(row, j - 1) + (one[i - 1] === other[j - 1] ? 0 : 1);
      const isExchanged = one[i - 1] === other[j - 2] && one[i - 2] === other[j - 1];
      const exchanged = isExchanged ? at(before, j - 2) + 1 : replaced;
      next.push(Math.min(replaced, exchanged, at(row, j) + 1, at(next, j - 1) + 1));
    }
    [before, row] = [row, next];
  }
  return at(row, other.length);
}

function at(row: readonly number[], index: number): number {
  return row[index] as number;
}
