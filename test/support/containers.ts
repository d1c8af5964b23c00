/** Compact containers for tests, and changes to their bytes. */
import { crc32 } from "node:zlib";
import fc from "fast-check";
import type { ChunkModes } from "../../src/container/modes.ts";
import { type ContainerOptions, resolveSettings } from "../../src/container/settings.ts";
import { ContainerWriter } from "../../src/container/writer.ts";
import type { TriggerColumns } from "../../src/events/columns.ts";
import type { WholeEventColumns } from "../../src/events/from-table.ts";

/** An event for tests: x, y, t, and 1 or -1. */
export type PlainEvent = readonly [x: number, y: number, t: bigint, polarity: number];

export function columnsOf(events: readonly PlainEvent[]): WholeEventColumns {
  return {
    length: events.length,
    x: Uint16Array.from(events, ([x]) => x),
    y: Uint16Array.from(events, ([, y]) => y),
    t: BigInt64Array.from(events, ([, , t]) => t),
    polarity: Int8Array.from(events, ([, , , polarity]) => polarity),
  };
}

/** What a container is made of, beside its events. */
export interface ContainerParts {
  readonly options?: ContainerOptions;
  readonly modes?: ChunkModes | undefined;
  readonly triggers?: TriggerColumns;
  readonly geometry?: { width: number; height: number } | null;
  readonly metadata?: object;
}

/** The bytes of a container. */
export async function containerOf(
  columns: WholeEventColumns,
  { options = {}, modes, triggers, geometry = null, metadata = {} }: ContainerParts = {},
): Promise<Uint8Array<ArrayBuffer>> {
  const writer = new ContainerWriter(resolveSettings({ deterministic: true, ...options }), modes);
  const firstTime = columns.t[0] ?? 0n;
  const facts = { geometry, polarityEncoding: "minus-one-one", firstTime } as const;
  const pieces = [...writer.start(facts, 0)];
  pieces.push(...(await writer.add(columns, 0, columns.length)));
  if (triggers !== undefined) pieces.push(...(await writer.addTriggers(triggers)));
  pieces.push(...(await writer.finish(metadata)));
  return new Uint8Array(Buffer.concat(pieces));
}

/** Where every segment of a container begins, by its tag. */
export function segmentsOf(container: Uint8Array): { tag: string; at: number; bytes: number }[] {
  const file = Buffer.from(container.buffer, container.byteOffset, container.byteLength);
  const segments: { tag: string; at: number; bytes: number }[] = [];
  for (let at = 64; at < file.length; ) {
    const bytes = 16 + Number(file.readBigUInt64LE(at + 8));
    segments.push({ tag: file.toString("latin1", at, at + 4), at, bytes });
    at += bytes;
  }
  return segments;
}

/** The first segment with a tag. */
export function segmentOf(container: Uint8Array, tag: string): { at: number; bytes: number } {
  const found = segmentsOf(container).find((segment) => segment.tag === tag);
  if (found === undefined) throw new Error(`no ${tag}`);
  return found;
}

/** A container with other bytes in it, whose checksums are right all the same. */
export function changed(
  container: Uint8Array,
  change: (file: Buffer) => void,
): Uint8Array<ArrayBuffer> {
  const copy = new Uint8Array(container);
  const file = Buffer.from(copy.buffer);
  const segments = segmentsOf(copy);
  change(file);
  for (const { tag, at, bytes } of segments) {
    let covered = bytes - 16;
    if (tag === "CHNK") {
      const streams = file.readUInt8(at + 16 + 7);
      covered = Math.min(64 + 16 * streams, covered);
      let start = at + 16 + covered;
      for (let line = at + 80; line + 16 <= at + 16 + covered; line += 16) {
        const end = Math.min(start + Math.ceil(file.readUInt32LE(line + 4) / 8) * 8, at + bytes);
        file.writeUInt32LE(crc32(file.subarray(start, end)), line + 12);
        start = end;
      }
    }
    const head = crc32(file.subarray(at + 8, at + 16), crc32(file.subarray(at, at + 4)));
    file.writeUInt32LE(crc32(file.subarray(at + 16, at + 16 + covered), head), at + 4);
  }
  file.writeUInt32LE(crc32(file.subarray(0, 60)), 60);
  return copy;
}

/** Events of every kind: dense and sparse, in rows and anywhere, in order and not, up to any bit. */
export function anyEvents(most: number): fc.Arbitrary<PlainEvent[]> {
  const step = fc.oneof(
    { weight: 6, arbitrary: fc.constant(0n) },
    { weight: 6, arbitrary: fc.bigInt({ min: 0n, max: 300n }) },
    { weight: 1, arbitrary: fc.bigInt({ min: 0n, max: 2n ** 40n }) },
  );
  const event = (side: number, backwards: boolean) =>
    fc.tuple(
      fc.oneof(fc.integer({ min: 0, max: side }), fc.integer({ min: 0, max: Math.min(side, 40) })),
      fc.integer({ min: 0, max: side }),
      backwards ? fc.oneof(step, fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })) : step,
      fc.constantFrom(1, -1),
      fc.boolean(),
    );
  return fc
    .tuple(fc.constantFrom(3, 255, 4095, 65535), fc.boolean())
    .chain(([side, backwards]) => fc.array(event(side, backwards), { maxLength: most }))
    .map((draws) => {
      let time = 1000n;
      let row = 0;
      return draws.map(([x, y, t, polarity, isNewRow]): PlainEvent => {
        time = BigInt.asIntN(64, time + t);
        if (isNewRow) row = y;
        return [x, row, time, polarity];
      });
    });
}

/** Rows of a sensor that is read out from top to bottom, OFF in front of ON, from a fixed seed. */
export function rowScene(count: number, seed = 1): WholeEventColumns {
  const random = randomFrom(seed);
  const events: PlainEvent[] = [];
  let [time, x, y, polarity] = [5000n, 0, 0, -1];
  while (events.length < count) {
    x += 1 + Math.floor(random() * 300);
    if (x >= 1280) {
      if (polarity === -1) polarity = 1;
      else [y, polarity] = [(y + 1 + Math.floor(random() * 3)) % 720, -1];
      x = Math.floor(random() * 300);
      if (random() < 0.2) time += BigInt(Math.floor(random() * 20));
    }
    events.push([x, y, time, polarity]);
  }
  return columnsOf(events);
}

/** Numbers from 0 to 1 that are always the same. */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}
