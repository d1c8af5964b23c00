// What a set of numbers says, and how sure it is.

import { randomNumbers } from "./random.mjs";

/** Resamples of a bootstrap. */
const RESAMPLES = 2000;
const CONFIDENCE = 0.95;
const SEED = 20200;

/**
 * @typedef {object} Estimate
 * @property {number} value
 * @property {number} low of the interval of 95 %
 * @property {number} high
 *
 * @typedef {object} Outliers how many samples lie beyond Tukey's fences: beyond 1.5 times the distance
 *   of the quartiles (mild), beyond 3 times (severe)
 * @property {number} lowSevere
 * @property {number} lowMild
 * @property {number} highMild
 * @property {number} highSevere
 *
 * @typedef {object} Summary
 * @property {Estimate} mean
 * @property {Estimate} median
 * @property {Outliers} outliers
 */

/**
 * Mean and median with their intervals, and the outliers.
 *
 * @param {readonly number[]} samples at least one
 * @returns {Summary}
 */
export function summarize(samples) {
  return {
    mean: bootstrap(samples, mean),
    median: bootstrap(samples, median),
    outliers: countOutliers(samples),
  };
}

/**
 * A statistic of numbers and its interval of 95 %, by the percentiles of what resampled sets give.
 *
 * @param {readonly number[]} samples
 * @param {(samples: Float64Array) => number} statistic may put its argument into order
 * @param {{ resamples?: number, seed?: number }} [options]
 * @returns {Estimate}
 */
export function bootstrap(samples, statistic, options) {
  return bootstrapOf(samples, (chosen) => statistic(Float64Array.from(chosen)), options);
}

/**
 * The same of a set of anything.
 *
 * @template Sample
 * @param {readonly Sample[]} samples
 * @param {(samples: readonly Sample[]) => number} statistic
 * @param {{ resamples?: number, seed?: number }} [options]
 * @returns {Estimate}
 */
export function bootstrapOf(samples, statistic, { resamples = RESAMPLES, seed = SEED } = {}) {
  if (samples.length === 0) throw new RangeError("no samples");
  const value = statistic(samples);
  if (samples.length === 1) return { value, low: value, high: value };
  const random = randomNumbers(seed);
  const drawn = new Array(samples.length);
  const found = new Float64Array(resamples);
  for (let at = 0; at < resamples; at++) {
    for (let n = 0; n < drawn.length; n++) {
      drawn[n] = samples[Math.floor(random() * samples.length)];
    }
    found[at] = statistic(drawn);
  }
  const tail = (1 - CONFIDENCE) / 2;
  found.sort();
  return { value, low: quantileOf(found, tail), high: quantileOf(found, 1 - tail) };
}

/** @param {ArrayLike<number>} numbers */
export function mean(numbers) {
  let sum = 0;
  for (let at = 0; at < numbers.length; at++) sum += numbers[at];
  return sum / numbers.length;
}

/** @param {ArrayLike<number>} numbers */
export function median(numbers) {
  return quantileOf(Float64Array.from(numbers).sort(), 0.5);
}

/**
 * The median of the means of all pairs, each number with itself included (Hodges and Lehmann). As
 * robust as is needed here, and with few numbers steadier than their median.
 *
 * @param {ArrayLike<number>} numbers
 */
export function middleOfPairs(numbers) {
  const count = numbers.length;
  const means = new Float64Array((count * (count + 1)) / 2);
  for (let first = 0, at = 0; first < count; first++) {
    for (let second = first; second < count; second++) {
      means[at++] = (numbers[first] + numbers[second]) / 2;
    }
  }
  return quantileOf(means.sort(), 0.5);
}

/**
 * A quantile, between two numbers in proportion.
 *
 * @param {ArrayLike<number>} sorted ascending
 * @param {number} part from 0 to 1
 */
export function quantileOf(sorted, part) {
  const place = (sorted.length - 1) * part;
  const below = Math.floor(place);
  const above = Math.min(below + 1, sorted.length - 1);
  return sorted[below] + (sorted[above] - sorted[below]) * (place - below);
}

/**
 * @param {readonly number[]} samples
 * @returns {Outliers}
 */
export function countOutliers(samples) {
  const sorted = Float64Array.from(samples).sort();
  const [first, third] = [quantileOf(sorted, 0.25), quantileOf(sorted, 0.75)];
  const range = third - first;
  const outliers = { lowSevere: 0, lowMild: 0, highMild: 0, highSevere: 0 };
  for (const sample of sorted) {
    if (sample < first - 3 * range) outliers.lowSevere++;
    else if (sample < first - 1.5 * range) outliers.lowMild++;
    else if (sample > third + 3 * range) outliers.highSevere++;
    else if (sample > third + 1.5 * range) outliers.highMild++;
  }
  return outliers;
}
