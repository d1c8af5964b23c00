import { afterEach, describe, expect, it, vi } from "vitest";
import { type LoadOptions, loadTable } from "../../src/node.ts";
import { platform } from "../../src/platform/node.ts";
import { columnsOf, expectSameColumns } from "../support/expected-load.ts";
import { longRecording } from "../support/long-recording.ts";

/** The platform, of which Node has the method. */
const node = platform as { touchMemory: NonNullable<typeof platform.touchMemory> };

afterEach(() => void vi.restoreAllMocks());

/** Writes to the memory late, and what no event is. Returns how many bytes it was asked for each time. */
function touchLate(): number[] {
  const asked: number[] = [];
  vi.spyOn(node, "touchMemory").mockImplementation(async (rooms) => {
    asked.push(rooms.reduce((sum, { byteLength }) => sum + byteLength, 0));
    await new Promise((resolve) => setTimeout(resolve, 5));
    for (const room of rooms) room.fill(0xaa);
  });
  return asked;
}

describe("the memory of a table, readied while events are decoded", () => {
  it.each<LoadOptions>([
    { mode: "direct" },
    { mode: "chunked" },
    { mode: "chunked", columns: ["t", "x"] },
    { threads: 2 },
    { memoryLimitBytes: 100_000_000 },
  ])("holds the events, %j", async (options) => {
    const bytes = longRecording(6_000_000);
    const plain = vi.spyOn(node, "touchMemory").mockResolvedValue(undefined);
    const expected = columnsOf(await loadTable(bytes, options));
    plain.mockRestore();
    const asked = touchLate();
    const table = await loadTable(bytes, options);
    expectSameColumns(columnsOf(table), expected);
    expect(Math.max(...asked)).toBeGreaterThan(2 ** 20);
  });

  it("is not asked for where there is little", async () => {
    const asked = touchLate();
    await loadTable(longRecording(300_000));
    expect(asked).toEqual([]);
  });
});
