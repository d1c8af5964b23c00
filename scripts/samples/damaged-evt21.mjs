import { DamagedRecording } from "./damaged-recording.mjs";
import { encodeRawParts } from "./encode.mjs";
import { fallingBar, randomNumbers, regularTriggers, slicesOf } from "./scenes.mjs";

const GEOMETRY = { width: 64, height: 48 };
const START_US = 2_000_000;
const SLICE_US = 5_000;
const SLICES = 4;

// A word is two halves; in the order `little` the upper one, which has the type, stands behind.
const events = (on, t, x, y, mask) => word(on ? 1 : 0, ((t & 63) << 22) | (x << 11) | y, mask);
const timeHigh = (t) => word(0x8, Math.floor(t / 64), 0);
const trigger = (t, id, value) => word(0xa, ((t & 63) << 22) | (id << 8) | value, 0);
const others = (t, subtype) => word(0xe, ((t & 63) << 22) | (1 << 16) | subtype, 0x12345678);
const continued = (payload) => word(0xf, payload, 0xf0000000);

function word(type, rest, lower) {
  const bytes = Buffer.alloc(8);
  bytes.writeUInt32LE(lower, 0);
  bytes.writeUInt32LE(((type << 28) | rest) >>> 0, 4);
  return bytes;
}

/**
 * A falling bar, cut into slices of time that are encoded one by one, with damage in front of each
 * of them. Every slice begins with its time, so that what stands before it cannot change it.
 */
export async function damagedEvt21() {
  const slices = soundSlices();
  const parts = [];
  for (const slice of slices) parts.push(await encodeRawParts("evt21", slice));
  const recording = new DamagedRecording(parts[0].header);
  const addSlice = (index) => recording.add(parts[index].words, slices[index]);

  recording
    .lose("eventBeforeTimeBase", events(true, 5, 8, 3, 0b1011), { count: 3 })
    .lose("triggerBeforeTimeBase", trigger(6, 1, 1));
  addSlice(0);

  recording
    .unknown("0x3", word(0x3, 0, 0))
    .unknown("0x7", word(0x7, 0xfffffff, 0xffffffff))
    .unknown("0xd", word(0xd, 0x123, 0))
    .skip("OTHERS", others(0, 0x14), 0x14)
    .skip("OTHERS", others(1, 0x16), 0x16)
    .skip("CONTINUED", continued(0x5))
    .skip("CONTINUED", continued(0x6));
  addSlice(1);

  outside(recording, slices[2].startUs);
  addSlice(2);
  backwards(recording, slices[3].startUs);
  addSlice(3);

  recording.cut(events(true, 0, 1, 1, 1).subarray(0, 5));
  return recording.finish({ format: "evt21", geometry: GEOMETRY });
}

function soundSlices() {
  const scene = {
    geometry: GEOMETRY,
    events: fallingBar({
      ...GEOMETRY,
      startUs: START_US,
      durationUs: SLICES * SLICE_US,
      random: randomNumbers(7),
    }),
    triggers: regularTriggers({ startUs: START_US + 1_000, periodUs: 5_000, count: 4 }),
  };
  return slicesOf(scene, { startUs: START_US, sliceUs: SLICE_US, count: SLICES });
}

/** Pixels beyond the sensor, a word across its right border, and one without a pixel. */
function outside(recording, t) {
  const { width, height } = GEOMETRY;
  const kept = Array.from({ length: 23 }, (_, index) => ({ t, x: 41 + index, y: 9, on: false }));
  recording
    .add(timeHigh(t))
    .lose("outsideGeometry", events(true, t, 5, height, 0b1))
    .lose("outsideGeometry", events(false, t, width, 0, 0b11), { count: 2 })
    .lose("outsideGeometry", events(true, t, 2047, 2047, 0xffffffff), { count: 32 })
    .lose("outsideGeometry", events(false, t, 41, 9, 0xffffffff), { count: 9, events: kept })
    .add(events(true, t, 3, 3, 0));
}

/** An event and, behind it, two of 128 us before. */
function backwards(recording, t) {
  const earlier = t - 128;
  recording
    .add(timeHigh(t))
    .add(events(true, t, 6, 8, 0b1), { events: [{ t, x: 6, y: 8, on: true }] })
    .add(timeHigh(earlier))
    .lose("backwardStep", events(false, earlier, 7, 8, 0b101), {
      events: [
        { t: earlier, x: 7, y: 8, on: false },
        { t: earlier, x: 9, y: 8, on: false },
      ],
    });
}
