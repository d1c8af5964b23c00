import { existsSync, readdirSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { evt2Wasm } from "../../src/kernels/generated/evt2.ts";
import { instantiateKernel } from "../../src/kernels/kernel.ts";
import * as layout from "../../src/kernels/layout.ts";

const memory = (): WebAssembly.Memory => new WebAssembly.Memory({ initial: 1, maximum: 1 });

describe("instantiateKernel", () => {
  it("gives the functions of a kernel, over any memory", async () => {
    for (let round = 0; round < 2; round++) {
      const kernel = await instantiateKernel<{ decode: unknown }>(evt2Wasm, memory());
      expect(typeof kernel.decode).toBe("function");
    }
  });

  it("says so where a kernel cannot run", async () => {
    await expect(instantiateKernel(btoa("not wasm at all"), memory())).rejects.toMatchObject({
      code: "kernel-unavailable",
      cause: expect.any(Error),
    });
  });
});

describe("the shared memory", () => {
  it("has a place of its own for everything", () => {
    const places: [name: string, start: number, bytes: number][] = [
      ...(["WIDTH", "HEIGHT", "SIGNED_POLARITY", "TRIGGER_CAPACITY"] as const).map(four),
      ...(["X_COLUMN", "Y_COLUMN", "T_COLUMN", "POLARITY_COLUMN"] as const).map(four),
      ...(["TRIGGER_T_COLUMN", "TRIGGER_ID_COLUMN", "TRIGGER_VALUE_COLUMN"] as const).map(four),
      ["TIME_OFFSET", layout.TIME_OFFSET, 8],
      ...(["VARIANT", "EVENT_COUNT", "TRIGGER_COUNT", "SUBTYPES_END"] as const).map(four),
      ["CARRIED", layout.CARRIED, layout.CARRIED_BYTES],
      ["COUNTERS", layout.COUNTERS, layout.COUNTER_SLOTS * 4],
      ["FIRST_SEEN", layout.FIRST_SEEN, layout.COUNTER_SLOTS * 4],
      ...(["SUMMARY_ON", "SUMMARY_MIN_X", "SUMMARY_MAX_X"] as const).map(four),
      ...(["SUMMARY_MIN_Y", "SUMMARY_MAX_Y", "PACKED_ON"] as const).map(four),
      ["SUMMARY_MIN_T", layout.SUMMARY_MIN_T, 8],
      ["SUMMARY_MAX_T", layout.SUMMARY_MAX_T, 8],
    ];
    places.sort(([, a], [, b]) => a - b);
    let end = layout.STATE;
    for (const [name, start, bytes] of places) {
      expect(`${name} from ${Math.max(start, end)}`).toBe(`${name} from ${start}`);
      expect(start % Math.min(bytes, 8)).toBe(0);
      end = start + bytes;
    }
    expect(end).toBeLessThanOrEqual(layout.STATE + layout.STATE_BYTES);
  });

  it("has counters for every word type and every loss", () => {
    const slots = [
      layout.EVENTS_BEFORE_TIME_BASE,
      layout.TRIGGERS_BEFORE_TIME_BASE,
      layout.EVENTS_OUTSIDE_GEOMETRY,
      layout.BACKWARD_STEPS,
      layout.CLOCK_WRAPS,
    ];
    expect(new Set(slots).size).toBe(slots.length);
    for (const slot of slots) {
      expect(slot).toBeGreaterThanOrEqual(16); // the first ones count words by their type
      expect(slot).toBeLessThan(layout.COUNTER_SLOTS);
    }
  });

  it("is compiled from files that hold constants only", () => {
    // AssemblyScript reads them too, where a string or an object would be an allocation.
    expect(Object.values(layout).every((value) => Number.isSafeInteger(value))).toBe(true);
  });

  function four(name: keyof typeof layout): [string, number, number] {
    const constants = { ...layout };
    return [name, constants[name], 4];
  }
});

it("every format's layout holds integers only", async () => {
  const formats = new URL("../../src/formats/", import.meta.url);
  const folders = readdirSync(formats, { withFileTypes: true }).filter((entry) =>
    entry.isDirectory(),
  );
  expect(folders.map(({ name }) => name)).toContain("evt2");
  for (const { name } of folders) {
    if (!existsSync(new URL(`${name}/layout.ts`, formats))) continue; // no kernel of its own
    const module: object = await import(new URL(`${name}/layout.ts`, formats).href);
    for (const [key, value] of Object.entries(module)) {
      expect(`${name} ${key} ${Number.isSafeInteger(value)}`).toBe(`${name} ${key} true`);
    }
  }
});
