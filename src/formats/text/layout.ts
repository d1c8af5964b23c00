/**
 * Events as text: one a line, its columns in any order, behind any header and comments.
 *
 * ```text
 *   x,y,t,polarity          our own CSV: whole microseconds
 *   12,34,1000057,1
 *
 *   1.000057 12 34 1        t x y p, seconds with any number of decimals
 * ```
 *
 * A column is a number, `true` or `false`, in quotes or not. Lines end with LF or CR LF, which the
 * last one may lack; blank ones and comments are passed over. What of this a file has is its dialect,
 * which the host tells the kernel. AssemblyScript compiles this file into the kernels, so it holds
 * integer constants only.
 */

export const LINE_FEED = 0x0a;
export const CARRIAGE_RETURN = 0x0d;
export const TAB = 0x09;
export const BLANK = 0x20;
export const DOUBLE_QUOTE = 0x22;
export const HASH = 0x23;
export const PERCENT = 0x25;
export const SINGLE_QUOTE = 0x27;
export const PLUS = 0x2b;
export const COMMA = 0x2c;
export const MINUS = 0x2d;
export const POINT = 0x2e;
export const ZERO = 0x30;
export const SEMICOLON = 0x3b;

/** A line that is longer, its end included, holds no event. */
export const MOST_LINE_BYTES = 512;
/** `0,0,0,0`: the last line may lack its line feed. */
export const LEAST_LINE_BYTES = 7;
/** Columns of a line: those of an event at least, and any others. */
export const LEAST_COLUMNS = 4;
export const MOST_COLUMNS = 60;

// The dialect, as offsets from FORMAT_FIELDS; an i32 each.
/** What stands between two columns; for `BLANK` any run of blanks and tabs. */
export const SEPARATOR = 0;
/** Columns of a line. */
export const COLUMNS = 4;
/** Where the parts of an event stand among them, from 0. */
export const T_INDEX = 8;
export const X_INDEX = 12;
export const Y_INDEX = 16;
export const POLARITY_INDEX = 20;
/** A time times ten to the power of this is microseconds. */
export const TIME_EXPONENT = 24;
/** What most lines look like, so that they can take the short way: `NO_SHAPE` or a sum of others. */
export const SHAPE = 28;
/** 1 stops in front of a malformed line, 0 counts it. */
export const STOP_AT_MALFORMED = 32;
/** 1 when the line feed at the end of the input is none of the file's. */
export const END_IS_ADDED = 36;
/** Set by the kernel: 1 when it stopped in front of a malformed line, which is the first unread. */
export const STOPPED = 40;
/** Set by the kernel: bytes of a last line that is none; the host reports them. */
export const CUT_BYTES = 44;
/** The number of the first pixel: 0 or 1. */
export const FIRST_PIXEL = 48;
/** The order of four columns, where it is one of those that many files have. */
export const ORDER = 52;
/** 1 where a time with a fraction of a microsecond is malformed. */
export const ONLY_WHOLE_TIMES = 56;
/** Two words that begin a comment: the length of each, then up to eight bytes. */
export const COMMENT_MARKS = 64;
export const COMMENT_MARK_BYTES = 16;
export const MOST_COMMENT_BYTES = 8;
/** Where the columns of the line at hand begin: u32 each. */
export const COLUMN_STARTS = 256;

// What the kernel carries, as offsets from CARRIED.
/** i32, set with the first call. */
export const HAS_BEGUN = 0;
/** i32: 1 while what follows up to a line feed belongs to no event; the host may set it, too. */
export const IN_LONG_LINE = 4;
/** i64: time of the last event kept. */
export const LAST_TIME = 8;
/** i64: line feeds that were read. */
export const LINES = 16;

export const NO_SHAPE = 0;
/** Times are whole microseconds. */
export const WHOLE_TIMES = 1;
/** Times are seconds with a decimal point. */
export const DECIMAL_TIMES = 2;
/** Lines end with CR LF. */
export const CR_LF = 4;
/** OFF is -1. */
export const SIGNED_OFF = 8;

export const NO_ORDER = 0;
export const T_X_Y_P = 1;
export const X_Y_P_T = 2;
export const X_Y_T_P = 3;

// What is written, as the variant of the encoder.
export const WRITTEN_CSV = 0;
export const WRITTEN_SECONDS = 1;
