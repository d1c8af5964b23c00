import { compressStream } from "./codec.ts";
import type { EncodeKernel } from "./encode-kernel.ts";
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

/** Addresses of the columns of a chunk, and of room to try in. */
export interface TrialMemory {
  readonly buffer: ArrayBuffer;
  readonly xs: number;
  readonly ys: number;
  readonly ts: number;
  readonly ps: number;
  readonly steps: number;
  readonly sizes: number;
  readonly larges: number;
  readonly xValues: number;
  readonly bits: number;
  readonly cells: number;
  /** Where `TRIAL_BYTES` and `SAMPLE_BYTES` are free. */
  readonly trials: number;
  readonly sample: number;
}

/** Events that every mode is tried on, in pieces from all over the chunk: its blocks are as mixed. */
const SAMPLE_EVENTS = 16_384;
const PIECES = 8;
/** Room for their columns, of 8, 2, 2 and 1 bytes. */
export const SAMPLE_BYTES: number = (SAMPLE_EVENTS + 64) * 13;
/** What one attempt takes, with room that kernels may write behind it. */
const ATTEMPT_BYTES = SAMPLE_EVENTS + 64;
/** Six ways to write x, four for y, three for polarities. */
const ATTEMPTS = 13;
/** Room to try in. */
export const TRIAL_BYTES: number = ATTEMPTS * ATTEMPT_BYTES;
/** What a mode that takes long to undo must save of a chunk. */
const WORTH = 0.02;
/** Modes are compressed for comparison that look at most so much worse than the best one. */
const CLOSE = 1.15;
/** The most modes of one kind that are compressed for comparison: a third one never won. */
const FINALISTS = 2;
/** A way to write a part of the events, and what it makes of the sample. */
interface Candidate {
  readonly mode: number;
  readonly isLow: boolean;
  /** Writes the bytes that are to be compressed; returns where they are. */
  readonly write: () => number;
  readonly bytes: number;
  /** What an ideal code of single bytes makes of them, and of what else there is. */
  readonly ideal: number;
  readonly others: number;
}

/** A candidate, and what compression makes of it. */
interface Judged extends Candidate {
  readonly cost: number;
}

/**
 * Chooses the modes of a chunk by writing a sample of it in each, and compressing those that an ideal
 * code of single bytes finds promising.
 *
 * @param goesBack - whether any time is before the one in front of it
 */
export async function tryModes(
  encode: EncodeKernel,
  at: TrialMemory,
  facts: ChunkFacts,
  goesBack: boolean,
  settings: ContainerSettings,
): Promise<ChunkModes> {
  const count = Math.min(facts.count, SAMPLE_EVENTS);
  const sample = facts.count <= SAMPLE_EVENTS ? at : takeSample(at, facts.count);
  const trial = new Trial(encode, sample, count, settings);
  const isWide = Math.max(facts.greatestX, facts.greatestY) >= NARROW_END;
  const time = goesBack ? TIME_BOTH_WAYS : trial.time();
  if (settings.codec === "none") {
    const pixels = isWide ? PIXELS_WIDE : TRANSFORM_PLAIN;
    return { time, pixels, polarity: POLARITY_PLAIN };
  }
  const plainOrRows = trial.bits();
  if (isWide) {
    return { time, pixels: PIXELS_WIDE, polarity: best(await trial.judge(plainOrRows)).mode };
  }
  const cells = settings.cells ? [trial.cellBits(facts)] : [];
  // They have to be a good deal better to be worth it.
  const isHopeless = cells.some((cell) => plainOrRows.some(({ ideal }) => cell.ideal >= ideal));
  const steps = trial.axis(sample.xs, [TRANSFORM_PLAIN, TRANSFORM_DELTA]);
  const runs = trial.axis(sample.xs, [TRANSFORM_RUN]);
  const ys = trial.axis(sample.ys, [TRANSFORM_PLAIN, TRANSFORM_DELTA]);
  const [p, withCells, xs, y] = await Promise.all([
    trial.judge(plainOrRows),
    trial.judge(isHopeless ? [] : cells),
    trial.judgeAxis([...steps, ...runs]),
    trial.judgeAxis(ys),
  ]);
  const upright = best(p);
  const row = best(y);
  const x = best(xs);
  const modes = (chosen: Judged, polarity: number): ChunkModes => {
    const pixels = pixelModeOf({
      xTransform: chosen.mode,
      xIsLow: chosen.isLow,
      yTransform: row.mode,
      yIsLow: row.isLow,
    });
    return { time, pixels, polarity };
  };
  // Cells do not go together with runs.
  const xOfCells = xs.filter(({ mode }) => mode !== TRANSFORM_RUN);
  if (withCells[0] !== undefined && xOfCells.length > 0) {
    const chosen = best(xOfCells);
    const saved = x.cost + upright.cost - (chosen.cost + withCells[0].cost);
    if (saved > (x.cost + upright.cost + row.cost) * WORTH) return modes(chosen, POLARITY_CELLS);
  }
  return modes(x, upright.mode);
}

/** Copies the pieces of the sample together. */
function takeSample(at: TrialMemory, count: number): TrialMemory {
  const bytes = new Uint8Array(at.buffer);
  const piece = SAMPLE_EVENTS / PIECES;
  let end = at.sample;
  const take = (column: number, size: number): number => {
    const start = end;
    for (let index = 0; index < PIECES; index++) {
      const event = Math.floor((index * (count - piece)) / (PIECES - 1));
      const from = column + event * size;
      bytes.copyWithin(end, from, from + piece * size);
      end += piece * size;
    }
    end += 64;
    return start;
  };
  return { ...at, ts: take(at.ts, 8), xs: take(at.xs, 2), ys: take(at.ys, 2), ps: take(at.ps, 1) };
}

function best(candidates: readonly Judged[]): Judged {
  return candidates.reduce((one, other) => (other.cost < one.cost ? other : one));
}

class Trial {
  readonly #encode: EncodeKernel;
  readonly #at: TrialMemory;
  readonly #count: number;
  readonly #settings: ContainerSettings;
  #next: number;

  constructor(encode: EncodeKernel, at: TrialMemory, count: number, settings: ContainerSettings) {
    this.#encode = encode;
    this.#at = at;
    this.#count = count;
    this.#settings = settings;
    this.#next = at.trials;
  }

  /** The cheaper of the two modes of times that never go back. */
  time(): number {
    const { ts, steps, sizes, larges } = this.#at;
    const count = this.#count;
    const groups = this.#encode.takeGroups(ts, count, steps, sizes, larges);
    if (this.#settings.codec === "none") return groups * 2 < count ? TIME_GROUPS : TIME_STEPS;
    const grouped = this.#ideal(steps, groups) + this.#ideal(sizes, groups);
    this.#encode.takeSteps(ts, count, steps, larges, 0);
    return grouped < this.#ideal(steps, count) ? TIME_GROUPS : TIME_STEPS;
  }

  /** An axis, for each transform and both ways to split it. */
  axis(axis: number, transforms: readonly number[]): Candidate[] {
    const { ys, ps, xValues, cells: tables } = this.#at;
    const count = this.#count;
    return transforms.flatMap((mode) => {
      this.#encode.transformAxis(axis, count, mode, ys, ps, xValues);
      this.#encode.countValues(xValues, count, tables);
      return [false, true].map((isLow): Candidate => {
        const ideal = this.#encode.costOfSplit(tables, count, Number(isLow), 0);
        const others = this.#encode.costOfSplit(tables, count, Number(isLow), 1);
        const write = (): number => {
          const at = this.#reserve();
          this.#encode.transformAxis(axis, count, mode, ys, ps, xValues);
          this.#encode.takeBytes(xValues, count, Number(isLow), at);
          return at;
        };
        return { mode, isLow, write, bytes: count, ideal, others };
      });
    });
  }

  /** Polarities as they are, and by rows. */
  bits(): Candidate[] {
    const { ps, ys } = this.#at;
    const plain = this.#reserve();
    const rows = this.#reserve();
    this.#encode.takeBits(ps, this.#count, plain);
    this.#encode.takeRowBits(this.#count, plain, ys, rows);
    return [this.#polarity(POLARITY_PLAIN, plain), this.#polarity(POLARITY_ROWS, rows)];
  }

  cellBits({ greatestX, greatestY }: ChunkFacts): Candidate {
    const { ps, xs, ys, cells: table } = this.#at;
    const at = this.#reserve();
    const columns = (greatestX >> CELL_BITS) + 1;
    const cells = columns * ((greatestY >> CELL_BITS) + 1);
    this.#encode.takeCellBits(ps, this.#count, xs, ys, table, columns, cells, at);
    return this.#polarity(POLARITY_CELLS, at);
  }

  /** Compresses the promising ones of some candidates. */
  readonly judge = (candidates: readonly Candidate[]): Promise<Judged[]> => {
    const least = Math.min(...candidates.map(({ ideal, others }) => ideal + others));
    const close = candidates
      .filter(({ ideal, others }) => ideal + others <= least * CLOSE)
      .sort((one, other) => one.ideal + one.others - other.ideal - other.others);
    return Promise.all(
      close.slice(0, FINALISTS).map(async (candidate): Promise<Judged> => {
        const bytes = new Uint8Array(this.#at.buffer, candidate.write(), candidate.bytes);
        const { codec, level } = this.#settings;
        const stored = await compressStream(bytes, false, codec, level);
        return { ...candidate, cost: stored.bytes.byteLength + candidate.others };
      }),
    );
  };

  /** The same, but for one that is promising alone. */
  readonly judgeAxis = async (candidates: readonly Candidate[]): Promise<Judged[]> => {
    const cost = ({ ideal, others }: Candidate): number => ideal + others;
    const least = candidates.reduce((one, other) => (cost(other) < cost(one) ? other : one));
    const isAlone = candidates.every((one) => one === least || cost(one) > cost(least) * CLOSE);
    return isAlone ? [{ ...least, cost: cost(least) }] : this.judge(candidates);
  };

  #polarity(mode: number, at: number): Candidate {
    const bytes = Math.ceil(this.#count / 8);
    const ideal = this.#ideal(at, bytes);
    return { mode, isLow: false, write: () => at, bytes, ideal, others: 0 };
  }

  #reserve(): number {
    const at = this.#next;
    this.#next += ATTEMPT_BYTES;
    return at;
  }

  #ideal(bytes: number, count: number): number {
    return this.#encode.costOfBytes(bytes, count);
  }
}
