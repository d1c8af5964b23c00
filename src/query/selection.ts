/** From the steps of a query to what is read of a recording and what is done to its tiles. */
import { EventError } from "../errors.ts";
import { COLUMN_NAMES, type ColumnName } from "../events/columns.ts";
import type { SensorGeometry } from "../events/geometry.ts";
import type { FoundBy } from "../events/report.ts";
import type { RowChunkIndex } from "../formats/decoder.ts";
import type { OpenedRecording } from "../recording/recording.ts";
import type { TileRange } from "../recording/tile-sieve.ts";
import { checkPresent, type TileOptions } from "../recording/tiles.ts";
import { checkFlag, type ResolvedLoad, resolveLoad } from "../stream/load-options.ts";
import type { Selection } from "../stream/selection.ts";
import { chunkRanges, wantedBy } from "./chunk-ranges.ts";
import { findHotPixels } from "./hot-pixels.ts";
import { isStateful, orderSteps } from "./order.ts";
import type { QueryOptions } from "./query-options.ts";
import { QuerySieve } from "./sieve.ts";
import type { RowFilter } from "./sieve-steps.ts";
import type { QueryStep } from "./steps.ts";
import { boundsOf, clampTime, FIRST_TIME, LAST_TIME } from "./time-bound.ts";
import { canBeIndexed, rangesOf, readFirstTime } from "./time-index.ts";
import { timeIndexOf } from "./time-index-store.ts";

/** What a query comes down to for one recording. */
export interface QuerySelection extends Selection {
  /** In the order in which they are done. */
  readonly steps: readonly QueryStep[];
  readonly geometry: SensorGeometry | null;
  /** Bytes of the chunks that are read; undefined where ranges say it. */
  readonly bytesToRead?: number | undefined;
}

/** Time windows that nothing stands in front of: what is outside them need not be read. */
interface Window {
  readonly first: bigint;
  readonly last: bigint;
}

/**
 * Works out what a query reads. An index of the times is made where a window of time needs one.
 *
 * @param columns - what is wanted of the events that stay
 * @param isOnlyPlanned - whether no event is going to be read: hot pixels are not looked for
 * @throws EventError `invalid-query`
 */
export async function selectEvents(
  recording: OpenedRecording,
  given: readonly QueryStep[],
  columns: readonly ColumnName[],
  options: QueryOptions,
  isOnlyPlanned = false,
): Promise<QuerySelection> {
  const load = resolveLoad(recording, options);
  checkFlag("index", options.index ?? true);
  checkFlag("assumeSorted", options.assumeSorted);
  const filters = await compileFilters(given);
  const rowFilter = (step: QueryStep): RowFilter => filters.get(step) as RowFilter;
  const before = load.tiles.geometry ?? recording.geometry;
  const make = (steps: readonly QueryStep[], wanted: readonly ColumnName[], first?: bigint) => {
    return (geometry: SensorGeometry | null): QuerySieve =>
      new QuerySieve({ steps, geometry, columns: wanted, firstTime: first, rowFilter });
  };
  let steps = orderSteps(given);
  // Whatever is wrong with a step is told before anything is read.
  const { geometry, bytes, needs } = make(
    steps.map((step) => (step.kind === "hotPixels" ? NO_PIXELS : step)),
    columns,
  )(before);
  checkPresent(recording, needs);
  if (steps.some(({ kind }) => kind === "hotPixels") && recording.byteLength === null) {
    throw new EventError("invalid-query", "hot pixels are looked for in a pass of its own", {
      path: recording.source.name,
      expected: "a source that can be read twice",
      hint: "Name the pixels, or write the source to a file first.",
    });
  }
  const times = await findRanges(recording, steps, load, options);
  const { firstTime, bytesToRead, ...tiles } = times ?? {};
  for (let at = 0; at < steps.length; at++) {
    const step = steps[at] as QueryStep;
    if (step.kind !== "hotPixels" || isOnlyPlanned) continue;
    const sieve = make(steps.slice(0, at), ["x", "y"], firstTime);
    const { geometry: geometryThere, needs: there } = sieve(before);
    const pixels = await findHotPixels(
      recording,
      { ...load.tiles, ...tiles, columns: there, sieve },
      geometryThere,
      step.percentile,
    );
    steps = steps.with(at, { kind: "dropPixels", pixels });
  }
  const needsSieve = steps.length > 0;
  return {
    tiles: {
      ...tiles,
      columns: needs,
      ...(needsSieve && { sieve: make(steps, columns, firstTime) }),
    },
    geometry,
    sieveBytes: needsSieve ? bytes : 0,
    steps,
    bytesToRead,
  };
}

const NO_PIXELS: QueryStep = { kind: "dropPixels", pixels: [] };

/** The Polars side of the steps that need it; Polars is loaded for these only. */
async function compileFilters(
  steps: readonly QueryStep[],
): Promise<ReadonlyMap<QueryStep, RowFilter>> {
  const filters = new Map<QueryStep, RowFilter>();
  let columns: readonly ColumnName[] = COLUMN_NAMES;
  for (const step of steps) {
    if (step.kind === "select") columns = step.columns;
    if (step.kind !== "filter") continue;
    const { checkRowWise } = await import("../dataframe/row-wise.ts");
    const filter = await checkRowWise(step.expr);
    const missing = filter.columns.find((name) => !columns.includes(name));
    if (missing !== undefined) throw noSuchColumn(missing, columns);
    filters.set(step, filter);
  }
  return filters;
}

/** @internal */
export function noSuchColumn(name: ColumnName, columns: readonly ColumnName[]): EventError {
  return new EventError("invalid-query", `the column ${name} was left out by select`, {
    expected: columns.join(", "),
    found: name,
    hint: "Put `select` behind the steps that need more columns.",
  });
}

interface FoundRanges {
  readonly ranges: readonly TileRange[];
  readonly foundBy: FoundBy;
  /** What `rebase` subtracts. */
  readonly timeOffset: bigint | undefined;
  /** `t` of the first event, as it is loaded. */
  readonly firstTime: bigint;
  /** Bytes of the chunks; undefined where these are ranges of bytes, or of rows of any length. */
  readonly bytesToRead?: number | undefined;
}

/**
 * The parts of the recording that are to be read, which windows of time tell, and where chunks say
 * what is in them also regions and polarities; null when all of it is read.
 */
async function findRanges(
  recording: OpenedRecording,
  steps: readonly QueryStep[],
  { tiles }: ResolvedLoad,
  options: QueryOptions,
): Promise<FoundRanges | null> {
  if (!canBeIndexed(recording)) return null;
  const windows = leadingWindows(steps);
  const { content } = recording;
  if (content.kind === "rows" && content.table.chunkIndex !== undefined) {
    return findChunks(recording, await content.table.chunkIndex(), steps, tiles);
  }
  if (windows.length === 0) return null;
  const ordered = orderedRows(recording, options);
  if (ordered === null && options.index === false) return null;
  const index = ordered === null ? await timeIndexOf(recording, tiles, options) : null;
  const rawFirst = index === null ? ((await readFirstTime(recording, tiles)) ?? 0n) : 0n;
  const timeOffset = tiles.rebase ? (index?.timeOffset ?? rawFirst) : undefined;
  const firstTime = index === null ? rawFirst - (timeOffset ?? 0n) : (index.firstTime ?? 0n);
  const { first, last } = windowOf(windows, firstTime);
  const found = { timeOffset, firstTime, foundBy: index === null ? "order" : "index" } as const;
  if (first > last) return { ...found, ranges: [] };
  if (index !== null) return { ...found, ranges: rangesOf(index, first, last) };
  const rowAt = (time: bigint): Promise<number> | undefined =>
    ordered?.findRow(clampTime(time + (timeOffset ?? 0n)));
  const rows = recording.extent?.end ?? 0;
  const start = (await rowAt(first)) ?? 0;
  const end = last >= LAST_TIME ? rows : ((await rowAt(last + 1n)) ?? rows);
  return { ...found, ranges: start < end ? [{ start, end }] : [] };
}

/** The chunks of a table that are to be read; null when these are all of them, whatever the time. */
async function findChunks(
  recording: OpenedRecording,
  index: RowChunkIndex,
  steps: readonly QueryStep[],
  tiles: TileOptions,
): Promise<FoundRanges | null> {
  const wanted = wantedBy(steps);
  const windows = leadingWindows(steps);
  if (windows.length === 0 && wanted.on && wanted.off && wanted.regions.length === 0) return null;
  const sensor = tiles.geometry ?? recording.geometry;
  const head = index.chunks > 0 ? index.entry(0) : null;
  // Events outside the sensor are dropped, and may be the first.
  const isFirst =
    head === null ||
    sensor === null ||
    (head.greatestX < sensor.width && head.greatestY < sensor.height);
  const known = isFirst ? head?.firstTime : await readFirstTime(recording, tiles);
  const rawFirst = known ?? 0n;
  const timeOffset = tiles.rebase ? rawFirst : undefined;
  const firstTime = rawFirst - (timeOffset ?? 0n);
  const window = windowOf(windows, firstTime);
  const { ranges, bytes } = chunkRanges(index, { ...wanted, ...window, timeOffset });
  const [range] = ranges;
  const isAll = ranges.length === 1 && range?.start === 0 && range.end === recording.extent?.end;
  if (isAll && windows.length === 0) return null;
  const bytesToRead = recording.source.compression === null ? bytes : undefined;
  return { ranges, bytesToRead, timeOffset, firstTime, foundBy: "chunks" };
}

/** A table that finds rows by their time, where that may be relied on. */
function orderedRows(
  { content }: OpenedRecording,
  { assumeSorted }: QueryOptions,
): { findRow(time: bigint): Promise<number> } | null {
  if (content.kind !== "rows") return null;
  const { table } = content;
  const { findRow } = table;
  if (findRow === undefined || !(table.isSorted || checkFlag("assumeSorted", assumeSorted))) {
    return null;
  }
  return { findRow: (time) => findRow.call(table, time) };
}

type TimeStep = Extract<QueryStep, { readonly kind: "time" }>;

function leadingWindows(steps: readonly QueryStep[]): TimeStep[] {
  const windows: TimeStep[] = [];
  for (const step of steps) {
    if (isStateful(step)) break;
    if (step.kind === "time") windows.push(step);
  }
  return windows;
}

/** What all windows have in common, in `t` as it is loaded. */
function windowOf(windows: readonly TimeStep[], firstTime: bigint): Window {
  const all = windows.map((window) => boundsOf(window, firstTime));
  for (const { first, last } of all) {
    if (first <= last + 1n) continue;
    throw new EventError("invalid-query", "the time window ends before it starts", {
      expected: "start <= end",
      found: `start ${first}, end ${last + 1n} us`,
      hint: "Texts with a unit count from the first event, numbers are values of t.",
    });
  }
  return {
    first: all.reduce((most, { first }) => (first > most ? first : most), FIRST_TIME),
    last: all.reduce((least, { last }) => (last < least ? last : least), LAST_TIME),
  };
}
