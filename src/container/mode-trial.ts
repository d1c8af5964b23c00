import {
  CELL_BITS,
  NARROW_END,
  PIXELS_WIDE,
  POLARITY_CELLS,
  POLARITY_PLAIN,
  POLARITY_ROWS,
  TIME_BOTH_WAYS,
  TIME_GROUPS,
  TIME_STEPS,
  TRANSFORM_DELTA,
  TRANSFORM_PLAIN,
  TRANSFORM_RUN,
} from "./layout.ts";
import { type ChunkModes, pixelModeOf } from "./modes.ts";
import type { ContainerSettings } from "./settings.ts";
import type { ChunkFacts } from "./stats.ts";

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
  isConstant(bytes: number, count: number): number;
  costOfBytes(bytes: number, count: number): number;
  costOfValues(values: number, count: number, isLow: number): number;
}

/** Addresses of the columns of a chunk, and of room to try in. */
export interface TrialMemory {
  readonly xs: number;
  readonly ys: number;
  readonly ts: number;
  readonly ps: number;
  readonly steps: number;
  readonly sizes: number;
  readonly larges: number;
  readonly xValues: number;
  readonly bits: number;
  readonly polarity: number;
  readonly cells: number;
}

/** Events that every mode is tried on, from the middle of the chunk. */
const SAMPLE_EVENTS = 16_384;
/** What a mode that takes long to undo must save of a chunk. */
const WORTH = 0.02;

/** A way to write one axis, and what it makes of the sample. */
interface Candidate {
  readonly transform: number;
  readonly isLow: boolean;
  readonly cost: number;
}

/**
 * Chooses the modes of a chunk by writing a sample of it in each, and judging what an ideal code of
 * single bytes would make of that.
 *
 * @param goesBack - whether any time is before the one in front of it
 */
export function tryModes(
  encode: EncodeKernel,
  at: TrialMemory,
  facts: ChunkFacts,
  goesBack: boolean,
  settings: ContainerSettings,
): ChunkModes {
  const count = Math.min(facts.count, SAMPLE_EVENTS);
  const skipped = (facts.count - count) >> 1;
  const sample: TrialMemory = {
    ...at,
    xs: at.xs + skipped * 2,
    ys: at.ys + skipped * 2,
    ts: at.ts + skipped * 8,
    ps: at.ps + skipped,
  };
  const trial = new Trial(encode, sample, count);
  const time = goesBack ? TIME_BOTH_WAYS : trial.time();
  const isWide = Math.max(facts.greatestX, facts.greatestY) >= NARROW_END;
  const bits = trial.plainBits();
  const rows = trial.rowBits();
  const [upright, upCost] = rows < bits ? [POLARITY_ROWS, rows] : [POLARITY_PLAIN, bits];
  if (isWide) return { time, pixels: PIXELS_WIDE, polarity: upright };
  const y = best(trial.axis(sample.ys, [TRANSFORM_PLAIN, TRANSFORM_DELTA]));
  const x = best(trial.axis(sample.xs, [TRANSFORM_PLAIN, TRANSFORM_DELTA]));
  const run = best(trial.axis(sample.xs, [TRANSFORM_RUN]));
  const chosen = run.cost < x.cost ? run : x;
  const modes = (from: Candidate, polarity: number): ChunkModes => {
    const pixels = pixelModeOf({
      xTransform: from.transform,
      xIsLow: from.isLow,
      yTransform: y.transform,
      yIsLow: y.isLow,
    });
    return { time, pixels, polarity };
  };
  if (settings.cells) {
    const total = y.cost + chosen.cost + upCost;
    const withCells = y.cost + x.cost + trial.cellBits(facts);
    if (withCells < total * (1 - WORTH)) return modes(x, POLARITY_CELLS);
  }
  return modes(chosen, upright);
}

function best(candidates: readonly Candidate[]): Candidate {
  return candidates.reduce((one, other) => (other.cost < one.cost ? other : one));
}

class Trial {
  readonly #encode: EncodeKernel;
  readonly #at: TrialMemory;
  readonly #count: number;

  constructor(encode: EncodeKernel, at: TrialMemory, count: number) {
    this.#encode = encode;
    this.#at = at;
    this.#count = count;
  }

  /** The cheaper of the two modes of times that never go back. */
  time(): number {
    const { ts, steps, sizes, larges } = this.#at;
    const groups = this.#encode.takeGroups(ts, this.#count, steps, sizes, larges);
    const grouped = this.#cost(steps, groups) + this.#cost(sizes, groups);
    this.#encode.takeSteps(ts, this.#count, steps, larges, 0);
    return grouped < this.#cost(steps, this.#count) ? TIME_GROUPS : TIME_STEPS;
  }

  axis(axis: number, transforms: readonly number[]): Candidate[] {
    const { ys, ps, xValues } = this.#at;
    return transforms.flatMap((transform) => {
      this.#encode.transformAxis(axis, this.#count, transform, ys, ps, xValues);
      return [false, true].map((isLow) => {
        const cost = this.#encode.costOfValues(xValues, this.#count, Number(isLow));
        return { transform, isLow, cost };
      });
    });
  }

  plainBits(): number {
    this.#encode.takeBits(this.#at.ps, this.#count, this.#at.bits);
    return this.#costOfBits(this.#at.bits);
  }

  /** Behind {@link plainBits}. */
  rowBits(): number {
    const { bits, ys, polarity } = this.#at;
    this.#encode.takeRowBits(this.#count, bits, ys, polarity);
    return this.#costOfBits(polarity);
  }

  cellBits({ greatestX, greatestY }: ChunkFacts): number {
    const { ps, xs, ys, cells: table, polarity } = this.#at;
    const columns = (greatestX >> CELL_BITS) + 1;
    const cells = columns * ((greatestY >> CELL_BITS) + 1);
    this.#encode.takeCellBits(ps, this.#count, xs, ys, table, columns, cells, polarity);
    return this.#costOfBits(polarity);
  }

  #costOfBits(bits: number): number {
    return this.#cost(bits, Math.ceil(this.#count / 8));
  }

  #cost(bytes: number, count: number): number {
    return this.#encode.costOfBytes(bytes, count);
  }
}
