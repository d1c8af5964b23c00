import type { RowFormat } from "../decoder.ts";

/**
 * HDF5 with events in any layout of the field, whose signature `detect.ts` knows. What reads it is
 * loaded with the first such file.
 */
export const hdf5 = {
  id: "hdf5",
  name: "HDF5",

  async open(source, options) {
    const { openHdf5 } = await import("./open.ts");
    return openHdf5(source, options);
  },
} as const satisfies RowFormat;
