// Columns to the records of DAT. The record is drawn in formats/dat/layout.ts.
import {
  POLARITY_SHIFT,
  RECORD_BYTES,
  WORD_OFFSET,
  WRAP_STEP,
  WRAP_US,
  XY_MASK,
  Y_SHIFT,
} from "../../formats/dat/layout";
import {
  NEXT_EVENT,
  REFUSED_BACKWARD_TIME,
  REFUSED_LATE_TIME,
  REFUSED_NEGATIVE_TIME,
  REFUSED_PIXEL,
} from "../layout";
import {
  encodeTile,
  heightUpTo,
  isOn,
  OWN_CARRIED,
  refuse,
  timeOf,
  widthUpTo,
  xOf,
  yOf,
} from "./parts/encoding";

/** Carried: i64, the time of the last record; 0 before the first, which then must be below 2^32. */
const LAST_TIME: usize = OWN_CARRIED;

class Records {
  putEvent(event: i32, _events: i32, out: usize): usize {
    const x = xOf(event);
    const y = yOf(event);
    if (x >= widthUpTo(XY_MASK + 1) || y >= heightUpTo(XY_MASK + 1)) return refuse(REFUSED_PIXEL);
    const time = timeOf(event);
    const refusal = this.refusalOf(time);
    if (refusal !== 0) return refuse(refusal);
    store<i64>(LAST_TIME, time);
    store<u32>(out, <u32>time);
    store<u32>(out, (isOn(event) << POLARITY_SHIFT) | (y << Y_SHIFT) | x, WORD_OFFSET);
    store<i32>(NEXT_EVENT, event + 1);
    return out + RECORD_BYTES;
  }

  /** DAT has no records of events and triggers together; the host passes none. */
  putTrigger(_trigger: i32, out: usize): usize {
    return out;
  }

  /** A reader sees 32 bits and takes a fall by more than half their range for a wrap. */
  refusalOf(time: i64): i32 {
    if (time < 0) return REFUSED_NEGATIVE_TIME;
    const last = load<i64>(LAST_TIME);
    const falls = <i64>(<u32>last) - <i64>(<u32>time) > <i64>WRAP_STEP;
    const read = (last & ~(<i64>WRAP_US - 1)) + <i64>(<u32>time);
    const wrapped = falls ? read + WRAP_US : read;
    if (wrapped === time) return 0;
    return time < last ? REFUSED_BACKWARD_TIME : REFUSED_LATE_TIME;
  }
}

const records = new Records();

/** Writes the tile from where the last call ended. */
export function encode(events: i32, triggers: i32, flush: i32): usize {
  return encodeTile<Records>(records, events, triggers, flush);
}
