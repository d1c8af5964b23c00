import type { Hdf5Dataset, Hdf5File } from "../file.ts";
import { unsupported } from "../problems.ts";
import { ChunkedRows } from "./chunked-rows.ts";
import { PlainRows } from "./plain-rows.ts";
import type { DatasetRows } from "./row-plan.ts";
import type { RowTools } from "./row-tools.ts";

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
