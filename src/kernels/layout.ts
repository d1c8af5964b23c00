/**
 * The memory that kernels and TypeScript share: fixed addresses and field offsets, stated once.
 *
 * AssemblyScript compiles this very file into the kernels, so it holds integer constants only.
 * Page 0 belongs to the kernel's own constants (below `STATE`) and the state struct; the input
 * slots and the columns follow where `kernel.ts` places them and are told through the struct.
 */

/** Address of the state struct. */
export const STATE = 32768;
/** Bytes reserved for the state struct, counters included. */
export const STATE_BYTES = 4096;

// What the host sets before decoding.
/** i32: events with x at or beyond it are dropped. */
export const WIDTH = STATE;
/** i32: events with y at or beyond it are dropped. */
export const HEIGHT = STATE + 4;
/** i32: 1 stores OFF as -1, 0 stores it as 0. */
export const SIGNED_POLARITY = STATE + 8;
/** i32: how many triggers the trigger columns hold. */
export const TRIGGER_CAPACITY = STATE + 12;
/** u32: addresses of the event columns. */
export const X_COLUMN = STATE + 16;
export const Y_COLUMN = STATE + 20;
export const T_COLUMN = STATE + 24;
export const POLARITY_COLUMN = STATE + 28;
/** u32: addresses of the trigger columns. */
export const TRIGGER_T_COLUMN = STATE + 32;
export const TRIGGER_ID_COLUMN = STATE + 36;
export const TRIGGER_VALUE_COLUMN = STATE + 40;
/** i64: subtracted from every time, so that the first event falls on 0 when asked for. */
export const TIME_OFFSET = STATE + 48;

/** i32: which of the layouts of its format the data have; the meaning is the kernel's own. */
export const VARIANT = STATE + 56;

// What the kernel `convert` tells the kernel `rows` of the rows behind the tile.
/** u32: address of a bit for each row, the first one's lowest: 1 where it is left out. */
export const REJECTED_BITS = STATE + 60;
/** i32: 0 while none of these bits is 1; the host clears it, and the bits with it. */
export const REJECTED_ROWS = STATE + 72;
/** i32: set to 1 by `rows` when a time minus the offset leaves 64 bits. */
export const TIME_OVERFLOW = STATE + 76;

// Types of the numbers that `convert` reads.
export const TYPE_I8 = 0;
export const TYPE_U8 = 1;
export const TYPE_I16 = 2;
export const TYPE_U16 = 3;
export const TYPE_I32 = 4;
export const TYPE_U32 = 5;
export const TYPE_I64 = 6;
export const TYPE_U64 = 7;
export const TYPE_F32 = 8;
export const TYPE_F64 = 9;

// How full the tile is: a decoding kernel appends, the host starts a new tile with 0.
/** i32: events in the columns. */
export const EVENT_COUNT = STATE + 64;
/** i32: triggers in the trigger columns. */
export const TRIGGER_COUNT = STATE + 68;

// What a decoder carries from call to call; the meaning is the kernel's own.
/** 64 bytes; all zero is the state before the first byte. */
export const CARRIED = STATE + 128;
export const CARRIED_BYTES = 64;

// Counters: u32 each, added to by the kernel, read and cleared by the host after every call.
export const COUNTERS = STATE + 256;
/** u32 each: address of the first input word that raised the counter, or number of the row. */
export const FIRST_SEEN = STATE + 512;
/** How many counters there are; the first 16 count words by their four-bit type. */
export const COUNTER_SLOTS = 32;
export const EVENTS_BEFORE_TIME_BASE = 16;
export const TRIGGERS_BEFORE_TIME_BASE = 17;
export const EVENTS_OUTSIDE_GEOMETRY = 18;
export const BACKWARD_STEPS = 19;
export const CLOCK_WRAPS = 20;
export const EVENTS_WITHOUT_ADDRESS = 21;
export const MALFORMED_LINES = 22;

/** u32 each: vendor words OTHERS by subtype, for formats that have subtypes; cleared by the host. */
export const SUBTYPES = STATE + STATE_BYTES;
/** Subtypes have up to 16 bits. */
export const SUBTYPE_SLOTS = 65536;
/** u32: one more than the greatest subtype counted; spares the host the slots behind it. */
export const SUBTYPES_END = STATE + 768;

/** Bytes of an event as `pack` writes it: i64 t, u16 x, u16 y, u8 polarity (1 = ON). */
export const PACKED_EVENT_BYTES = 13;
/** i32: events that are ON among those packed last. */
export const PACKED_ON = STATE + 1064;

// What the kernel `summary` says of the tile in the columns.
/** i32: events that are ON. */
export const SUMMARY_ON = STATE + 1024;
/** i32: least and greatest coordinates. */
export const SUMMARY_MIN_X = STATE + 1028;
export const SUMMARY_MAX_X = STATE + 1032;
export const SUMMARY_MIN_Y = STATE + 1036;
export const SUMMARY_MAX_Y = STATE + 1040;
/** i64: least and greatest time. */
export const SUMMARY_MIN_T = STATE + 1048;
export const SUMMARY_MAX_T = STATE + 1056;

// What the kernel `histogram` and its host tell each other: events per pixel, in blocks of pixels
// that get room when the first event falls on one, so that a sensor of any size needs little.
/** A block has 64 x 64 pixels. */
export const BLOCK_BITS = 6;
export const BLOCK_SIDE = 64;
export const BLOCK_PIXELS = BLOCK_SIDE * BLOCK_SIDE;
/**
 * Recent events of a pixel, row by row: u8 events, u8 ON events. They are small so that those of a
 * whole sensor stay in the cache, and are added to the sums before they overflow.
 */
export const RECENT_BYTES = 2;
/** The sums: u32 events, u32 ON events. Both stop when the events are the greatest number. */
export const SUM_BYTES = 8;
/** u32: address of a u16 for each block of the sensor, row by row: 0, or its number from 1. */
export const BLOCK_DIRECTORY = STATE + 2048;
/** i32: blocks in a row of the sensor. */
export const BLOCK_COLUMNS = STATE + 2052;
/** u32: addresses of the recent events and the sums of block 1; the other blocks follow. */
export const RECENT = STATE + 2056;
export const SUMS = STATE + 2060;
/** i32: blocks that have events, and the most there is room for. */
export const BLOCKS_USED = STATE + 2064;
export const BLOCKS_MOST = STATE + 2068;
/** f64: events on pixels of which the block found no room. */
export const EVENTS_WITHOUT_BLOCK = STATE + 2072;

// What the kernel `rate` and its host tell each other: events per window of time.
/** i64: length of a window in microseconds; window n starts at n times that. */
export const WINDOW_US = STATE + 2080;
/** i64: numbers of the first and the last window that have events. */
export const FIRST_WINDOW = STATE + 2088;
export const LAST_WINDOW = STATE + 2096;
/** u32: address of an f64 for each of `WINDOW_SLOTS`: events of window n at n modulo that. */
export const WINDOW_COUNTS = STATE + 2104;
/** i32: 1 from the first event on that is too far from another for both to have a slot. */
export const WINDOWS_OVERFLOW = STATE + 2108;
/** The most windows; a power of two. */
export const WINDOW_SLOTS = 131072;

// What an encoding kernel and its host tell each other.
/** u32: addresses where the next bytes go and where the room for them ends. */
export const OUTPUT = STATE + 1088;
export const OUTPUT_END = STATE + 1092;
/** i32: the first event and the first trigger of the tile that are not written yet. */
export const NEXT_EVENT = STATE + 1096;
export const NEXT_TRIGGER = STATE + 1100;
/** i32: 1 leaves out what the format cannot hold and counts it, 0 stops in front of it. */
export const LEAVE_OUT = STATE + 1104;
/** i32: why the kernel stopped, one of the reasons below; 0 when it did not have to. */
export const REFUSAL = STATE + 1108;
/** i32: 1 when that is a trigger, 0 when it is an event. */
export const REFUSED_IS_TRIGGER = STATE + 1112;
/** i32: which of its layouts the format is written in; the meaning is the kernel's own. */
export const OUTPUT_VARIANT = STATE + 1116;
/** 64 bytes that an encoding kernel carries; all zero is the state before the first event. */
export const ENCODER_CARRIED = STATE + 1152;
export const ENCODER_CARRIED_BYTES = 64;
/** u32: events and triggers that were left out. */
export const EVENTS_LEFT_OUT = STATE + 1216;
export const TRIGGERS_LEFT_OUT = STATE + 1220;
/** The pixel is not on the sensor, or beyond what the format can name. */
export const REFUSED_PIXEL = 1;
/** The time is below 0. */
export const REFUSED_NEGATIVE_TIME = 2;
/** The first time, or a step forward, is more than the clock can be brought to. */
export const REFUSED_LATE_TIME = 3;
/** The time falls so far that it would be read as the clock starting again. */
export const REFUSED_BACKWARD_TIME = 4;
/** The trigger's input has a number beyond what the format can name. */
export const REFUSED_TRIGGER_ID = 5;

/** 512 bytes that a decoding kernel and its host share beyond that; the meaning is the format's own. */
export const FORMAT_FIELDS = STATE + 1280;
export const FORMAT_FIELDS_BYTES = 512;

// A part of the data that is decoded before the state at its start is known for sure.
/** i32: whether a thread works on the part: `AHEAD_FREE` until one claims it; 0 without a part. */
export const AHEAD_STATUS = STATE + 2304;
export const AHEAD_FREE = 1;
export const AHEAD_CLAIMED = 2;
export const AHEAD_DONE = 3;
/** u32: addresses where the bytes in front of the part begin, the part begins, and ends. */
export const AHEAD_LEAD = STATE + 2308;
export const AHEAD_START = STATE + 2312;
export const AHEAD_END = STATE + 2316;
/** i32: the most events that the tile may hold. */
export const AHEAD_CAPACITY = STATE + 2320;
/** u32: address of the first unread byte, when the part is done. */
export const AHEAD_NEXT = STATE + 2324;
/** `CARRIED_BYTES` that were carried when the part was begun. */
export const AHEAD_STARTED = STATE + 2368;

/** Free bytes with which an entry is begun: room for 1024 wraps of the clock in front of it. */
export const ENTRY_ROOM = 20480;
/** The most wraps of the clock that are written in front of one entry. */
export const MOST_WRAPS = 1024;

// What the kernel `container-encode` tells its host.
/** i32: large steps of time that were written. */
export const LARGE_STEPS = STATE + 2496;

/** 16 bytes of a kernel's own, for `kept`. */
export const KEPT = STATE + 2560;
