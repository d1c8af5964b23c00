// EVT 2.0 words to columns. The word is drawn in formats/evt2/layout.ts, whose constants are used
// here; test/reference/evt2.ts is the same decoder as a plain loop.
import {
  CD_ON,
  COUNTED_TYPES,
  EVT_TIME_HIGH,
  EXT_TRIGGER,
  TIME_HIGH_MASK,
  TRIGGER_ID_MASK,
  TRIGGER_ID_SHIFT,
  TS_BITS,
  TS_MASK,
  TS_SHIFT,
  TYPE_SHIFT,
  WORD_BYTES,
  WRAP_STEP,
  WRAP_US,
  X_SHIFT,
  XY_MASK,
} from "../../formats/evt2/layout";
import {
  BACKWARD_STEPS,
  CARRIED,
  CLOCK_WRAPS,
  EVENT_COUNT,
  EVENTS_BEFORE_TIME_BASE,
  EVENTS_OUTSIDE_GEOMETRY,
  HEIGHT,
  POLARITY_COLUMN,
  SIGNED_POLARITY,
  T_COLUMN,
  TIME_OFFSET,
  TRIGGER_CAPACITY,
  TRIGGER_COUNT,
  TRIGGER_ID_COLUMN,
  TRIGGER_T_COLUMN,
  TRIGGER_VALUE_COLUMN,
  TRIGGERS_BEFORE_TIME_BASE,
  WIDTH,
  X_COLUMN,
  Y_COLUMN,
} from "../layout";
import { count } from "./parts/count";
import { kept } from "./parts/kept";
import { storePolarities, storeTimes } from "./parts/store";

// Carried from call to call.
const HAS_TIME_BASE: usize = CARRIED; // i32
const TIME_HIGH: usize = CARRIED + 4; // u32, the last one seen
const CLOCK_EPOCH: usize = CARRIED + 8; // i64, microseconds added by clock wraps
const HAS_EVENT: usize = CARRIED + 16; // i32
const LAST_TIME: usize = CARRIED + 24; // i64, of the last event kept

/** Events that one SIMD step decodes. */
const LANES = 8;

/** The time field that the next event must not fall below; -1 where any will do. */
function floorOf(lastTime: i64, timeBase: i64): i16 {
  return lastTime < timeBase ? -1 : <i16>min(lastTime - timeBase, TS_MASK + 1);
}

/** Whether a word is an EVT_TIME_HIGH with which the clock has not wrapped, or stepped back. */
function isNextTimeHigh(word: u32, timeHigh: u32): bool {
  return word >>> TYPE_SHIFT === EVT_TIME_HIGH && (word & TIME_HIGH_MASK) >= timeHigh;
}

/**
 * Appends the events of the words from `input` to the columns, until fewer than four bytes are left
 * before `end`, the columns hold `capacity` events or the trigger columns are full. Returns the
 * address of the first unread byte.
 */
export function decode(input: usize, end: usize, capacity: i32): usize {
  const width = load<i32>(WIDTH);
  const height = load<i32>(HEIGHT);
  const signed = load<i32>(SIGNED_POLARITY);
  const timeOffset = load<i64>(TIME_OFFSET);
  const triggerCapacity = load<i32>(TRIGGER_CAPACITY);
  const triggerTimes: usize = load<u32>(TRIGGER_T_COLUMN);
  const triggerIds: usize = load<u32>(TRIGGER_ID_COLUMN);
  const triggerValues: usize = load<u32>(TRIGGER_VALUE_COLUMN);
  const xs: usize = load<u32>(X_COLUMN);
  const ys: usize = load<u32>(Y_COLUMN);
  const ts: usize = load<u32>(T_COLUMN);
  const polarities: usize = load<u32>(POLARITY_COLUMN);

  let hasTimeBase = load<i32>(HAS_TIME_BASE) !== 0;
  let timeHigh = load<u32>(TIME_HIGH);
  let epoch = load<i64>(CLOCK_EPOCH);
  let lastTime = load<i32>(HAS_EVENT) !== 0 ? load<i64>(LAST_TIME) : i64.MIN_VALUE;
  let timeBase = epoch + ((<i64>timeHigh) << TS_BITS);

  const maxX = kept(i16x8.splat(<i16>min(width - 1, i16.MAX_VALUE)));
  const maxY = kept(i16x8.splat(<i16>min(height - 1, i16.MAX_VALUE)));
  const fieldMask = kept(i32x4.splat(XY_MASK));
  const tsMask = kept(i32x4.splat(TS_MASK));
  const notCd = kept(i32x4.splat(~((2 << TYPE_SHIFT) - 1)));
  const none = i32x4.splat(0);
  const polarityBias = kept(i8x16.splat(<i8>signed));

  let events = load<i32>(EVENT_COUNT);
  let triggers = load<i32>(TRIGGER_COUNT);
  let running = true;
  while (running) {
    if (hasTimeBase) {
      let before = events;
      let base = i64x2.splat(timeBase - timeOffset);
      // Lane 7 is the time field that the next event must not fall below.
      let previous = i16x8.splat(floorOf(lastTime, timeBase));
      while (input + LANES * WORD_BYTES <= end && events + LANES <= capacity) {
        const a = v128.load(input);
        const b = v128.load(input, 16);
        const tsA = v128.and(i32x4.shr_u(a, TS_SHIFT), tsMask);
        const tsB = v128.and(i32x4.shr_u(b, TS_SHIFT), tsMask);
        const time = i16x8.narrow_i32x4_u(tsA, tsB);
        const x = i16x8.narrow_i32x4_u(
          v128.and(i32x4.shr_u(a, X_SHIFT), fieldMask),
          v128.and(i32x4.shr_u(b, X_SHIFT), fieldMask),
        );
        const y = i16x8.narrow_i32x4_u(v128.and(a, fieldMask), v128.and(b, fieldMask));
        const earlier = v128.shuffle<i16>(previous, time, 7, 8, 9, 10, 11, 12, 13, 14);
        const irregular = v128.or(
          v128.and(v128.or(a, b), notCd),
          v128.or(v128.or(i16x8.gt_s(x, maxX), i16x8.gt_s(y, maxY)), i16x8.gt_s(earlier, time)),
        );
        let regular = LANES;
        if (v128.any_true(irregular)) {
          // Events in front of an EVT_TIME_HIGH are stored as a whole step is; the next step writes
          // over what is behind them.
          const other = i16x8.narrow_i32x4_s(
            i32x4.ne(v128.and(a, notCd), none),
            i32x4.ne(v128.and(b, notCd), none),
          );
          const outside = v128.or(i16x8.gt_s(x, maxX), i16x8.gt_s(y, maxY));
          const kinds = v128.or(v128.or(other, outside), i16x8.gt_s(earlier, time));
          regular = ctz(i16x8.bitmask(kinds));
          if (!isNextTimeHigh(load<u32>(input + regular * WORD_BYTES), timeHigh)) break;
        }
        const type = i16x8.narrow_i32x4_u(i32x4.shr_u(a, TYPE_SHIFT), i32x4.shr_u(b, TYPE_SHIFT));
        v128.store(xs + (events << 1), x);
        v128.store(ys + (events << 1), y);
        storePolarities(polarities + events, type, polarityBias);
        storeTimes(ts + (events << 3), tsA, tsB, base);
        events += regular;
        input += regular * WORD_BYTES;
        if (regular === LANES) {
          previous = time;
          continue;
        }
        if (events > before) {
          lastTime =
            regular > 0
              ? timeBase + ((load<u32>(input - WORD_BYTES) >>> TS_SHIFT) & TS_MASK)
              : timeBase + i16x8.extract_lane_s(previous, 7);
          before = events;
        }
        while (input + WORD_BYTES <= end && isNextTimeHigh(load<u32>(input), timeHigh)) {
          timeHigh = load<u32>(input) & TIME_HIGH_MASK;
          input += WORD_BYTES;
        }
        timeBase = epoch + ((<i64>timeHigh) << TS_BITS);
        base = i64x2.splat(timeBase - timeOffset);
        previous = i16x8.splat(floorOf(lastTime, timeBase));
      }
      if (events > before) lastTime = timeBase + i16x8.extract_lane_s(previous, 7);
    }

    // The straight line: one word at a time, for the words around anything that is not a regular
    // event, and for the rest of the input.
    let words = LANES;
    while (words-- > 0) {
      if (input + WORD_BYTES > end || events >= capacity) {
        running = false;
        break;
      }
      const word = load<u32>(input);
      const type = <i32>(word >>> TYPE_SHIFT);
      if (type <= CD_ON) {
        const x = (word >>> X_SHIFT) & XY_MASK;
        const y = word & XY_MASK;
        const time = timeBase + ((word >>> TS_SHIFT) & TS_MASK);
        if (!hasTimeBase) {
          count(EVENTS_BEFORE_TIME_BASE, input);
        } else if (<i32>x >= width || <i32>y >= height) {
          count(EVENTS_OUTSIDE_GEOMETRY, input);
        } else {
          if (time < lastTime) count(BACKWARD_STEPS, input);
          lastTime = time;
          store<u16>(xs + (events << 1), <u16>x);
          store<u16>(ys + (events << 1), <u16>y);
          store<i64>(ts + (events << 3), time - timeOffset);
          store<i8>(polarities + events, <i8>((type << signed) - signed));
          events++;
        }
      } else if (type === EVT_TIME_HIGH) {
        const next = word & TIME_HIGH_MASK;
        if (hasTimeBase && next < timeHigh && timeHigh - next >= <u32>WRAP_STEP) {
          epoch += WRAP_US;
          count(CLOCK_WRAPS, input);
        }
        timeHigh = next;
        timeBase = epoch + ((<i64>timeHigh) << TS_BITS);
        hasTimeBase = true;
      } else if (type === EXT_TRIGGER) {
        if (!hasTimeBase) {
          count(TRIGGERS_BEFORE_TIME_BASE, input);
        } else {
          if (triggers >= triggerCapacity) {
            running = false;
            break;
          }
          const time = timeBase + ((word >>> TS_SHIFT) & TS_MASK);
          store<i64>(triggerTimes + (triggers << 3), time - timeOffset);
          store<i16>(
            triggerIds + (triggers << 1),
            <i16>((word >>> TRIGGER_ID_SHIFT) & TRIGGER_ID_MASK),
          );
          store<u8>(triggerValues + triggers, <u8>(word & 1));
          triggers++;
        }
      } else {
        count(type & COUNTED_TYPES, input);
      }
      input += WORD_BYTES;
    }
  }

  store<i32>(HAS_TIME_BASE, hasTimeBase ? 1 : 0);
  store<u32>(TIME_HIGH, timeHigh);
  store<i64>(CLOCK_EPOCH, epoch);
  store<i32>(HAS_EVENT, lastTime !== i64.MIN_VALUE ? 1 : 0);
  store<i64>(LAST_TIME, lastTime);
  store<i32>(EVENT_COUNT, events);
  store<i32>(TRIGGER_COUNT, triggers);
  return input;
}
