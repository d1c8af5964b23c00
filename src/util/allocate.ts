/** What of Node's `Buffer` is used; a browser has none. */
interface Allocator {
  allocUnsafeSlow(bytes: number): Uint8Array<ArrayBuffer>;
}

const { Buffer: allocator } = globalThis as { Buffer?: Allocator };

/**
 * Memory whose content is not defined, for those who fill it at once: where memory is used again,
 * setting it to zero first halves the rate at which batches are copied.
 */
export function allocate(bytes: number): ArrayBuffer {
  return allocator === undefined ? new ArrayBuffer(bytes) : allocator.allocUnsafeSlow(bytes).buffer;
}

/** What the collector is told of at once: of the 64 MB at which V8 starts, so much that it is near. */
const BALLAST_BYTES = 40_000_000;

/**
 * Makes the garbage collector look soon for what was dropped. It starts by itself only when some
 * 64 MB of memory outside its heap were asked for since it last ran, which is all of a small limit;
 * memory that is asked for and never touched counts too, and takes no room.
 */
export function hurryCollector(): void {
  allocate(BALLAST_BYTES);
}
