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
