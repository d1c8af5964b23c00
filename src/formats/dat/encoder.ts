import type { EventColumns } from "../../events/columns.ts";
import { GEOMETRY_NAMES } from "../../events/geometry.ts";
import type { EventTable } from "../../events/table.ts";
import { datEncoderWasm } from "../../kernels/generated/dat-encoder.ts";
import { namesOf } from "../../util/option-names.ts";
import { type EncodeOptions, encodeEvents } from "../encode-events.ts";
import type { EventEncoding } from "../encoder.ts";
import { headerLines, latin1Bytes } from "../prophesee-header-writer.ts";
import { EVENT_CD, RECORD_BYTES, WRAP_US, XY_MASK } from "./layout.ts";

/** DAT, version 2, as a target: the kernel `dat-encoder` writes the records. */
export const datEncoding: EventEncoding = {
  id: "dat",
  name: "DAT",
  ending: ".dat",
  wasm: datEncoderWasm,
  keepsTriggers: false,
  keepsGeometry: true,
  side: XY_MASK + 1,
  maxTriggerId: 0,
  reach: `a first time below ${WRAP_US} us, and steps of less than half of that`,
  encodeHeader({ geometry }) {
    const lines = headerLines({
      Data: "file containing CD events.",
      Version: "2",
      ...(geometry && { Height: String(geometry.height), Width: String(geometry.width) }),
    });
    return latin1Bytes(`${lines}${String.fromCharCode(EVENT_CD, RECORD_BYTES)}`);
  },
};

const NAMES = namesOf<Pick<EncodeOptions, "geometry">>()({ geometry: GEOMETRY_NAMES });

/**
 * Encodes events as a DAT file of version 2, header included. Decoding it gives the same events.
 *
 * @param events - a table, or columns, with `x`, `y`, `t` in microseconds and `polarity`, where ON
 *   is any value above 0
 * @throws EventError `not-encodable`, with the row, for what DAT cannot hold: coordinates above
 *   16383 or outside the geometry, times below 0, a first time from 2^32 us (72 min) on, steps that
 *   a clock of 32 bits cannot tell from others (forward or back by about 36 min and more);
 *   `invalid-option` for columns that are missing or mistyped
 * @example
 * ```ts
 * const bytes = await encodeDat(table, { geometry: { width: 640, height: 480 } });
 * ```
 */
export function encodeDat(
  events: EventColumns | EventTable,
  options: Pick<EncodeOptions, "geometry"> = {},
): Promise<Uint8Array<ArrayBuffer>> {
  return encodeEvents(datEncoding, events, options, NAMES);
}
