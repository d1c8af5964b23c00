// Columns to lines of text: our own CSV, or t x y p in seconds. formats/text/layout.ts draws both.
import { BLANK, COMMA, LINE_FEED, MINUS, POINT, WRITTEN_CSV } from "../../formats/text/layout";
import { NEXT_EVENT, OUTPUT_VARIANT, POLARITY_COLUMN } from "../layout";
import { digitsOf, ZEROS } from "./parts/digits";
import { encodeTile, timeOf, xOf, yOf } from "./parts/encoding";

/** What eight digits can count, and microseconds of a second. */
const HUNDRED_MILLION: u64 = 100000000;
const MILLION: u64 = 1000000;

class Lines {
  putEvent(event: i32, _events: i32, out: usize): usize {
    const polarity = load<i8>(<usize>load<u32>(POLARITY_COLUMN) + event);
    store<i32>(NEXT_EVENT, event + 1);
    if (load<i32>(OUTPUT_VARIANT) === WRITTEN_CSV) {
      out = this.putByte(COMMA, this.putNumber(xOf(event), out));
      out = this.putByte(COMMA, this.putNumber(yOf(event), out));
      out = this.putByte(COMMA, this.putSigned(timeOf(event), out));
    } else {
      out = this.putByte(BLANK, this.putSeconds(timeOf(event), out));
      out = this.putByte(BLANK, this.putNumber(xOf(event), out));
      out = this.putByte(BLANK, this.putNumber(yOf(event), out));
    }
    return this.putByte(LINE_FEED, this.putSigned(polarity, out));
  }

  /** A line has no place for a trigger; the host passes none. */
  putTrigger(_trigger: i32, out: usize): usize {
    return out;
  }

  putSeconds(time: i64, out: usize): usize {
    if (time < 0) out = this.putByte(MINUS, out);
    const magnitude = time < 0 ? <u64>-time : <u64>time;
    const seconds = magnitude / MILLION;
    out = this.putByte(POINT, this.putNumber(seconds, out));
    store<u64>(out, (digitsOf(magnitude - seconds * MILLION) | ZEROS) >> 16);
    return out + 6;
  }

  putSigned(value: i64, out: usize): usize {
    if (value >= 0) return this.putNumber(value, out);
    return this.putNumber(<u64>-value, this.putByte(MINUS, out));
  }

  /** Writes more bytes than it keeps; what follows writes over them. */
  putNumber(value: u64, out: usize): usize {
    if (value >= HUNDRED_MILLION) {
      const high = value / HUNDRED_MILLION;
      out = this.putNumber(high, out);
      store<u64>(out, digitsOf(value - high * HUNDRED_MILLION) | ZEROS);
      return out + 8;
    }
    const digits = digitsOf(value);
    const zeros = ctz(digits | ((<u64>1) << 56)) & ~7; // bits of those in front; the last digit stays
    store<u64>(out, (digits | ZEROS) >> zeros);
    return out + 8 - <usize>(zeros >> 3);
  }

  putByte(byte: i32, out: usize): usize {
    store<u8>(out, <u8>byte);
    return out + 1;
  }
}

const lines = new Lines();

/** Writes the tile from where the last call ended. */
export function encode(events: i32, triggers: i32, flush: i32): usize {
  return encodeTile<Lines>(lines, events, triggers, flush);
}
