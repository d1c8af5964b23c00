/** Filters by themselves: against a plain loop each, and with payloads of no meaning. */
import { deflateSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { EcfDecoder } from "../../../src/formats/hdf5/filters/ecf-decoder.ts";
import { fletcher32, swappedFletcher32 } from "../../../src/formats/hdf5/filters/fletcher32.ts";
import { LzfDecoder } from "../../../src/formats/hdf5/filters/lzf-decoder.ts";
import { RecordKernel } from "../../../src/formats/hdf5/rows/record-kernel.ts";
import { lookup3 } from "../../../src/formats/hdf5/structure/checksum.ts";
import { platform as browser } from "../../../src/platform/browser.ts";
import { platform as node } from "../../../src/platform/node.ts";
import {
  decodeEcfReference,
  type EcfEvent,
  type EcfMode,
  encodeEcfReference,
} from "../../reference/ecf.ts";
import { expectSame } from "./files.ts";
import { lzfCompressed, shuffled } from "./values.ts";

const RUNS = { numRuns: Number(process.env.EVARROW_SOAK ?? 1) * 120 };

describe("ECF", () => {
  const MODES: EcfMode[] = ["runs", "xp", "yxp"];

  /** Events in runs of every length that has a code of its own, with steps of any size. */
  const events = fc
    .array(
      fc.record({
        step: fc.oneof(fc.constant(0n), fc.bigInt(0n, 14n), fc.bigInt(0n, 2n ** 40n)),
        x: fc.integer({ min: 0, max: 2047 }),
        y: fc.integer({ min: 0, max: 2047 }),
        p: fc.integer({ min: 0, max: 1 }),
        count: fc.oneof(fc.constantFrom(1, 14, 15, 16, 30, 31, 32, 126, 127, 128), fc.nat(4)),
        isRow: fc.boolean(),
      }),
      { maxLength: 40 },
    )
    .map((runs) => {
      const list: EcfEvent[] = [];
      let t = -5_000_000n;
      for (const { step, x, y, p, count, isRow } of runs) {
        t += step;
        for (let index = 0; index < count; index++) {
          list.push({ t, x: isRow ? Math.min(x + index, 2047) : x, y, p });
        }
      }
      return list;
    });

  function columnsOf(decoder: EcfDecoder, count: number): EcfEvent[] {
    const view = (offset: number, size: number): DataView => {
      const values = decoder.values(offset, 0, count);
      expect(values.byteLength).toBe(count * size);
      return new DataView(values.buffer, values.byteOffset, values.byteLength);
    };
    const [x, y, p, t] = [view(0, 2), view(2, 2), view(4, 2), view(8, 8)];
    return Array.from({ length: count }, (_, row) => ({
      t: t.getBigInt64(row * 8, true),
      x: x.getUint16(row * 2, true),
      y: y.getUint16(row * 2, true),
      p: p.getInt16(row * 2, true),
    }));
  }

  it("decodes as the reference does, in all modes", async () => {
    const decoder = await EcfDecoder.create();
    fc.assert(
      fc.property(events, fc.constantFrom(...MODES), (list, mode) => {
        const payload = encodeEcfReference(list, mode);
        expect(decodeEcfReference(payload)).toEqual(list);
        expect(decoder.decode(payload)).toBe(list.length);
        expect(columnsOf(decoder, list.length)).toEqual(list);
      }),
      RUNS,
    );
  });

  it("decodes the most events that there can be", async () => {
    const decoder = await EcfDecoder.create();
    for (const mode of MODES) {
      const list = Array.from({ length: 65535 }, (_, row): EcfEvent => {
        return { t: BigInt(row * 20), x: row % 1280, y: row % 720, p: row % 2 };
      });
      expect(decoder.decode(encodeEcfReference(list, mode))).toBe(65535);
      expect(columnsOf(decoder, 65535).at(-1)).toEqual(list.at(-1));
    }
    const header = Uint8Array.of(0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0); // 65536 events
    expect(decoder.decode(header)).toBeNull();
  });

  it("refuses a payload that is cut, and survives any other", async () => {
    const decoder = await EcfDecoder.create();
    fc.assert(
      fc.property(events, fc.constantFrom(...MODES), fc.nat(), (list, mode, seed) => {
        const payload = encodeEcfReference(list, mode);
        const cut = payload.slice(0, seed % payload.byteLength);
        expect(decoder.decode(cut)).toBeNull();
        const changed = payload.slice();
        changed[seed % changed.byteLength] = seed >> 8;
        const count = decoder.decode(changed);
        expect(count === null || (count >= 0 && count <= 65535)).toBe(true);
      }),
      RUNS,
    );
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (noise) => {
        const count = decoder.decode(noise);
        expect(count === null || (count >= 0 && count <= 65535)).toBe(true);
      }),
      RUNS,
    );
  });
});

describe("LZF", () => {
  const texts = fc
    .array(fc.tuple(fc.uint8Array({ maxLength: 50 }), fc.integer({ min: 1, max: 40 })), {
      maxLength: 12,
    })
    .map((parts) =>
      Uint8Array.from(
        parts.flatMap(([part, times]) => {
          return Array.from({ length: times }, () => [...part]).flat();
        }),
      ),
    );

  it("gives back what was compressed", async () => {
    const lzf = await LzfDecoder.create();
    fc.assert(
      fc.property(texts, (text) => {
        const compressed = lzfCompressed(text);
        expectSame(lzf.decode(compressed, text.byteLength) as Uint8Array, text);
        if (text.byteLength > 0) expect(lzf.decode(compressed, text.byteLength - 1)).toBeNull();
      }),
      RUNS,
    );
    for (let distance = 1; distance <= 40; distance++) {
      for (const length of [3, 8, 9, 15, 16, 17, 33, 264]) {
        const text = Uint8Array.from({ length: distance + length }, (_, at) => at % distance);
        expectSame(lzf.decode(lzfCompressed(text), text.byteLength) as Uint8Array, text);
      }
    }
  });

  it("refuses copies from in front of the start, and bytes that are missing", async () => {
    const lzf = await LzfDecoder.create();
    expect(lzf.decode(Uint8Array.of(0x20, 0), 100)).toBeNull();
    expect(lzf.decode(Uint8Array.of(0, 65, 0x20, 0), 100)).toEqual(Uint8Array.of(65, 65, 65, 65));
    expect(lzf.decode(Uint8Array.of(0, 65, 0x20, 1), 100)).toBeNull();
    for (const cut of [[5], [5, 1, 2], [0, 65, 0x20], [0, 65, 0xe0], [0, 65, 0xe0, 9]]) {
      expect(lzf.decode(Uint8Array.from(cut), 1000)).toBeNull();
    }
    expect(lzf.decode(new Uint8Array(), 10)).toEqual(new Uint8Array());
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.nat(500), (noise, most) => {
        expect(lzf.decode(noise, most)?.byteLength ?? 0).toBeLessThanOrEqual(most);
      }),
      RUNS,
    );
  });
});

describe("values out of chunks", () => {
  const places = fc
    .record({
      size: fc.constantFrom(1, 2, 4, 8),
      before: fc.nat(9),
      behind: fc.nat(9),
      columns: fc.integer({ min: 1, max: 5 }),
      column: fc.nat(4),
      isBigEndian: fc.boolean(),
      rows: fc.nat(300),
      part: fc.tuple(
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.double({ min: 0, max: 1, noNaN: true }),
      ),
    })
    .map((one) => ({ ...one, column: one.column % one.columns }));

  it("are those of a plain loop, shuffled and not", async () => {
    const kernel = await RecordKernel.create();
    fc.assert(
      fc.property(places, fc.boolean(), (choice, isLarge) => {
        const { size, before, behind, columns, column, isBigEndian, part } = choice;
        const rows = choice.rows * (isLarge ? 97 : 1);
        const element = before + size + behind;
        const stride = element * columns;
        const bytes = Uint8Array.from(
          { length: rows * stride },
          (_, at) => (at * 31 + (at >> 8)) & 255,
        );
        const place = { offset: column * element + before, stride, size, isBigEndian };
        const first = Math.floor(part[0] * rows);
        const count = Math.floor(part[1] * (rows - first));
        const expected = new Uint8Array(count * size);
        for (let row = 0; row < count; row++) {
          const at = place.offset + (first + row) * stride;
          const value = bytes.slice(at, at + size);
          expected.set(isBigEndian ? value.reverse() : value, row * size);
        }
        const found = new Uint8Array(count * size);
        kernel.copy(bytes, [{ place, into: found }], first, count, 0);
        expectSame(found, expected);
        found.fill(0);
        kernel.copyShuffled(shuffled(bytes, element), element, place, first, count, found);
        expectSame(found, expected);
        const other = { place: { ...place, offset: 0, size: 1 }, into: new Uint8Array(count) };
        found.fill(0);
        kernel.copy(bytes, [other, { place, into: found }], first, count, 0);
        expectSame(found, expected);
        for (let row = 0; row < count; row++) {
          if (other.into[row] !== bytes[(first + row) * stride]) throw new Error(`row ${row}`);
        }
      }),
      { numRuns: RUNS.numRuns / 4 },
    );
  });

  it("may stand further apart than the kernel has room", async () => {
    const kernel = await RecordKernel.create();
    const stride = 40_000;
    const bytes = Uint8Array.from({ length: 5 * stride }, (_, at) => at % 251);
    for (const isBigEndian of [false, true]) {
      const place = { offset: 39_990, stride, size: 8, isBigEndian };
      const found = new Uint8Array(24);
      kernel.copy(bytes, [{ place, into: found }], 1, 3, 0);
      const expected = [1, 2, 3].flatMap((row) => {
        const value = bytes.slice(row * stride + 39_990, row * stride + 39_998);
        return [...(isBigEndian ? value.reverse() : value)];
      });
      expect([...found]).toEqual(expected);
    }
  });
});

describe("checksums", () => {
  const text = (value: string): Uint8Array => new TextEncoder().encode(value);

  it("lookup3 gives what its author says", () => {
    expect(lookup3(text(""))).toBe(0xdeadbeef);
    expect(lookup3(text("Four score and seven years ago"))).toBe(0x17770551);
  });

  it("Fletcher-32 folds its sums", () => {
    // The same with big integers, folded once at the end: sums are modulo 65535.
    for (const length of [0, 1, 2, 3, 359, 360, 721, 5000, 70_001]) {
      const bytes = Uint8Array.from({ length }, (_, at) => 255 - (at % 7));
      let [first, second] = [0n, 0n];
      for (let at = 0; at < length; at += 2) {
        first += BigInt(((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0));
        second += first;
      }
      const fold = (sum: bigint): bigint => (sum === 0n ? 0n : ((sum - 1n) % 65535n) + 1n);
      expect(fletcher32(bytes)).toBe(Number((fold(second) << 16n) | fold(first)));
    }
    expect(swappedFletcher32(0x12345678)).toBe(0x34127856);
  });
});

describe.each([
  ["Node", node],
  ["browser", browser],
])("inflate (%s)", (_, platform) => {
  it("gives what was compressed, and no more than it may", async () => {
    for (const length of [0, 1, 5000, 32768, 32769, 1_000_000]) {
      const plain = Uint8Array.from({ length }, (_, at) => (at * at) >> 7);
      const compressed = Uint8Array.from(deflateSync(plain));
      const result = await platform.inflate(compressed, length);
      expectSame(result, plain);
      expect(result.constructor).toBe(Uint8Array);
      if (length === 0) continue;
      await expect((async () => platform.inflate(compressed, length - 1))()).rejects.toThrow();
      const cut = compressed.subarray(0, compressed.byteLength - 5);
      await expect((async () => platform.inflate(cut, length))()).rejects.toThrow();
      const bad = compressed.map((byte, at) => (at === 2 ? 0xff : byte));
      await expect((async () => platform.inflate(bad, length))()).rejects.toThrow();
    }
  });
});

describe("inflateInto", () => {
  const plain = Uint8Array.from({ length: 70_000 }, (_, at) => (at * at) >> 7);
  const compressed = Uint8Array.from(deflateSync(plain));

  it("gives what was compressed, in the memory that it is given, shared or not", () => {
    for (const memory of [new ArrayBuffer(80_000), new SharedArrayBuffer(80_000)]) {
      const into = new Uint8Array(memory, 8, 70_001);
      const result = node.inflateInto(compressed, into);
      // Null here means that this version of Node is made differently, and HDF5 loads at two thirds of the rate.
      expect(result).not.toBeNull();
      expect([result?.buffer, result?.byteOffset]).toEqual([memory, 8]);
      expectSame(result as Uint8Array, plain);
      expect(new Uint8Array(memory, 70_009).every((byte) => byte === 0)).toBe(true);
    }
  });

  it("leaves to others what is damaged, cut, or larger than the memory", () => {
    const into = new Uint8Array(70_001);
    const spoiled = compressed.map((byte, at) => (at === 30 ? byte ^ 0x55 : byte));
    const wrongSum = compressed.map((byte, at) => (at === compressed.length - 1 ? byte ^ 1 : byte));
    for (const bytes of [spoiled, wrongSum, compressed.subarray(0, -1), new Uint8Array(), into]) {
      expect(node.inflateInto(bytes, into)).toBeNull();
      expectSame(node.inflateInto(compressed, into) as Uint8Array, plain);
    }
    for (const room of [0, 1, 69_999]) {
      expect(node.inflateInto(compressed, into.subarray(0, room))).toBeNull();
    }
    expectSame(node.inflateInto(compressed, into) as Uint8Array, plain);
  });

  it("a browser has none", () => {
    expect(browser.inflateInto(compressed, new Uint8Array(70_001))).toBeNull();
    expect(browser.inflateAtOnce).toBe(0);
  });
});
