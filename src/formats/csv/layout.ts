/**
 * CSV as this library writes it: a header row, then one event a line, whole numbers in decimal.
 *
 * ```text
 *   x,y,t,polarity
 *   12,34,1000057,1
 * ```
 *
 * `t` is in microseconds; ON is 1, OFF is 0 or -1. A number has at most 19 digits and a minus where
 * it is below 0. Lines end with LF or CR LF, which the last one may lack; blank ones are passed over.
 * AssemblyScript compiles this file into the kernels, so it holds integer constants only.
 */

export const COMMA = 0x2c;
export const MINUS = 0x2d;
export const ZERO = 0x30;
export const LINE_FEED = 0x0a;
export const CARRIAGE_RETURN = 0x0d;

/** A line that is longer holds no event: 5 + 5 + 20 + 2 characters, three commas, CR and LF. */
export const MOST_LINE_BYTES = 64;
/** `0,0,0,0`: the last line may lack its line feed. */
export const LEAST_LINE_BYTES = 7;
