// Adds the events of the tile to the counts of their pixels.
import {
  BLOCK_BITS,
  BLOCK_COLUMNS,
  BLOCK_DIRECTORY,
  BLOCK_PIXELS,
  BLOCK_SIDE,
  BLOCKS_MOST,
  BLOCKS_USED,
  EVENTS_WITHOUT_BLOCK,
  POLARITY_COLUMN,
  RECENT,
  RECENT_BYTES,
  SUM_BYTES,
  SUMS,
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
  const recents = load<u32>(RECENT);
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
    const inBlock = ((y & (BLOCK_SIDE - 1)) << BLOCK_BITS) | (x & (BLOCK_SIDE - 1));
    const pixel = (block - 1) * BLOCK_PIXELS + inBlock;
    // One number: the events in its lower half, those that are ON in the upper.
    const isOn: u32 = load<i8>(polarities + index) > 0 ? 1 : 0;
    const recent: u32 = <u32>load<u16>(recents + pixel * RECENT_BYTES) + 1 + (isOn << 8);
    store<u16>(recents + pixel * RECENT_BYTES, <u16>recent);
    if ((recent & 0xff) === 0xff) settle(pixel);
  }
  store<f64>(EVENTS_WITHOUT_BLOCK, load<f64>(EVENTS_WITHOUT_BLOCK) + left);
}

/** Adds all recent events to the sums. */
export function settlePixels(): void {
  const recents = load<u32>(RECENT);
  const end = load<u32>(BLOCKS_USED) * BLOCK_PIXELS;
  for (let pixel: u32 = 0; pixel < end; pixel++) {
    if (load<u16>(recents + pixel * RECENT_BYTES) !== 0) settle(pixel);
  }
}

/** Adds the recent events of a pixel to its sum, and forgets them. */
function settle(pixel: u32): void {
  const address = load<u32>(RECENT) + pixel * RECENT_BYTES;
  const recent: u32 = load<u16>(address);
  store<u16>(address, 0);
  const sum = load<u32>(SUMS) + pixel * SUM_BYTES;
  const events = load<u32>(sum);
  const taken = min(recent & 0xff, u32.MAX_VALUE - events);
  store<u32>(sum, events + taken);
  // Where counting stops, as many of them are taken for ON as there is room for.
  store<u32>(sum + 4, load<u32>(sum + 4) + min(recent >> 8, taken));
}

/** Gives a block its number, 0 when there is no room for another. */
function takeBlock(entry: usize): u32 {
  const used = load<u32>(BLOCKS_USED);
  if (used >= load<u32>(BLOCKS_MOST)) return 0;
  store<u32>(BLOCKS_USED, used + 1);
  store<u16>(entry, <u16>(used + 1));
  return used + 1;
}
