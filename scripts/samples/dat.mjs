/** DAT recordings that no encoder writes: record by record. */
import { DamagedRecording } from "./damaged-recording.mjs";
import { noise, randomNumbers, regularTriggers } from "./scenes.mjs";

const GEOMETRY = { width: 64, height: 48 };

// Event types, as the byte in front of the record size says them.
const EVENT_2D = 0;
const EVENT_CD = 12;
const EXT_TRIGGER = 14;

function header(type, lines) {
  const text = lines.map((line) => `% ${line}\n`).join("");
  return Buffer.concat([Buffer.from(text, "latin1"), Buffer.from([type, 8])]);
}

function sizeLines({ width, height }) {
  return [`Height ${height}`, `Width ${width}`];
}

function record(t, word) {
  const bytes = Buffer.alloc(8);
  bytes.writeUInt32LE(t, 0);
  bytes.writeUInt32LE(word >>> 0, 4);
  return bytes;
}

const event = ({ t, x, y, on }, polarity = on ? 1 : 0) =>
  record(t, (polarity << 28) | (y << 14) | x);
const eventOfVersion1 = ({ t, x, y, on }) => record(t, ((on ? 1 : 0) << 17) | (y << 9) | x);
const trigger = ({ t, id, value }) => record(t, (id << 26) | value);

/** External triggers of two inputs, and no events. */
export function datOfTriggers() {
  const triggers = [
    ...regularTriggers({ startUs: 4_000, periodUs: 10_000, count: 12 }),
    { t: 200_000, id: 6, value: 1 },
    { t: 200_040, id: 6, value: 0 },
  ];
  const lines = ["Data file containing external trigger events.", "Version 2"];
  return {
    format: "dat",
    geometry: GEOMETRY,
    bytes: Buffer.concat([
      header(EXT_TRIGGER, [...lines, ...sizeLines(GEOMETRY)]),
      ...triggers.map(trigger),
    ]),
    events: [],
    triggers,
  };
}

/** Version 1, of the sensors of 304 x 240 pixels. */
export function datOfVersion1() {
  const geometry = { width: 304, height: 240 };
  const random = randomNumbers(9);
  const events = noise({ ...geometry, startUs: 10_000, durationUs: 50_000, count: 600, random });
  const lines = ["Data file containing Event2D events.", "Version 1"];
  return {
    format: "dat",
    geometry,
    bytes: Buffer.concat([
      header(EVENT_2D, [...lines, ...sizeLines(geometry)]),
      ...events.map(eventOfVersion1),
    ]),
    events,
    triggers: [],
  };
}

/** No geometry, as in data sets of cut-out views: every pixel counts. */
export function datWithoutGeometry() {
  const random = randomNumbers(10);
  const area = { width: 120, height: 100 };
  const events = noise({ ...area, startUs: 0, durationUs: 100_000, count: 600, random });
  events.push({ t: 100_000, x: 16_383, y: 16_383, on: true });
  const lines = ["Data file containing CD events.", "Version 2"];
  return {
    format: "dat",
    geometry: null,
    bytes: Buffer.concat([header(EVENT_CD, lines), ...events.map((each) => event(each))]),
    events,
    triggers: [],
  };
}

/** Events off the sensor, a step back in time, and a record that was cut. */
export function damagedDat() {
  const random = randomNumbers(11);
  const events = noise({
    ...GEOMETRY,
    startUs: 5_000_000,
    durationUs: 20_000,
    count: 300,
    random,
  });
  const lines = ["Data file containing CD events.", "Version 2", ...sizeLines(GEOMETRY)];
  const recording = new DamagedRecording(header(EVENT_CD, lines));
  const add = (from, to) => {
    for (const each of events.slice(from, to)) recording.add(event(each), { events: [each] });
  };
  const lost = (t, x, y) => recording.lose("outsideGeometry", event({ t, x, y, on: true }));

  add(0, 100);
  lost(events[99].t, GEOMETRY.width, 0);
  lost(events[99].t, 0, GEOMETRY.height);
  lost(events[99].t, 16_383, 16_383);
  add(100, 200);
  // Its polarity is neither 0 nor 1, which is ON.
  const early = { t: events[199].t - 700, x: 7, y: 8, on: true };
  recording.lose("backwardStep", event(early, 2), { events: [early] });
  add(200, 300);
  recording.cut(event(events[0]).subarray(0, 5));
  return recording.finish({ format: "dat", geometry: GEOMETRY });
}
