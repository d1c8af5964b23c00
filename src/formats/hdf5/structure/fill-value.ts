import { OLD_FILL_VALUE_MESSAGE } from "../layout.ts";
import type { Block } from "./block.ts";

/**
 * Reads the value of elements that were never written.
 *
 * @param type - of the message
 * @returns its bytes; null for zeros
 */
export function readFillValue(block: Block, type: number): Uint8Array | null {
  if (type === OLD_FILL_VALUE_MESSAGE) return storedValue(block);
  const version = block.version(1, 2, 3);
  if (version === 3) {
    const flags = block.u8();
    return flags & 0x20 ? storedValue(block) : null;
  }
  block.skip(2); // when space is allocated and filled
  const isDefined = block.u8() !== 0;
  return isDefined ? storedValue(block) : null;
}

function storedValue(block: Block): Uint8Array | null {
  const length = block.u32();
  return length === 0 ? null : block.take(length).slice();
}
