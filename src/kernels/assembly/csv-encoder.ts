// Columns to lines of CSV. The line is drawn in formats/csv/layout.ts.
import { COMMA, LINE_FEED, MINUS, ZERO } from "../../formats/csv/layout";
import { NEXT_EVENT, POLARITY_COLUMN } from "../layout";
import { encodeTile, timeOf, xOf, yOf } from "./parts/encoding";

class Lines {
  putEvent(event: i32, _events: i32, out: usize): usize {
    out = this.putField(xOf(event), out, COMMA);
    out = this.putField(yOf(event), out, COMMA);
    out = this.putSigned(timeOf(event), out, COMMA);
    const polarity = load<i8>(<usize>load<u32>(POLARITY_COLUMN) + event);
    store<i32>(NEXT_EVENT, event + 1);
    return this.putSigned(polarity, out, LINE_FEED);
  }

  /** A line has no place for a trigger; the host passes none. */
  putTrigger(_trigger: i32, out: usize): usize {
    return out;
  }

  putSigned(value: i64, out: usize, behind: i32): usize {
    if (value >= 0) return this.putField(value, out, behind);
    store<u8>(out, MINUS);
    return this.putField(<u64>-value, out + 1, behind);
  }

  /** The digits, and the byte behind them. */
  putField(value: u64, out: usize, behind: i32): usize {
    let digits = 1;
    for (let rest = value; rest >= 10; rest /= 10) digits++;
    for (let at = out + digits - 1; at >= out; at--) {
      store<u8>(at, <u8>(ZERO + (value % 10)));
      value /= 10;
    }
    out += digits;
    store<u8>(out, <u8>behind);
    return out + 1;
  }
}

const lines = new Lines();

/** Writes the tile from where the last call ended. */
export function encode(events: i32, triggers: i32, flush: i32): usize {
  return encodeTile<Lines>(lines, events, triggers, flush);
}
