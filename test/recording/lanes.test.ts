import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { evt3 } from "../../src/formats/evt3/decoder.ts";
import type { DecodeThread } from "../../src/platform/platform.ts";
import { fakeThread, inLanes, inOne, type LaneSetting, paces } from "../support/lanes.ts";
import { SOAK } from "../support/soak.ts";

const SAMPLES = [
  "falling-bar.evt2.raw",
  "falling-bar.evt21.raw",
  "falling-bar.evt3.raw",
  "falling-bar.dat",
  "falling-bar.csv",
  "clock-wrap.evt2.raw",
  "clock-wrap.evt3.raw",
] as const;
const read = (name: string): Uint8Array<ArrayBuffer> =>
  new Uint8Array(readFileSync(new URL(`../../data-samples/${name}`, import.meta.url)));

describe.each(SAMPLES)("lanes of %s", (name) => {
  const sample = read(name).subarray(0, 60_000);

  it.each([
    ["decoded by others at once", { delays: [0] }],
    ["decoded by others soon", { delays: [5, 30] }],
    ["decoded by others later", { delays: ["later"] }],
    ["decoded by nobody else", { delays: [null] }],
    ["decoded by all in turn", { delays: [null, 0, "later", 7], threads: 3 }],
    ["of a few bytes", { delays: [0, null, 4, "later"], partBytes: 40 }],
    ["of many bytes", { partBytes: 30_000 }],
    ["that are at hand", { delays: [0, 10, "later", null], isAtHand: true }],
  ] satisfies [string, LaneSetting][])("%s give what one thread gives", async (_, setting) => {
    const lanes = await inLanes(sample, {}, setting);
    const one = await inOne(sample, {});
    expect(lanes.rows.split("\n").length).toBeGreaterThan(1000);
    expect(lanes).toEqual(one);
  });

  it("are decoded by the calling thread when another one fails", async () => {
    const failing: DecodeThread = {
      ...fakeThread([null]),
      onError: (listener) => void setImmediate(() => listener(new Error("it cannot start"))),
    };
    expect(await inLanes(sample, {}, { others: [failing] })).toEqual(await inOne(sample, {}));
  });

  it("give the same of changed bytes, with every option", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.nat(), fc.uint8Array({ minLength: 1, maxLength: 12 })), {
          maxLength: 12,
        }),
        fc.record({
          delays: paces,
          threads: fc.integer({ min: 1, max: 3 }),
          partBytes: fc.integer({ min: 16, max: 4000 }),
          isAtHand: fc.boolean(),
        }),
        fc.record({
          rebase: fc.boolean(),
          strict: fc.boolean(),
          triggers: fc.boolean(),
          onMalformed: fc.constantFrom("skip" as const, "error" as const),
        }),
        async (changes, setting, options) => {
          const bytes = sample.slice(0, 12_000);
          const header = 400;
          for (const [at, change] of changes) {
            bytes.set(change, header + (at % (bytes.byteLength - header - change.byteLength)));
          }
          // How many events come in front of an error does not depend on the parts either.
          expect(await inLanes(bytes, options, setting)).toEqual(await inOne(bytes, options));
        },
      ),
      { numRuns: 25 * SOAK },
    );
  });
});

it("cuts parts of usual recordings as large as usual, of dense ones as a tile has room for", async () => {
  const sample = read("falling-bar.evt3.raw");
  const partBytesAt = async (eventsPerByte: number | null): Promise<number> => {
    const sizes: number[] = [];
    const onRead = (bytes: number) => void sizes.push(bytes);
    await inLanes(sample, {}, { partBytes: "usual", eventsPerByte, onRead });
    return Math.max(...sizes);
  };
  const usual = evt3.parts.partBytes;
  expect(await partBytesAt(null)).toBe(usual);
  expect(await partBytesAt(0)).toBe(usual);
  expect(await partBytesAt(0.3)).toBe(usual);
  expect(await partBytesAt(0.65)).toBe(usual / 2);
  expect(await partBytesAt(6)).toBe(65_536);
});

it("lanes without memory for them are an error that says so", async () => {
  const { Memory } = WebAssembly;
  const sample = read("falling-bar.evt3.raw");
  WebAssembly.Memory = class {
    constructor() {
      throw new RangeError("could not allocate memory");
    }
  } as unknown as typeof Memory;
  try {
    const { error } = await inLanes(sample, {}, {});
    expect(error).toMatchObject({ code: "memory-limit", hint: expect.stringContaining("threads") });
  } finally {
    WebAssembly.Memory = Memory;
  }
});
