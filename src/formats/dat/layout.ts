/**
 * DAT: events that were decoded before, as little-endian records of two 32-bit words, drawn most
 * significant bits first. Two bytes behind the text header say what the records are:
 *
 * ```text
 *   type:8 | record size:8
 *
 *   EVENT_2D, EVENT_CD             t:32 | polarity:4 | y:14 | x:14
 *   the same, version 1 of DAT     t:32 | unused:14 | polarity:1 | y:8 | x:9
 *   EVENT_EXT_TRIGGER              t:32 | id:6 | unused:22 | value:4
 *   OPTICAL_FLOW                   28 bytes, no events
 * ```
 *
 * ON is any polarity above 0. Types keep the vendor's names. AssemblyScript compiles this file into
 * the kernel, so it holds integer constants only; no mask or shift of this format appears anywhere
 * else. Source: Prophesee, "DAT file format" documentation page, and the readers of OpenEB.
 */

/** Type and record size. */
export const PREAMBLE_BYTES = 2;
export const RECORD_BYTES = 8;

export const EVENT_2D = 0;
export const EVENT_CD = 12;
export const EVENT_EXT_TRIGGER = 14;
export const OPTICAL_FLOW = 40;

/** The word behind the time. */
export const WORD_OFFSET = 4;
export const XY_MASK = 0x3fff;
export const Y_SHIFT = 14;
export const POLARITY_SHIFT = 28;

export const V1_X_MASK = 0x1ff;
export const V1_Y_SHIFT = 9;
export const V1_Y_MASK = 0xff;
export const V1_POLARITY_SHIFT = 17;
export const V1_POLARITY_MASK = 0x1;

export const TRIGGER_ID_SHIFT = 26;
export const TRIGGER_VALUE_MASK = 0xf;

// What the header tells the kernel: the variants of the records.
export const EVENTS = 0;
export const EVENTS_VERSION_1 = 1;
export const TRIGGERS = 2;

/** The clock has 32 bits: it starts again at 0 after 2^32 us, 71.6 min. */
export const WRAP_US = 4294967296;
/** A time that falls by more than half the range is a wrap; less is time going backwards. */
export const WRAP_STEP = 2147483648;
