/** Does one step of a query to events that are held in memory already. */
import { EventError } from "../errors.ts";
import type { EventColumns } from "../events/columns.ts";
import { formatGeometry, type SensorGeometry } from "../events/geometry.ts";
import { EventMemory } from "../kernels/event-memory.ts";
import { TILE_EVENTS } from "../recording/pass-memory.ts";
import { TilePixels } from "../stream/tile-pixels.ts";
import type { EventHolder, HeldEvents } from "./held-events.ts";
import { hotPixelsOf } from "./hot-pixels.ts";
import { QuerySieve } from "./sieve.ts";
import { type FilterKernel, instantiateSieveKernels } from "./sieve-kernels.ts";
import type { RowFilter } from "./sieve-steps.ts";
import type { QueryStep } from "./steps.ts";

/** Steps whose kernels rely on every pixel being one of the sensor. */
const NEEDS_SENSOR: ReadonlySet<QueryStep["kind"]> = new Set([
  "refractory",
  "backgroundActivity",
  "flip",
]);
/** Steps that leave all events. */
const KEEPS_ALL: ReadonlySet<QueryStep["kind"]> = new Set(["flip", "downsample"]);
const LEAST_TILE = 64;
/** A bit for each event, and behind them a region. */
const CHECK_BYTES = TILE_EVENTS / 8 + 64 + 64;

/**
 * Reads held events tile by tile and gathers what the step leaves.
 *
 * @param geometry - the sensor in front of it
 * @throws EventError `invalid-query`
 */
export async function sieveHeld(
  holder: EventHolder,
  step: QueryStep,
  geometry: SensorGeometry | null,
): Promise<HeldEvents> {
  if (step.kind === "hotPixels") {
    const pixels = await findHotPixels(holder, geometry, step.percentile);
    return sieveHeld(holder, { kind: "dropPixels", pixels }, geometry);
  }
  const { rows, names } = holder;
  const sieve = new QuerySieve({ steps: [step], geometry, columns: names, rowFilter: noRowFilter });
  const check = new SensorCheck(NEEDS_SENSOR.has(step.kind) ? geometry : null);
  const memory = makeMemory(rows, { sieveBytes: sieve.bytes + CHECK_BYTES });
  await sieve.attach(memory);
  await check.attach(memory, sieve.bytes);
  const gatherer = holder.gather(KEEPS_ALL.has(step.kind) ? rows : null);
  for (const _ of tilesOf(holder, memory)) {
    check.apply(memory);
    const goesOn = sieve.apply(memory);
    if (memory.eventCount > 0) gatherer.append(memory.columns, memory.eventCount);
    if (!goesOn) break;
  }
  return gatherer.finish(sieve.geometry);
}

async function findHotPixels(
  holder: EventHolder,
  geometry: SensorGeometry | null,
  percentile: number,
): Promise<{ x: number; y: number }[]> {
  const pixels = new TilePixels(geometry, holder.rows);
  const check = new SensorCheck(geometry);
  const memory = makeMemory(holder.rows, { sieveBytes: CHECK_BYTES, outputBytes: pixels.bytes });
  await check.attach(memory, 0);
  for (const _ of tilesOf(holder, memory)) {
    check.apply(memory);
    await pixels.add(memory, 0);
  }
  return hotPixelsOf(pixels, percentile);
}

/** Refuses events outside the sensor: a load would have dropped them and said so. */
class SensorCheck {
  readonly #geometry: SensorGeometry | null;
  #filter: FilterKernel | undefined;
  #bits = 0;

  /** @param geometry - null for no check */
  constructor(geometry: SensorGeometry | null) {
    this.#geometry = geometry;
  }

  /** @param offset - where in the memory of sieves it has {@link CHECK_BYTES} */
  async attach(memory: EventMemory, offset: number): Promise<void> {
    if (this.#geometry === null) return;
    const { width, height } = this.#geometry;
    this.#bits = memory.sieve.byteOffset + offset;
    const region = new Uint16Array(memory.sieve.buffer, this.#region, 4);
    region.set([0, 0, width - 1, height - 1]);
    this.#filter = (await instantiateSieveKernels(memory.memory)).filter;
  }

  /** @throws EventError `invalid-query` */
  apply({ columns: { x, y }, eventCount }: EventMemory): void {
    const bits = this.#bits;
    if (this.#filter === undefined || this.#geometry === null) return;
    this.#filter.keepAll(eventCount, bits);
    this.#filter.keepRegions(eventCount, bits, x.byteOffset, y.byteOffset, this.#region, 1);
    const outside = eventCount - this.#filter.countKept(eventCount, bits);
    if (outside === 0) return;
    throw new EventError("invalid-query", "events lie outside the sensor", {
      expected: `pixels inside ${formatGeometry(this.#geometry)}`,
      found: `${outside} others among ${eventCount} events`,
      hint: "Give the `geometry` that they have, or keep those inside with `filterRoi`.",
    });
  }

  get #region(): number {
    return this.#bits + CHECK_BYTES - 64;
  }
}

/** Fills the memory with tile after tile; what is done to one does not reach the next. */
function* tilesOf(holder: EventHolder, memory: EventMemory): Generator<void, void, void> {
  const { columns, tileEvents } = memory;
  let filled = 0;
  const put = (run: EventColumns, from: number, events: number): void => {
    for (const name of holder.names) {
      const values = run[name]?.subarray(from, from + events) as never;
      columns[name].set(values, filled);
    }
    filled += events;
  };
  for (const run of holder.runs()) {
    for (let from = 0; from < run.length; ) {
      const events = Math.min(tileEvents - filled, run.length - from);
      put(run, from, events);
      from += events;
      if (filled < tileEvents) continue;
      memory.setTile(filled);
      yield;
      filled = 0;
    }
  }
  if (filled === 0) return;
  memory.setTile(filled);
  yield;
}

function makeMemory(
  rows: number,
  size: { readonly sieveBytes: number; readonly outputBytes?: number },
): EventMemory {
  const tileEvents = Math.min(TILE_EVENTS, Math.max(rows, LEAST_TILE));
  try {
    return new EventMemory({ inputBytes: 0, tileTriggers: 0, tileEvents, ...size });
  } catch (cause) {
    throw new EventError("memory-limit", "there is no memory for a sensor of this size", {
      found: `${size.sieveBytes + (size.outputBytes ?? 0)} bytes needed`,
      cause,
    });
  }
}

/** Steps with an expression of Polars are none of these. */
export function noRowFilter(): RowFilter {
  throw new Error("no step with a filter of rows");
}
