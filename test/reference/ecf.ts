/**
 * Reference codec for ECF, the filter of Prophesee's HDF5 files, written from section 8.1 of the
 * format fact sheet. It exists to be checked by eye, not to be fast.
 */

/** An event as ECF knows it. */
export interface EcfEvent {
  t: bigint;
  x: number;
  y: number;
  p: number;
}

/** How coordinates and polarities are written: all together, x with p, or each by itself. */
export type EcfMode = "yxp" | "xp" | "runs";

/** Encodes a chunk. A time smaller than the one in front of it is written as that one. */
export function encodeEcfReference(events: readonly EcfEvent[], mode: EcfMode): Uint8Array {
  const out = new Bytes();
  // "u32: bits 31-2 = n, bit 1 = mode YXP, bit 0 = mode XP; then u64 t0 = first time"
  out.u32(events.length * 4 + (mode === "yxp" ? 2 : 0) + (mode === "xp" ? 1 : 0));
  out.u64(events[0]?.t ?? 0n);
  encodeTimes(out, events);
  if (mode === "yxp") {
    // "groups of 4 events in three u32: 24-bit values v = y<<12 | x<<1 | p"
    for (let at = 0; at < events.length; at += 4) {
      const [v0, v1, v2, v3] = [0, 1, 2, 3].map((index) => {
        const event = events[at + index];
        return event === undefined ? 0 : event.y * 4096 + event.x * 2 + event.p;
      }) as [number, number, number, number];
      out.u32(v0 * 256 + (v1 & 0xff));
      out.u32((v1 >> 8) * 65536 + (v2 & 0xffff));
      out.u32((v2 >> 16) * 16777216 + v3);
    }
    return out.take();
  }
  // "run-length: u16 with y in 15-5, count in 4-0; count 31 -> real count in next u16"
  for (const { value, count } of runsOf(events.map(({ y }) => y))) {
    out.u16(value * 32 + Math.min(count, 31));
    if (count >= 31) out.u16(count);
  }
  if (mode === "xp") {
    // "groups of 4 in three u16: v = x<<1 | p (12 bits)"
    for (let at = 0; at < events.length; at += 4) {
      const [v0, v1, v2, v3] = [0, 1, 2, 3].map((index) => {
        const event = events[at + index];
        return event === undefined ? 0 : event.x * 2 + event.p;
      }) as [number, number, number, number];
      out.u16(v0 * 16 + (v1 & 0xf));
      out.u16((v1 >> 4) * 256 + (v2 & 0xff));
      out.u16((v2 >> 8) * 4096 + v3);
    }
    return out.take();
  }
  // "u16: x in 15-5, mask 4-0; bit (4-j) set means another event at x + j + 1"
  for (let at = 0; at < events.length; ) {
    const { x } = events[at++] as EcfEvent;
    let mask = 0;
    for (let j = 0; j < 5; j++) {
      if (events[at]?.x !== x + j + 1) continue;
      mask |= 1 << (4 - j);
      at++;
    }
    out.u16(x * 32 + mask);
  }
  // "run-length bytes: p bit 7, count 6-0; count 127 -> next u16"
  for (const { value, count } of runsOf(events.map(({ p }) => p))) {
    out.u8(value * 128 + Math.min(count, 127));
    if (count >= 127) out.u16(count);
  }
  return out.take();
}

/**
 * "byte with high nibble d = 0..14: t += d, then `count` = low nibble events at t; low nibble 15 ->
 * real count in the next u16. High nibble 15 = escape: consecutive bytes F? give nibbles, least
 * significant first, of a delta that is added to t; the next non-F byte is a normal one"
 */
function encodeTimes(out: Bytes, events: readonly EcfEvent[]): void {
  let t = events[0]?.t ?? 0n;
  const times: bigint[] = [];
  let latest = t;
  for (const event of events) {
    if (event.t > latest) latest = event.t;
    times.push(latest);
  }
  for (const { value, count } of runsOf(times)) {
    let delta = value - t;
    if (delta > 14n) {
      for (; delta > 0n; delta >>= 4n) out.u8(0xf0 + Number(delta & 15n));
    }
    out.u8(Number(delta) * 16 + Math.min(count, 15));
    if (count >= 15) out.u16(count);
    t = value;
  }
}

/** Decodes a chunk. */
export function decodeEcfReference(bytes: Uint8Array): EcfEvent[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const header = view.getUint32(0, true);
  const n = header >>> 2;
  let t = view.getBigInt64(4, true);
  let at = 12;
  const u8 = (): number => view.getUint8(at++);
  const u16 = (): number => {
    at += 2;
    return view.getUint16(at - 2, true);
  };
  const u32 = (): number => {
    at += 4;
    return view.getUint32(at - 4, true);
  };

  const ts: bigint[] = [];
  while (ts.length < n) {
    let byte = u8();
    for (let shift = 0n; byte >= 0xf0; shift += 4n) {
      t += BigInt(byte & 15) << shift;
      byte = u8();
    }
    t += BigInt(byte >> 4);
    const count = (byte & 15) === 15 ? u16() : byte & 15;
    for (let index = 0; index < count; index++) ts.push(t);
  }

  const [xs, ys, ps]: [number[], number[], number[]] = [[], [], []];
  const isYxp = (header & 2) !== 0;
  const isXp = (header & 1) !== 0;
  if (isYxp) {
    while (ys.length < n) {
      const [w0, w1, w2] = [u32(), u32(), u32()];
      const v1 = (w0 & 0xff) | ((w1 >>> 16) << 8);
      const v2 = (w1 & 0xffff) | ((w2 >>> 24) << 16);
      for (const v of [w0 >>> 8, v1, v2, w2 & 0xffffff]) {
        ys.push(v >> 12);
        xs.push((v >> 1) & 0x7ff);
        ps.push(v & 1);
      }
    }
  } else {
    while (ys.length < n) {
      const word = u16();
      const count = (word & 31) === 31 ? u16() : word & 31;
      for (let index = 0; index < count; index++) ys.push(word >> 5);
    }
  }
  if (!isYxp && isXp) {
    while (xs.length < n) {
      const [w0, w1, w2] = [u16(), u16(), u16()];
      const v1 = (w0 & 0xf) | ((w1 >> 8) << 4);
      const v2 = (w1 & 0xff) | ((w2 >> 12) << 8);
      for (const v of [w0 >> 4, v1, v2, w2 & 0xfff]) {
        xs.push(v >> 1);
        ps.push(v & 1);
      }
    }
  } else if (!isYxp) {
    while (xs.length < n) {
      const word = u16();
      const x = word >> 5;
      xs.push(x);
      for (let j = 0; j < 5; j++) if (((word >> (4 - j)) & 1) === 1) xs.push(x + j + 1);
    }
    while (ps.length < n) {
      const byte = u8();
      const count = (byte & 127) === 127 ? u16() : byte & 127;
      for (let index = 0; index < count; index++) ps.push(byte >> 7);
    }
  }
  return ts.slice(0, n).map((time, index) => ({
    t: time,
    x: xs[index] as number,
    y: ys[index] as number,
    p: ps[index] as number,
  }));
}

/** Values that are the same, one behind the other. */
function runsOf<T>(values: readonly T[]): { value: T; count: number }[] {
  const runs: { value: T; count: number }[] = [];
  for (const value of values) {
    const last = runs.at(-1);
    if (last?.value === value) last.count++;
    else runs.push({ value, count: 1 });
  }
  return runs;
}

/** Puts little-endian numbers together. */
class Bytes {
  readonly #bytes: number[] = [];

  u8(value: number): void {
    this.#bytes.push(value);
  }

  u16(value: number): void {
    this.u8(value % 256);
    this.u8(Math.floor(value / 256));
  }

  u32(value: number): void {
    this.u16(value % 65536);
    this.u16(Math.floor(value / 65536));
  }

  u64(value: bigint): void {
    const wide = BigInt.asUintN(64, value);
    this.u32(Number(wide % 2n ** 32n));
    this.u32(Number(wide / 2n ** 32n));
  }

  take(): Uint8Array {
    return Uint8Array.from(this.#bytes);
  }
}
