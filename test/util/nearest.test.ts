import { describe, expect, it } from "vitest";
import { nearest } from "../../src/util/nearest.ts";

const NAMES = ["polarityEncoding", "geometry", "columns", "memoryLimitBytes", "mode", "text", "t"];

describe("nearest", () => {
  it.each([
    ["polarityEncodng", "polarityEncoding"],
    ["polarity_encoding", "polarityEncoding"],
    ["polarityencoding", "polarityEncoding"],
    ["gemoetry", "geometry"],
    ["column", "columns"],
    ["memoryLimit", "memoryLimitBytes"],
    ["mdoe", "mode"],
    ["txt", "text"],
    ["T", "t"],
    ["mode", "mode"],
  ])("takes %s for %s", (name, expected) => {
    expect(nearest(name, NAMES)).toBe(expected);
  });

  it.each(["", "x", "no", "nonsense", "__proto__"])("knows none for %s", (name) => {
    expect(nearest(name, NAMES)).toBeUndefined();
  });

  it("looks at no megabytes", () => {
    expect(nearest("c".repeat(1e6), NAMES)).toBeUndefined();
  });
});
