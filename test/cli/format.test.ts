import { describe, expect, it } from "vitest";
import {
  formatBytes,
  formatCount,
  formatDuration,
  formatRate,
  formatTime,
  labelled,
  withShare,
} from "../../src/cli/format.ts";
import { toJson, visible } from "../../src/cli/output.ts";

describe("numbers for people", () => {
  it.each([
    [0, "0"],
    [999, "999"],
    [1000, "1,000"],
    [1234567, "1,234,567"],
    [-1234, "-1,234"],
    [0.0123, "0.0123"],
    [1234.5678, "1,234.5678"],
  ])("count %d", (count, text) => expect(formatCount(count)).toBe(text));

  it.each([
    [0, "0 events/s"],
    [0.012345, "0.0123 events/s"],
    [999.6, "1 k events/s"],
    [107_234, "107 k events/s"],
    [999_999, "1 M events/s"],
    [10_789_620, "10.8 M events/s"],
    [2e15, "2,000 T events/s"],
  ])("rate %d", (rate, text) => expect(formatRate(rate)).toBe(text));

  it.each([
    [0, "0 bytes"],
    [999, "999 bytes"],
    [2_170_592, "2.17 MB"],
    [402_317_832, "402 MB"],
  ])("size %d", (bytes, text) => expect(formatBytes(bytes)).toBe(text));

  it.each([
    [0, "0 µs"],
    [999, "999 µs"],
    [1000, "1 ms"],
    [50_004, "50 ms"],
    [999_999, "1 s"],
    [9_276_577, "9.277 s"],
    [59_999_999, "1 min 0 s"],
    [3_599_400_000, "59 min 59 s"],
    [3_599_600_000, "1 h 0 min 0 s"],
    [2 ** 53 - 1, "2,501,999 h 47 min 35 s"],
    [-1500, "-1.5 ms"],
  ])("duration %d", (us, text) => expect(formatDuration(us)).toBe(text));

  it("time", () => {
    expect(formatTime(-5)).toBe("-5 µs");
    expect(formatTime(11_718_661)).toBe("11,718,661 µs (11.72 s)");
  });

  it("share", () => {
    expect(withShare(512, 1000)).toBe("512 (51.2 %)");
    expect(withShare(0, 0)).toBe("0");
  });

  it("labels in a column", () => {
    expect(labelled([])).toEqual([]);
    const rows = [["a", "1"] as const, ["long", ""] as const];
    expect(labelled(rows)).toEqual(["a     1", "long"]);
  });
});

describe("text from files", () => {
  const text = "a\u001b[2J\u007f\u009b1m\r\n\t\u202e\u2028\ufeffé\u{e0041}";

  it("acts on no terminal", () => {
    expect(visible(text)).toBe(
      "a\\x1b[2J\\x7f\\x9b1m\\r\\n\\t\\u{202e}\\u{2028}\\u{feff}é\\u{e0041}",
    );
  });

  it("means the same in JSON", () => {
    const json = toJson({ text });
    expect(json).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}]/u);
    expect(JSON.parse(json)).toEqual({ text });
  });
});
