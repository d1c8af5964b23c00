/**
 * Reference reader for events in HDF5, written from the tables of HDF5 layouts and from the rules in
 * `docs/formats.md`. h5wasm reads whole datasets; which of them hold events is told by their names.
 * It exists to be checked by eye, not to be fast.
 */
import type { Dataset, Group } from "h5wasm";
import type { LossKind, SensorGeometry } from "../../src/index.ts";
import { decodeEcfReference } from "./ecf.ts";
import type { ReferenceEvent, ReferenceTrigger } from "./evt2.ts";

/** A number as a file holds it. */
export type StoredNumber = number | bigint;

/** Events as a file holds them. */
export interface Hdf5Stream {
  /** What `stream` chooses it by. */
  name: string;
  x: StoredNumber[];
  y: StoredNumber[];
  t: StoredNumber[];
  p: StoredNumber[];
  timeUnit: Hdf5TimeUnit;
  hasFloatTimes: boolean;
  /** Microseconds added to every time. Default 0. */
  timeOffset?: bigint;
  /** The pixel at the upper left. Default 0. */
  firstPixel?: 0 | 1;
  geometry: SensorGeometry | null;
}

export type Hdf5TimeUnit = "s" | "ms" | "us" | "ns";

export interface Hdf5ReferenceOptions {
  /** The sensor, instead of what the file says. */
  geometry?: SensorGeometry | null;
  stream?: string;
  /** Put the first event on time 0. */
  rebase?: boolean;
  /** The chunks of `/CD/events`, which h5wasm cannot decode. */
  ecfChunks?: Uint8Array[];
}

export interface Hdf5Reference {
  geometry: SensorGeometry | null;
  events: ReferenceEvent[];
  triggers: ReferenceTrigger[];
  timeOffset: bigint;
  malformedLines: number;
  eventsOutsideGeometry: number;
  backwardSteps: number;
  firstRow: Partial<Record<LossKind, number>>;
}

/** Reads the events of a file. */
export function readHdf5Reference(file: Group, options: Hdf5ReferenceOptions = {}): Hdf5Reference {
  const streams = hdf5Streams(file, options.ecfChunks);
  const named = streams.filter(({ name }) => name === options.stream);
  const [stream, ...others] = options.stream === undefined ? streams : named;
  if (stream === undefined || others.length > 0) {
    throw new Error(`${streams.length} streams: ${streams.map(({ name }) => name)}`);
  }
  const load = judgeHdf5Rows(stream, options);
  const triggers = openebTriggers(file).map(({ t, ...edge }) => ({
    ...edge,
    t: t - load.timeOffset,
  }));
  return { ...load, triggers };
}

/** What becomes of the rows of a stream. */
export function judgeHdf5Rows(
  stream: Hdf5Stream,
  options: Pick<Hdf5ReferenceOptions, "geometry" | "rebase"> = {},
): Hdf5Reference {
  const { geometry = stream.geometry, rebase = false } = options;
  const { firstPixel = 0, timeOffset = 0n } = stream;
  const { width, height } = geometry ?? { width: 65_536, height: 65_536 };
  const load: Hdf5Reference = {
    geometry,
    events: [],
    triggers: [],
    timeOffset: 0n,
    malformedLines: 0,
    eventsOutsideGeometry: 0,
    backwardSteps: 0,
    firstRow: {},
  };
  const times = microseconds(stream);
  for (const [row, time] of times.entries()) {
    const x = pixel(stream.x[row], firstPixel);
    const y = pixel(stream.y[row], firstPixel);
    const p = polarity(stream.p[row]);
    const t = time === null ? null : time + timeOffset;
    if (x === null || y === null || p === null || t === null || !isInt64(t)) {
      load.malformedLines++;
      load.firstRow.malformedLine ??= row;
      continue;
    }
    if (x >= width || y >= height) {
      load.eventsOutsideGeometry++;
      load.firstRow.outsideGeometry ??= row;
      continue;
    }
    const last = load.events.at(-1);
    if (last !== undefined && t < last.t) {
      load.backwardSteps++;
      load.firstRow.backwardStep ??= row;
    }
    load.events.push({ t, x, y, p });
  }
  if (rebase) load.timeOffset = load.events[0]?.t ?? 0n;
  for (const event of load.events) event.t -= load.timeOffset;
  return load;
}

/** A whole number from 0 to 65535; null for anything else. */
function pixel(stored: StoredNumber | undefined, first: 0 | 1): number | null {
  const value = Number(stored) - first;
  return Number.isInteger(value) && value >= 0 && value <= 65_535 ? value : null;
}

/** -1 and 0 are OFF, 1 is ON; null for anything else. */
function polarity(stored: StoredNumber | undefined): 0 | 1 | null {
  const value = Number(stored);
  if (value === 1) return 1;
  return value === 0 || value === -1 ? 0 : null;
}

const PER_UNIT: Record<Hdf5TimeUnit, [over: bigint, under: bigint]> = {
  s: [1_000_000n, 1n],
  ms: [1000n, 1n],
  us: [1n, 1n],
  ns: [1n, 1000n],
};

/**
 * Times in whole microseconds; null for those that are no time. Integers are rounded down. "Subtract
 * the first t before scaling": float times are rounded to the nearest as the distance from the first
 * row's, or from 0 where that one is none.
 */
function microseconds({ t, timeUnit, hasFloatTimes }: Hdf5Stream): (bigint | null)[] {
  const [over, under] = PER_UNIT[timeUnit];
  if (!hasFloatTimes) return t.map((time) => floorOf(BigInt(time) * over, under));
  const scaled = ([a, b]: Fraction): bigint => rounded(a * over, b * under);
  const first = Number(t[0]);
  const [c, d] = exactly(Number.isFinite(first) ? first : 0);
  return t.map((time) => {
    if (!Number.isFinite(time)) return null;
    const [a, b] = exactly(Number(time));
    return scaled([c, d]) + scaled([a * d - c * b, b * d]);
  });
}

/** Numerator and denominator, which is greater than 0. */
type Fraction = [over: bigint, under: bigint];

/** A float64 as the fraction that it is. */
function exactly(value: number): Fraction {
  let [over, under] = [value, 1n];
  while (!Number.isInteger(over)) {
    over *= 2;
    under *= 2n;
  }
  return [BigInt(over), under];
}

/** To the nearest whole number; a half goes away from 0. */
function rounded(over: bigint, under: bigint): bigint {
  const half = over < 0n ? -under : under;
  return (2n * over + half) / (2n * under); // towards 0
}

function floorOf(over: bigint, under: bigint): bigint {
  const quotient = over / under; // towards 0
  return over % under < 0n ? quotient - 1n : quotient;
}

const isInt64 = (value: bigint): boolean => BigInt.asIntN(64, value) === value;

/** The event streams of a file, by the tables of layouts. */
export function hdf5Streams(file: Group, ecfChunks: Uint8Array[] = []): Hdf5Stream[] {
  // "/CD/events: compound x u16, y u16, p i16, t i64"; "geometry WxH"
  if (isDataset(file, "/CD/events")) {
    const geometry = openebGeometry(file);
    if (ecfChunks.length === 0) return [{ name: "CD", geometry, ...members(file, "/CD/events") }];
    // "the dataset length, not the chunk, says how many"
    const rows = (file.get("/CD/events") as Dataset).shape?.[0] ?? 0;
    const events = ecfChunks.flatMap((chunk) => decodeEcfReference(chunk)).slice(0, rows);
    const column = (name: "x" | "y" | "t" | "p") => events.map((event) => event[name]);
    const read = { x: column("x"), y: column("y"), t: column("t"), p: column("p") };
    return [{ name: "CD", geometry, ...read, timeUnit: "us", hasFloatTimes: false }];
  }
  // "/prophesee/{left,right}/{x,y,t,p}", "calibration subgroup"
  const cameras = ["left", "right"];
  const prophesee = cameras.filter((name) => isDataset(file, `/prophesee/${name}/x`));
  if (prophesee.length > 0) {
    return prophesee.map((name) => {
      const group = `/prophesee/${name}`;
      const [width, height] = isDataset(file, `${group}/calib/resolution`)
        ? values(file, `${group}/calib/resolution`).map(Number)
        : [];
      const geometry = width && height ? { width, height } : null;
      return { name, geometry, ...columns(file, group, ["x", "y", "t", "p"]) };
    });
  }
  // "/davis/{left,right}/events N x 4 f64 (x, y, t, p)", "t = epoch seconds"
  const davis = cameras.filter((name) => isDataset(file, `/davis/${name}/events`));
  if (davis.length > 0) {
    return davis.map((name) => {
      const read = matrix(file, `/davis/${name}/events`, ["x", "y", "t", "p"]);
      const images = file.get(`/davis/${name}/image_raw`) as Dataset | null;
      const [, height, width] = images?.shape ?? [];
      const geometry = width && height ? { width, height } : null;
      return { name, geometry, ...read };
    });
  }
  // "/TD/{ts,x,y,p}", "1-based x, y"; MATLAB holds every number as float64, these microseconds, too.
  if (isDataset(file, "/TD/ts")) {
    const read = columns(file, "/TD", ["x", "y", "ts", "p"]);
    return [{ name: "TD", geometry: null, ...read, timeUnit: "us", firstPixel: 1 }];
  }
  if (isDataset(file, "/events")) {
    const { type } = (file.get("/events") as Dataset).metadata;
    const COMPOUND = 6;
    if (type === COMPOUND) return [{ name: "events", geometry: null, ...members(file, "/events") }];
    // "/events N x 4 u32 (t, x, y, p)"
    const read = matrix(file, "/events", ["t", "x", "y", "p"]);
    return [{ name: "events", geometry: null, ...read }];
  }
  for (const names of [
    ["x", "y", "t", "p"],
    ["xs", "ys", "ts", "ps"],
    ["x", "y", "ts", "p"],
    ["x", "y", "timestamp", "polarity"],
  ] as const) {
    for (const group of ["/events", ""]) {
      if (!names.every((name) => isDataset(file, `${group}/${name}`))) continue;
      const geometry = geometryOf(file, group);
      // "/t_offset scalar i64", "add t_offset"
      const hasOffset = isDataset(file, "/t_offset");
      const timeOffset = hasOffset ? BigInt(values(file, "/t_offset")[0] ?? 0) : 0n;
      return [{ name: "events", geometry, timeOffset, ...columns(file, group, names) }];
    }
  }
  throw new Error("there are no events");
}

/** "/EXT_TRIGGER/events: compound p i16, t i64, id i16" */
function openebTriggers(file: Group): ReferenceTrigger[] {
  if (!isDataset(file, "/EXT_TRIGGER/events")) return [];
  const { value } = file.get("/EXT_TRIGGER/events") as Dataset;
  return Array.from(value as unknown as Iterable<[number, bigint, number]>, ([p, t, id]) => ({
    t,
    id,
    value: p > 0 ? 1 : 0,
  }));
}

function openebGeometry(file: Group): SensorGeometry | null {
  const text = String(file.attrs.geometry?.value ?? "");
  const [width, height] = text.split("x").map(Number);
  return width && height ? { width, height } : null;
}

function geometryOf(file: Group, group: string): SensorGeometry | null {
  const attributesOf = (path: string) => (file.get(path) as Group | null)?.attrs ?? {};
  const attributes = { ...attributesOf("/"), ...attributesOf(group || "/") };
  const number = (name: string): number => Number(attributes[name]?.value ?? 0);
  // "/events/{x,y,t,p,height,width} (height and width scalars)"
  if (isDataset(file, "/events/height")) {
    const [width, height] = [values(file, "/events/width")[0], values(file, "/events/height")[0]];
    return { width: Number(width), height: Number(height) };
  }
  // "sensor_resolution [H, W]"
  const resolution = attributes.sensor_resolution?.value as ArrayLike<StoredNumber> | undefined;
  if (resolution !== undefined) {
    return { width: Number(resolution[1]), height: Number(resolution[0]) };
  }
  // "attributes width, height, sizeX, sizeY"
  const [width, height] = [number("width"), number("height")];
  if (width > 0 && height > 0) return { width, height };
  const [sizeX, sizeY] = [number("sizeX"), number("sizeY")];
  return sizeX > 0 && sizeY > 0 ? { width: sizeX, height: sizeY } : null;
}

type Columns = Pick<Hdf5Stream, "x" | "y" | "t" | "p" | "timeUnit" | "hasFloatTimes">;

function isDataset(file: Group, path: string): boolean {
  return (file.get(path) as Dataset | null)?.type === "Dataset";
}

/** All values of a dataset, or the one of a scalar. */
export function values(file: Group, path: string): StoredNumber[] {
  const { value } = file.get(path) as Dataset;
  if (typeof value === "number" || typeof value === "bigint") return [value];
  return Array.from(value as Iterable<StoredNumber>);
}

/** "integer t -> us, float t -> seconds" */
function timesOf({ type }: { type: number }): Pick<Columns, "timeUnit" | "hasFloatTimes"> {
  const FLOAT = 1;
  const hasFloatTimes = type === FLOAT;
  return { timeUnit: hasFloatTimes ? "s" : "us", hasFloatTimes };
}

/** Four datasets of a group. */
function columns(file: Group, group: string, names: readonly string[]): Columns {
  const [x = [], y = [], t = [], p = []] = names.map((name) => values(file, `${group}/${name}`));
  const times = file.get(`${group}/${names[2]}`) as Dataset;
  return { x, y, t, p, ...timesOf(times.metadata) };
}

/** The members of records. */
function members(file: Group, path: string): Columns {
  const dataset = file.get(path) as Dataset;
  const types = dataset.metadata.compound_type?.members ?? [];
  const records = Array.from(dataset.value as unknown as Iterable<StoredNumber[]>);
  const indexOf = (...spellings: string[]): number =>
    types.findIndex(({ name }) => spellings.includes(name));
  const column = (...spellings: string[]): StoredNumber[] => {
    const index = indexOf(...spellings);
    return records.map((record) => record[index] as StoredNumber);
  };
  const TIME = ["t", "ts", "timestamp"];
  return {
    x: column("x"),
    y: column("y"),
    t: column(...TIME),
    p: column("p", "pol", "polarity"),
    ...timesOf(types[indexOf(...TIME)] ?? { type: 0 }),
  };
}

/** The columns of a matrix. */
function matrix(file: Group, path: string, order: readonly ("x" | "y" | "t" | "p")[]): Columns {
  const dataset = file.get(path) as Dataset;
  const all = values(file, path);
  const width = dataset.shape?.[1] ?? 1;
  const column = (name: "x" | "y" | "t" | "p") =>
    all.filter((_, at) => at % width === order.indexOf(name));
  const times = timesOf(dataset.metadata);
  return { x: column("x"), y: column("y"), t: column("t"), p: column("p"), ...times };
}
