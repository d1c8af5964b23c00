// Queries beside loading everything and filtering it, and filters of what is loaded beside Polars.

import pl from "nodejs-polars";
import { expectSame, sumsOfFrame } from "./sums.mjs";

const SIDE = 128;
const CORNER = 100;
/** Some seeds have small sensors. */
const regionOf = ({ width, height }) => ({
  ...(width < CORNER + SIDE || height < CORNER + SIDE ? { x: 0, y: 0 } : { x: CORNER, y: CORNER }),
  width: Math.min(SIDE, width),
  height: Math.min(SIDE, height),
});

/** The expressions that choose what the queries choose. */
const WHERE = {
  window: ({ window: [start, end] }) => pl.col("t").gtEq(start).and(pl.col("t").lt(end)),
  region: ({ region }) => inside(region).and(pl.col("polarity").gt(0)),
};
const ASK = {
  window: (recording, { window }) => recording.query().time(...window),
  region: (recording, { region }) => recording.query().roi(region).polarity("on"),
};
const TITLES = { window: "1 % of the time", region: "128 x 128 pixels, ON" };

const asked = ["evt2", "evt3", "h5-gzip"].flatMap((format) =>
  Object.keys(ASK).flatMap((job) => [
    [
      `query-${format}-${job}`,
      {
        title: `${format}: ${TITLES[job]}, pushed down`,
        format,
        most: format === "h5-gzip" ? 20e6 : undefined,
        beside: [`query-${format}-${job}-load`],
        prepare: (context) => prepareQuery(context, job),
      },
    ],
    [
      `query-${format}-${job}-load`,
      {
        title: `${format}: ${TITLES[job]}, everything loaded and filtered with Polars`,
        format,
        most: format === "h5-gzip" ? 20e6 : undefined,
        isRival: true,
        prepare: (context) => prepareLoad(context, job),
      },
    ],
  ]),
);

const FILTERS = {
  time: {
    ours: ({ filterTime }, frame, { window }) => filterTime(frame, ...window),
    theirs: WHERE.window,
  },
  roi: {
    ours: ({ filterRoi }, frame, { region, geometry }) => filterRoi(frame, region, { geometry }),
    theirs: ({ region }) => inside(region),
  },
  polarity: {
    ours: ({ filterPolarity }, frame) => filterPolarity(frame, "on"),
    theirs: () => pl.col("polarity").gt(0),
  },
};

const filtered = Object.entries(FILTERS).flatMap(([name, { ours, theirs }]) => [
  [
    `query-frame-${name}`,
    {
      title: `loaded frame: filter by ${name}`,
      format: "evt3",
      most: 10e6,
      beside: [`query-frame-${name}-polars`],
      prepare: (context) => prepareFilter(context, ours, theirs, false),
    },
  ],
  [
    `query-frame-${name}-polars`,
    {
      title: `loaded frame: filter by ${name} with an expression of Polars`,
      format: "evt3",
      most: 10e6,
      isRival: true,
      prepare: (context) => prepareFilter(context, ours, theirs, true),
    },
  ],
]);

/** @type {import("../cases.mjs").Suite} */
export const cases = Object.fromEntries([...asked, ...filtered]);

/** What is done once (opening, the index of times) is done before; how long the index took is told. */
async function prepareQuery({ evarrow, input }, job) {
  const recording = await evarrow.openRecording(input.path);
  const chosen = await choose(recording, input);
  const began = performance.now();
  await ASK[job](recording, chosen).explain();
  const indexMs = performance.now() - began;
  const ask = () => ASK[job](recording, chosen).collect();
  return {
    run: async () => (await ask()).height,
    check: async () => {
      const sums = sumsOfFrame(await ask(), pl);
      const all = await evarrow.loadEvents(recording);
      expectSame(sums, sumsOfFrame(all.filter(WHERE[job](chosen)), pl), `${job} and load`);
      return { found: sums.events, facts: { "events found": sums.events, "index ms": indexMs } };
    },
  };
}

async function prepareLoad({ evarrow, input }, job) {
  const recording = await evarrow.openRecording(input.path);
  const chosen = await choose(recording, input);
  const load = async () => (await evarrow.loadEvents(recording)).filter(WHERE[job](chosen));
  return {
    run: async () => (await load()).height,
    check: async () => ({ found: (await load()).height }),
  };
}

async function prepareFilter({ evarrow, input }, ours, theirs, isPolars) {
  const recording = await evarrow.openRecording(input.path);
  const chosen = await choose(recording, input);
  const frame = await evarrow.loadEvents(recording);
  const own = () => ours(evarrow, frame, chosen);
  const polars = () => frame.filter(theirs(chosen));
  const run = isPolars ? polars : own;
  return {
    run: async () => (await run()).height,
    check: async () => {
      const [found, expected] = [sumsOfFrame(await own(), pl), sumsOfFrame(polars(), pl)];
      expectSame(found, expected, "filter and Polars");
      return { found: found.events, facts: { "events found": found.events } };
    },
  };
}

async function choose(recording, { geometry }) {
  const { minTime, maxTime } = await recording.query().statistics();
  const start = Math.round((minTime + maxTime) / 2);
  const window = [start, start + Math.round((maxTime - minTime) / 100)];
  return { window, geometry, region: regionOf(geometry) };
}

function inside({ x: left, y: top, width, height }) {
  const [x, y] = [pl.col("x"), pl.col("y")];
  return x
    .gtEq(left)
    .and(x.lt(left + width))
    .and(y.gtEq(top))
    .and(y.lt(top + height));
}
