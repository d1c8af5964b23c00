import type { WritableFormat } from "../../writer.ts";

/**
 * HDF5 files as a target: `/events/{x,y,t,p}`, which `docs/formats.md` describes. What writes them
 * is loaded with the first of them.
 */
export const hdf5Target: WritableFormat = {
  id: "hdf5",
  name: "HDF5",
  ending: ".h5",
  otherEndings: [".hdf5"],
  keepsTriggers: false,
  keepsGeometry: true,
  polarityEncoding: "zero-one",
  async createWriter(memory, facts) {
    const { createHdf5Writer } = await import("./writer.ts");
    return createHdf5Writer(memory, facts);
  },
};
