/**
 * What the steps of a query mean, one event after the other: written from their description, and
 * sharing nothing with the code that does them.
 */

export interface QueriedEvent {
  x: number;
  y: number;
  t: number;
  /** 1 is ON. */
  p: 0 | 1;
}

export interface Rectangle {
  x: number;
  y: number;
  width: number;
  height: number;
}

/** A step as the reference has it. Times are values of `t`, or count from the first event. */
export type ReferenceStep =
  | ["time", number | null, number | null, "absolute" | "offset"]
  | ["polarity", "on" | "off"]
  | ["roi", Rectangle[]]
  | ["mask", { width: number; height: number; data: number[] }]
  | ["every", number]
  | ["head", number]
  | ["refractory", number]
  | ["backgroundActivity", number]
  | ["dropPixels", { x: number; y: number }[]]
  | ["hotPixels", number]
  | ["flip", "x" | "y"]
  | ["crop", Rectangle]
  | ["downsample", number];

interface Sensor {
  width: number;
  height: number;
}

const isIn = ({ x, y }: { x: number; y: number }, of: Rectangle): boolean =>
  x >= of.x && y >= of.y && x < of.x + of.width && y < of.y + of.height;

/** The events that are left, and the sensor that they lie on. */
export function queryReference(
  all: readonly QueriedEvent[],
  sensor: Sensor,
  steps: readonly ReferenceStep[],
): { events: QueriedEvent[]; sensor: Sensor } {
  const firstTime = all[0]?.t ?? 0;
  let events = all.map((event) => ({ ...event }));
  let { width, height } = sensor;
  const pixelOf = ({ x, y }: { x: number; y: number }): string => `${x} ${y}`;
  for (const step of steps) {
    switch (step[0]) {
      case "time": {
        const base = step[3] === "offset" ? firstTime : 0;
        const [from, to] = [step[1], step[2]];
        events = events.filter(
          ({ t }) => (from === null || t >= from + base) && (to === null || t < to + base),
        );
        break;
      }
      case "polarity":
        events = events.filter(({ p }) => (p === 1) === (step[1] === "on"));
        break;
      case "roi":
        events = events.filter((event) => step[1].some((region) => isIn(event, region)));
        break;
      case "mask":
        events = events.filter(({ x, y }) => step[1].data[y * step[1].width + x] !== 0);
        break;
      case "every":
        events = events.filter((_, index) => index % step[1] === 0);
        break;
      case "head":
        events = events.slice(0, step[1]);
        break;
      case "refractory": {
        const kept = new Map<string, number>();
        events = events.filter((event) => {
          const last = kept.get(pixelOf(event));
          if (last !== undefined && event.t >= last && event.t - last < step[1]) return false;
          kept.set(pixelOf(event), event.t);
          return true;
        });
        break;
      }
      case "backgroundActivity": {
        const latest = new Map<string, number>();
        events = events.filter((event) => {
          let supported = false;
          for (const dx of [-1, 0, 1]) {
            for (const dy of [-1, 0, 1]) {
              if (dx === 0 && dy === 0) continue;
              const other = latest.get(pixelOf({ x: event.x + dx, y: event.y + dy }));
              if (other !== undefined && Math.abs(event.t - other) <= step[1]) supported = true;
            }
          }
          latest.set(pixelOf(event), event.t);
          return supported;
        });
        break;
      }
      case "dropPixels":
        events = events.filter(({ x, y }) => !step[1].some((hot) => hot.x === x && hot.y === y));
        break;
      case "hotPixels": {
        const counts = new Map<string, number>();
        for (const event of events) {
          counts.set(pixelOf(event), (counts.get(pixelOf(event)) ?? 0) + 1);
        }
        const sorted = [...counts.values()].sort((a, b) => a - b);
        const most = sorted[Math.ceil((step[1] / 100) * sorted.length) - 1] ?? 0;
        events = events.filter((event) => (counts.get(pixelOf(event)) ?? 0) <= most);
        break;
      }
      case "flip":
        for (const event of events) {
          if (step[1] === "x") event.x = width - 1 - event.x;
          else event.y = height - 1 - event.y;
        }
        break;
      case "crop": {
        const region = step[1];
        events = events.filter((event) => isIn(event, region));
        for (const event of events) {
          event.x -= region.x;
          event.y -= region.y;
        }
        ({ width, height } = region);
        break;
      }
      case "downsample":
        for (const event of events) {
          event.x = Math.floor(event.x / step[1]);
          event.y = Math.floor(event.y / step[1]);
        }
        width = Math.ceil(width / step[1]);
        height = Math.ceil(height / step[1]);
        break;
    }
  }
  return { events, sensor: { width, height } };
}
