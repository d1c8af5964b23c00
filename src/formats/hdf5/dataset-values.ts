import type { Hdf5Dataset, Hdf5File } from "./file.ts";
import { RowReader } from "./rows/row-reader.ts";
import { MAX_VALUES, readValues, type Values } from "./structure/values.ts";

/**
 * Values of a small dataset, such as a time offset or the size of a sensor.
 *
 * @returns null for a dataset that is large, empty, or of neither numbers nor text
 * @throws EventError `invalid-header`, `damaged-data`, `unsupported-format`
 */
export async function readDataset(file: Hdf5File, dataset: Hdf5Dataset): Promise<Values | null> {
  const { layout, elements, type, shape } = dataset;
  if (elements === 0 || elements > MAX_VALUES) return null;
  const byteLength = elements * type.size;
  if (layout.kind === "contiguous" && layout.offset !== null) {
    const { bytes } = await file.reader.block(
      layout.offset,
      byteLength,
      `the dataset ${dataset.path}`,
    );
    return readValues(file.reader, type, shape, elements, bytes);
  }
  if (layout.kind === "compact") {
    return readValues(file.reader, type, shape, elements, layout.bytes);
  }
  if (shape.length !== 1 || (type.kind !== "integer" && type.kind !== "float")) return null;
  const rows = await RowReader.open(file, [{ dataset }]);
  const [column] = await rows.read(0, elements);
  const bytes = new Uint8Array((column as { buffer: ArrayBuffer }).buffer);
  return readValues(file.reader, { ...type, isBigEndian: false }, shape, elements, bytes);
}
