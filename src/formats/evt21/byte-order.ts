/**
 * Which half of an EVT 2.1 word stands first: as the header says, else as the camera's age implies,
 * else as the data themselves show.
 */
import { EventError } from "../../errors.ts";
import type { Assumption } from "../../events/report.ts";
import type { FormatHeader } from "../decoder.ts";
import type { ByteOrder } from "../options.ts";
import { formatOptions, headerValue, isOfProphesee, systemId } from "../prophesee-header.ts";
import {
  CONTINUED,
  EVT_NEG,
  EVT_POS,
  EVT_TIME_HIGH,
  EXT_TRIGGER,
  HALF_BYTES,
  OTHERS,
  TIME_HIGH_MASK,
  TYPE_SHIFT,
  WORD_BYTES,
} from "./layout.ts";

/** A byte order and, when the header does not state it, the assumption behind it. */
export interface ReadByteOrder {
  readonly order: ByteOrder;
  readonly assumption: Assumption | null;
}

type Entries = Pick<FormatHeader, "entries">;

/** Cameras with a system id from here on send `little`, those before it `legacy`. */
const FIRST_LITTLE_SYSTEM = 55;

/**
 * The byte order, by precedence: the `endianness` line or the option of `format`, which must agree;
 * else the system id or a foreign integrator; else the data. All but the first are assumptions.
 *
 * @param data - the first bytes behind the header
 * @throws EventError `invalid-header` for an order that is not known, or two that do not agree
 */
export function readByteOrder(header: Entries, data: Uint8Array, path?: string): ReadByteOrder {
  const stated = statedOrder(header, path);
  if (stated !== null) return { order: stated, assumption: null };
  const assume = (order: ByteOrder, reason: string): ReadByteOrder => ({
    order,
    assumption: { what: "byte order", value: order, reason },
  });
  if (!isOfProphesee(header)) {
    return assume(
      "little",
      "the header has no `endianness`, but an integrator other than Prophesee",
    );
  }
  const id = systemId(header);
  if (id !== undefined) {
    const order = id < FIRST_LITTLE_SYSTEM ? "legacy" : "little";
    return assume(order, `the header has no \`endianness\`, but the system id ${id}`);
  }
  const seen = orderOfData(data);
  if (seen !== null) {
    return assume(seen, "the header says nothing of it, and in this order the data make sense");
  }
  return assume("little", "neither the header nor the data tell");
}

function statedOrder(header: Entries, path: string | undefined): ByteOrder | null {
  const line = headerValue(header, "endianness");
  const option = formatOptions(header).get("endianness");
  const orders = [line, option].map((text) => {
    if (text === undefined) return null;
    const order = text.toLowerCase();
    if (order === "little" || order === "legacy") return order;
    throw new EventError("invalid-header", "the header names a byte order that is not known", {
      path,
      format: "evt21",
      expected: "`endianness` of `little` or `legacy`",
      found: JSON.stringify(text),
    });
  });
  const [ofLine = null, ofOption = null] = orders;
  if (ofLine !== null && ofOption !== null && ofLine !== ofOption) {
    throw new EventError("invalid-header", "the header names two byte orders", {
      path,
      format: "evt21",
      expected: `\`${ofLine}\` as in the \`endianness\` line`,
      found: `\`${ofOption}\` in the \`format\` line`,
    });
  }
  return ofLine ?? ofOption;
}

const KNOWN_TYPES: readonly number[] = [EVT_NEG, EVT_POS, EXT_TRIGGER, OTHERS, CONTINUED];

/** A time word follows on the one before it within this many steps of 64 us, about a second. */
const LONGEST_STEP = 16384;

/** How data look when they are read in one of the orders. */
interface Look {
  /** Words of no known type. */
  unknown: number;
  /** Time words that fall, or leap ahead. */
  astray: number;
  /** Time words that are a little later than the one before. */
  forward: number;
  /** Words in front of the first time word. */
  beforeTime: number;
}

/** In place of {@link Look.beforeTime} where there is no time word. */
const NEVER = Number.MAX_SAFE_INTEGER;

/**
 * The order in which data make sense; null when that is neither, or both alike. Under the wrong one
 * masks are read as types, which gives words of unknown type and times that go astray. Where a few
 * words leave it open, it is the order under which time goes on, then the one that has a time first.
 */
export function orderOfData(data: Uint8Array): ByteOrder | null {
  const little = lookOf(data, HALF_BYTES);
  const legacy = lookOf(data, 0);
  // Where only one has times at all, that some go astray does not speak for the other.
  const bothHaveTime = little.beforeTime !== NEVER && legacy.beforeTime !== NEVER;
  const astray = bothHaveTime ? little.astray - legacy.astray : 0;
  const difference =
    little.unknown - legacy.unknown + astray ||
    legacy.forward - little.forward ||
    little.beforeTime - legacy.beforeTime;
  if (difference === 0) return null;
  return difference < 0 ? "little" : "legacy";
}

/** @param headAt - where the upper half of a word stands */
function lookOf(data: Uint8Array, headAt: number): Look {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const look: Look = { unknown: 0, astray: 0, forward: 0, beforeTime: NEVER };
  let timeHigh = -1;
  for (let at = 0; at + WORD_BYTES <= data.byteLength; at += WORD_BYTES) {
    const head = view.getUint32(at + headAt, true);
    const type = head >>> TYPE_SHIFT;
    if (type === EVT_TIME_HIGH) {
      const next = head & TIME_HIGH_MASK;
      if (timeHigh < 0) look.beforeTime = at / WORD_BYTES;
      else if (next < timeHigh || next - timeHigh > LONGEST_STEP) look.astray++;
      else if (next > timeHigh) look.forward++;
      timeHigh = next;
    } else if (!KNOWN_TYPES.includes(type)) {
      look.unknown++;
    }
  }
  return look;
}
