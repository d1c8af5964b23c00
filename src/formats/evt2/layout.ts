/**
 * EVT 2.0: one little-endian 32-bit word, most significant bits first.
 *
 * ```text
 *   CD_OFF, CD_ON    type:4 | time low:6 | x:11 | y:11
 *   EVT_TIME_HIGH    type:4 | time high:28              t = time high << 6 | time low
 *   EXT_TRIGGER      type:4 | time low:6 | unused:9 | id:5 | unused:7 | value:1
 *   IMU, OTHERS, CONTINUED   vendor data, skipped by type and counted
 * ```
 *
 * ON is 1. Types keep the vendor's names. AssemblyScript compiles this file into the kernel, so it
 * holds integer constants only; no mask or shift of this format appears anywhere else.
 * Source: Prophesee, "EVT 2.0 Format" documentation page.
 */

export const WORD_BYTES = 4;
export const TYPE_SHIFT = 28;

export const CD_OFF = 0x0;
export const CD_ON = 0x1;
export const EVT_TIME_HIGH = 0x8;
export const EXT_TRIGGER = 0xa;
export const IMU = 0xd;
export const OTHERS = 0xe;
export const CONTINUED = 0xf;
/** All types; a word that is none of the above is unknown. */
export const COUNTED_TYPES = 0xf;

export const TS_SHIFT = 22;
export const TS_BITS = 6;
export const TS_MASK = 0x3f;
export const X_SHIFT = 11;
export const XY_MASK = 0x7ff;
export const TIME_HIGH_BITS = 28;
export const TIME_HIGH_MASK = 0xfffffff;
export const TRIGGER_ID_SHIFT = 8;
export const TRIGGER_ID_MASK = 0x1f;

/** The clock has 34 bits: it starts again at 0 after 2^34 us, 4 h 46 min. */
export const WRAP_US = 17179869184;
/**
 * A time high that falls by at least this much (all but the last 67 s of the range) is a clock
 * wrap; a smaller fall is time going backwards. Cameras send a time high every 16 us even when
 * nothing moves, so a real wrap falls by almost the whole range whatever the scene does.
 */
export const WRAP_STEP = 267386880;
