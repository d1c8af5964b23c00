import { describe, expect, it } from "vitest";
import { timeAsNumber } from "../../src/events/safe-time.ts";

describe("timeAsNumber", () => {
  it.each([0n, 1n, -1n, 17179869184n, 2n ** 53n - 1n, -(2n ** 53n) + 1n])("keeps %i", (time) => {
    expect(BigInt(timeAsNumber(time))).toBe(time);
  });

  it.each([2n ** 53n, 2n ** 53n + 1n, -(2n ** 53n), 2n ** 63n - 1n, -(2n ** 63n)])(
    "refuses %i, which a number would round",
    (time) => {
      expect(() => timeAsNumber(time)).toThrow(
        expect.objectContaining({ code: "unsafe-time", found: `${time} us` }),
      );
    },
  );
});
