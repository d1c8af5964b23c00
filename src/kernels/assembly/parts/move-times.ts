import { EVENT_COUNT, T_COLUMN, TRIGGER_COUNT, TRIGGER_T_COLUMN } from "../../layout";

/** Adds to the times of all events and triggers of the tile. */
export function moveTimes(by: i64): void {
  moveColumn(load<u32>(T_COLUMN), load<i32>(EVENT_COUNT), by);
  moveColumn(load<u32>(TRIGGER_T_COLUMN), load<i32>(TRIGGER_COUNT), by);
}

function moveColumn(times: usize, count: i32, by: i64): void {
  const all = i64x2.splat(by);
  let index = 0;
  for (; index + 4 <= count; index += 4) {
    const at = times + (index << 3);
    v128.store(at, i64x2.add(v128.load(at), all));
    v128.store(at, i64x2.add(v128.load(at, 16), all), 16);
  }
  for (; index < count; index++) {
    const at = times + (index << 3);
    store<i64>(at, load<i64>(at) + by);
  }
}
