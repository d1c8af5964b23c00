import zlib from "node:zlib";

/**
 * What `zlib.inflateSync` works with. Its public calls take a new buffer for whatever comes out, which costs as
 * much as half of the decompression (new pages, and V8 collects every 32 MB): beside it HDF5 with gzip loads
 * 1.4 times as fast through this.
 */
interface InflateHandle {
  reset(): void;
  /** What is left of room and of the input is in `_writeState` then; damage destroys the engine. */
  writeSync(
    flush: number,
    input: Uint8Array,
    inputAt: number,
    inputLength: number,
    output: Uint8Array,
    outputAt: number,
    outputLength: number,
  ): void;
}

interface InflateEngine {
  readonly engine: zlib.Inflate;
  readonly handle: InflateHandle;
  /** Room that is left, and bytes of the input. */
  readonly left: Uint32Array;
}

/** Of this thread; null when this version of Node has none of that shape. */
let engine: InflateEngine | null | undefined;

/**
 * Decompresses zlib data into memory of the caller's, at once.
 *
 * @returns what came out, at the start of `into`; null where that does not work: data that are damaged or fill
 *   all of `into`, or a version of Node that is made differently
 */
export function inflateInto(bytes: Uint8Array, into: Uint8Array): Uint8Array | null {
  engine ??= createEngine();
  if (engine === null) return null;
  const { handle, left } = engine;
  handle.reset();
  const { Z_FINISH } = zlib.constants; // then data that end too early are damaged, too
  handle.writeSync(Z_FINISH, bytes, 0, bytes.byteLength, into, 0, into.byteLength);
  if (engine.engine.destroyed) {
    engine = undefined;
    return null;
  }
  const [room = 0] = left;
  return room === 0 ? null : into.subarray(0, into.byteLength - room);
}

function createEngine(): InflateEngine | null {
  const inflate = zlib.createInflate() as zlib.Inflate & {
    readonly _handle?: Partial<InflateHandle>;
    readonly _writeState?: unknown;
  };
  inflate.on("error", () => {}); // of damaged data, told by `destroyed`
  const { _handle: handle, _writeState: left } = inflate;
  const isKnown =
    typeof handle?.reset === "function" &&
    typeof handle.writeSync === "function" &&
    left instanceof Uint32Array;
  return isKnown ? { engine: inflate, handle: handle as InflateHandle, left } : null;
}
