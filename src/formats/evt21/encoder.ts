import { EventError } from "../../errors.ts";
import type { EventColumns } from "../../events/columns.ts";
import type { EventTable } from "../../events/table.ts";
import { evt21EncoderWasm } from "../../kernels/generated/evt21-encoder.ts";
import { namesOf } from "../../util/option-names.ts";
import { show } from "../../util/show.ts";
import {
  ENCODE_WITH_TRIGGERS_NAMES,
  type EncodeWithTriggersOptions,
  encodeEvents,
} from "../encode-events.ts";
import { type EventEncoding, type HeaderFacts, reachOf } from "../encoder.ts";
import { rawHeader } from "../prophesee-header-writer.ts";
import { LEGACY, LITTLE, TRIGGER_ID_MASK, WRAP_US, XY_MASK } from "./layout.ts";

/** EVT 2.1 as a target: the kernel `evt21-encoder` writes the words. */
export const evt21Encoding: EventEncoding = {
  id: "evt21",
  name: "EVT 2.1",
  ending: ".evt21.raw",
  wasm: evt21EncoderWasm,
  keepsTriggers: true,
  keepsGeometry: true,
  side: XY_MASK + 1,
  maxTriggerId: TRIGGER_ID_MASK,
  reach: reachOf(WRAP_US),
  variantOf: (facts) => (endiannessOf(facts) === "legacy" ? LEGACY : LITTLE),
  encodeHeader: (facts) =>
    rawHeader({ evt: "2.1", format: "EVT21" }, { ...facts, endianness: endiannessOf(facts) }),
};

function endiannessOf({ endianness = "little" }: HeaderFacts): "little" | "legacy" {
  if (endianness === "little" || endianness === "legacy") return endianness;
  throw new EventError("invalid-option", "endianness is not known", {
    expected: '"little" or "legacy"',
    found: show(endianness),
  });
}

/** Options of {@link encodeEvt21}. */
export interface EncodeEvt21Options extends EncodeWithTriggersOptions {
  /**
   * Order of the bytes of a word: `"little"` as GenX320 and newer sensors send them, `"legacy"`,
   * the upper half first, as IMX636 and older. Default `"little"`.
   */
  endianness?: "little" | "legacy" | undefined;
}

/** The names of {@link EncodeEvt21Options}. */
const NAMES = namesOf<EncodeEvt21Options>()({ ...ENCODE_WITH_TRIGGERS_NAMES, endianness: true });

/**
 * Encodes events as an EVT 2.1 RAW recording, header included. Decoding it gives the same events.
 * Events that follow one another and differ in x alone share a word, up to 32 pixels wide.
 *
 * @param events - a table, or columns, with `x`, `y`, `t` in microseconds and `polarity`, where ON
 *   is any value above 0
 * @throws EventError `not-encodable`, with the row, for what EVT 2.1 cannot hold: coordinates above
 *   2047 or outside the geometry, times below 0, a step of more than 1024 periods of the clock
 *   (203 days), a step back that would read as a wrap of the clock, a trigger id above 31;
 *   `invalid-option` for columns that are missing or mistyped
 * @example
 * ```ts
 * const bytes = await encodeEvt21(table, { endianness: "legacy" });
 * ```
 */
export function encodeEvt21(
  events: EventColumns | EventTable,
  options: EncodeEvt21Options = {},
): Promise<Uint8Array<ArrayBuffer>> {
  return encodeEvents(evt21Encoding, events, options, NAMES);
}
