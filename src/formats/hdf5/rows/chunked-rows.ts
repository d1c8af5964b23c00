import type { StoredBytes } from "../../../source/chunk-desk.ts";
import type { RowRange } from "../../decoder.ts";
import { commonRows, RowRangeList } from "../../row-ranges.ts";
import { type ChunkIndex, createChunkIndex, type StoredChunk } from "../chunks/chunk-index.ts";
import type { Hdf5Dataset, Hdf5File } from "../file.ts";
import { type ChunkBytes, ChunkDecoder, type ChunkPlace } from "../filters/chunk-decoder.ts";
import { checkFilters } from "../filters/known-filters.ts";
import { ECF_FILTER } from "../layout.ts";
import { damaged, damagedData } from "../problems.ts";
import type { ChunkedLayout } from "../structure/data-layout.ts";
import { DecodedChunk } from "./decoded-chunk.ts";
import { EcfRows } from "./ecf-rows.ts";
import type { Piece } from "./pieces.ts";
import type { RowColumn } from "./row-column.ts";
import {
  type DatasetRows,
  type PlacedTarget,
  placeIn,
  planPlain,
  type RowSlice,
  type Target,
} from "./row-plan.ts";
import type { RowTools } from "./row-tools.ts";

/** Chunks along the rows that hold the same columns. */
interface Lane {
  readonly key: string;
  /** The dimension along which rows follow each other. */
  readonly dimension: 0 | 1;
  /** Place of its chunks along the other dimension. */
  readonly at: number;
  readonly targets: readonly PlacedTarget[];
}

/** Rows in chunks. */
export class ChunkedRows implements DatasetRows {
  readonly #file: Hdf5File;
  readonly #dataset: Hdf5Dataset;
  readonly #layout: ChunkedLayout;
  readonly #chunkBytes: number;
  readonly #index: ChunkIndex;
  readonly #decoder: ChunkDecoder;
  readonly #tools: RowTools;
  readonly #ecf: EcfRows | null;
  /** The last chunk of each lane, where not all of its rows were wanted. */
  readonly #kept = new Map<string, { readonly at: number; readonly chunk: DecodedChunk }>();

  /** @throws EventError `invalid-header` for chunks that contradict the dataset */
  constructor(file: Hdf5File, dataset: Hdf5Dataset, layout: ChunkedLayout, tools: RowTools) {
    const { shape, maxShape, type, filters } = dataset;
    const { chunkShape, elementBytes } = layout;
    const { path } = file.reader.facts;
    const chunkBytes = chunkShape.reduce((product, length) => product * length, elementBytes);
    if (chunkShape.length !== shape.length || elementBytes !== type.size) {
      throw damaged(`the dataset ${dataset.path} is damaged`, {
        path,
        byteOffset: dataset.byteOffset,
        expected: `chunks of ${shape.length} dimensions and elements of ${type.size} bytes`,
        found: `${chunkShape.length} and ${elementBytes}`,
      });
    }
    this.#file = file;
    this.#dataset = dataset;
    this.#layout = layout;
    this.#chunkBytes = chunkBytes;
    const hasFilters = filters.length > 0;
    const grid = { shape, maxShape, chunkShape, chunkBytes, hasFilters };
    this.#index = createChunkIndex(file.reader, layout, grid);
    this.#tools = tools;
    checkFilters(dataset, path);
    this.#decoder = new ChunkDecoder(dataset, path, chunkBytes, tools);
    this.#ecf = filters[0]?.id === ECF_FILTER ? new EcfRows(dataset, path, tools) : null;
  }

  get inflatedBytes(): number | null {
    return this.#dataset.filters.length === 0 ? 0 : this.#decoder.inflatedBytes;
  }

  async writtenRows(columns: readonly RowColumn[]): Promise<readonly RowRange[]> {
    const { shape, elements } = this.#dataset;
    if (elements === 0) return [];
    const lanes = columns.map((column) => ({ ...this.#laneOf(column), list: new RowRangeList() }));
    let bytes = 0;
    await this.#index.walk((at, byteLength, count) => {
      bytes += byteLength * count;
      for (const lane of lanes) {
        const { dimension, list } = lane;
        const length = this.#layout.chunkShape[dimension] as number;
        const row = at[dimension] as number;
        // Several chunks follow each other along the rows, or from lane to lane.
        const areRows = dimension === shape.length - 1;
        const other = at[1 - dimension] ?? 0;
        if (lane.at < other || lane.at >= other + (areRows ? 1 : count)) continue;
        const end = Math.min((row + (areRows ? count : 1)) * length, shape[dimension] as number);
        list.add(row * length, end);
      }
    });
    const { path, byteLength } = this.#file.reader.facts;
    if (bytes > byteLength) {
      throw damaged(`the chunks of ${this.#dataset.path} overlap`, {
        path,
        byteOffset: this.#dataset.byteOffset,
        expected: `at most ${byteLength} bytes`,
        found: `${bytes}`,
      });
    }
    return lanes.map(({ list }) => list.ranges()).reduce(commonRows);
  }

  async plan(
    { start, count }: RowSlice,
    targets: readonly Target[],
    add: (piece: Piece) => void,
  ): Promise<void> {
    for (const lane of this.#lanesOf(targets)) {
      const { dimension } = lane;
      const { length, first, last, chunks } = await this.#chunksOf({ start, count }, lane);
      const byRow = new Map(chunks.map((chunk) => [chunk.at[dimension] as number, chunk]));
      for (let row = first; row <= last; row++) {
        const from = Math.max(row * length, start);
        const to = Math.min((row + 1) * length, start + count);
        const part = {
          lane,
          row: from,
          from: from - row * length,
          count: to - from,
          at: from - start,
        };
        const chunk = byRow.get(row);
        if (chunk !== undefined) {
          this.#planChunk(chunk, part, add);
          continue;
        }
        for (const { column, into } of lane.targets) {
          this.#tools.fill(column, into, part.at, part.count);
        }
      }
    }
  }

  async inflatable(rows: RowSlice, columns: readonly RowColumn[]): Promise<readonly StoredBytes[]> {
    const room = this.#tools.inflating?.roomBytes ?? 0;
    const lanes = columns.map((column) => this.#laneOf(column));
    const found: StoredChunk[] = [];
    for (const lane of lanes) {
      const { length, chunks } = await this.#chunksOf(rows, lane);
      for (const chunk of chunks) {
        const isInFile = chunk.offset + chunk.byteLength <= this.#file.reader.facts.byteLength;
        const begins = (chunk.at[lane.dimension] as number) * length >= rows.start;
        const isInflatable = this.#isFiltered(chunk) && this.#decoder.isInflatable(chunk, room);
        if (begins && isInFile && isInflatable) found.push(chunk);
      }
    }
    return found;
  }

  /** The chunks of a lane that have some rows, and how their rows are counted. */
  async #chunksOf({ start, count }: RowSlice, { dimension, at }: Pick<Lane, "dimension" | "at">) {
    const length = this.#layout.chunkShape[dimension] as number;
    const first = Math.floor(start / length);
    const last = Math.floor((start + count - 1) / length);
    const corner = (row: number): number[] => {
      if (this.#dataset.shape.length === 1) return [row];
      return dimension === 0 ? [row, at] : [at, row];
    };
    return { length, first, last, chunks: await this.#index.find(corner(first), corner(last)) };
  }

  #planChunk(chunk: StoredChunk, part: ChunkPart, add: (piece: Piece) => void): void {
    const place = { chunk, row: part.row - part.from };
    const { lane, from, count, at } = part;
    this.#checkPlace(place);
    if (!this.#isFiltered(chunk)) {
      this.#checkUnfiltered(place);
      planPlain(this.#tools, chunk.offset, from, count, lane.targets, at, add);
      return;
    }
    if (this.#ecf?.copyHeld(part, place)) return;
    const kept = this.#kept.get(lane.key);
    if (kept?.at === chunk.offset) {
      kept.chunk.copy(lane.targets, from, count, at);
      return;
    }
    const { byteLength } = chunk;
    const hasEcf = this.#ecf !== null && (chunk.filterMask & 1) === 0;
    const ahead = this.#tools.inflating?.withdraw(chunk) ?? undefined;
    add({
      ahead: ahead && {
        chunk: ahead,
        use: (inflated) => this.#copy(this.#decoder.finish(inflated, place), part, place),
      },
      offset: chunk.offset,
      byteLength,
      cost: hasEcf ? 0 : this.#chunkBytes,
      use: (stored) => {
        const decoded = this.#decoder.decode(stored, place, hasEcf ? 1 : 0);
        const take = (decoded: ChunkBytes) => this.#take(decoded, part, place, hasEcf);
        return decoded instanceof Promise ? decoded.then(take) : take(decoded);
      },
    });
  }

  /** Copies the rows of a chunk that are wanted. */
  #take(
    decoded: ChunkBytes,
    part: ChunkPart,
    place: ChunkPlace,
    hasEcf: boolean,
  ): Promise<void> | void {
    if (hasEcf) {
      const isHeld = this.#isContinued(part);
      return (this.#ecf as EcfRows).decode(decoded.bytes, part, place, isHeld);
    }
    this.#copy(decoded, part, place);
  }

  #copy(decoded: ChunkBytes, part: ChunkPart, place: ChunkPlace): void {
    const { lane, from, count, at } = part;
    const whole = new DecodedChunk(decoded, this.#dataset.type.size, this.#tools.kernel);
    whole.copy(lane.targets, from, count, at);
    if (this.#isContinued(part)) {
      this.#kept.set(lane.key, { at: place.chunk.offset, chunk: whole.owned() });
    }
  }

  /** Whether a chunk has rows behind those that are wanted, which may be wanted next. */
  #isContinued({ lane, row, from, count }: ChunkPart): boolean {
    const { dimension } = lane;
    const isLast = row + count === this.#dataset.shape[dimension];
    return !isLast && from + count < (this.#layout.chunkShape[dimension] as number);
  }

  #lanesOf(targets: readonly Target[]): Lane[] {
    const { chunkShape, elementBytes } = this.#layout;
    const lanes = new Map<string, Lane & { readonly targets: PlacedTarget[] }>();
    for (const target of targets) {
      const { dimension, at, width } = this.#laneOf(target.column);
      const column = { ...target.column, index: target.column.index % width };
      const place = placeIn(column, chunkShape, elementBytes);
      const key = `${dimension} ${at}`;
      const lane = lanes.get(key) ?? { key, dimension, at, targets: [] };
      lane.targets.push({ ...target, place });
      lanes.set(key, lane);
    }
    return [...lanes.values()];
  }

  /** In which chunks a column stands, and how many columns each of them has. */
  #laneOf({ rowDimension: dimension, index }: RowColumn) {
    const { chunkShape } = this.#layout;
    const width = chunkShape.length === 1 ? 1 : (chunkShape[1 - dimension] as number);
    return { dimension, at: Math.floor(index / width), width };
  }

  /** Whether any filter was applied to a chunk. */
  #isFiltered({ filterMask, at }: StoredChunk): boolean {
    const { filters, shape } = this.#dataset;
    const all = 2 ** filters.length - 1;
    if ((filterMask & all) >>> 0 === all) return false;
    if (!this.#layout.unfilteredEdges) return true;
    return this.#layout.chunkShape.every((length, dimension) => {
      return ((at[dimension] as number) + 1) * length <= (shape[dimension] as number);
    });
  }

  #checkPlace({ chunk, row }: ChunkPlace): void {
    const { path, byteLength } = this.#file.reader.facts;
    if (chunk.offset + chunk.byteLength <= byteLength) return;
    throw damagedData(`a chunk of ${this.#dataset.path} does not lie within the file`, {
      path,
      byteOffset: chunk.offset,
      row,
      expected: `${chunk.byteLength} bytes from there`,
      found: `a file of ${byteLength} bytes`,
      hint: "Was it cut?",
    });
  }

  #checkUnfiltered({ chunk, row }: ChunkPlace): void {
    if (chunk.byteLength >= this.#chunkBytes) return;
    throw damagedData(`a chunk of ${this.#dataset.path} is damaged`, {
      path: this.#file.reader.facts.path,
      byteOffset: chunk.offset,
      row,
      expected: `${this.#chunkBytes} bytes`,
      found: `${chunk.byteLength}`,
    });
  }
}

/** Rows of a chunk that are wanted. */
export interface ChunkPart {
  readonly lane: Lane;
  /** The first of them in the dataset, in the chunk and in the targets. */
  readonly row: number;
  readonly from: number;
  readonly at: number;
  readonly count: number;
}
