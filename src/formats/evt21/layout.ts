/**
 * EVT 2.1: 64-bit words in two halves of 32 bits, most significant bits first. The upper half is an
 * EVT 2.0 word.
 *
 * ```text
 *   EVT_NEG, EVT_POS   type:4 | time low:6 | x base:11 | y:11   || mask:32
 *                      an event at x base + i for every bit i, in rising order
 *   EVT_TIME_HIGH      type:4 | time high:28                    || unused:32
 *                      t = time high << 6 | time low
 *   EXT_TRIGGER        type:4 | time low:6 | unused:9 | id:5 | unused:7 | value:1 || unused:32
 *   OTHERS             type:4 | time low:6 | unused:5 | class:1 | subtype:16      || payload:32
 *   CONTINUED          vendor data, skipped by type and counted, as OTHERS is
 * ```
 *
 * Either half is little-endian; which of them stands first is the byte order of the recording.
 * POS is ON. Types keep the vendor's names. AssemblyScript compiles this file into the kernel, so
 * it holds integer constants only; no mask or shift of this format appears anywhere else.
 * Source: Prophesee, "EVT 2.1 Format" documentation page.
 */

export const WORD_BYTES = 8;
export const HALF_BYTES = 4;
/** The most events of a word. */
export const MASK_BITS = 32;

/** Byte orders, as the variant of a recording: lower half first, and upper half first. */
export const LITTLE = 0;
export const LEGACY = 1;

// In the upper half.
export const TYPE_SHIFT = 28;

export const EVT_NEG = 0x0;
export const EVT_POS = 0x1;
export const EVT_TIME_HIGH = 0x8;
export const EXT_TRIGGER = 0xa;
export const OTHERS = 0xe;
export const CONTINUED = 0xf;

export const TS_SHIFT = 22;
export const TS_BITS = 6;
export const TS_MASK = 0x3f;
export const X_SHIFT = 11;
export const XY_MASK = 0x7ff;
export const TIME_HIGH_BITS = 28;
export const TIME_HIGH_MASK = 0xfffffff;
export const TRIGGER_ID_SHIFT = 8;
export const TRIGGER_ID_MASK = 0x1f;
export const SUBTYPE_MASK = 0xffff;

/** The clock has 34 bits: it starts again at 0 after 2^34 us, 4 h 46 min. */
export const WRAP_US = 17179869184;
/**
 * A time high that falls by at least this much (all but the last 67 s of the range) is a clock
 * wrap; a smaller fall is time going backwards, as in EVT 2.0.
 */
export const WRAP_STEP = 267386880;
