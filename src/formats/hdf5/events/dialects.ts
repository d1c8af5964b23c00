/**
 * The layouts of HDF5 files with events, one entry each: how it is recognised, and where everything
 * is. What no file of a layout says, such as the sensor of DSEC, is not in the table either: it
 * would be a guess. Sizes of the sensor are looked for in the same places in all layouts, which
 * `geometry.ts` lists.
 */
import type { ColumnName } from "../../../events/columns.ts";
import type { TimeUnit } from "../../options.ts";

/** Where an event stream is, and what its numbers mean. */
export interface Layout {
  /** For people. */
  readonly name: string;
  /** Unit of the times; by their type and values when left out. */
  readonly timeUnit?: TimeUnit | undefined;
  /** The dataset of the microseconds that are to be added to every time. */
  readonly timeOffset?: string | undefined;
  /** The dataset of the first row of every millisecond, before the offset is added. */
  readonly timeIndex?: string | undefined;
  /** The records of triggers. */
  readonly triggers?: string | undefined;
  /** The number of the first pixel. Default 0. */
  readonly firstPixel?: 0 | 1 | undefined;
}

/**
 * A layout that is recognised by the names in the file. In paths `*` stands for the name of an event
 * stream, of which such files may hold several.
 */
export interface Dialect extends Layout {
  /** Columns as `Catalog.column` takes them. */
  readonly columns: Readonly<Record<ColumnName, string>>;
  /** Paths that have to be there, too. */
  readonly marks?: readonly string[];
  /** What the numbers of every column have to be. */
  readonly type?: "integer" | "float";
  /**
   * The order of the columns of a matrix, where other files of the same names may have another: the
   * values have to allow it.
   */
  readonly order?: readonly ColumnName[];
}

const EVENTS = { x: "/events/x", y: "/events/y", t: "/events/t", polarity: "/events/p" };

/** All dialects; the first one that a file fits counts. */
export const DIALECTS: readonly Dialect[] = [
  {
    // openeb, "Metavision HDF5". Its times may be shifted: the attribute `time_shift` tells.
    name: "Metavision",
    columns: {
      x: "/CD/events.x",
      y: "/CD/events.y",
      t: "/CD/events.t",
      polarity: "/CD/events.p",
    },
    triggers: "/EXT_TRIGGER/events",
    timeUnit: "us",
  },
  {
    name: "DSEC", // that of jAER, too
    columns: EVENTS,
    marks: ["/t_offset"],
    timeUnit: "us",
    timeOffset: "/t_offset",
    timeIndex: "/ms_to_idx",
  },
  {
    name: "TUM-VIE, or DSEC without offset",
    columns: EVENTS,
    marks: ["/ms_to_idx"],
    timeUnit: "us",
    timeIndex: "/ms_to_idx",
  },
  {
    name: "RVT", // Gen1 and 1Mpx, preprocessed
    columns: EVENTS,
    marks: ["/events/height", "/events/width"],
    timeUnit: "us",
  },
  {
    name: "M3ED",
    columns: {
      x: "/prophesee/*/x",
      y: "/prophesee/*/y",
      t: "/prophesee/*/t",
      polarity: "/prophesee/*/p",
    },
    timeUnit: "us",
    timeIndex: "/prophesee/*/ms_map_idx",
  },
  {
    name: "MVSEC",
    columns: {
      x: "/davis/*/events[0]",
      y: "/davis/*/events[1]",
      t: "/davis/*/events[2]",
      polarity: "/davis/*/events[3]",
    },
    type: "float",
    timeUnit: "s",
  },
  {
    name: "E2VID", // and the contrast maximisation tools
    columns: { x: "/events/xs", y: "/events/ys", t: "/events/ts", polarity: "/events/ps" },
  },
  {
    name: "E2VID, older",
    columns: { x: "/events/x", y: "/events/y", t: "/events/ts", polarity: "/events/p" },
  },
  {
    name: "v2e",
    columns: { t: "/events[0]", x: "/events[1]", y: "/events[2]", polarity: "/events[3]" },
    type: "integer",
    order: ["t", "x", "y", "polarity"],
    timeUnit: "us",
  },
  {
    name: "EBSSA", // MATLAB, which counts pixels from 1
    columns: { x: "/TD/x", y: "/TD/y", t: "/TD/ts", polarity: "/TD/p" },
    timeUnit: "us",
    firstPixel: 1,
  },
];
