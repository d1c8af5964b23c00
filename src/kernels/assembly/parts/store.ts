/** Stores eight times of 32 bits, moved by `base`. */
export function storeTimes(t: usize, a: v128, b: v128, base: v128): void {
  v128.store(t, i64x2.add(base, i64x2.extend_low_i32x4_u(a)));
  v128.store(t, i64x2.add(base, i64x2.extend_high_i32x4_u(a)), 16);
  v128.store(t, i64x2.add(base, i64x2.extend_low_i32x4_u(b)), 32);
  v128.store(t, i64x2.add(base, i64x2.extend_high_i32x4_u(b)), 48);
}

/**
 * Stores eight polarities of lanes that are 1 for ON and else 0.
 *
 * @param bias - 1 in every byte where OFF is -1, else 0: a shift by what is not known takes V8 ten instructions
 */
export function storePolarities(at: usize, lanes: v128, bias: v128): void {
  const on = i8x16.narrow_i16x8_u(lanes, lanes);
  v128.store64_lane(at, i8x16.sub(i8x16.add(on, v128.and(on, bias)), bias), 0);
}
