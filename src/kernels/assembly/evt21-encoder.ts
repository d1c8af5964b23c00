// Columns to EVT 2.1 words. The word is drawn in formats/evt21/layout.ts.
import {
  EVT_NEG,
  EVT_POS,
  EVT_TIME_HIGH,
  EXT_TRIGGER,
  HALF_BYTES,
  LEGACY,
  MASK_BITS,
  TIME_HIGH_BITS,
  TIME_HIGH_MASK,
  TRIGGER_ID_MASK,
  TRIGGER_ID_SHIFT,
  TS_BITS,
  TS_MASK,
  TS_SHIFT,
  TYPE_SHIFT,
  WORD_BYTES,
  WRAP_STEP,
  X_SHIFT,
  XY_MASK,
} from "../../formats/evt21/layout";
import { NEXT_EVENT, OUTPUT_VARIANT, REFUSED_PIXEL, REFUSED_TRIGGER_ID } from "../layout";
import {
  clockIs,
  encodeTile,
  heightUpTo,
  isOn,
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

class Words {
  putEvent(event: i32, events: i32, out: usize): usize {
    const x = xOf(event);
    const y = yOf(event);
    const width = widthUpTo(XY_MASK + 1);
    if (x >= width || y >= heightUpTo(XY_MASK + 1)) return refuse(REFUSED_PIXEL);
    const time = timeOf(event);
    out = this.putTime(time, out);
    if (out === 0) return out;
    const mask = runMask(event, events, x, min(<u32>MASK_BITS, width - x));
    store<i32>(NEXT_EVENT, event + popcnt(<i32>mask));
    const type: u32 = isOn(event) ? EVT_POS : EVT_NEG;
    return this.put(type, time, (x << X_SHIFT) | y, mask, out);
  }

  putTrigger(trigger: i32, out: usize): usize {
    const id = triggerId(trigger);
    if (id < 0 || id > TRIGGER_ID_MASK) return refuse(REFUSED_TRIGGER_ID);
    const time = triggerTime(trigger);
    out = this.putTime(time, out);
    if (out === 0) return out;
    const rest = ((<u32>id) << TRIGGER_ID_SHIFT) | triggerValue(trigger);
    return this.put(EXT_TRIGGER, time, rest, 0, out);
  }

  /** The time words that bring the clock to a time. */
  putTime(time: i64, out: usize): usize {
    const high = time >> TS_BITS;
    if (clockIs(high)) return out;
    const wraps = wrapsBefore(high, TIME_HIGH_BITS, WRAP_STEP);
    if (wraps < 0) return refuse(-wraps);
    const timeHigh: u32 = EVT_TIME_HIGH << TYPE_SHIFT;
    for (let wrap = 0; wrap < wraps; wrap++) {
      out = this.putHalves(timeHigh | TIME_HIGH_MASK, 0, out);
      out = this.putHalves(timeHigh, 0, out);
    }
    setClock(high);
    return this.putHalves(timeHigh | (<u32>high & TIME_HIGH_MASK), 0, out);
  }

  put(type: u32, time: i64, rest: u32, lower: u32, out: usize): usize {
    const upper = (type << TYPE_SHIFT) | ((<u32>time & TS_MASK) << TS_SHIFT) | rest;
    return this.putHalves(upper, lower, out);
  }

  /** A word in the byte order of the recording. */
  putHalves(upper: u32, lower: u32, out: usize): usize {
    const isLegacy = load<i32>(OUTPUT_VARIANT) === LEGACY;
    store<u32>(out, isLegacy ? upper : lower);
    store<u32>(out, isLegacy ? lower : upper, HALF_BYTES);
    return out + WORD_BYTES;
  }
}

const words = new Words();

/** Writes the tile from where the last call ended. */
export function encode(events: i32, triggers: i32, flush: i32): usize {
  return encodeTile<Words>(words, events, triggers, flush);
}
