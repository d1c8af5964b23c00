/** What of Node's `Buffer` is used; a browser has none. */
interface Copier {
  readonly prototype: { fill(this: Uint8Array, bytes: Uint8Array): void };
}

const { Buffer: copier } = globalThis as { Buffer?: Copier };

/** Any of the arrays that columns are. */
type Values = Uint8Array | Int8Array | Uint16Array | BigInt64Array;

/**
 * Puts values into an array of the same type, from `at` on. `set` moves what threads share byte by byte unless
 * both sides lie alike in words of eight: 5 GB/s, where Node's `Buffer` reaches 30.
 */
export function copyValues<Array extends Values>(from: Array, into: Array, at: number): void {
  const isShared = !(from.buffer instanceof ArrayBuffer && into.buffer instanceof ArrayBuffer);
  const source = new Uint8Array(from.buffer, from.byteOffset, from.byteLength);
  const start = into.byteOffset + at * into.BYTES_PER_ELEMENT;
  const target = new Uint8Array(into.buffer, start, from.byteLength);
  if (!isShared || copier === undefined || from.byteLength === 0) target.set(source);
  else copier.prototype.fill.call(target, source);
}
