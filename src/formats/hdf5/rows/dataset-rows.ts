import type { EventError } from "../../../errors.ts";
import type { Hdf5Dataset, Hdf5File } from "../file.ts";
import { damaged, unsupported } from "../problems.ts";
import type { DataLayout } from "../structure/data-layout.ts";
import { ChunkedRows } from "./chunked-rows.ts";
import type { Piece } from "./pieces.ts";
import type { RowColumn } from "./row-column.ts";
import type { RowTools } from "./row-tools.ts";

/** Rows that are wanted. */
export interface RowRange {
  readonly start: number;
  readonly count: number;
}

/** A column, and where its values go. */
export interface Target {
  readonly column: RowColumn;
  /** Room for the values of all rows wanted. */
  readonly into: Uint8Array;
}

/** Reads rows of one dataset. */
export interface DatasetRows {
  /**
   * Plans what is to be read of the file; what needs no reading goes to the targets at once.
   *
   * @throws EventError `invalid-header`, `damaged-data`
   */
  plan(rows: RowRange, targets: readonly Target[], add: (piece: Piece) => void): Promise<void>;
  /**
   * The most elements of which values were ever written.
   *
   * @throws EventError `invalid-header`
   */
  storedElements(): Promise<number>;
}

/** Values at least so many bytes long go straight to where they are wanted. */
const DIRECT_BYTES = 65536;
/** Others pass through buffers of at most so many. */
const BUFFER_BYTES = 512 * 1024;

/**
 * Makes the reader of a dataset.
 *
 * @throws EventError `unsupported-format`, `invalid-header`
 */
export function readerOf(file: Hdf5File, dataset: Hdf5Dataset, tools: RowTools): DatasetRows {
  const { layout } = dataset;
  if (layout.kind === "chunked") return new ChunkedRows(file, dataset, layout, tools);
  if (layout.kind === "unread") {
    throw unsupported(`the dataset ${dataset.path} is stored in a way that is not read`, {
      path: file.reader.facts.path,
      byteOffset: dataset.byteOffset,
      found: layout.reason,
      hint: "Copy the file with `h5repack`, which brings all values into it.",
    });
  }
  return new PlainRows(file, dataset, layout, tools);
}

/** Rows that lie one behind the other: in the file, or in the header of the dataset. */
class PlainRows implements DatasetRows {
  readonly #dataset: Hdf5Dataset;
  readonly #layout: Extract<DataLayout, { kind: "compact" | "contiguous" }>;
  readonly #tools: RowTools;

  constructor(
    file: Hdf5File,
    dataset: Hdf5Dataset,
    layout: Extract<DataLayout, { kind: "compact" | "contiguous" }>,
    tools: RowTools,
  ) {
    this.#dataset = dataset;
    this.#layout = layout;
    this.#tools = tools;
    const { byteLength, path } = file.reader.facts;
    const bytes = dataset.elements * dataset.type.size;
    const [offset, available] =
      layout.kind === "compact"
        ? [dataset.byteOffset, layout.bytes.byteLength]
        : [layout.offset, byteLength - (layout.offset ?? 0)];
    if (offset !== null && bytes > available) {
      throw beyondEnd(dataset, path, { offset, bytes, available });
    }
  }

  async plan(
    rows: RowRange,
    targets: readonly Target[],
    add: (piece: Piece) => void,
  ): Promise<void> {
    const layout = this.#layout;
    const { shape, type } = this.#dataset;
    if (layout.kind === "contiguous" && layout.offset === null) {
      for (const { column, into } of targets) this.#tools.fill(column, into, 0, rows.count);
      return;
    }
    for (const { column, into } of targets) {
      const place = placeIn(column, shape, type.size);
      if (layout.kind === "compact") {
        this.#tools.kernel.copy(layout.bytes, place, rows.start, rows.count, into);
      }
    }
    if (layout.kind === "compact") return;
    const placed = targets.map((target) => ({
      ...target,
      place: placeIn(target.column, shape, type.size),
    }));
    planPlain(this.#tools, layout.offset as number, rows.start, rows.count, placed, 0, add);
  }

  async storedElements(): Promise<number> {
    const layout = this.#layout;
    const isStored = layout.kind === "compact" || layout.offset !== null;
    return isStored ? this.#dataset.elements : 0;
  }
}

/** A target, and where its values are among those of a chunk or a dataset. */
export interface PlacedTarget extends Target {
  readonly place: ReturnType<typeof placeIn>;
}

/**
 * Plans the reading of rows that lie in the file as they are.
 *
 * @param offset - where row 0 of what they are placed in begins
 * @param at - row of the targets that the first one becomes
 */
export function planPlain(
  tools: RowTools,
  offset: number,
  start: number,
  count: number,
  targets: readonly PlacedTarget[],
  at: number,
  add: (piece: Piece) => void,
): void {
  // Values of records stand together; columns of another dimension may be far apart.
  const stride = targets[0]?.place.stride ?? 1;
  const first = Math.min(...targets.map(({ place }) => place.offset));
  const last = Math.max(...targets.map(({ place }) => place.offset + place.size));
  if (targets.length > 1 && last - first > stride) {
    for (const target of targets) planPlain(tools, offset, start, count, [target], at, add);
    return;
  }
  const [single] = targets;
  if (single === undefined) return;
  const { size, isBigEndian } = single.place;
  const isDirect =
    targets.length === 1 && stride === size && !isBigEndian && count * size >= DIRECT_BYTES;
  if (isDirect) {
    const into = single.into.subarray(at * size, (at + count) * size);
    const from = offset + single.place.offset + start * size;
    add({ offset: from, byteLength: count * size, into, cost: 0, use: () => {} });
    return;
  }
  const most = Math.max(Math.floor(BUFFER_BYTES / stride), 1);
  for (let done = 0; done < count; done += most) {
    const rows = Math.min(most, count - done);
    const from = first + (start + done) * stride;
    add({
      offset: offset + from,
      byteLength: (rows - 1) * stride + last - first,
      cost: 0,
      use(bytes) {
        for (const { place, into } of targets) {
          const shifted = { ...place, offset: place.offset - first };
          tools.kernel.copy(bytes, shifted, 0, rows, into.subarray((at + done) * place.size));
        }
      },
    });
  }
}

/** Where the values of a column are among elements of this shape. */
export function placeIn(
  { rowDimension, index, memberOffset, size, isBigEndian }: RowColumn,
  shape: readonly number[],
  elementBytes: number,
): { offset: number; stride: number; size: number; isBigEndian: boolean } {
  const width = shape[1] ?? 1;
  const [offset, stride] = rowDimension === 0 ? [index, width] : [index * width, 1];
  return {
    offset: offset * elementBytes + memberOffset,
    stride: stride * elementBytes,
    size,
    isBigEndian,
  };
}

function beyondEnd(
  dataset: Hdf5Dataset,
  path: string | undefined,
  { offset, bytes, available }: { offset: number; bytes: number; available: number },
): EventError {
  const rows = Math.max(Math.floor(available / (bytes / Math.max(dataset.shape[0] ?? 1, 1))), 0);
  return damaged(`the dataset ${dataset.path} does not lie within the file`, {
    path,
    byteOffset: offset,
    row: dataset.shape.length === 0 ? undefined : rows,
    expected: `${bytes} bytes`,
    found: `${Math.max(available, 0)}`,
    hint: "Was the file cut?",
  });
}
