/**
 * A reader of compact containers written from `docs/container.md` alone, for files that are whole: one
 * plain loop after the other, and a sentence for whatever is wrong. It shares no code with `src`.
 */
import { createHash } from "node:crypto";
import { brotliDecompressSync, crc32, inflateSync } from "node:zlib";
import { decompress } from "fzstd";

/** Everything that a container holds. */
export interface ReferenceContainer {
  readonly width: number;
  readonly height: number;
  /** What OFF is: 0 or -1. */
  readonly off: 0 | -1;
  /** The columns that there are; the values of others are 0. */
  readonly columns: ("x" | "y" | "t" | "polarity")[];
  readonly x: number[];
  readonly y: number[];
  readonly t: bigint[];
  /** 1 for ON, 0 for OFF. */
  readonly p: number[];
  readonly triggers: { t: bigint; id: number; value: number }[];
  readonly metadata: Record<string, unknown>;
  readonly chunks: { count: number; modes: [number, number, number]; codecs: number[] }[];
}

const text = (file: Buffer, at: number, length: number): string =>
  file.toString("latin1", at, at + length);

function must(condition: boolean, problem: string): asserts condition {
  if (!condition) throw new Error(problem);
}

/** Reads a whole container. */
export function readReferenceContainer(bytes: Uint8Array): ReferenceContainer {
  const file = Buffer.from(bytes);
  must(file.length >= 64 + 96, "too short");
  must(file.subarray(0, 8).equals(Buffer.from("\x89EVB\r\n\x1a\n", "latin1")), "magic");
  must(file.readUInt16LE(8) === 1, "major version");
  must(crc32(file.subarray(0, 60)) === file.readUInt32LE(60), "checksum of the header");
  const flags = file.readUInt32LE(12);
  must(flags >>> 18 === 0, "unknown flag");
  const leftOut = file.readUInt8(52);
  must(leftOut < 15 && ((flags >>> 17) & 1) === (leftOut === 0 ? 0 : 1), "columns left out");
  const codec = file.readUInt8(48);
  must(codec <= 3 && ((flags >>> 16) & 1) === (codec === 0 ? 0 : 1), "compression");
  must(file.readUInt8(50) === 0, "unit of time");
  const checksums = file.readUInt8(51);
  must(checksums <= 2, "kind of checksums");

  /** The payload of the segment at `at`; of a chunk, the CRC-32 covers its first `covered` bytes. */
  const segment = (tag: string, at: number, coveredBy?: (payload: Buffer) => number): Buffer => {
    must(at % 8 === 0 && at + 16 <= file.length, `place of ${tag}`);
    must(text(file, at, 4) === tag, `tag ${tag}`);
    const length = Number(file.readBigUInt64LE(at + 8));
    must(length % 8 === 0 && at + 16 + length <= file.length, `length of ${tag}`);
    const payload = file.subarray(at + 16, at + 16 + length);
    const covered = payload.subarray(0, coveredBy?.(payload) ?? length);
    let crc = crc32(file.subarray(at, at + 4));
    crc = crc32(file.subarray(at + 8, at + 16), crc);
    crc = crc32(covered, crc);
    must(file.readUInt32LE(at + 4) === (checksums === 0 ? 0 : crc), `checksum of ${tag}`);
    return payload;
  };

  const trailerAt = file.length - 96;
  const trailer = segment("TRLR", trailerAt);
  const place = (at: number): number => Number(trailer.readBigUInt64LE(at));
  must(place(0) === file.length, "length of the file");
  must(text(trailer, 72, 8) === "\n\x1a\n\rBVE\x89", "tail magic");

  const metaPayload = segment("META", place(8));
  const metadata = JSON.parse(metaPayload.toString("utf8", 8, 8 + metaPayload.readUInt32LE(0)));
  const statistics = segment("STAT", place(16));
  const index = segment("INDX", place(24));
  must((place(32) === 0) === checksums < 2, "digest there or not");
  if (checksums === 2) {
    const digest = segment("SHA2", place(32));
    const covered = file.subarray(Number(digest.readBigUInt64LE(0)), place(32));
    const found = createHash("sha256").update(covered).digest();
    must(found.equals(digest.subarray(8, 40)), "digest");
  }

  const out: ReferenceContainer = {
    width: file.readUInt32LE(40),
    height: file.readUInt32LE(44),
    off: file.readUInt8(49) === 1 ? -1 : 0,
    columns: (["x", "y", "t", "polarity"] as const).filter((_, bit) => !((leftOut >> bit) & 1)),
    ...{ x: [], y: [], t: [], p: [], triggers: [], metadata, chunks: [] },
  };
  const chunkCount = Number(index.readBigUInt64LE(0));
  for (let chunk = 0; chunk < chunkCount; chunk++) {
    const entry = index.subarray(16 + chunk * 72, 88 + chunk * 72);
    const at = Number(entry.readBigUInt64LE(0));
    const payload = segment("CHNK", at, (head) => 64 + 16 * head.readUInt8(7));
    must(payload.length + 16 === entry.readUInt32LE(20), "bytes of a chunk");
    must(entry.readUInt32LE(16) === payload.readUInt32LE(0), "events of a chunk");
    must(entry.subarray(24, 64).equals(payload.subarray(8, 48)), "index and chunk");
    must(entry.readUInt32LE(64) === payload.readUInt32LE(48), "ON of a chunk");
    must(Number(payload.readBigUInt64LE(56)) === out.x.length, "events in front of a chunk");
    must(Number(entry.readBigUInt64LE(8)) === out.x.length, "events in front of a chunk");
    readChunk(payload, codec, checksums, out);
  }
  const triggerCount = Number(index.readBigUInt64LE(8));
  for (let number = 0; number < triggerCount; number++) {
    const at = 16 + chunkCount * 72 + number * 32;
    readTriggers(segment("TRIG", Number(index.readBigUInt64LE(at))), codec, out);
  }
  const has = (name: (typeof out.columns)[number]): boolean => out.columns.includes(name);
  must(has("x") || out.x.every((value) => value === 0), "x that is left out");
  must(has("y") || out.y.every((value) => value === 0), "y that is left out");
  must(has("t") || out.t.every((value) => value === 0n), "t that is left out");
  must(has("polarity") || out.p.every((value) => value === 0), "p that is left out");
  must(Number(statistics.readBigUInt64LE(0)) === out.x.length, "events of the statistics");
  must(
    Number(statistics.readBigUInt64LE(8)) === out.p.filter(Boolean).length,
    "ON of the statistics",
  );
  must(Number(statistics.readBigUInt64LE(56)) === chunkCount, "chunks of the statistics");
  must(
    Number(statistics.readBigUInt64LE(64)) === out.triggers.length,
    "triggers of the statistics",
  );
  return out;
}

function undo(codec: number, own: number, stored: Buffer, size: number): Buffer {
  if (codec === 4) return Buffer.alloc(size, stored[0]);
  if (codec === 0) return stored;
  must(codec === own, "codec of a stream");
  let raw: Uint8Array;
  if (codec === 1) {
    // A frame that declares its content size: any size but that of no size and no single segment.
    must((stored[4] as number) >= 32, "content size of a frame");
    raw = decompress(stored);
  } else {
    raw = codec === 2 ? inflateSync(stored) : brotliDecompressSync(stored);
  }
  must(raw.length === size, "raw size of a stream");
  return Buffer.from(raw);
}

function readChunk(
  payload: Buffer,
  codec: number,
  checksums: number,
  out: ReferenceContainer,
): void {
  const n = payload.readUInt32LE(0);
  const [timeMode, pixelMode, polarityMode] = [4, 5, 6].map((at) => payload.readUInt8(at)) as [
    number,
    number,
    number,
  ];
  const streams = new Map<number, Buffer>();
  const codecs: number[] = [];
  const streamCount = payload.readUInt8(7);
  let at = 64 + 16 * streamCount;
  for (let line = 64; line < 64 + 16 * streamCount; line += 16) {
    const stored = payload.readUInt32LE(line + 4);
    const end = at + Math.ceil(stored / 8) * 8;
    const crc = checksums === 0 ? 0 : crc32(payload.subarray(at, end));
    must(crc === payload.readUInt32LE(line + 12), "checksum of a stream");
    const bytes = payload.subarray(at, at + stored);
    const number = payload.readUInt8(line + 1);
    codecs.push(number);
    streams.set(
      payload.readUInt8(line),
      undo(number, codec, bytes, payload.readUInt32LE(line + 8)),
    );
    at = end;
  }
  must(at === payload.length, "end of a chunk");
  const stream = (id: number): Buffer => {
    const found = streams.get(id);
    must(found !== undefined, `stream ${id}`);
    return found;
  };

  const t: bigint[] = [];
  const steps = stream(1);
  const planes = streams.get(3) ?? Buffer.alloc(0);
  const large = planes.length / 8;
  let taken = 0;
  const stepAt = (index: number): bigint => {
    const byte = steps[index] as number;
    if (byte < 255) return BigInt(byte);
    let step = 0n;
    for (let plane = 7; plane >= 0; plane--) {
      step = (step << 8n) | BigInt(planes[plane * large + taken] as number);
    }
    taken++;
    return step;
  };
  let time = payload.readBigInt64LE(8);
  if (timeMode === 1) {
    const sizes = stream(2);
    for (let group = 0; group < sizes.length; group++) {
      time = BigInt.asIntN(64, time + stepAt(group));
      for (let event = 0; event <= (sizes[group] as number); event++) t.push(time);
    }
  } else {
    for (let event = 0; event < n; event++) {
      const step = stepAt(event);
      const signed = (step >> 1n) ^ -(step & 1n);
      time = BigInt.asIntN(64, time + (timeMode === 2 ? signed : step));
      t.push(time);
    }
  }
  must(t.length === n && taken === large, "times");
  must(t[0] === payload.readBigInt64LE(8) && t[n - 1] === payload.readBigInt64LE(16), "t");

  const isWide = pixelMode === 128;
  const values = (id: number, shift: number, isLow: boolean): number[] => {
    const bytes = stream(id);
    const nibbles = stream(6);
    return Array.from(bytes, (byte, index) => {
      const nibble = ((nibbles[index] as number) >> shift) & 15;
      return isLow ? 16 * byte + nibble : byte + 256 * nibble;
    });
  };
  const axis = (v: number[], transform: number, goesOn: (index: number) => boolean): number[] => {
    const result: number[] = [];
    for (const [index, value] of v.entries()) {
      const before = result[index - 1] ?? 0;
      if (transform === 1) result.push((before + ((value >> 1) ^ -(value & 1))) & 4095);
      else if (transform === 2 && goesOn(index)) result.push((before + value) & 4095);
      else result.push(value);
    }
    return result;
  };
  const wide = (low: number, high: number): number[] =>
    Array.from(stream(low), (byte, index) => byte + 256 * (stream(high)[index] as number));
  const y = isWide
    ? wide(5, 8)
    : axis(values(5, 4, (pixelMode & 16) !== 0), (pixelMode >> 3) & 1, () => false);
  const bits = stream(9);
  const bit = (index: number): number => ((bits[index >> 3] as number) >> (index & 7)) & 1;
  const p: number[] = [];
  const readX = (): number[] =>
    isWide
      ? wide(4, 7)
      : axis(values(4, 0, (pixelMode & 4) !== 0), pixelMode & 3, (index) => {
          return index > 0 && y[index] === y[index - 1] && p[index] === p[index - 1];
        });
  const early = polarityMode === 1 ? readX() : null;
  const cells = new Map<string, number>();
  for (let index = 0; index < n; index++) {
    let before = 0;
    const cell = `${(early?.[index] ?? 0) >> 2} ${(y[index] as number) >> 2}`;
    if (polarityMode === 1) before = cells.get(cell) ?? 0;
    if (polarityMode === 2 && index > 0 && y[index] === y[index - 1]) before = p[index - 1] ?? 0;
    p.push(bit(index) ^ before);
    cells.set(cell, p[index] as number);
  }
  for (let index = n; index < bits.length * 8; index++) must(bit(index) === 0, "bits behind p");
  const x = early ?? readX();
  must(Math.min(...x) === payload.readUInt16LE(40), "least x");
  must(Math.max(...x) === payload.readUInt16LE(42), "greatest x");
  must(Math.min(...y) === payload.readUInt16LE(44), "least y");
  must(Math.max(...y) === payload.readUInt16LE(46), "greatest y");
  must(p.filter(Boolean).length === payload.readUInt32LE(48), "ON");
  for (let index = 0; index < n; index++) {
    out.x.push(x[index] as number);
    out.y.push(y[index] as number);
    out.t.push(t[index] as bigint);
    out.p.push(p[index] as number);
  }
  out.chunks.push({ count: n, modes: [timeMode, pixelMode, polarityMode], codecs });
}

function readTriggers(payload: Buffer, codec: number, out: ReferenceContainer): void {
  const rows = payload.readUInt32LE(0);
  const columnCount = payload.readUInt32LE(4);
  must(Number(payload.readBigUInt64LE(8)) === out.triggers.length, "triggers in front");
  const columns = new Map<string, Buffer>();
  let at = 16 + 24 * columnCount;
  for (let line = 16; line < 16 + 24 * columnCount; line += 24) {
    const stored = payload.readUInt32LE(line + 12);
    const raw = payload.readUInt32LE(line + 16);
    const name = text(payload, line, 8).replace(/\0+$/, "");
    columns.set(
      name,
      undo(payload.readUInt8(line + 9), codec, payload.subarray(at, at + stored), raw),
    );
    at += Math.ceil(stored / 8) * 8;
  }
  for (let row = 0; row < rows; row++) {
    out.triggers.push({
      t: columns.get("t")?.readBigInt64LE(row * 8) ?? 0n,
      id: columns.get("id")?.readInt16LE(row * 2) ?? 0,
      value: columns.get("value")?.readUInt8(row) ?? 0,
    });
  }
}
