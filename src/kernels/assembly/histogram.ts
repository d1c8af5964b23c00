// Adds the events of the tile to the counts of their pixels.
import {
  BLOCK_BITS,
  BLOCK_BYTES,
  BLOCK_COLUMNS,
  BLOCK_DIRECTORY,
  BLOCK_SIDE,
  BLOCKS,
  BLOCKS_MOST,
  BLOCKS_USED,
  EVENTS_WITHOUT_BLOCK,
  PIXEL_BYTES,
  POLARITY_COLUMN,
  X_COLUMN,
  Y_COLUMN,
} from "../layout";

/** Counts the first `count` events. */
export function countPixels(count: i32): void {
  const xs = load<u32>(X_COLUMN);
  const ys = load<u32>(Y_COLUMN);
  const polarities = load<u32>(POLARITY_COLUMN);
  const directory = load<u32>(BLOCK_DIRECTORY);
  const columns = load<u32>(BLOCK_COLUMNS);
  const blocks = load<u32>(BLOCKS) - BLOCK_BYTES; // the first one's number is 1
  let left = 0;
  for (let index = 0; index < count; index++) {
    const x: u32 = load<u16>(xs + (index << 1));
    const y: u32 = load<u16>(ys + (index << 1));
    const entry = directory + (((y >> BLOCK_BITS) * columns + (x >> BLOCK_BITS)) << 1);
    let block: u32 = load<u16>(entry);
    if (block === 0) {
      block = takeBlock(entry);
      if (block === 0) {
        left++;
        continue;
      }
    }
    const inRow = x & (BLOCK_SIDE - 1);
    const inBlock = ((y & (BLOCK_SIDE - 1)) << BLOCK_BITS) | inRow;
    const address = blocks + block * BLOCK_BYTES + inBlock * PIXEL_BYTES;
    // Both counts are one number: the events in its lower half, those that are ON in the upper.
    const counts = load<u64>(address);
    if (<u32>counts === u32.MAX_VALUE) continue;
    const isOn: u64 = load<i8>(polarities + index) > 0 ? 1 : 0;
    store<u64>(address, counts + 1 + (isOn << 32));
  }
  store<f64>(EVENTS_WITHOUT_BLOCK, load<f64>(EVENTS_WITHOUT_BLOCK) + left);
}

/** Gives a block its number, 0 when there is no room for another. */
function takeBlock(entry: usize): u32 {
  const used: u32 = load<u32>(BLOCKS_USED);
  if (used >= load<u32>(BLOCKS_MOST)) return 0;
  store<u32>(BLOCKS_USED, used + 1);
  store<u16>(entry, <u16>(used + 1));
  return used + 1;
}
