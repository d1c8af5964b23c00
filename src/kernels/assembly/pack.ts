// The tile in the columns as the records of the canonical digest.
import {
  PACKED_EVENT_BYTES,
  PACKED_ON,
  POLARITY_COLUMN,
  T_COLUMN,
  X_COLUMN,
  Y_COLUMN,
} from "../layout";

/** Packs the first `count` events at `out`. */
export function pack(count: i32, out: usize): void {
  const xs: usize = load<u32>(X_COLUMN);
  const ys: usize = load<u32>(Y_COLUMN);
  const ts: usize = load<u32>(T_COLUMN);
  const polarities: usize = load<u32>(POLARITY_COLUMN);
  let on = 0;
  for (let index = 0; index < count; index++) {
    const isOn = load<i8>(polarities + index) > 0 ? 1 : 0;
    store<i64>(out, load<i64>(ts + (index << 3)));
    store<u16>(out, load<u16>(xs + (index << 1)), 8);
    store<u16>(out, load<u16>(ys + (index << 1)), 10);
    store<u8>(out, <u8>isOn, 12);
    on += isOn;
    out += PACKED_EVENT_BYTES;
  }
  store<i32>(PACKED_ON, on);
}
