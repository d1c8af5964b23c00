// Columns to EVT 3.0 words. The word is drawn in formats/evt3/layout.ts.
import {
  EVT_ADDR_X,
  EVT_ADDR_Y,
  EVT_TIME_HIGH,
  EVT_TIME_LOW,
  EXT_TRIGGER,
  PAYLOAD_MASK,
  POLARITY_SHIFT,
  ROWS,
  TIME_BITS,
  TRIGGER_ID_MASK,
  TRIGGER_ID_SHIFT,
  TRIPLE_BYTES,
  TRIPLE_STEP,
  TYPE_SHIFT,
  VECT_8,
  VECT_12,
  VECT_12_MASK,
  VECT_12_STEP,
  VECT_BASE_X,
  WORD_BYTES,
  WRAP_STEP,
  X_MASK,
} from "../../formats/evt3/layout";
import { NEXT_EVENT, REFUSED_PIXEL, REFUSED_TRIGGER_ID } from "../layout";
import {
  clockIs,
  encodeTile,
  heightUpTo,
  isOn,
  OWN_CARRIED,
  refuse,
  runMask,
  setClock,
  timeOf,
  triggerId,
  triggerTime,
  triggerValue,
  widthUpTo,
  wrapsBefore,
  xOf,
  yOf,
} from "./parts/encoding";

// Carried from call to call, each one more than the value, so that 0 is none.
const LOW_SENT: usize = OWN_CARRIED; // u32
const ROW_SENT: usize = OWN_CARRIED + 4; // u32
const BASE_SENT: usize = OWN_CARRIED + 8; // u32, x and polarity of where the next vector goes
/** In BASE_SENT polarity stands a bit higher: behind the last column x itself has that bit. */
const BASE_POLARITY_SHIFT = POLARITY_SHIFT + 1;

class Words {
  putEvent(event: i32, events: i32, out: usize): usize {
    const x = xOf(event);
    const y = yOf(event);
    const width = widthUpTo(X_MASK + 1);
    if (x >= width || y >= heightUpTo(ROWS)) return refuse(REFUSED_PIXEL);
    out = this.putTime(timeOf(event), out);
    if (out === 0) return out;
    if (load<u32>(ROW_SENT) !== y + 1) {
      out = this.put(EVT_ADDR_Y, y, out);
      store<u32>(ROW_SENT, y + 1);
    }
    const on = isOn(event);
    const polarity = on << POLARITY_SHIFT;
    // Decoders in the field drop a vector that crosses the right border, and read three words for
    // one: so only whole triples on the sensor are written, where they are shorter than ADDR_X.
    if (x + TRIPLE_STEP <= width) {
      const mask = runMask(event, events, x, TRIPLE_STEP);
      const size = popcnt(mask);
      const base = (on << BASE_POLARITY_SHIFT) + x;
      const continues = load<u32>(BASE_SENT) === base + 1;
      if (<i32>size > (continues ? 3 : 4)) {
        if (!continues) out = this.put(VECT_BASE_X, polarity | x, out);
        this.put(VECT_12, mask & VECT_12_MASK, out);
        this.put(VECT_12, (mask >>> VECT_12_STEP) & VECT_12_MASK, out + WORD_BYTES);
        this.put(VECT_8, mask >>> (2 * VECT_12_STEP), out + 2 * WORD_BYTES);
        store<u32>(BASE_SENT, base + TRIPLE_STEP + 1);
        store<i32>(NEXT_EVENT, event + <i32>size);
        return out + TRIPLE_BYTES;
      }
    }
    store<i32>(NEXT_EVENT, event + 1);
    return this.put(EVT_ADDR_X, polarity | x, out);
  }

  putTrigger(trigger: i32, out: usize): usize {
    const id = triggerId(trigger);
    if (id < 0 || id > TRIGGER_ID_MASK) return refuse(REFUSED_TRIGGER_ID);
    out = this.putTime(triggerTime(trigger), out);
    if (out === 0) return out;
    return this.put(EXT_TRIGGER, ((<u32>id) << TRIGGER_ID_SHIFT) | triggerValue(trigger), out);
  }

  /** The time words that bring the clock to a time. */
  putTime(time: i64, out: usize): usize {
    const high = time >> TIME_BITS;
    if (!clockIs(high)) {
      const wraps = wrapsBefore(high, TIME_BITS, WRAP_STEP);
      if (wraps < 0) return refuse(-wraps);
      for (let wrap = 0; wrap < wraps; wrap++) {
        out = this.put(EVT_TIME_HIGH, PAYLOAD_MASK, out);
        out = this.put(EVT_TIME_HIGH, 0, out);
      }
      out = this.put(EVT_TIME_HIGH, <u32>high & PAYLOAD_MASK, out);
      setClock(high);
      store<u32>(LOW_SENT, 0); // readers differ in what they take for it then
    }
    const low = <u32>time & PAYLOAD_MASK;
    if (load<u32>(LOW_SENT) === low + 1) return out;
    store<u32>(LOW_SENT, low + 1);
    return this.put(EVT_TIME_LOW, low, out);
  }

  put(type: u32, payload: u32, out: usize): usize {
    store<u16>(out, <u16>((type << TYPE_SHIFT) | payload));
    return out + WORD_BYTES;
  }
}

const words = new Words();

/** Writes the tile from where the last call ended. */
export function encode(events: i32, triggers: i32, flush: i32): usize {
  return encodeTile<Words>(words, events, triggers, flush);
}
