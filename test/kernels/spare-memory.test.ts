import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { EventMemory } from "../../src/kernels/event-memory.ts";
import { keepSpareMemory, takeSpareMemory } from "../../src/kernels/spare-memory.ts";
import { loadTable } from "../../src/node.ts";
import { sample } from "../support/samples.ts";

const PAGE_BYTES = 65536;
const memoryOf = (pages: number) => new WebAssembly.Memory({ initial: pages, maximum: pages });

/** Takes all that other tests have left. */
function takeAll(): WebAssembly.Memory[] {
  const all: WebAssembly.Memory[] = [];
  for (let memory = takeSpareMemory(0); memory !== undefined; memory = takeSpareMemory(0)) {
    all.push(memory);
  }
  return all;
}

beforeEach(() => void takeAll());
afterEach(() => void takeAll());

describe("a spare memory", () => {
  it("is the smallest that is large enough, and is given once", () => {
    const [small, middle, large] = [memoryOf(1), memoryOf(3), memoryOf(9)];
    for (const memory of [large, small, middle]) keepSpareMemory(memory);
    expect(takeSpareMemory(2 * PAGE_BYTES)).toBe(middle);
    expect(takeSpareMemory(2 * PAGE_BYTES)).toBe(large);
    expect(takeSpareMemory(2 * PAGE_BYTES)).toBeUndefined();
    expect(takeSpareMemory(PAGE_BYTES)).toBe(small);
    expect(takeSpareMemory(0)).toBeUndefined();
  });

  it("makes room for others beyond 16 MiB, those kept longest first", () => {
    const memories = [100, 100, 100].map(memoryOf);
    for (const memory of memories) keepSpareMemory(memory);
    expect(new Set(takeAll())).toEqual(new Set(memories.slice(1)));
    keepSpareMemory(memories[0] as WebAssembly.Memory);
    keepSpareMemory(memoryOf(257)); // more than all that is kept
    expect(takeAll()).toEqual([memories[0]]);
  });

  it("is as a fresh one wherever something counts on that", () => {
    const memory = memoryOf(40);
    new Uint8Array(memory.buffer).fill(0xa5);
    keepSpareMemory(memory);
    const size = { inputBytes: 1000, tileEvents: 100, outputBytes: 300, sieveBytes: 500 };
    const fresh = new EventMemory({ ...size, scratchBytesPerEvent: 24, isShared: true });
    const reused = new EventMemory({ ...size, scratchBytesPerEvent: 24 });
    expect(reused.memory).toBe(memory);
    expect(reused.byteLength).toBe(fresh.byteLength);
    const [firstInput] = reused.inputs;
    const [bytes, expected] = [reused, fresh].map(({ memory }) => new Uint8Array(memory.buffer));
    const front = firstInput.byteOffset;
    expect(bytes?.slice(0, front)).toEqual(expected?.slice(0, front));
    for (const part of ["scratch", "output", "sieve", "rejected"] as const) {
      expect(Array.from(reused[part])).toEqual(Array.from(fresh[part]));
    }
  });

  it("is left but once, and not where threads share it", () => {
    const size = { inputBytes: 64, tileEvents: 64 };
    const memory = new EventMemory(size);
    memory.release();
    memory.release();
    expect(takeAll()).toEqual([memory.memory]);
    new EventMemory({ ...size, isShared: true }).release();
    expect(takeAll()).toEqual([]);
  });

  it("is what a load leaves behind, and takes", async () => {
    const { path } = sample("falling-bar.evt2.raw");
    const first = await loadTable(path);
    const [memory, ...others] = takeAll();
    expect([memory, others]).toEqual([expect.any(WebAssembly.Memory), []]);
    new Uint8Array((memory as WebAssembly.Memory).buffer).fill(0xa5);
    keepSpareMemory(memory as WebAssembly.Memory);
    expect((await loadTable(path)).toString()).toBe(first.toString());
    expect(takeAll()).toEqual([memory]);
  });
});
