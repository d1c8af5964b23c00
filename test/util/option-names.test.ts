import { describe, expect, it } from "vitest";
import { namesOf, unknownName, without } from "../../src/util/option-names.ts";

interface Inner {
  width?: number;
}

interface Options {
  region?: Inner;
  rate?: number;
  hidden?: number;
}

const INNER_NAMES = namesOf<Inner>()({ width: true });
const NAMES = namesOf<Options>()({ region: INNER_NAMES, rate: true, hidden: false });

describe("namesOf", () => {
  it("takes every name, once", () => {
    expect(Object.keys(NAMES)).toEqual(["region", "rate", "hidden"]);
    // @ts-expect-error: `hidden` is missing
    namesOf<Options>()({ region: true, rate: true });
    // @ts-expect-error: there is no `speed`
    namesOf<Options>()({ ...NAMES, speed: true });
    // @ts-expect-error: `width` is none of them, though it is spread
    namesOf<Options>()({ ...NAMES, ...INNER_NAMES });
    // @ts-expect-error: `hidden` is none of them any more
    namesOf<Omit<Options, "hidden">>()(NAMES);
    expect(namesOf<Omit<Options, "hidden">>()(without(NAMES, { hidden: true }))).toEqual({
      region: INNER_NAMES,
      rate: true,
    });
  });
});

describe("unknownName", () => {
  it.each([
    [{}],
    [{ rate: 5, region: { width: 3 }, hidden: 1 }],
    [{ rate: undefined, region: undefined }],
    [{ region: null }],
    [{ region: 5 }],
    [{ region: [5] }],
    [Object.create({ speed: 5 })],
    [Object.defineProperty({}, "speed", { value: 5, enumerable: false })],
    [{ [Symbol("speed")]: 5 }],
  ])("finds nothing in %j", (options) => {
    expect(unknownName(options, NAMES)).toBeNull();
  });

  it.each([
    [{ reigon: {} }, "reigon", "Did you mean `region`?"],
    [{ rate: 1, Rate: 2 }, "Rate", "Did you mean `rate`?"],
    [{ speed: undefined }, "speed", "There are `region`, `rate`."],
    [{ hiden: 5 }, "hiden", "There are `region`, `rate`."],
    [{ region: { widht: 5 } }, "region.widht", "Did you mean `region.width`?"],
    [{ region: { depth: 5 } }, "region.depth", "There is only `region.width`."],
    [{ constructor: 5 }, "constructor", "There are `region`, `rate`."],
    [JSON.parse('{ "__proto__": 5 }'), "__proto__", "There are `region`, `rate`."],
  ])("finds the slip in %j", (options, found, hint) => {
    expect(unknownName(options, NAMES)).toEqual({ found, hint });
  });

  it("lets others pass, and tells nobody of them", () => {
    const others = { speed: true, region: { depth: true }, place: INNER_NAMES };
    const fine = { speed: 5, region: { width: 1, depth: 2 }, place: { width: 1 } };
    expect(unknownName(fine, NAMES, others)).toBeNull();
    const hint = "There are `region`, `rate`.";
    expect(unknownName({ sped: 5 }, NAMES, others)).toEqual({ found: "sped", hint });
    expect(unknownName({ place: { depth: 5 } }, NAMES, others)?.found).toBe("place.depth");
    expect(unknownName({ region: { dept: 5 } }, NAMES, others)).toEqual({
      found: "region.dept",
      hint: "There is only `region.width`.",
    });
  });
});
