import type { RowRange } from "../../decoder.ts";
import type { Hdf5Dataset, Hdf5File } from "../file.ts";
import { damagedData } from "../problems.ts";
import type { CompactLayout, ContiguousLayout } from "../structure/data-layout.ts";
import type { Piece } from "./pieces.ts";
import type { ValuePlace } from "./record-kernel.ts";
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

/** Rows that lie one behind the other: in the file, or in the header of the dataset. */
export class PlainRows implements DatasetRows {
  readonly inflatedBytes = 0;
  readonly #dataset: Hdf5Dataset;
  readonly #layout: CompactLayout | ContiguousLayout;
  readonly #tools: RowTools;
  readonly #file: Hdf5File;

  constructor(
    file: Hdf5File,
    dataset: Hdf5Dataset,
    layout: CompactLayout | ContiguousLayout,
    tools: RowTools,
  ) {
    this.#dataset = dataset;
    this.#layout = layout;
    this.#tools = tools;
    this.#file = file;
  }

  async inflatable(): Promise<[]> {
    return [];
  }

  async plan(
    rows: RowSlice,
    targets: readonly Target[],
    add: (piece: Piece) => void,
  ): Promise<void> {
    const layout = this.#layout;
    const { shape, type } = this.#dataset;
    if (layout.kind === "contiguous" && layout.offset === null) {
      for (const { column, into } of targets) this.#tools.fill(column, into, 0, rows.count);
      return;
    }
    const placed = targets.map((target): PlacedTarget => {
      return { ...target, place: placeIn(target.column, shape, type.size) };
    });
    for (const { place } of placed) this.#checkEnd(rows, place);
    if (layout.kind === "contiguous") {
      planPlain(this.#tools, layout.offset as number, rows.start, rows.count, placed, 0, add);
      return;
    }
    // Columns of another dimension are read one by one: they do not stand together.
    for (const one of placed) {
      this.#tools.kernel.copy(layout.bytes, [one], rows.start, rows.count, 0);
    }
  }

  async writtenRows(columns: readonly RowColumn[]): Promise<readonly RowRange[]> {
    const layout = this.#layout;
    const { shape, type } = this.#dataset;
    if (layout.kind === "contiguous" && layout.offset === null) return [];
    // From the first row on, as far as the file goes, or the part of it that is the dataset's.
    const own = layout.kind === "contiguous" ? layout.byteLength : layout.bytes.byteLength;
    const bytes = Math.min(this.#available, own);
    const ends = columns.map((column) => {
      const { offset, stride, size } = placeIn(column, shape, type.size);
      const fitting = Math.floor((bytes - offset - size) / stride) + 1;
      return Math.min(fitting, column.rows);
    });
    const end = Math.min(...ends);
    return end > 0 ? [{ start: 0, end }] : [];
  }

  /** Bytes there are of the dataset, and of what follows it. */
  get #available(): number {
    const layout = this.#layout;
    if (layout.kind === "compact") return layout.bytes.byteLength;
    return Math.max(this.#file.reader.facts.byteLength - (layout.offset ?? 0), 0);
  }

  /** Rows do not reach beyond the end of the file. */
  #checkEnd({ start, count }: RowSlice, { offset, stride, size }: ValuePlace): void {
    const available = this.#available;
    const end = offset + (start + count - 1) * stride + size;
    if (end <= available) return;
    const { path, byteOffset } = this.#dataset;
    const rows = Math.floor((available - offset - size) / stride) + 1;
    throw damagedData(`the dataset ${path} does not lie within the file`, {
      path: this.#file.reader.facts.path,
      byteOffset: this.#layout.kind === "contiguous" ? (this.#layout.offset ?? 0) : byteOffset,
      row: Math.max(rows, start),
      expected: `${end} bytes from there`,
      found: `${available}`,
      hint: "Was the file cut?",
    });
  }
}
