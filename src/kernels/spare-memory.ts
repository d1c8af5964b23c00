/**
 * Memories that nothing works in any more, for whoever needs one next. A fresh page costs some
 * microseconds and a collection later, a used one nothing: small recordings load half as fast again.
 */
const spare: WebAssembly.Memory[] = [];
/** The most that is kept, in bytes: what the pass over a large recording takes, and some small ones. */
const MOST_BYTES = 16 * 1024 * 1024;

/** The smallest spare memory of at least so many bytes. It holds anything. */
export function takeSpareMemory(byteLength: number): WebAssembly.Memory | undefined {
  let best = -1;
  let bestBytes = Number.POSITIVE_INFINITY;
  for (const [index, { buffer }] of spare.entries()) {
    if (buffer.byteLength < byteLength || buffer.byteLength >= bestBytes) continue;
    best = index;
    bestBytes = buffer.byteLength;
  }
  return best < 0 ? undefined : spare.splice(best, 1)[0];
}

/**
 * Keeps a memory that nothing reads or writes from now on, unless it is larger than all that is kept;
 * those kept longest make room for it.
 */
export function keepSpareMemory(memory: WebAssembly.Memory): void {
  if (memory.buffer.byteLength > MOST_BYTES) return;
  spare.push(memory);
  let held = spare.reduce((sum, { buffer }) => sum + buffer.byteLength, 0);
  while (held > MOST_BYTES) held -= spare.shift()?.buffer.byteLength ?? held;
}
