/**
 * What becomes of rows, as a plain loop: written from the rules in docs/formats.md, not from the
 * kernel.
 */
import type { LossKind, SensorGeometry } from "../../src/index.ts";

/** A row as a file holds it: any numbers. */
export interface ReferenceRow {
  x: bigint;
  y: bigint;
  t: bigint;
  /** ON where it is greater than 0. */
  polarity: bigint;
}

/** Events that rows become, and what was counted on the way. */
export interface ReferenceRows {
  events: { x: number; y: number; t: bigint; p: 0 | 1 }[];
  timeOffset: bigint;
  eventsOutsideGeometry: number;
  backwardSteps: number;
  firstRow: Partial<Record<LossKind, number>>;
}

export function rowsReference(
  rows: readonly ReferenceRow[],
  { geometry, rebase = false }: { geometry: SensorGeometry | null; rebase?: boolean },
): ReferenceRows {
  const { width, height } = geometry ?? { width: 65536, height: 65536 };
  const load: ReferenceRows = {
    events: [],
    timeOffset: 0n,
    eventsOutsideGeometry: 0,
    backwardSteps: 0,
    firstRow: {},
  };
  for (const [index, { x, y, t, polarity }] of rows.entries()) {
    if (x < 0n || y < 0n || x >= BigInt(width) || y >= BigInt(height)) {
      load.eventsOutsideGeometry++;
      load.firstRow.outsideGeometry ??= index;
      continue;
    }
    const last = load.events.at(-1);
    if (last !== undefined && t < last.t) {
      load.backwardSteps++;
      load.firstRow.backwardStep ??= index;
    }
    load.events.push({ x: Number(x), y: Number(y), t, p: polarity > 0n ? 1 : 0 });
  }
  if (rebase) load.timeOffset = load.events[0]?.t ?? 0n;
  for (const event of load.events) event.t -= load.timeOffset;
  return load;
}
