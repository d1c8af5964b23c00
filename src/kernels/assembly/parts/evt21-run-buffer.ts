// The events of a run of EVT 2.1 words: gathered one behind the other, then split into columns.
import { TS_MASK, TS_SHIFT, TYPE_SHIFT, X_SHIFT, XY_MASK } from "../../../formats/evt21/layout";
import {
  EVENT_COUNT,
  POLARITY_COLUMN,
  SIGNED_POLARITY,
  T_COLUMN,
  X_COLUMN,
  Y_COLUMN,
} from "../../layout";
import { LAST_TIME } from "./evt21-state";
import { kept } from "./kept";
import { storePolarities, storeTimes } from "./store";

// The events of a run: each is the upper half of its word with x moved, which is an EVT 2.0 word.
export const RUN: usize = 8192;
export const RUN_EVENTS = 2048;
/** A run that is longer is split; a step more has room. */
export const RUN_FULL: usize = RUN + RUN_EVENTS * 4;
/** For each time high of a run, in its order: u32, where its events end; i64, its base. */
export const PARTS: usize = RUN + 2 * RUN_EVENTS * 4;
export const PART_BYTES = 16;
export const PARTS_END: usize = PARTS + 256 * PART_BYTES;

/** Events that one step of `splitRun` writes, whether there are as many or not. */
export const SPLIT_EVENTS = 8;

/** How far x moves for the lit pixels of eight, by their mask: u16 each, 16 bytes a mask. */
const MOVES: usize = 4096;

/** Fills the table of moves, which `addPixels` needs. */
export function buildMoves(): void {
  for (let mask = 0; mask < 256; mask++) {
    let move = MOVES + (mask << 4);
    for (let left = mask; left !== 0; left &= left - 1) {
      store<u16>(move, <u16>(ctz(left) << X_SHIFT));
      move += 2;
    }
  }
}

/** Writes the events of a word into the run, eight pixels a step. */
export function addPixels(at: usize, head: u32, mask: u32): void {
  for (; mask !== 0; mask >>>= 8) {
    const moves = v128.load(MOVES + ((mask & 0xff) << 4));
    const unmoved = i32x4.splat(head);
    v128.store(at, i32x4.add(unmoved, i32x4.extend_low_i16x8_u(moves)));
    v128.store(at, i32x4.add(unmoved, i32x4.extend_high_i16x8_u(moves)), 16);
    at += popcnt(mask & 0xff) << 2;
    head += 8 << X_SHIFT;
  }
}

/** Says where the events of a time high end. */
export function endPart(part: usize, end: usize, base: i64): void {
  store<u32>(part, <u32>end);
  store<i64>(part, base, 8);
}

/** Appends the events of the run to the columns, eight a step; the last step of a part may write too many. */
export function splitRun(partsEnd: usize): void {
  const signed = load<i32>(SIGNED_POLARITY);
  const xs: usize = load<u32>(X_COLUMN);
  const ys: usize = load<u32>(Y_COLUMN);
  const ts: usize = load<u32>(T_COLUMN);
  const polarities: usize = load<u32>(POLARITY_COLUMN);
  const fieldMask = kept(i32x4.splat(XY_MASK));
  const tsMask = kept(i32x4.splat(TS_MASK));
  const polarityBias = kept(i8x16.splat(<i8>signed));
  let events = load<i32>(EVENT_COUNT);
  let at = RUN;
  for (let part = PARTS; part < partsEnd; part += PART_BYTES) {
    const end: usize = load<u32>(part);
    const times = i64x2.splat(load<i64>(part, 8));
    const total = events + <i32>((end - at) >>> 2);
    for (; at < end; at += SPLIT_EVENTS * 4) {
      const a = v128.load(at);
      const b = v128.load(at, 16);
      const x = i16x8.narrow_i32x4_u(
        v128.and(i32x4.shr_u(a, X_SHIFT), fieldMask),
        v128.and(i32x4.shr_u(b, X_SHIFT), fieldMask),
      );
      const y = i16x8.narrow_i32x4_u(v128.and(a, fieldMask), v128.and(b, fieldMask));
      const type = i16x8.narrow_i32x4_u(i32x4.shr_u(a, TYPE_SHIFT), i32x4.shr_u(b, TYPE_SHIFT));
      const tsA = v128.and(i32x4.shr_u(a, TS_SHIFT), tsMask);
      const tsB = v128.and(i32x4.shr_u(b, TS_SHIFT), tsMask);
      v128.store(xs + (events << 1), x);
      v128.store(ys + (events << 1), y);
      storePolarities(polarities + events, type, polarityBias);
      storeTimes(ts + (events << 3), tsA, tsB, times);
      events += SPLIT_EVENTS;
    }
    at = end;
    events = total;
  }
  store<i32>(EVENT_COUNT, events);
  store<i64>(LAST_TIME, load<i64>(ts + (events << 3) - 8));
}
