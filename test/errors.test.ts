import { describe, expect, it } from "vitest";
import { EVENT_ERROR_CODES, EventError, isEventError } from "../src/errors.ts";

describe("EventError", () => {
  it("says what, where, what was expected and found, and the way out", () => {
    const cause = new Error("below");
    const error = new EventError("data-loss", "something is lost", {
      path: "a.raw",
      format: "evt2",
      byteOffset: 12,
      expected: "this",
      found: "that",
      hint: "Do it so.",
      cause,
    });
    expect(error.message).toBe(
      "a.raw: something is lost (at byte 12): expected this, found that. Do it so.",
    );
    expect(error).toMatchObject({
      name: "EventError",
      code: "data-loss",
      path: "a.raw",
      format: "evt2",
      byteOffset: 12,
      expected: "this",
      found: "that",
      hint: "Do it so.",
    });
    expect(error.cause).toBe(cause);
    expect(error).toBeInstanceOf(Error);
    expect(error.stack).toContain("errors.test.ts");
  });

  it.each([
    [{}, "it broke."],
    [{ byteOffset: 0 }, "it broke (at byte 0)."],
    [{ line: 3 }, "it broke (line 3)."],
    [{ row: 0 }, "it broke (row 0)."],
    [{ line: 3, byteOffset: 40 }, "it broke (at byte 40, line 3)."],
    [{ line: 3, column: 7 }, "it broke (line 3, column 7)."],
    [{ expected: "a" }, "it broke: expected a."],
    [{ found: "b" }, "it broke: found b."],
    [{ path: "p", hint: "H." }, "p: it broke. H."],
  ])("leaves out what is not known: %j", (details, message) => {
    const error = new EventError("invalid-option", "it broke", details);
    expect(error.message).toBe(message);
    expect("cause" in error).toBe(false);
  });

  it("keeps a cause that is undefined", () => {
    const error = new EventError("invalid-option", "it broke", { cause: undefined });
    expect("cause" in error).toBe(true);
  });
});

describe("isEventError", () => {
  it("tells our errors from others, and one code from another", () => {
    const error = new EventError("empty-source", "empty");
    expect(isEventError(error)).toBe(true);
    expect(isEventError(error, "empty-source")).toBe(true);
    expect(isEventError(error, "data-loss")).toBe(false);
    for (const other of [new Error("empty"), { code: "empty-source" }, null, undefined, "text"]) {
      expect(isEventError(other)).toBe(false);
      expect(isEventError(other, "empty-source")).toBe(false);
    }
  });

  it("knows no code twice", () => {
    expect(new Set(EVENT_ERROR_CODES).size).toBe(EVENT_ERROR_CODES.length);
  });
});
