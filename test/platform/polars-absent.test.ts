import { expect, it, vi } from "vitest";
import { isEventError, loadEvents, loadTable } from "../../src/node.ts";
import { on, recordingOf, timeHigh } from "../support/evt2-words.ts";

vi.mock("nodejs-polars", () => {
  throw new Error("no binary for this platform");
});

const bytes = recordingOf([timeHigh(1), on(1, 2, 3)]);

it("loadEvents says that Polars is absent, and what works without it", async () => {
  const error = await loadEvents(bytes).catch((caught) => caught);
  expect(isEventError(error, "polars-unavailable")).toBe(true);
  expect(error.hint).toContain("loadTable");
  expect(error.cause).toBeInstanceOf(Error);
});

it("loadTable works without it", async () => {
  expect((await loadTable(bytes)).numRows).toBe(1);
});
