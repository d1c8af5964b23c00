import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import {
  convertRecording,
  digestEvents,
  encodeEvt2,
  loadTable,
  reportOf,
} from "../../../src/node.ts";
import { CSV_DIALECT, readTextReference, SECONDS_DIALECT } from "../../reference/text.ts";
import { MemorySink } from "../../support/conversions.ts";
import { latin1Bytes } from "../../support/evt2-words.ts";
import { itWithSharedData } from "../../support/shared-data.ts";
import { SOAK } from "../../support/soak.ts";
import { csvOf, GREATEST_TIME, LEAST_TIME } from "./loads.ts";

const folder = mkdtempSync(join(tmpdir(), "evarrow-text-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** Converts a file of our own CSV_DIALECT and gives the text that was written. */
async function written(lines: string, name: string): Promise<string> {
  const sink = new MemorySink(name);
  await convertRecording(csvOf(lines), sink);
  return new TextDecoder().decode(sink.bytes);
}

const TIMES = [
  ["0", "0.000000"],
  ["5", "0.000005"],
  ["1000001", "1.000001"],
  ["-1", "-0.000001"],
  ["-1000000", "-1.000000"],
  ["99999999", "99.999999"],
  ["100000000", "100.000000"],
  ["12345678901", "12345.678901"],
  ["1504645177420000", "1504645177.420000"],
  ["10000000000000000", "10000000000.000000"],
  [GREATEST_TIME, "9223372036854.775807"],
  [LEAST_TIME, "-9223372036854.775808"],
] as const;

describe("text that is written", () => {
  it.each(TIMES)("has %s us as %s s", async (us, seconds) => {
    expect(await written(`12,34,${us},1\n`, "a.txt")).toBe(`${seconds} 12 34 1\n`);
    expect(await written(`65535,0,${us},0\n`, "a.csv")).toBe(`x,y,t,polarity\n65535,0,${us},0\n`);
  });

  it("has any number of digits", async () => {
    for (let digits = 1; digits <= 19; digits++) {
      for (const t of [
        "1".padEnd(digits, "0"),
        "9".repeat(Math.min(digits, 18)),
        "-1".padEnd(digits, "5"),
      ]) {
        expect(await written(`1,2,${BigInt(t)},1\n`, "a.csv")).toContain(`\n1,2,${BigInt(t)},1\n`);
      }
    }
  });

  it(
    "comes back as it was, from both",
    async () => {
      const events = fc.array(
        fc.record({
          x: fc.nat(65535),
          y: fc.nat(65535),
          t: fc.oneof(
            fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
            fc.bigInt({ min: 0n, max: 10n ** 7n }),
          ),
          p: fc.constantFrom(0 as const, 1 as const),
        }),
        { minLength: 1, maxLength: 60 },
      );
      await fc.assert(
        fc.asyncProperty(events, async (list) => {
          const source = csvOf(list.map(({ x, y, t, p }) => `${x},${y},${t},${p}\n`).join(""));
          for (const [name, dialect] of [
            ["a.csv", CSV_DIALECT],
            ["a.txt", SECONDS_DIALECT],
          ] as const) {
            const sink = new MemorySink(name);
            const { events: count, leftOut } = await convertRecording(source, sink);
            expect([count, leftOut]).toEqual([list.length, 0]);
            expect(readTextReference(sink.bytes, dialect).events).toEqual(list);
            const back = await loadTable(sink.bytes);
            expect(reportOf(back)).toMatchObject({ events: list.length, malformedLines: 0 });
            expect(await digestEvents(sink.bytes)).toEqual(await digestEvents(source));
          }
        }),
        { numRuns: 10 * SOAK },
      );
    },
    60_000 * SOAK,
  );

  it.each(["empty.csv", "empty.txt"])("of no events is no empty file: %s", async (name) => {
    const path = join(folder, name);
    const { events, bytes } = await convertRecording(csvOf(""), path, { verify: true });
    expect(events).toBe(0);
    expect(bytes).toBeGreaterThan(0);
    expect(reportOf(await loadTable(path))).toMatchObject({ events: 0, assumptions: [] });
  });

  it("has OFF as -1 where that is asked for, and is read all the same", async () => {
    for (const name of ["signed.csv", "signed.txt"]) {
      const path = join(folder, name);
      const options = { polarityEncoding: "minus-one-one", verify: true } as const;
      await convertRecording(csvOf("1,2,3,0\n1,2,4,1\n"), path, options);
      expect(readFileSync(path, "utf8")).toMatch(/-1\n.*[ ,]1\n$/);
    }
  });

  it("tells what it has no place for", async () => {
    const events = { length: 1, x: [1], y: [2], t: [3n], polarity: [1] };
    const bytes = await encodeEvt2(
      {
        length: events.length,
        x: Uint16Array.from(events.x),
        y: Uint16Array.from(events.y),
        t: BigInt64Array.from(events.t),
        polarity: Int8Array.from(events.polarity),
      },
      {
        geometry: { width: 640, height: 480 },
        triggers: {
          length: 1,
          t: BigInt64Array.of(5n),
          id: Int16Array.of(0),
          value: Uint8Array.of(1),
        },
      },
    );
    const sink = new MemorySink("a.txt");
    expect(await convertRecording(bytes, sink)).toMatchObject({
      format: "text",
      events: 1,
      triggersLeftOut: 1,
      geometryLeftOut: true,
    });
    expect(sink.bytes).toEqual(latin1Bytes("0.000003 1 2 1\n"));
  });

  itWithSharedData("holds a real recording", "openeb_xypt.csv", async (path, { digest }) => {
    for (const name of ["copy.csv", "copy.txt"]) {
      const copy = join(folder, name);
      const conversion = await convertRecording(path, copy, { verify: true });
      expect(conversion.digest).toBe(digest);
      expect((await digestEvents(copy)).digest).toBe(digest);
    }
  });
});
