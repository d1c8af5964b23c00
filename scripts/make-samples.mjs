/**
 * Makes the recordings of `data-samples/` and the JSON beside each. What the JSON says is computed
 * from the generated list of events before it is encoded, never by a decoder.
 *
 * Usage: npm run samples [FOLDER]
 */
import { mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { damagedEvt2 } from "./samples/damaged-evt2.mjs";
import { encodeRaw } from "./samples/encode.mjs";
import { movingBar, noise, randomNumbers, regularTriggers } from "./samples/scenes.mjs";
import { writeSample } from "./samples/write-sample.mjs";

const folder = process.argv[2] ?? fileURLToPath(new URL("../data-samples/", import.meta.url));
mkdirSync(folder, { recursive: true });
const write = (name, sample) => writeSample(folder, name, sample);

await writeMovingBar();
await writeClockWraps();
await writeHeaders();
write("damaged.evt2.raw", await damagedEvt2());

/** A bar that crosses the view from left to right over a little noise. */
async function writeMovingBar() {
  const scene = {
    geometry: { width: 320, height: 240 },
    events: movingBar({ width: 320, height: 240, durationUs: 200_000, random: randomNumbers(1) }),
    triggers: regularTriggers({ startUs: 5_000, periodUs: 20_000, count: 10 }),
  };
  await writeRaw("moving-bar.evt2.raw", "evt2", scene);
}

/** Noise on both sides of the end of a clock. */
async function writeClockWraps() {
  const evt2 = noiseAround(2 ** 34, { count: 2_000, seed: 2, durationUs: 100_000 });
  await writeRaw("clock-wrap.evt2.raw", "evt2", evt2);
}

function noiseAround(wrapUs, { count, seed, durationUs }) {
  const geometry = { width: 64, height: 48 };
  const startUs = wrapUs - 50_000;
  const random = randomNumbers(seed);
  return {
    geometry,
    events: noise({ ...geometry, startUs, durationUs, count, random }),
    triggers: regularTriggers({ startUs: startUs + 10_000, periodUs: 16_384, count: 5 }),
    report: { clockWraps: 1 },
  };
}

async function writeHeaders() {
  const scene = { geometry: { width: 640, height: 480 }, events: [], triggers: [] };
  await writeRaw("header-only.evt2.raw", "evt2", scene);
}

async function writeRaw(name, format, scene, endianness) {
  const bytes = await encodeRaw(format, scene, endianness);
  write(name, { ...scene, format, bytes });
  return bytes;
}
