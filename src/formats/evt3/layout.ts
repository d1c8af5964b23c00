/**
 * EVT 3.0: little-endian 16-bit words, most significant bits first. The stream has a state: time,
 * row, vector base and polarity hold until a word changes them.
 *
 * ```text
 *   EVT_ADDR_Y       type:4 | origin:1 | y:11        origin 1 is a slave camera
 *   EVT_ADDR_X       type:4 | polarity:1 | x:11      one event
 *   VECT_BASE_X      type:4 | polarity:1 | x:11
 *   VECT_12          type:4 | mask:12                an event at base + i for every bit i;
 *   VECT_8           type:4 | unused:4 | mask:8      then base moves on by 12 or 8
 *   EVT_TIME_LOW     type:4 | t:12                   t = time high << 12 | time low
 *   EVT_TIME_HIGH    type:4 | t:12
 *   EXT_TRIGGER      type:4 | id:4 | unused:7 | value:1
 *   OTHERS           type:4 | subtype:12             then CONTINUED_12 and CONTINUED_4 words
 *   CONTINUED_4, CONTINUED_12, IMU   vendor data, skipped by type and counted
 * ```
 *
 * ON is 1. Types keep the vendor's names. AssemblyScript compiles this file into the kernel, so it
 * holds integer constants only; no mask or shift of this format appears anywhere else.
 * Source: Prophesee, "EVT 3.0 Format" documentation page.
 */

export const WORD_BYTES = 2;
export const TYPE_SHIFT = 12;
export const PAYLOAD_MASK = 0xfff;

export const EVT_ADDR_Y = 0x0;
export const EVT_ADDR_X = 0x2;
export const VECT_BASE_X = 0x3;
export const VECT_12 = 0x4;
export const VECT_8 = 0x5;
export const EVT_TIME_LOW = 0x6;
export const CONTINUED_4 = 0x7;
export const EVT_TIME_HIGH = 0x8;
export const EXT_TRIGGER = 0xa;
export const IMU = 0xd;
export const OTHERS = 0xe;
export const CONTINUED_12 = 0xf;

export const X_MASK = 0x7ff;
/** Row with the origin bit: a row of a slave camera is beyond every sensor. */
export const ROW_MASK = 0xfff;
/** Rows that 11 bits can name. */
export const ROWS = 2048;
export const POLARITY_SHIFT = 11;
export const VECT_12_MASK = 0xfff;
export const VECT_12_STEP = 12;
export const VECT_8_MASK = 0xff;
export const VECT_8_STEP = 8;
/** Cameras send vectors as triples VECT_12, VECT_12, VECT_8: types and size of three such words. */
export const TRIPLE_TYPES = 0x500040004000;
export const TRIPLE_TYPES_MASK = 0xf000f000f000;
export const TRIPLE_BYTES = 6;
export const TRIPLE_STEP = 32;
export const TIME_BITS = 12;
export const TRIGGER_ID_SHIFT = 8;
export const TRIGGER_ID_MASK = 0xf;

/** The clock has 24 bits: it starts again at 0 after 16.8 s. */
export const WRAP_US = 16777216;
/** Bytes in front of two i64 in the carried state: what wraps have added to the clock, and the last time. */
export const CARRIED_CLOCK_EPOCH = 24;
export const CARRIED_LAST_TIME = 32;
/** A time high that falls by half the range or more is a wrap; less is time going backwards. */
export const WRAP_STEP = 2048;
