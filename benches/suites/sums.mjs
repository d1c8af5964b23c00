// What events add up to, so that an answer is checked before it is timed.

/**
 * @typedef {{ events: number, on: number, sumX: number, sumY: number, sumT?: number, firstT?: bigint }} Running
 */

/**
 * @param {string} format the inputs of text and HDF5 know the sum of their times
 * @returns {Running}
 */
export function emptySums(format) {
  const sums = { events: 0, on: 0, sumX: 0, sumY: 0 };
  return /^(?:text|h5)/.test(format) ? { ...sums, sumT: 0 } : sums;
}

/** Opens, streams and closes; `use` may give a number of each batch, whose sum is returned. */
export async function streamBatches(evarrow, path, options, use) {
  const recording = await evarrow.openRecording(path);
  let sum = 0;
  for await (const batch of recording.stream(options)) sum += use(batch);
  await recording.close();
  return sum;
}

/**
 * @param {Running} sums
 * @param {import("apache-arrow").RecordBatch} batch
 */
export function addBatch(sums, batch) {
  if (sums.sumT !== undefined) addTimes(sums, batch.getChild("t").toArray());
  for (const x of batch.getChild("x").toArray()) sums.sumX += x;
  for (const y of batch.getChild("y").toArray()) sums.sumY += y;
  for (const polarity of batch.getChild("polarity").toArray()) sums.on += polarity > 0 ? 1 : 0;
  sums.events += batch.numRows;
  return batch.numRows;
}

/** @param {import("apache-arrow").Table} table */
export function sumsOfTable(table, sums) {
  for (const batch of table.batches) addBatch(sums, batch);
  return sums;
}

/** @param {import("nodejs-polars").DataFrame} frame */
export function sumsOfFrame(frame, pl) {
  const on = frame.filter(pl.col("polarity").gt(0)).height;
  return { events: frame.height, on, sumX: sumOf(frame, "x"), sumY: sumOf(frame, "y") };
}

/** Polars adds up 16-bit numbers in 64 bits. */
function sumOf(frame, name) {
  return frame.height === 0 ? 0 : Number(frame.getColumn(name).sum());
}

/** Times since the first event. */
function addTimes(sums, times) {
  sums.firstT ??= times[0];
  for (const t of times) sums.sumT += Number(t - sums.firstT);
}

/**
 * Throws where two answers differ.
 *
 * @param {Record<string, unknown>} found
 * @param {Record<string, unknown>} expected
 * @param {string} what
 */
export function expectSame(found, expected, what) {
  for (const [key, value] of Object.entries(expected)) {
    if (found[key] === value) continue;
    throw new Error(`${what}: ${key} is ${found[key]}, not ${value}`);
  }
}
