// The usual EVT 2.1 words: four a step.
import {
  EVT_POS,
  EVT_TIME_HIGH,
  MASK_BITS,
  TIME_HIGH_MASK,
  TS_MASK,
  TS_SHIFT,
  TYPE_SHIFT,
  WORD_BYTES,
  X_SHIFT,
  XY_MASK,
} from "../../../formats/evt21/layout";
import { EVENT_COUNT, HEIGHT, WIDTH } from "../../layout";
import {
  addPixels,
  endPart,
  PART_BYTES,
  PARTS,
  PARTS_END,
  RUN,
  RUN_EVENTS,
  RUN_FULL,
  SPLIT_EVENTS,
  splitRun,
} from "./evt21-run-buffer";
import {
  HAS_TIME_BASE,
  headOffset,
  LAST_TIME,
  MASK_LEFT,
  maskOffset,
  TIME_HIGH,
  timeBase,
} from "./evt21-state";
import { kept } from "./kept";

/** Words that one SIMD step looks at, and the events that it can give. */
const LANES = 4;
const STEP_EVENTS = LANES * MASK_BITS;
/** Pixels of a word that take no branch. */
const PLAIN_PIXELS: u32 = 4;

/** Exponents of 32-bit floats: where they stand, and that of 1. */
const EXPONENT_SHIFT = 23;
const EXPONENT_OF_ONE = 127;
const EXPONENT_MASK = 0xff;

/**
 * Runs of event words and of time highs that do not fall, as long as all pixels are on the sensor and
 * time does not go back: first all events one behind the other, then column by column. Stops in front of anything
 * else, which is for `decodeWord`.
 *
 * Four words a step. The lowest lit pixel of four masks is found at once, as the exponent of the
 * floating-point number that has only this bit; so are the next three. The four events of a word
 * are stored whether it has as many or not, and the next word's follow behind those it has. Words
 * with more are few, and go through a table.
 */
export function decodeRuns(input: usize, end: usize, capacity: i32): usize {
  if (load<i32>(HAS_TIME_BASE) === 0 || load<u32>(MASK_LEFT) !== 0) return input;
  let base = timeBase();
  const lastTime = load<i64>(LAST_TIME);
  if (lastTime > base + TS_MASK) return input;
  const width = min(load<i32>(WIDTH), XY_MASK + 1); // pixels beyond have no EVT 2.0 word
  const height = load<i32>(HEIGHT);
  const headAt = headOffset();
  const maskAt = maskOffset();
  let sameTimeHigh: u32 = (EVT_TIME_HIGH << TYPE_SHIFT) | load<u32>(TIME_HIGH);
  const room = capacity - SPLIT_EVENTS;

  const maxBase = kept(i32x4.splat(width - MASK_BITS));
  const maxY = kept(i32x4.splat(height - 1));
  const fieldMask = kept(i32x4.splat(XY_MASK));
  const tsMask = kept(i32x4.splat(TS_MASK));
  const one = kept(i32x4.splat(EXPONENT_OF_ONE << X_SHIFT));
  const exponentMask = kept(i32x4.splat(EXPONENT_MASK << X_SHIFT));
  const none = i32x4.splat(0);
  let sameHeads = i32x4.splat(sameTimeHigh);
  const notCd = kept(i32x4.splat(~((2 << TYPE_SHIFT) - 1)));
  // Lane 3 is the time field that the next event must not fall below.
  let previous = i32x4.splat(lastTime < base ? 0 : <i32>(lastTime - base));

  let start: usize;
  do {
    start = input;
    const most = max(min(RUN_EVENTS + STEP_EVENTS, room - load<i32>(EVENT_COUNT)), 0);
    const stop = RUN + (most << 2);
    let at = RUN;
    let part = PARTS;
    let running = true;
    while (running) {
      while (input + LANES * WORD_BYTES <= end && at + STEP_EVENTS * 4 <= stop) {
        const heads = halves(input + headAt);
        const masks = halves(input + maskAt);
        const x = v128.and(i32x4.shr_u(heads, X_SHIFT), fieldMask);
        const y = v128.and(heads, fieldMask);
        const ts = v128.and(i32x4.shr_u(heads, TS_SHIFT), tsMask);
        const outside = v128.or(i32x4.gt_s(x, maxBase), i32x4.gt_s(y, maxY));
        const other = v128.or(v128.and(heads, notCd), outside);
        let latest = ts;
        let regular = LANES;
        const earlier = v128.shuffle<i32>(previous, ts, 3, 4, 5, 6);
        if (v128.any_true(v128.or(other, i32x4.gt_s(earlier, ts)))) {
          // The time high that holds already is a word without pixels, and without a time.
          const same = v128.and(i32x4.eq(heads, sameHeads), i32x4.eq(masks, none));
          const times = v128.andnot(ts, same);
          latest = i32x4.max_s(times, v128.shuffle<i32>(previous, times, 3, 4, 5, 6));
          latest = i32x4.max_s(latest, v128.shuffle<i32>(previous, latest, 3, 3, 4, 5));
          latest = i32x4.max_s(latest, v128.shuffle<i32>(previous, previous, 3, 3, 3, 3));
          const irregular = v128.andnot(v128.or(other, i32x4.gt_s(latest, times)), same);
          if (v128.any_true(irregular)) {
            // What is in front of a later time high is taken as a whole step is.
            regular = ctz(i32x4.bitmask(i32x4.ne(irregular, none)));
            const head = load<u32>(input + headAt + regular * WORD_BYTES);
            if (!isLaterTimeHigh(head, sameTimeHigh) || part === PARTS_END) break;
          }
        }

        const lit0 = lowest(masks);
        const masks1 = v128.xor(masks, lit0);
        const lit1 = lowest(masks1);
        const masks2 = v128.xor(masks1, lit1);
        const lit2 = lowest(masks2);
        const lit3 = lowest(v128.xor(masks2, lit2));
        const unmoved = i32x4.sub(heads, one);
        const event0 = withPixel(unmoved, lit0, exponentMask);
        const event1 = withPixel(unmoved, lit1, exponentMask);
        const event2 = withPixel(unmoved, lit2, exponentMask);
        const event3 = withPixel(unmoved, lit3, exponentMask);
        // From four pixels of a number to four pixels of a word.
        const low01 = v128.shuffle<i32>(event0, event1, 0, 4, 1, 5);
        const low23 = v128.shuffle<i32>(event2, event3, 0, 4, 1, 5);
        const high01 = v128.shuffle<i32>(event0, event1, 2, 6, 3, 7);
        const high23 = v128.shuffle<i32>(event2, event3, 2, 6, 3, 7);
        const head = input + headAt;
        const mask = input + maskAt;
        v128.store(at, v128.shuffle<i64>(low01, low23, 0, 2));
        const at1 = addMore(at, head, mask);
        v128.store(at1, v128.shuffle<i64>(low01, low23, 1, 3));
        const at2 = addMore(at1, head + WORD_BYTES, mask + WORD_BYTES);
        v128.store(at2, v128.shuffle<i64>(high01, high23, 0, 2));
        const at3 = addMore(at2, head + 2 * WORD_BYTES, mask + 2 * WORD_BYTES);
        v128.store(at3, v128.shuffle<i64>(high01, high23, 1, 3));
        const at4 = addMore(at3, head + 3 * WORD_BYTES, mask + 3 * WORD_BYTES);
        if (regular === LANES) {
          at = at4;
          previous = latest;
          input += LANES * WORD_BYTES;
          continue;
        }
        at = select(select(at, at1, regular === 0), select(at2, at3, regular === 2), regular < 2);
        sameTimeHigh = load<u32>(head + regular * WORD_BYTES);
        sameHeads = i32x4.splat(sameTimeHigh);
        base = nextTimeHigh(sameTimeHigh, part, at, base);
        part += PART_BYTES;
        previous = none;
        input += (regular + 1) * WORD_BYTES;
      }
      if (at > RUN_FULL) break;
      // One by one around time highs, the right border, and the end of the input.
      for (let words = 0; words < LANES; words++) {
        running = input + WORD_BYTES <= end;
        if (!running) break;
        const head = load<u32>(input + headAt);
        if (isLaterTimeHigh(head, sameTimeHigh)) {
          running = part !== PARTS_END;
          if (!running) break;
          sameTimeHigh = head;
          sameHeads = i32x4.splat(head);
          base = nextTimeHigh(head, part, at, base);
          part += PART_BYTES;
          previous = none;
        } else if (head !== sameTimeHigh) {
          const mask = load<u32>(input + maskAt);
          const lastX = ((head >>> X_SHIFT) & XY_MASK) + (MASK_BITS - 1) - clz(mask);
          const ts: i32 = (head >>> TS_SHIFT) & TS_MASK;
          const next = at + (popcnt(mask) << 2);
          running =
            <i32>(head >>> TYPE_SHIFT) <= EVT_POS &&
            lastX < <u32>width &&
            (head & XY_MASK) < <u32>height &&
            ts >= i32x4.extract_lane(previous, 3) &&
            next <= stop;
          if (!running) break;
          previous = i32x4.splat(ts);
          addPixels(at, head, mask);
          at = next;
        }
        input += WORD_BYTES;
      }
    }
    endPart(part, at, base);
    if (at > RUN) splitRun(part + PART_BYTES);
  } while (input !== start);
  return input;
}

/** Whether a word is a time high beyond the one that holds. */
function isLaterTimeHigh(head: u32, sameTimeHigh: u32): bool {
  return head >>> TYPE_SHIFT === EVT_TIME_HIGH && head > sameTimeHigh;
}

/** Ends the part of the run that one time high holds for, and begins the next. Returns its base. */
function nextTimeHigh(head: u32, part: usize, end: usize, base: i64): i64 {
  endPart(part, end, base);
  store<u32>(TIME_HIGH, head & TIME_HIGH_MASK);
  return timeBase();
}

/** Adds what a word has beyond the pixels that are stored, and tells where the next word's go. */
function addMore(at: usize, head: usize, mask: usize): usize {
  const pixels = popcnt(load<u32>(mask));
  if (pixels > PLAIN_PIXELS) addPixels(at, load<u32>(head), load<u32>(mask));
  return at + (pixels << 2);
}

/** One half of each of four words. */
function halves(input: usize): v128 {
  return v128.shuffle<i32>(v128.load(input), v128.load(input, 2 * WORD_BYTES), 0, 2, 4, 6);
}

/** The lowest bit that is set, of each of four numbers; 0 where none is. */
function lowest(bits: v128): v128 {
  return v128.and(bits, i32x4.neg(bits));
}

/** Four upper halves with x moved by the number of the one bit that is set. */
function withPixel(unmoved: v128, bit: v128, exponentMask: v128): v128 {
  const exponents = i32x4.shr_u(f32x4.convert_i32x4_s(bit), EXPONENT_SHIFT - X_SHIFT);
  return i32x4.add(unmoved, v128.and(exponents, exponentMask));
}
