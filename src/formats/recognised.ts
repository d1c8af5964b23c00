/**
 * Formats that are known by name. Whether one is read is up to the registry; for the others, what
 * to do instead.
 */

/** A format with a fixed signature at its start. */
export interface Signature {
  readonly format: string;
  readonly name: string;
  /** Text stands for its bytes in Latin-1. */
  readonly bytes: string;
  /** Where it stands. Default: at the start. */
  readonly offset?: number;
}

export const SIGNATURES: readonly Signature[] = [
  { format: "aedat1", name: "AEDAT 1.0", bytes: "#!AER-DAT1.0" },
  { format: "aedat2", name: "AEDAT 2.0", bytes: "#!AER-DAT2.0" },
  { format: "aedat3", name: "AEDAT 3.0", bytes: "#!AER-DAT3.0" },
  { format: "aedat3.1", name: "AEDAT 3.1", bytes: "#!AER-DAT3.1" },
  { format: "aedat4", name: "AEDAT 4.0", bytes: "#!AER-DAT4.0" },
  { format: "aedat", name: "AEDAT of an unknown version", bytes: "#!AER-DAT" },
  { format: "es", name: "Event Stream", bytes: "Event Stream" },
  { format: "ros2-db3", name: "ROS 2 bag (SQLite)", bytes: "SQLite format 3\0" },
  { format: "rosbag", name: "ROS 1 bag", bytes: "#ROSBAG V2.0\n" },
  { format: "mcap", name: "MCAP", bytes: "\x89MCAP0\r\n" },
  { format: "evb", name: "compact container", bytes: "\x89EVB\r\n\x1a\n" },
  { format: "arrow", name: "Arrow IPC", bytes: "ARROW1" },
  { format: "parquet", name: "Parquet", bytes: "PAR1" },
  { format: "tar", name: "tar", bytes: "ustar", offset: 257 },
  { format: "bzip2", name: "bzip2", bytes: "BZh" },
  { format: "xz", name: "xz", bytes: "\xfd7zXZ\0" },
  { format: "lz4", name: "LZ4", bytes: "\x04\x22\x4d\x18" },
];

const UNPACK = "Unpack it and open the recording inside.";
const DECOMPRESS = "Decompress it first; gzip, zstd and zip are read as they are.";
const VENDOR = "Convert it to DAT with `metavision_file_to_dat` of the Metavision SDK 5 or newer.";
const FRAMES =
  "It holds frames that the sensor computed, and no events: record with an EVT encoding.";
const NO_TIMES =
  "Its events have no times, so there is nothing to load: record with an EVT encoding.";
const FAERY = "Convert it with faery: `faery input file IN output file OUT.raw`.";
const AEDAT = "jAER and AedatTools read it; `encodeEvt2` makes a recording of their columns.";
const ROS =
  "Take the event topic out: `bag_to_raw` of event_camera_tools makes a RAW file of EVT 3.0 messages.";

/** What to do with a format that is not read: one sentence for each. */
const ADVICE: Readonly<Record<string, string>> = {
  evt4: VENDOR,
  "aer-8b": NO_TIMES,
  "aer-4b": NO_TIMES,
  histo3d: FRAMES,
  diff3d: FRAMES,
  "prophesee-index": "Open the recording beside it, which has the same name without `.tmp_index`.",
  aedat1: AEDAT,
  aedat2: AEDAT,
  aedat3: AEDAT,
  "aedat3.1": AEDAT,
  aedat4: FAERY,
  es: FAERY,
  rosbag: ROS,
  "ros2-db3": ROS,
  mcap: ROS,
  nmnist: "tonic reads it; `encodeEvt2` makes a recording of its columns.",
  text: "Read it with `readCSV` of nodejs-polars, naming the columns yourself.",
  "utf-16": "Save it as UTF-8, for example with `iconv -f UTF-16 -t UTF-8 IN > OUT`.",
  parquet: "`readParquet` of nodejs-polars reads it; Arrow IPC is read as it is.",
  arrow: "`tableFromIPC` of apache-arrow reads it.",
  tar: UNPACK,
  bzip2: DECOMPRESS,
  xz: DECOMPRESS,
  lz4: DECOMPRESS,
};

/** What to do with a recording in a format that is not read. */
export function adviceFor(format: string): string {
  if (Object.hasOwn(ADVICE, format)) return ADVICE[format] ?? VENDOR;
  if (format.startsWith("mtr")) return FRAMES;
  if (format === "aedat") return "Convert it to a format that is read.";
  return VENDOR; // another encoding of the RAW header
}
