import type { EventColumns } from "../../events/columns.ts";
import type { EventTable } from "../../events/table.ts";
import { evt2EncoderWasm } from "../../kernels/generated/evt2-encoder.ts";
import {
  ENCODE_WITH_TRIGGERS_NAMES,
  type EncodeWithTriggersOptions,
  encodeEvents,
} from "../encode-events.ts";
import { type EventEncoding, reachOf } from "../encoder.ts";
import { rawHeader } from "../prophesee-header-writer.ts";
import { TRIGGER_ID_MASK, WRAP_US, XY_MASK } from "./layout.ts";

/** EVT 2.0 as a target: the kernel `evt2-encoder` writes the words. */
export const evt2Encoding: EventEncoding = {
  id: "evt2",
  name: "EVT 2.0",
  ending: ".evt2.raw",
  wasm: evt2EncoderWasm,
  keepsTriggers: true,
  keepsGeometry: true,
  side: XY_MASK + 1,
  maxTriggerId: TRIGGER_ID_MASK,
  reach: reachOf(WRAP_US),
  encodeHeader: (facts) =>
    rawHeader({ evt: "2.0", format: "EVT2" }, { ...facts, endianness: undefined }),
};

/**
 * Encodes events as an EVT 2.0 RAW recording, header included. Decoding it gives the same events.
 *
 * @param events - a table, or columns, with `x`, `y`, `t` in microseconds and `polarity`, where ON
 *   is any value above 0
 * @throws EventError `not-encodable`, with the row, for what EVT 2.0 cannot hold: coordinates above
 *   2047 or outside the geometry, times below 0, a step of more than 1024 periods of the clock
 *   (203 days), a step back that would read as a wrap of the clock, a trigger id above 31;
 *   `invalid-option` for columns that are missing or mistyped
 * @example
 * ```ts
 * const geometry = { width: 640, height: 480 };
 * await writeFile("copy.raw", await encodeEvt2(table, { geometry }));
 * ```
 */
export function encodeEvt2(
  events: EventColumns | EventTable,
  options: EncodeWithTriggersOptions = {},
): Promise<Uint8Array<ArrayBuffer>> {
  return encodeEvents(evt2Encoding, events, options, ENCODE_WITH_TRIGGERS_NAMES);
}
