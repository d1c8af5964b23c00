// Columns to EVT 2.0 words. The word is drawn in formats/evt2/layout.ts.
import {
  CD_OFF,
  CD_ON,
  EVT_TIME_HIGH,
  EXT_TRIGGER,
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
} from "../../formats/evt2/layout";
import { NEXT_EVENT, REFUSED_PIXEL, REFUSED_TRIGGER_ID } from "../layout";
import {
  clockIs,
  encodeTile,
  heightUpTo,
  isOn,
  refuse,
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
  putEvent(event: i32, _events: i32, out: usize): usize {
    const x = xOf(event);
    const y = yOf(event);
    if (x >= widthUpTo(XY_MASK + 1) || y >= heightUpTo(XY_MASK + 1)) return refuse(REFUSED_PIXEL);
    const next = this.put(isOn(event) ? CD_ON : CD_OFF, timeOf(event), (x << X_SHIFT) | y, out);
    if (next !== 0) store<i32>(NEXT_EVENT, event + 1);
    return next;
  }

  putTrigger(trigger: i32, out: usize): usize {
    const id = triggerId(trigger);
    if (id < 0 || id > TRIGGER_ID_MASK) return refuse(REFUSED_TRIGGER_ID);
    const rest = ((<u32>id) << TRIGGER_ID_SHIFT) | triggerValue(trigger);
    return this.put(EXT_TRIGGER, triggerTime(trigger), rest, out);
  }

  /** A word, and in front of it the time words that it needs. */
  put(type: u32, time: i64, rest: u32, out: usize): usize {
    const high = time >> TS_BITS;
    if (!clockIs(high)) {
      const wraps = wrapsBefore(high, TIME_HIGH_BITS, WRAP_STEP);
      if (wraps < 0) return refuse(-wraps);
      const timeHigh: u32 = EVT_TIME_HIGH << TYPE_SHIFT;
      for (let wrap = 0; wrap < wraps; wrap++) {
        store<u32>(out, timeHigh | TIME_HIGH_MASK);
        store<u32>(out, timeHigh, WORD_BYTES);
        out += 2 * WORD_BYTES;
      }
      store<u32>(out, timeHigh | (<u32>high & TIME_HIGH_MASK));
      out += WORD_BYTES;
      setClock(high);
    }
    store<u32>(out, (type << TYPE_SHIFT) | ((<u32>time & TS_MASK) << TS_SHIFT) | rest);
    return out + WORD_BYTES;
  }
}

const words = new Words();

/** Writes the tile from where the last call ended. */
export function encode(events: i32, triggers: i32, flush: i32): usize {
  return encodeTile<Words>(words, events, triggers, flush);
}
