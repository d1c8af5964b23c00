import type { StoredBytes } from "../../../source/chunk-desk.ts";
import type { RowRange } from "../../decoder.ts";
import type { Piece } from "./pieces.ts";
import type { ValuePlace } from "./record-kernel.ts";
import type { RowColumn } from "./row-column.ts";
import type { RowTools } from "./row-tools.ts";

/** Rows that are wanted. */
export interface RowSlice {
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
  plan(rows: RowSlice, targets: readonly Target[], add: (piece: Piece) => void): Promise<void>;
  /**
   * Bytes that come out of its chunks at most where other threads can decompress them: 0 where nothing is
   * compressed, null where they cannot.
   */
  readonly inflatedBytes: number | null;
  /**
   * The chunks that begin in some rows and that other threads can decompress.
   *
   * @throws EventError `invalid-header`
   */
  inflatable(rows: RowSlice, columns: readonly RowColumn[]): Promise<readonly StoredBytes[]>;
  /**
   * Rows of which values of these columns were ever written. What finding them takes follows what is
   * stored, not the rows that are claimed.
   *
   * @throws EventError `invalid-header`
   */
  writtenRows(columns: readonly RowColumn[]): Promise<readonly RowRange[]>;
}

/** Values at least so many bytes long go straight to where they are wanted. */
const DIRECT_BYTES = 65536;
/** Others pass through buffers of at most so many. */
export const BUFFER_BYTES = 512 * 1024;

/** A target, and where its values are among those of a chunk or a dataset. */
export interface PlacedTarget extends Target {
  readonly place: ValuePlace;
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
  const shifted = targets.map(({ place, into }) => {
    return { place: { ...place, offset: place.offset - first }, into };
  });
  const most = Math.max(Math.floor(BUFFER_BYTES / stride), 1);
  for (let done = 0; done < count; done += most) {
    const rows = Math.min(most, count - done);
    const from = first + (start + done) * stride;
    add({
      offset: offset + from,
      byteLength: (rows - 1) * stride + last - first,
      cost: 0,
      use(bytes) {
        tools.kernel.copy(bytes, shifted, 0, rows, at + done);
      },
    });
  }
}

/** Where the values of a column are among elements of this shape. */
export function placeIn(
  { rowDimension, index, memberOffset, size, isBigEndian }: RowColumn,
  shape: readonly number[],
  elementBytes: number,
): ValuePlace {
  const width = shape[1] ?? 1;
  const [offset, stride] = rowDimension === 0 ? [index, width] : [index * width, 1];
  return {
    offset: offset * elementBytes + memberOffset,
    stride: stride * elementBytes,
    size,
    isBigEndian,
  };
}
