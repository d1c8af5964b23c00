/**
 * The places of every field of the compact container. `docs/container.md` describes them, and the
 * two change together. Offsets count from the start of a structure; a payload begins behind the head
 * of its segment.
 */

/** `\x89EVB\r\n\x1a\n`, in Latin-1. */
export const MAGIC = "\x89EVB\r\n\x1a\n";
export const MAJOR_VERSION = 1;
export const MINOR_VERSION = 0;

export const HEADER_BYTES = 64;
/** Where the fields of the header are. */
export const HEADER = {
  magic: 0,
  major: 8,
  minor: 10,
  flags: 12,
  writer: 16,
  createdAt: 24,
  firstTime: 32,
  width: 40,
  height: 44,
  compression: 48,
  polarityEncoding: 49,
  timeUnit: 50,
  checksums: 51,
  leftOut: 52,
  reserved: 53,
  crc: 60,
} as const;
export const WRITER_BYTES = 8;

/** The writer left out what differs from run to run. */
export const FLAG_DETERMINISTIC = 1;
/** There is compression. */
export const FLAG_COMPRESSED = 0x10000;
/** Some columns were left out: what stands in their place are no values of events. */
export const FLAG_COLUMNS_LEFT_OUT = 0x20000;
/** Flags that a reader has to know. */
export const REQUIRED_FLAGS = 0xffff0000;
export const KNOWN_REQUIRED_FLAGS = FLAG_COMPRESSED | FLAG_COLUMNS_LEFT_OUT;

/** What checksums there are, as the header says it. */
export const CHECKSUMS = ["none", "crc32", "sha256"] as const;
/** One of {@link CHECKSUMS}; `sha256` has both kinds. */
export type Checksums = (typeof CHECKSUMS)[number];

/** Tag, CRC-32 and length of a segment. */
export const SEGMENT_HEAD_BYTES = 16;
export const SEGMENT = { tag: 0, crc: 4, length: 8 } as const;
export const ALIGNMENT = 8;
export type Tag = "CHNK" | "TRIG" | "META" | "STAT" | "INDX" | "SHA2" | "TRLR";

/** Where the fields of the head of a chunk are. */
export const CHUNK = {
  count: 0,
  timeMode: 4,
  pixelMode: 5,
  polarityMode: 6,
  streams: 7,
  firstTime: 8,
  lastTime: 16,
  leastTime: 24,
  greatestTime: 32,
  leastX: 40,
  greatestX: 42,
  leastY: 44,
  greatestY: 46,
  on: 48,
  firstRow: 56,
  table: 64,
} as const;
export const MAX_CHUNK_EVENTS = 1_048_576;
export const MAX_STREAMS = 9;
export const STREAM_BYTES = 16;
/** Where the fields of a line of the stream table are. */
export const STREAM = { id: 0, codec: 1, stored: 4, raw: 8, crc: 12 } as const;
/** No chunk declares more bytes for an event. */
export const MAX_RAW_BYTES_PER_EVENT = 16;

/** Codecs, by their number. */
export const CODECS = ["none", "zstd", "deflate", "brotli", "fill"] as const;
export type CodecName = (typeof CODECS)[number];
export const CODEC_NONE = 0;
export const CODEC_FILL = 4;

/** Streams of a chunk, by their number. */
export const STREAM_STEPS = 1;
export const STREAM_GROUP_SIZES = 2;
export const STREAM_LARGE_STEPS = 3;
export const STREAM_X_BYTES = 4;
export const STREAM_Y_BYTES = 5;
export const STREAM_NIBBLES = 6;
export const STREAM_X_HIGH = 7;
export const STREAM_Y_HIGH = 8;
export const STREAM_POLARITY = 9;

export const TIME_STEPS = 0;
export const TIME_GROUPS = 1;
export const TIME_BOTH_WAYS = 2;

/** Bits of the mode of x and y. */
export const X_TRANSFORM = 0b11;
export const X_IS_LOW = 0b100;
export const Y_TRANSFORM_SHIFT = 3;
export const Y_IS_LOW = 0b10000;
export const PIXELS_WIDE = 0b10000000;
export const TRANSFORM_PLAIN = 0;
export const TRANSFORM_DELTA = 1;
export const TRANSFORM_RUN = 2;
/** Coordinates from here on are wide. */
export const NARROW_END = 4096;
/** The number of pixels of a side of a cell is two to the power of this. */
export const CELL_BITS = 2;

export const POLARITY_PLAIN = 0;
export const POLARITY_CELLS = 1;
export const POLARITY_ROWS = 2;

/** Where the fields of triggers are. */
export const TRIGGERS = { count: 0, columns: 4, firstRow: 8, table: 16 } as const;
export const TRIGGER_COLUMN_BYTES = 24;
export const TRIGGER_COLUMN = { name: 0, type: 8, codec: 9, stored: 12, raw: 16 } as const;
export const TRIGGER_NAME_BYTES = 8;
export const MAX_TRIGGER_COLUMNS = 64;
export const MAX_SEGMENT_TRIGGERS = 1_048_576;
/** Bytes of a value, by the number of its type. */
export const TYPE_BYTES = [1, 1, 2, 2, 4, 4, 8, 8, 4, 8] as const;

export const METADATA = { length: 0, text: 8 } as const;
export const MAX_METADATA_BYTES = 1_048_576;
export const MAX_METADATA_DEPTH = 16;

export const STATISTICS_BYTES = 112;
/** Where the fields of the statistics are. */
export const STATISTICS = {
  events: 0,
  on: 8,
  off: 16,
  firstTime: 24,
  lastTime: 32,
  leastTime: 40,
  greatestTime: 48,
  chunks: 56,
  triggers: 64,
  uncompressedBytes: 72,
  leastX: 80,
  greatestX: 82,
  leastY: 84,
  greatestY: 86,
  largestChunkEvents: 88,
  largestChunkBytes: 92,
  triggerSegments: 96,
  backwardSteps: 104,
} as const;
/** What an event, of all columns, and a trigger take in a table. */
export const EVENT_BYTES = 13;
export const TRIGGER_BYTES = 11;

/** Where the fields of the index are. */
export const INDEX = { chunks: 0, triggers: 8, entries: 16 } as const;
export const CHUNK_ENTRY_BYTES = 72;
export const CHUNK_ENTRY = {
  offset: 0,
  firstRow: 8,
  count: 16,
  bytes: 20,
  firstTime: 24,
  lastTime: 32,
  leastTime: 40,
  greatestTime: 48,
  leastX: 56,
  greatestX: 58,
  leastY: 60,
  greatestY: 62,
  on: 64,
} as const;
export const TRIGGER_ENTRY_BYTES = 32;
export const TRIGGER_ENTRY = { offset: 0, firstRow: 8, count: 16, bytes: 20 } as const;

export const DIGEST_PAYLOAD_BYTES = 40;
export const DIGEST = { start: 0, sha256: 8 } as const;

/** With its head. */
export const TRAILER_BYTES = 96;
export const TRAILER = {
  fileLength: 0,
  metadata: 8,
  statistics: 16,
  index: 24,
  digest: 32,
  previous: 40,
  magic: 72,
} as const;
/** The magic in reverse. */
export const TAIL_MAGIC = "\n\x1a\n\rBVE\x89";
