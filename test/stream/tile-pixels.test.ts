import { describe, expect, it } from "vitest";
import { EventMemory } from "../../src/kernels/event-memory.ts";
import * as layout from "../../src/kernels/layout.ts";
import { TilePixels } from "../../src/stream/tile-pixels.ts";

const GREATEST = 2 ** 32 - 1;

/** A tile of events of one pixel, as often as wanted, so many of them ON. */
async function onePixel(events: number, on: number) {
  const pixels = new TilePixels({ width: 70, height: 70 }, null);
  const memory = new EventMemory({ inputBytes: 64, tileEvents: events, outputBytes: pixels.bytes });
  memory.columns.x.fill(69);
  memory.columns.y.fill(1);
  memory.columns.polarity.fill(-1).fill(1, 0, on);
  memory.setTile(events);
  await pixels.add(memory, 0);
  pixels.settle();
  const sums = new Uint32Array(memory.memory.buffer, memory.field(layout.SUMS), 8192);
  const at = (1 * 64 + 5) * 2;
  return { pixels, memory, sums, at };
}

describe("the count of a pixel", () => {
  it.each([
    [1, 0],
    [254, 254],
    [255, 255],
    [256, 0],
    [511, 300],
  ])("is exact in many tiles of %i events, %i of them ON", async (events, on) => {
    const { pixels, memory, sums, at } = await onePixel(events, on);
    for (let tile = 0; tile < 9; tile++) await pixels.add(memory, 0);
    pixels.settle();
    pixels.settle(); // once is enough, twice does no harm
    expect([sums[at], sums[at + 1]]).toEqual([events * 10, on * 10]);
    expect(pixels.eventsAt(69, 1)).toBe(events * 10);
  });

  it.each([
    [GREATEST - 200, 7],
    [GREATEST - 100, 7],
    [GREATEST - 1, 7],
    [GREATEST, GREATEST],
  ])("stops at the greatest number and does not start again: %i, %i ON", async (events, on) => {
    const { pixels, memory, sums, at } = await onePixel(100, 60);
    sums.set([events, on], at);
    for (let tile = 0; tile < 9; tile++) {
      await pixels.add(memory, 0);
      pixels.settle();
    }
    expect(sums[at]).toBe(GREATEST);
    expect(sums[at + 1]).toBeGreaterThanOrEqual(on);
    expect(sums[at + 1]).toBeLessThanOrEqual(Math.min(on + 540, GREATEST));
    // Nothing of it reached the pixels beside.
    expect([...sums.subarray(0, at), ...sums.subarray(at + 2)].every((sum) => sum === 0)).toBe(
      true,
    );
  });
});

describe("the room for counts", () => {
  it("follows the sensor, and never what coordinates could be", () => {
    const MIB = 1024 * 1024;
    expect(new TilePixels({ width: 640, height: 480 }, null).bytes).toBeLessThan(4 * MIB);
    expect(new TilePixels({ width: 1280, height: 720 }, null).bytes).toBeLessThan(10 * MIB);
    const largest = new TilePixels(null, null).bytes;
    expect(largest).toBeLessThan(163 * MIB);
    expect(new TilePixels({ width: 65536, height: 65536 }, null).bytes).toBe(largest);
    expect(new TilePixels(null, 20).bytes).toBeLessThan(3 * MIB);
  });
});
