import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { checkGeometry, formatGeometry, parseGeometry } from "../../src/events/geometry.ts";

const side = fc.integer({ min: 1, max: 65536 });

describe("a geometry", () => {
  it("is read as it is written", () => {
    fc.assert(
      fc.property(fc.record({ width: side, height: side }), (geometry) => {
        expect(parseGeometry(formatGeometry(geometry))).toEqual(geometry);
        expect(checkGeometry(geometry)).toEqual(geometry);
      }),
      { numRuns: 50 },
    );
  });

  it("has the width first", () => {
    expect(formatGeometry({ width: 1280, height: 720 })).toBe("1280x720");
    expect(parseGeometry("1280x720")).toEqual({ width: 1280, height: 720 });
    expect(parseGeometry(" 1280 X 720 ")).toEqual({ width: 1280, height: 720 });
  });

  it.each(["", "x", "1x", "x1", "1", "1x1x1", "0x1", "1x0", "-1x1", "1.5x1", "65537x1", "0x10x1"])(
    "is not %j",
    (text) => {
      expect(parseGeometry(text)).toBeNull();
    },
  );

  it("takes nothing else over from the caller's object", () => {
    const own = { width: 1, height: 2, depth: 3 };
    expect(checkGeometry(own)).toEqual({ width: 1, height: 2 });
    expect(checkGeometry(own)).not.toBe(own);
  });
});
