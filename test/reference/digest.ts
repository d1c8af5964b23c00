import { createHash } from "node:crypto";

const EVENT_BYTES = 13;

/**
 * The digest of section 18 of the format fact sheet: "first 16 hex digits of SHA-256 over events
 * packed as i64 t, u16 x, u16 y, u8 p (13 bytes, LE, file order, no shift)".
 */
export function referenceDigest(
  events: readonly { t: bigint; x: number; y: number; p: number }[],
): string {
  const packed = new DataView(new ArrayBuffer(events.length * EVENT_BYTES));
  let offset = 0;
  for (const event of events) {
    packed.setBigInt64(offset, event.t, true);
    packed.setUint16(offset + 8, event.x, true);
    packed.setUint16(offset + 10, event.y, true);
    packed.setUint8(offset + 12, event.p);
    offset += EVENT_BYTES;
  }
  return createHash("sha256").update(packed).digest("hex").slice(0, 16);
}
