/** The transforms: addresses of columns and streams go in. */
export interface EncodeKernel {
  countBackward(ts: number, count: number): number;
  takeSteps(ts: number, count: number, out: number, larges: number, isSigned: number): void;
  takeGroups(ts: number, count: number, steps: number, sizes: number, larges: number): number;
  splitLarge(larges: number, count: number, out: number): void;
  transformAxis(
    axis: number,
    count: number,
    transform: number,
    ys: number,
    polarities: number,
    out: number,
  ): void;
  takeBytes(values: number, count: number, isLow: number, out: number): void;
  takeNibbles(
    xValues: number,
    xIsLow: number,
    yValues: number,
    yIsLow: number,
    count: number,
    out: number,
  ): void;
  splitBytes(axis: number, count: number, lows: number, highs: number): void;
  takeBits(polarities: number, count: number, out: number): void;
  takeRowBits(count: number, bits: number, ys: number, out: number): void;
  takeCellBits(
    polarities: number,
    count: number,
    xs: number,
    ys: number,
    table: number,
    columns: number,
    cells: number,
    out: number,
  ): void;
  otherPolarity(polarities: number, count: number): number;
  countAtLeast16(values: number, count: number, bound: number): number;
  countAtLeast64(values: number, count: number, bound: bigint): number;
  isConstant(bytes: number, count: number): number;
  costOfBytes(bytes: number, count: number): number;
  countValues(values: number, count: number, tables: number): void;
  costOfSplit(tables: number, count: number, isLow: number, ofNibbles: number): number;
}
