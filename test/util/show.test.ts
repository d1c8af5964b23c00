import { describe, expect, it } from "vitest";
import { show } from "../../src/util/show.ts";

describe("show", () => {
  it.each([
    [1n, "1n"],
    [{ width: 640n }, '{"width":"640n"}'],
    ["text", '"text"'],
    [null, "null"],
    [undefined, "undefined"],
    [5, "5"],
    [["x", 1], '["x",1]'],
    [Symbol("s"), "Symbol(s)"],
  ])("shows %s", (value, text) => {
    expect(show(value)).toBe(text);
  });

  it("never throws", () => {
    const cycle: Record<string, unknown> = {};
    cycle.self = cycle;
    const broken = {
      toJSON() {
        throw new Error("no");
      },
    };
    for (const value of [cycle, broken, Object.create(null), () => {}, [cycle]]) {
      expect(typeof show(value)).toBe("string");
    }
  });
});
