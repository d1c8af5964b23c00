import { describe, expect, it } from "vitest";

const script = new URL("../../benches/stats/estimates.mjs", import.meta.url).href;
const { bootstrap, countOutliers, mean, median, middleOfPairs, quantileOf, summarize } =
  await import(script);
const random = new URL("../../benches/stats/random.mjs", import.meta.url).href;
const { randomNumbers } = await import(random);

describe("estimates", () => {
  it("are the usual ones", () => {
    expect(mean([1, 2, 6])).toBe(3);
    expect(median([9, 1, 2])).toBe(2);
    expect(median([1, 2, 3, 10])).toBe(2.5);
    expect(quantileOf([0, 10], 0.25)).toBe(2.5);
    expect(quantileOf([7], 0.9)).toBe(7);
  });

  it("take the middle of the means of all pairs", () => {
    // 1, 1.5, 2, 50.5, 51, 100
    expect(middleOfPairs([1, 2, 100])).toBe(26.25);
    expect(middleOfPairs([4])).toBe(4);
  });

  it("are the same in every run", () => {
    const samples = [3, 1, 4, 1, 5, 9, 2, 6];
    expect(bootstrap(samples, mean)).toEqual(bootstrap(samples, mean));
  });

  it("lie in their interval, which holds the truth about as often as it says", () => {
    const next = randomNumbers(7);
    let holds = 0;
    for (let set = 0; set < 100; set++) {
      const samples = Array.from({ length: 30 }, next);
      const { value, low, high } = bootstrap(samples, mean, { resamples: 300, seed: set });
      expect(low).toBeLessThanOrEqual(value);
      expect(high).toBeGreaterThanOrEqual(value);
      if (low <= 0.5 && high >= 0.5) holds++;
    }
    expect(holds).toBeGreaterThanOrEqual(85);
  });

  it("of one sample are that sample, of none an error", () => {
    expect(bootstrap([5], mean)).toEqual({ value: 5, low: 5, high: 5 });
    expect(() => bootstrap([], mean)).toThrow(RangeError);
    expect(summarize([5]).median).toEqual({ value: 5, low: 5, high: 5 });
  });
});

describe("outliers", () => {
  it("lie beyond the fences, mild ones before severe ones", () => {
    // Quartiles 10.75 and 14.25: fences at 5.5, 19.5 and 0.25, 24.75.
    const samples = [0, 5, 11, 10, 12, 13, 14, 12, 11, 13, 15, 20, 26, 12, 13, 11];
    const sorted = samples.toSorted((a, b) => a - b);
    const [first, third] = [quantileOf(sorted, 0.25), quantileOf(sorted, 0.75)];
    const far = 3 * (third - first);
    const found = countOutliers([...samples, first - far - 1, third + far + 1]);
    expect(found.lowSevere).toBeGreaterThanOrEqual(1);
    expect(found.highSevere).toBeGreaterThanOrEqual(1);
    expect(countOutliers([10, 11, 12, 13, 14])).toEqual({
      lowSevere: 0,
      lowMild: 0,
      highMild: 0,
      highSevere: 0,
    });
    expect(countOutliers([10, 11, 12, 13, 14, 18])).toMatchObject({ highMild: 1, highSevere: 0 });
    expect(countOutliers([10, 11, 12, 13, 14, 99])).toMatchObject({ highMild: 0, highSevere: 1 });
    expect(countOutliers([6, 10, 11, 12, 13, 14])).toMatchObject({ lowMild: 1, lowSevere: 0 });
  });
});
