import { decodeDatReference } from "../../reference/dat.ts";
import {
  type ExpectedLoad,
  type ExpectedOptions,
  expectedLoad,
  type ReferenceFormat,
} from "../../support/expected-load.ts";

const reference: ReferenceFormat = {
  format: "dat",
  decode: (recording, geometry) => {
    const decoded = decodeDatReference(recording, { geometry });
    const { version, type, recordBytes, headerGeometry, ...load } = decoded;
    return load;
  },
};

export function expectedDat(
  recording: Uint8Array,
  options: Omit<ExpectedOptions, "reference">,
): ExpectedLoad {
  return expectedLoad(recording, { ...options, reference });
}
