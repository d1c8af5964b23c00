import { readU64, writeU64 } from "./fields.ts";
import {
  CHUNK_ENTRY,
  CHUNK_ENTRY_BYTES,
  type Checksums,
  HEADER_BYTES,
  INDEX,
  MAX_CHUNK_EVENTS,
  MAX_SEGMENT_TRIGGERS,
  SEGMENT_HEAD_BYTES,
  TRIGGER_ENTRY,
  TRIGGER_ENTRY_BYTES,
} from "./layout.ts";
import { damaged, type Place } from "./problems.ts";
import { createSegment, openSegment, payloadOf, sealed } from "./segment.ts";
import type { ChunkFacts } from "./stats.ts";

/** Where a chunk is, and what can be known of it without reading it. */
export interface ChunkEntry extends ChunkFacts {
  /** Offset in the file of its segment, and the bytes of that. */
  readonly offset: number;
  readonly bytes: number;
  /** Events in the chunks in front of it. */
  readonly firstRow: number;
}

/** Where a segment of triggers is. */
export interface TriggerEntry {
  readonly offset: number;
  readonly bytes: number;
  readonly firstRow: number;
  readonly count: number;
}

const SIDES = ["leastX", "greatestX", "leastY", "greatestY"] as const;
const TIMES = ["firstTime", "lastTime", "leastTime", "greatestTime"] as const;

/** Entries that are added one by one, 72 bytes for a chunk. */
export class IndexBuilder {
  #chunks = new DataView(new ArrayBuffer(64 * CHUNK_ENTRY_BYTES));
  #chunkCount = 0;
  readonly #triggers: TriggerEntry[] = [];

  /** @param index - what is there already */
  constructor(index?: ChunkIndex) {
    if (index === undefined) return;
    for (let chunk = 0; chunk < index.chunks; chunk++) this.addChunk(index.entry(chunk));
    this.#triggers.push(...index.triggers);
  }

  addChunk(entry: ChunkEntry): void {
    const at = this.#chunkCount * CHUNK_ENTRY_BYTES;
    if (at === this.#chunks.byteLength) {
      const larger = new Uint8Array(this.#chunks.byteLength * 2);
      larger.set(new Uint8Array(this.#chunks.buffer));
      this.#chunks = new DataView(larger.buffer);
    }
    writeChunkEntry(this.#chunks, at, entry);
    this.#chunkCount++;
  }

  /** Takes the chunk that was added last out again. */
  dropChunk(): void {
    this.#chunkCount--;
  }

  addTriggers(entry: TriggerEntry): void {
    this.#triggers.push(entry);
  }

  /** The index of what was added. */
  finish(): ChunkIndex {
    return new ChunkIndex(this.#chunks, 0, this.#chunkCount, this.#triggers);
  }
}

/** Where all chunks of a file are, and what is known of each: its index by row, time and region. */
export class ChunkIndex {
  /** Number of chunks. */
  readonly chunks: number;
  readonly triggers: readonly TriggerEntry[];
  readonly #view: DataView;
  readonly #start: number;

  constructor(view: DataView, start: number, chunks: number, triggers: readonly TriggerEntry[]) {
    this.#view = view;
    this.#start = start;
    this.chunks = chunks;
    this.triggers = triggers;
  }

  /** Events of all chunks. */
  get rows(): number {
    if (this.chunks === 0) return 0;
    const last = this.chunks - 1;
    return this.firstRow(last) + this.#view.getUint32(this.#at(last) + CHUNK_ENTRY.count, true);
  }

  /** What is known of chunk number `chunk`. */
  entry(chunk: number): ChunkEntry {
    const at = this.#at(chunk);
    const view = this.#view;
    const side = (name: (typeof SIDES)[number]) => view.getUint16(at + CHUNK_ENTRY[name], true);
    const time = (name: (typeof TIMES)[number]) => view.getBigInt64(at + CHUNK_ENTRY[name], true);
    return {
      offset: readU64(view, at + CHUNK_ENTRY.offset),
      bytes: view.getUint32(at + CHUNK_ENTRY.bytes, true),
      firstRow: readU64(view, at + CHUNK_ENTRY.firstRow),
      count: view.getUint32(at + CHUNK_ENTRY.count, true),
      on: view.getUint32(at + CHUNK_ENTRY.on, true),
      firstTime: time("firstTime"),
      lastTime: time("lastTime"),
      leastTime: time("leastTime"),
      greatestTime: time("greatestTime"),
      leastX: side("leastX"),
      greatestX: side("greatestX"),
      leastY: side("leastY"),
      greatestY: side("greatestY"),
    };
  }

  /** The row that a chunk begins with. */
  firstRow(chunk: number): number {
    return readU64(this.#view, this.#at(chunk) + CHUNK_ENTRY.firstRow);
  }

  /** Where the segment of a chunk begins in the file. */
  offset(chunk: number): number {
    return readU64(this.#view, this.#at(chunk) + CHUNK_ENTRY.offset);
  }

  /** Number of the chunk that holds a row, which there is. */
  chunkOf(row: number): number {
    let [low, high] = [0, this.chunks - 1];
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if (this.firstRow(middle) <= row) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  /**
   * Number of the first chunk with an event at or after a time; that of chunks when there is none. It
   * is right where times never go back.
   */
  chunkAt(time: bigint): number {
    let [low, high] = [0, this.chunks];
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      const at = this.#at(middle) + CHUNK_ENTRY.greatestTime;
      if (this.#view.getBigInt64(at, true) >= time) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  #at(chunk: number): number {
    return this.#start + chunk * CHUNK_ENTRY_BYTES;
  }

  /** Writes the segment `INDX`. */
  encode(checksums: Checksums): Uint8Array {
    const chunkBytes = this.chunks * CHUNK_ENTRY_BYTES;
    const triggerBytes = this.triggers.length * TRIGGER_ENTRY_BYTES;
    const segment = createSegment("INDX", INDEX.entries + chunkBytes + triggerBytes);
    const view = payloadOf(segment);
    writeU64(view, INDEX.chunks, this.chunks);
    writeU64(view, INDEX.triggers, this.triggers.length);
    for (let chunk = 0; chunk < this.chunks; chunk++) {
      writeChunkEntry(view, INDEX.entries + chunk * CHUNK_ENTRY_BYTES, this.entry(chunk));
    }
    for (const [index, entry] of this.triggers.entries()) {
      const at = INDEX.entries + chunkBytes + index * TRIGGER_ENTRY_BYTES;
      writeU64(view, at + TRIGGER_ENTRY.offset, entry.offset);
      writeU64(view, at + TRIGGER_ENTRY.firstRow, entry.firstRow);
      view.setUint32(at + TRIGGER_ENTRY.count, entry.count, true);
      view.setUint32(at + TRIGGER_ENTRY.bytes, entry.bytes, true);
    }
    return sealed(segment, checksums);
  }
}

function writeChunkEntry(view: DataView, at: number, entry: ChunkEntry): void {
  writeU64(view, at + CHUNK_ENTRY.offset, entry.offset);
  writeU64(view, at + CHUNK_ENTRY.firstRow, entry.firstRow);
  for (const name of ["count", "bytes", "on"] as const) {
    view.setUint32(at + CHUNK_ENTRY[name], entry[name], true);
  }
  for (const name of TIMES) view.setBigInt64(at + CHUNK_ENTRY[name], entry[name], true);
  for (const name of SIDES) view.setUint16(at + CHUNK_ENTRY[name], entry[name], true);
}

/**
 * Reads the segment `INDX`. Its entries are checked, so that whoever follows them stays inside the
 * file and reads nothing twice.
 *
 * @param place - of the segment, in front of which all chunks are
 * @throws EventError `damaged-data`
 */
export function decodeIndex(segment: Uint8Array, checkCrc: boolean, place: Place): ChunkIndex {
  const view = openSegment(segment, "INDX", checkCrc, place);
  const wrong = (problem: string, at: number, expected: string, found: string) =>
    damaged(`the index is damaged: ${problem}`, {
      path: place.path,
      byteOffset: place.byteOffset + SEGMENT_HEAD_BYTES + at,
      expected,
      found,
    });
  const room = view.byteLength - INDEX.entries;
  const chunks = room >= 0 ? readU64(view, INDEX.chunks) : 0;
  const triggers = room >= 0 ? readU64(view, INDEX.triggers) : 0;
  if (chunks * CHUNK_ENTRY_BYTES + triggers * TRIGGER_ENTRY_BYTES !== room) {
    const found = `${chunks} chunks and ${triggers} segments of triggers`;
    throw wrong("its counts are wrong", 0, `entries of ${room} bytes`, found);
  }
  const check = (at: number, entry: TriggerEntry, row: number, free: number, most: number) => {
    const { offset, bytes, count, firstRow } = entry;
    if (offset < free || offset % 8 !== 0 || bytes % 8 !== 0 || bytes <= SEGMENT_HEAD_BYTES) {
      throw wrong(
        "segments overlap",
        at,
        `a segment from byte ${free} on`,
        `${bytes} bytes at ${offset}`,
      );
    }
    if (!(offset + bytes <= place.byteOffset)) {
      const expected = `the end of a segment up to byte ${place.byteOffset}`;
      throw wrong("a segment is outside", at, expected, `${offset + bytes}`);
    }
    if (firstRow !== row || count < 1 || count > most) {
      const expected = `1 to ${most} rows from ${row} on`;
      throw wrong("rows are missing", at, expected, `${count} from ${firstRow} on`);
    }
  };
  const index = new ChunkIndex(view, INDEX.entries, chunks, triggerEntries(view, chunks, triggers));
  let [row, free] = [0, HEADER_BYTES];
  for (let chunk = 0; chunk < chunks; chunk++) {
    const entry = index.entry(chunk);
    check(INDEX.entries + chunk * CHUNK_ENTRY_BYTES, entry, row, free, MAX_CHUNK_EVENTS);
    row += entry.count;
    free = entry.offset + entry.bytes;
  }
  [row, free] = [0, HEADER_BYTES];
  for (const [number, entry] of index.triggers.entries()) {
    const at = INDEX.entries + chunks * CHUNK_ENTRY_BYTES + number * TRIGGER_ENTRY_BYTES;
    check(at, entry, row, free, MAX_SEGMENT_TRIGGERS);
    row += entry.count;
    free = entry.offset + entry.bytes;
  }
  return index;
}

function triggerEntries(view: DataView, chunks: number, triggers: number): TriggerEntry[] {
  const start = INDEX.entries + chunks * CHUNK_ENTRY_BYTES;
  return Array.from({ length: triggers }, (_, index) => {
    const at = start + index * TRIGGER_ENTRY_BYTES;
    return {
      offset: readU64(view, at + TRIGGER_ENTRY.offset),
      firstRow: readU64(view, at + TRIGGER_ENTRY.firstRow),
      count: view.getUint32(at + TRIGGER_ENTRY.count, true),
      bytes: view.getUint32(at + TRIGGER_ENTRY.bytes, true),
    };
  });
}
