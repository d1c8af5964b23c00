/** Every layout of the field, against a reader that was written from the tables of layouts. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { expectSameColumns } from "../../support/expected-load.ts";
import { eventFiles, LAYOUTS } from "./event-files.ts";
import { expectedRows, loaded } from "./loads.ts";

describe.each(Object.keys(LAYOUTS))("%s", (dialect) => {
  it("small files of any rows", async () => {
    await fc.assert(
      fc.asyncProperty(eventFiles(dialect), async ({ bytes, options }) => {
        const expected = await expectedRows(bytes, options);
        const found = await loaded(bytes, { ...options, onMalformed: "skip" });
        expect(found.report).toMatchObject(expected.report);
        expectSameColumns(found.columns, expected.columns);
      }),
      { numRuns: 1000 },
    );
  });
});
