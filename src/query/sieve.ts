import type { ColumnName } from "../events/columns.ts";
import type { SensorGeometry } from "../events/geometry.ts";
import type { EventMemory } from "../kernels/event-memory.ts";
import type { TileSieve } from "../recording/tile-sieve.ts";
import { type FilterKernel, instantiateSieveKernels, TABLE_BYTES } from "./sieve-kernels.ts";
import {
  MOST_TILE_EVENTS,
  type RowFilter,
  type SieveStep,
  type SieveTools,
  sieveStep,
} from "./sieve-steps.ts";
import type { QueryStep } from "./steps.ts";
import { boundsOf } from "./time-bound.ts";

/** What a sieve is made from. */
export interface SieveOptions {
  /** In the order in which they are done. */
  readonly steps: readonly QueryStep[];
  /** The sensor in front of them. */
  readonly geometry: SensorGeometry | null;
  /** Columns that are wanted of the events that stay; none where they are only counted. */
  readonly columns: readonly ColumnName[];
  /** `t` of the first event of the recording; that of the first tile when left out. */
  readonly firstTime?: bigint | undefined;
  /** The filter of a step that Polars evaluates. */
  readonly rowFilter: (step: QueryStep) => RowFilter;
}

/** A time that is a value of `t`, or counts from the first event. */
type Window = Extract<QueryStep, { readonly kind: "time" }>;

/** Steps that are done together: each clears bits, then the columns are moved together once. */
interface Stage {
  readonly steps: readonly PlacedStep[];
  /** Columns that are needed behind it. */
  readonly columns: readonly ColumnName[];
}

interface PlacedStep {
  readonly step: SieveStep;
  readonly address: number;
}

/** Room for a bit for each event, and for what is stored 16 at a time. */
const BIT_BYTES = MOST_TILE_EVENTS / 8 + 64;
const ALIGNMENT = 64;
const COMPACT = { x: "compact16", y: "compact16", t: "compact64", polarity: "compact8" } as const;

/** Does the steps of a query to one tile after the other. */
export class QuerySieve implements TileSieve {
  readonly bytes: number;
  readonly geometry: SensorGeometry | null;
  readonly #steps: readonly SieveStep[];
  /** All columns that it looks at, and those that are wanted behind it. */
  readonly needs: readonly ColumnName[];
  readonly #columns: readonly ColumnName[];
  /** What triggers have to lie in, too. */
  readonly #windows: readonly Window[];
  #firstTime: bigint | undefined;
  #tools: SieveTools | undefined;
  #tables = 0;
  #stages: readonly Stage[] = [];

  /** @throws EventError `invalid-query` for steps that do not fit the sensor */
  constructor({ steps, geometry, columns, firstTime, rowFilter }: SieveOptions) {
    let behind = geometry;
    this.#steps = steps.map((step) => {
      const made = sieveStep(step, behind, rowFilter);
      behind = made.geometry;
      return made;
    });
    this.geometry = behind;
    this.#columns = columns;
    this.needs = [...new Set([...columns, ...this.#steps.flatMap((step) => step.columns)])];
    this.#windows = steps.filter((step) => step.kind === "time");
    this.#firstTime = firstTime;
    this.bytes = this.#steps.reduce(
      (bytes, step) => bytes + aligned(step.bytes),
      aligned(BIT_BYTES) + aligned(TABLE_BYTES),
    );
  }

  async attach(memory: EventMemory): Promise<void> {
    if (memory.tileEvents > MOST_TILE_EVENTS) throw new RangeError("tiles are too large to sieve");
    const { filter, noise } = await instantiateSieveKernels(memory.memory);
    const bits = memory.sieve.byteOffset;
    this.#tables = bits + aligned(BIT_BYTES);
    filter.buildTables(this.#tables);
    const firstTime = (): bigint => this.#firstTime ?? 0n;
    const tools: SieveTools = { filter, noise, memory, bits, firstTime };
    let address = this.#tables + aligned(TABLE_BYTES);
    const placed = this.#steps.map((step) => {
      const at = address;
      address += aligned(step.bytes);
      step.start?.(tools, at);
      return { step, address: at };
    });
    this.#tools = tools;
    this.#stages = stagesOf(placed, this.#columns);
  }

  apply(memory: EventMemory): boolean {
    const tools = this.#tools as SieveTools;
    let count = memory.eventCount;
    if (count > 0) this.#firstTime ??= memory.columns.t[0] as bigint;
    let goesOn = true;
    for (const stage of this.#stages) {
      if (count === 0) break;
      count = this.#keep(stage, tools, count);
      for (const { step } of stage.steps) {
        step.change?.(tools, count);
        const cut = step.cut?.(count);
        if (cut === undefined) continue;
        count = cut.left;
        goesOn &&= cut.goesOn;
      }
    }
    memory.setTile(count, this.#keepTriggers(memory));
    return goesOn;
  }

  /** Drops triggers outside of the windows of time; returns how many are left. There are few. */
  #keepTriggers({ triggers, triggerCount }: EventMemory): number {
    if (this.#windows.length === 0) return triggerCount;
    const { t, id, value } = triggers;
    const bounds = this.#windows.map((window) => boundsOf(window, this.#firstTime ?? 0n));
    let left = 0;
    for (let at = 0; at < triggerCount; at++) {
      const time = t[at] as bigint;
      if (!bounds.every(({ first, last }) => time >= first && time <= last)) continue;
      t[left] = time;
      id[left] = id[at] as number;
      value[left] = value[at] as number;
      left++;
    }
    return left;
  }

  /** Drops events; returns how many of `count` are left. */
  #keep({ steps, columns }: Stage, tools: SieveTools, count: number): number {
    const keeping = steps.filter(({ step }) => step.keep !== undefined);
    if (keeping.length === 0) return count;
    const { filter, bits, memory } = tools;
    filter.keepAll(count, bits);
    for (const { step, address } of keeping) step.keep?.(tools, count, address);
    const left = filter.countKept(count, bits);
    if (left > 0 && left < count) {
      for (const name of columns) {
        const compact: FilterKernel["compact16"] = filter[COMPACT[name]];
        compact(count, bits, this.#tables, memory.columns[name].byteOffset);
      }
    }
    return left;
  }
}

/** Puts steps that clear bits of single events together; `wanted` are the columns behind all. */
function stagesOf(placed: readonly PlacedStep[], wanted: readonly ColumnName[]): Stage[] {
  const groups: PlacedStep[][] = [];
  let open: PlacedStep[] | undefined;
  for (const one of placed) {
    const { step } = one;
    const endsGroup = step.isAlone || step.change !== undefined;
    if (open === undefined || step.isAlone || step.keep === undefined) {
      open = [one];
      groups.push(open);
    } else {
      open.push(one);
    }
    if (endsGroup) open = undefined;
  }
  const stages: Stage[] = [];
  const needed = new Set<ColumnName>(wanted);
  for (const steps of groups.reverse()) {
    // What a change behind the filters of this stage looks at is moved together, too.
    for (const { step } of steps) {
      if (step.change !== undefined) for (const name of step.columns) needed.add(name);
    }
    stages.unshift({ steps, columns: [...needed] });
    for (const { step } of steps) for (const name of step.columns) needed.add(name);
  }
  return stages;
}

function aligned(bytes: number): number {
  return Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;
}
