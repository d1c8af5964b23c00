import { describe, expect, it } from "vitest";

const script = new URL("../../benches/stats/ratios.mjs", import.meta.url).href;
const { isNarrow, judge, NOISE, ratioOfRound, undisturbedRatio, usualRatio, verdictOf } =
  await import(script);
const { randomNumbers } = await import(
  new URL("../../benches/stats/random.mjs", import.meta.url).href
);

type Pair = [number, number];

/** Rounds on a machine that swings by a third, with processes that differ and runs that wait. */
function madeRounds(seed: number, slowdown: number, count = 8) {
  const next = randomNumbers(seed);
  return Array.from({ length: count }, () => {
    const process = 1 + 0.02 * (next() - 0.5);
    const speed = 1 + 0.35 * next();
    const runs: [number[], number[]] = [[], []];
    const turn = (which: 0 | 1, drift: number) => {
      const waits = next() < 0.1 ? 1 + next() : 1;
      const time = (which === 1 ? slowdown * process : 1) * speed * drift * waits;
      const seconds = time * (1 + 0.02 * next());
      runs[which].push(seconds);
      return seconds;
    };
    const pairs: Pair[] = [];
    for (let quartet = 0; quartet < 6; quartet++) {
      // What drifts between the turns: first, second, second, first, or the other way round.
      const drifts = [1, 1.05, 1.1, 1.15];
      const [early, late] = quartet % 2 === 0 ? ([0, 1] as const) : ([1, 0] as const);
      const [t1, t2, t3, t4] = drifts.map((drift, at) =>
        turn(at === 0 || at === 3 ? early : late, drift),
      ) as [number, number, number, number];
      pairs.push(
        ...(early === 0
          ? ([
              [t1, t2],
              [t4, t3],
            ] as Pair[])
          : ([
              [t2, t1],
              [t3, t4],
            ] as Pair[])),
      );
    }
    return { pairs, runs };
  });
}

describe("the ratio of a round", () => {
  it("does not feel what grows steadily", () => {
    const pairs: Pair[] = [
      [1, 1.1],
      [1.3, 1.2],
    ];
    expect(Math.exp(ratioOfRound({ pairs }))).toBeCloseTo(Math.sqrt((1.1 * 1.2) / 1.3), 10);
    const steady: Pair[] = [
      [1, 1.1 * 2],
      [1.1 ** 3, 1.1 ** 2 * 2],
    ];
    expect(Math.exp(ratioOfRound({ pairs: steady }))).toBeCloseTo(2, 10);
  });

  it("does not feel what is gained by following oneself", () => {
    const begunByFirst: Pair[] = [
      [1, 1],
      [1, 0.9],
    ];
    const begunBySecond: Pair[] = [
      [1, 1],
      [0.9, 1],
    ];
    const pairs = [...begunByFirst, ...begunBySecond, ...begunByFirst, ...begunBySecond];
    expect(Math.exp(ratioOfRound({ pairs }))).toBeCloseTo(1, 10);
  });

  it("is that of the single pair where there is one", () => {
    expect(Math.exp(ratioOfRound({ pairs: [[2, 3]] }))).toBeCloseTo(1.5, 10);
  });
});

describe("verdicts", () => {
  const estimate = (value: number, low: number, high: number) => ({ value, low, high });

  it.each([
    [estimate(1.08, 1.05, 1.1), "regressed"],
    [estimate(0.92, 0.9, 0.95), "improved"],
    [estimate(1.01, 1.005, 1.015), "no change"],
    [estimate(1.08, 0.99, 1.1), "no change"],
    [estimate(1.3, 1.02, 1.6), "no change"],
  ])("of %o are %s", (ratio, verdict) => {
    expect(verdictOf(ratio)).toBe(verdict);
  });

  it("rest on undisturbed runs where usual ones do not tell", () => {
    const wide = estimate(1.1, 0.8, 1.4);
    const slower = estimate(1.07, 1.05, 1.09);
    expect(judge(wide, slower)).toEqual({ verdict: "regressed", by: "undisturbed" });
    expect(judge(slower, wide)).toEqual({ verdict: "regressed", by: "usual" });
    const same = estimate(1, 0.99, 1.01);
    expect(judge(same, wide)).toEqual({ verdict: "no change", by: "usual" });
    expect(judge(wide, same)).toEqual({ verdict: "no change", by: "undisturbed" });
  });

  it("find what is a twentieth slower or faster, and nothing where nothing changed", () => {
    for (const [slowdown, expected] of [
      [1.06, "regressed"],
      [1, "no change"],
      [1 / 1.06, "improved"],
    ] as const) {
      let right = 0;
      for (let seed = 0; seed < 10; seed++) {
        const rounds = madeRounds(seed, slowdown);
        const { verdict } = judge(usualRatio(rounds), undisturbedRatio(rounds));
        if (verdict === expected) right++;
      }
      expect(`${expected} ${right >= 9}`).toBe(`${expected} true`);
    }
  });

  it("need no more rounds once the interval reaches no further than the noise", () => {
    expect(isNarrow(estimate(1.1, 1.09, 1.11))).toBe(true);
    expect(isNarrow(estimate(1.1, 1.05, 1.15))).toBe(false);
    expect(isNarrow(estimate(1, 1 - NOISE * 0.9, 1 + NOISE * 0.9))).toBe(true);
  });
});
