import { describe, expect, it } from "vitest";
import { fill } from "../../src/source/cursor.ts";
import { InflatedSource, type Inflater } from "../../src/source/inflated.ts";
import { PieceSource } from "../support/sources.ts";

const bytes = Uint8Array.from({ length: 100 }, (_, index) => index);

function make(skip?: number) {
  const source = new PieceSource(bytes, () => 7, "a.gz");
  const inflater: Inflater = {
    next: (into) => source.next(into),
    bytesUsed: 42,
    damage: { kind: "trailing", byteOffset: 3, problem: "for the test" },
  };
  return new InflatedSource(source, { inflater, skip });
}

async function drain(source: InflatedSource): Promise<number[]> {
  const all = new Uint8Array(1000);
  return [...all.subarray(0, await fill(source, all))];
}

describe("InflatedSource", () => {
  it("gives what comes out, and has the name of the source", async () => {
    const inflated = make();
    expect(inflated.name).toBe("a.gz");
    expect([inflated.bytesUsed, inflated.damage?.kind]).toEqual([42, "trailing"]);
    expect(await drain(inflated)).toEqual([...bytes]);
    expect(await inflated.next(new Uint8Array(5))).toBe(0);
  });

  it("leaves out what is to be skipped, whatever the pieces", async () => {
    for (const skip of [0, 1, 6, 7, 8, 99, 100, 300]) {
      expect(await drain(make(skip))).toEqual([...bytes.slice(skip)]);
    }
  });

  it("gives back what was not meant to be read", async () => {
    const inflated = make();
    const head = new Uint8Array(20);
    await fill(inflated, head);
    inflated.unread(head.subarray(6));
    expect(await drain(inflated)).toEqual([...bytes.slice(6)]);
  });
});
