import { DamagedRecording } from "./damaged-recording.mjs";
import { encodeRawParts } from "./encode.mjs";
import { fallingBar, randomNumbers, regularTriggers, slicesOf } from "./scenes.mjs";

const GEOMETRY = { width: 64, height: 48 };
const START_US = 1_000_000;
const SLICE_US = 3_000;
const SLICES = 8;

const ON = 0x800;
const OFF = 0;
/** The origin bit of EVT_ADDR_Y: a row of a slave camera. */
const SLAVE = 0x800;

// A word is a type and 12 more bits.
const addrY = (y) => bytesOf(0x0000 | y);
const addrX = (x, polarity) => bytesOf(0x2000 | polarity | x);
const vectBaseX = (x, polarity) => bytesOf(0x3000 | polarity | x);
const vect12 = (mask) => bytesOf(0x4000 | mask);
const vect8 = (mask) => bytesOf(0x5000 | mask);
const timeLow = (time) => bytesOf(0x6000 | (time & 0xfff));
const continued4 = (payload) => bytesOf(0x7000 | payload);
const timeHigh = (time) => bytesOf(0x8000 | (time >>> 12));
const trigger = (id, value) => bytesOf(0xa000 | (id << 8) | value);
const imu = () => bytesOf(0xd123);
const others = (subtype) => bytesOf(0xe000 | subtype);
const continued12 = (payload) => bytesOf(0xf000 | payload);
const filler = () => bytesOf(0x9999);
const legacyRow = () => bytesOf(0x1007);

function bytesOf(...words) {
  return Buffer.from(Uint16Array.from(words).buffer);
}

/** `count` events side by side. */
function run(count, { t, x, y, on }) {
  return Array.from({ length: count }, (_, index) => ({ t, x: x + index, y, on }));
}

/**
 * A falling bar, cut into slices of time that are encoded one by one, with damage in front of each
 * of them. Every slice begins with its time and row, so that what stands before it cannot change it.
 */
export async function damagedEvt3() {
  const slices = soundSlices();
  const parts = [];
  for (const slice of slices) parts.push(await encodeRawParts("evt3", slice));
  const recording = new DamagedRecording(parts[0].header);
  const addSlice = (index) => recording.add(parts[index].words, slices[index]);
  const addTime = (t) => recording.add(timeHigh(t)).add(timeLow(t));

  beforeTheTime(recording);
  addTime(START_US);
  beforeTheAddress(recording);
  addSlice(0);

  for (let count = 0; count < 3; count++) recording.unknown("0x9", filler());
  recording.unknown("0x1", legacyRow());
  vendorWords(recording, addSlice);

  addTime(slices[5].startUs);
  outside(recording);
  addSlice(5);
  addTime(slices[6].startUs);
  acrossTheBorder(recording, slices[6].startUs);
  addSlice(6);
  addTime(slices[7].startUs);
  backwards(recording, slices[7].startUs);
  addSlice(7);

  // The first word of a triple, and a byte of the second.
  const endUs = START_US + SLICES * SLICE_US;
  addTime(endUs);
  recording.add(addrY(9)).add(vectBaseX(0, ON));
  recording.add(vect12(0x00f), { events: run(4, { t: endUs, x: 0, y: 9, on: true }) });
  recording.cut(vect12(0xfff).subarray(0, 1));
  return recording.finish({ format: "evt3", geometry: GEOMETRY });
}

function soundSlices() {
  const scene = {
    geometry: GEOMETRY,
    events: fallingBar({
      ...GEOMETRY,
      startUs: START_US,
      durationUs: SLICES * SLICE_US,
      random: randomNumbers(6),
    }),
    triggers: regularTriggers({ startUs: START_US + 1_000, periodUs: 5_000, count: 4 }),
  };
  return slicesOf(scene, { startUs: START_US, sliceUs: SLICE_US, count: SLICES });
}

/** A row, a base and a lower time that do not count without an upper time in front of them. */
function beforeTheTime(recording) {
  recording
    .add(addrY(3))
    .lose("eventBeforeTimeBase", addrX(5, ON))
    .add(vectBaseX(8, ON))
    .lose("eventBeforeTimeBase", vect12(0x007), { count: 3 })
    .lose("triggerBeforeTimeBase", trigger(1, 1))
    .add(timeLow(0x123));
}

/** Events without a row, then vectors without a base. */
function beforeTheAddress(recording) {
  recording
    .lose("eventWithoutAddress", addrX(6, ON))
    .lose("eventWithoutAddress", vect12(0x003), { count: 2 })
    .add(addrY(4))
    .lose("eventWithoutAddress", vect8(0x05), { count: 2 })
    .add(addrX(6, ON), { events: [{ t: START_US, x: 6, y: 4, on: true }] });
}

/** OTHERS with 0 to 3 words that continue it; the time word behind these must not be lost. */
function vendorWords(recording, addSlice) {
  recording.skip("OTHERS", others(0x014), 0x014);
  addSlice(1);
  recording.skip("OTHERS", others(0x019), 0x019).skip("CONTINUED_12", continued12(0x001));
  addSlice(2);
  recording.skip("OTHERS", others(0x019), 0x019);
  recording.skip("CONTINUED_12", continued12(0x002)).skip("CONTINUED_12", continued12(0x003));
  addSlice(3);
  recording.skip("OTHERS", others(0xed6), 0xed6);
  recording.skip("CONTINUED_12", continued12(0x004)).skip("CONTINUED_12", continued12(0x005));
  recording.skip("CONTINUED_4", continued4(0x6)).skip("IMU", imu());
  addSlice(4);
}

/** Rows and columns beyond the sensor, and a row of a slave camera. */
function outside(recording) {
  recording
    .add(addrY(GEOMETRY.height))
    .lose("outsideGeometry", addrX(1, ON))
    .add(vectBaseX(0, OFF))
    .lose("outsideGeometry", vect12(0xfff), { count: 12 })
    .add(addrY(5))
    .lose("outsideGeometry", addrX(GEOMETRY.width, ON))
    .lose("outsideGeometry", addrX(2047, OFF))
    .add(addrY(SLAVE | 5))
    .lose("outsideGeometry", addrX(3, ON));
}

/** Vectors that cross the right border: what lies on the sensor is kept. */
function acrossTheBorder(recording, t) {
  recording
    .add(addrY(7))
    .add(vectBaseX(40, ON))
    .add(vect12(0xfff), { events: run(12, { t, x: 40, y: 7, on: true }) })
    .add(vect12(0xfff), { events: run(12, { t, x: 52, y: 7, on: true }) })
    .lose("outsideGeometry", vect8(0xff), { count: 8 })
    .add(vectBaseX(60, OFF))
    .lose("outsideGeometry", vect12(0xfff), {
      count: 8,
      events: run(4, { t, x: 60, y: 7, on: false }),
    });
}

/** Time that goes back: by the lower part, then by the upper one. */
function backwards(recording, t) {
  recording
    .add(addrY(8))
    .add(addrX(7, OFF), { events: [{ t, x: 7, y: 8, on: false }] })
    .add(timeLow(t - 100))
    .lose("backwardStep", addrX(8, ON), { events: [{ t: t - 100, x: 8, y: 8, on: true }] })
    .add(timeHigh(t - 4096))
    .add(timeLow(t))
    .lose("backwardStep", addrX(9, ON), { events: [{ t: t - 4096, x: 9, y: 8, on: true }] });
}
