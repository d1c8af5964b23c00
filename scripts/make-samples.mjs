/**
 * Makes the recordings of `data-samples/` and the JSON beside each. What the JSON says is computed
 * from the generated list of events before it is encoded, never by a decoder.
 *
 * Usage: npm run samples [FOLDER]
 */
import { mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { damagedEvt2 } from "./samples/damaged-evt2.mjs";
import { damagedEvt3 } from "./samples/damaged-evt3.mjs";
import { damagedEvt21 } from "./samples/damaged-evt21.mjs";
import { damagedDat, datOfTriggers, datOfVersion1, datWithoutGeometry } from "./samples/dat.mjs";
import { convertBytes, encodeDatScene, encodeRaw, gzipBytes } from "./samples/encode.mjs";
import { hdf5Samples } from "./samples/hdf5.mjs";
import { fallingBar, movingBar, noise, randomNumbers, regularTriggers } from "./samples/scenes.mjs";
import { damagedCsv, SECONDS_ASSUMPTIONS, TEXT_REPORT } from "./samples/text.mjs";
import { writeSample } from "./samples/write-sample.mjs";

const folder = process.argv[2] ?? fileURLToPath(new URL("../data-samples/", import.meta.url));
mkdirSync(folder, { recursive: true });
const write = (name, sample) => writeSample(folder, name, sample);

await writeMovingBar();
await writeFallingBar();
await writeClockWraps();
await writeHeaders();
await writeDamaged();
write("triggers.dat", datOfTriggers());
write("version-1.dat", datOfVersion1());
write("no-geometry.dat", datWithoutGeometry());

/** A bar that crosses the view from left to right over a little noise. */
async function writeMovingBar() {
  const scene = {
    geometry: { width: 320, height: 240 },
    events: movingBar({ width: 320, height: 240, durationUs: 200_000, random: randomNumbers(1) }),
    triggers: regularTriggers({ startUs: 5_000, periodUs: 20_000, count: 10 }),
  };
  await writeRaw("moving-bar.evt2.raw", "evt2", scene);
}

/** The same events in every format that is written. */
async function writeFallingBar() {
  const geometry = { width: 96, height: 64 };
  const random = randomNumbers(4);
  const scene = {
    geometry,
    events: fallingBar({ ...geometry, startUs: 10_000, durationUs: 80_000, random }),
    triggers: regularTriggers({ startUs: 12_000, periodUs: 8_192, count: 9 }),
  };
  const withoutTriggers = { ...scene, triggers: [] };
  const evt2 = await writeRaw("falling-bar.evt2.raw", "evt2", scene);
  write("falling-bar.evt2.raw.gz", {
    ...scene,
    format: "evt2",
    bytes: gzipBytes(evt2),
    report: { compression: "gzip", mode: "chunked" },
  });
  await writeRaw("falling-bar.evt21.raw", "evt21", scene);
  await writeRaw("falling-bar.legacy.evt21.raw", "evt21", scene, "legacy");
  await writeRaw("falling-bar.evt3.raw", "evt3", scene);
  write("falling-bar.dat", {
    ...withoutTriggers,
    format: "dat",
    bytes: await encodeDatScene(scene),
  });
  write("falling-bar.csv", {
    ...withoutTriggers,
    format: "text",
    geometry: null,
    bytes: await convertBytes(evt2, "csv"),
    report: TEXT_REPORT,
  });
  write("falling-bar.txt", {
    ...withoutTriggers,
    format: "text",
    geometry: null,
    bytes: await convertBytes(evt2, "text"),
    report: { ...TEXT_REPORT, assumptions: SECONDS_ASSUMPTIONS },
  });
  write("falling-bar.arrow", {
    ...withoutTriggers,
    format: "arrow",
    bytes: await convertBytes(evt2, "arrow"),
    report: { originalFormat: "evt2", firstRow: {} },
  });
  write("falling-bar.evb", {
    ...scene,
    format: "evb",
    bytes: await convertBytes(evt2, "evb"),
    report: { originalFormat: "evt2", firstRow: {} },
  });
  for (const [name, sample] of Object.entries(await hdf5Samples(scene))) write(name, sample);
}

/** Noise on both sides of the end of a clock. */
async function writeClockWraps() {
  const evt2 = noiseAround(2 ** 34, { count: 2_000, seed: 2, durationUs: 100_000 });
  await writeRaw("clock-wrap.evt2.raw", "evt2", evt2);
  const evt21 = noiseAround(2 ** 34, { count: 1_000, seed: 12, durationUs: 100_000 });
  await writeRaw("clock-wrap.evt21.raw", "evt21", evt21);
  // Long enough for a second wrap.
  const evt3 = noiseAround(2 ** 24, { count: 2_000, seed: 13, durationUs: 2 ** 24 + 100_000 });
  await writeRaw("clock-wrap.evt3.raw", "evt3", { ...evt3, report: { clockWraps: 2 } });
  const dat = noiseAround(2 ** 32, { count: 1_000, seed: 14, durationUs: 100_000 });
  write("clock-wrap.dat", {
    ...dat,
    format: "dat",
    triggers: [],
    bytes: await encodeDatScene(dat),
  });
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
  for (const format of ["evt2", "evt21", "evt3"]) {
    await writeRaw(`header-only.${format}.raw`, format, scene);
  }
  write("header-only.dat", { ...scene, format: "dat", bytes: await encodeDatScene(scene) });
}

async function writeDamaged() {
  write("damaged.evt2.raw", await damagedEvt2());
  write("damaged.evt21.raw", await damagedEvt21());
  write("damaged.evt3.raw", await damagedEvt3());
  write("damaged.dat", damagedDat());
  write("damaged.csv", damagedCsv());
}

async function writeRaw(name, format, scene, endianness) {
  const bytes = await encodeRaw(format, scene, endianness);
  write(name, { ...scene, format, bytes });
  return bytes;
}
