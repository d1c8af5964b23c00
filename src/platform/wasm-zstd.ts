import { EventError } from "../errors.ts";

/**
 * What is behind the methods of @hpcc-js/wasm-zstd. These copy what comes out number by number, which
 * takes 30 times as long as decompressing it, report failed compression to the console alone, and take as
 * much memory as a frame says.
 */
interface ZstdModule {
  readonly _mainModule: {
    malloc(size: number): Room;
    free(room: Room): void;
    /** Its memory as it is now: it moves when more is taken. */
    heapView(room: Room): Uint8Array;
  };
  readonly _zstdClass: {
    compressBound(length: number): number;
    decompress(to: number, most: number, from: number, length: number): number;
    isError(result: number): number | boolean;
    getErrorName(result: number): string;
  };
  /** A stream that is compressed. */
  readonly _zstd: {
    reset(): void;
    setCompressionLevel(level: number): void;
    compressChunk(to: number, most: number, from: number, length: number): number;
    compressEnd(to: number, most: number): number;
  };
}

/** Bytes in the memory of the module. */
interface Room {
  readonly ptr: number;
  readonly size: number;
}

let loading: Promise<ZstdModule> | undefined;

/** @throws EventError `unsupported-compression` */
async function loadZstd(): Promise<ZstdModule> {
  try {
    loading ??= importZstd();
    return await loading;
  } catch (cause) {
    loading = undefined; // the network may be there the next time
    throw new EventError("unsupported-compression", "zstd cannot be loaded on this platform", {
      expected: "@hpcc-js/wasm-zstd, and leave to run WebAssembly",
      found: cause instanceof Error ? cause.message : String(cause),
      hint: 'Write with `codec: "deflate"`.',
      cause,
    });
  }
}

async function importZstd(): Promise<ZstdModule> {
  const { Zstd } = await import("@hpcc-js/wasm-zstd");
  const zstd = (await Zstd.load()) as unknown as Partial<ZstdModule>;
  if (zstd._mainModule && zstd._zstdClass && zstd._zstd) return zstd as ZstdModule;
  throw new TypeError("another version of it is there"); // an import map may name any
}

/**
 * Compresses bytes into one frame of zstd, the one that @mongodb-js/zstd makes of them: as a stream, of
 * which the size is not known in advance. Known, it would choose parameters that give 3 % more at level 1.
 *
 * @throws EventError `unsupported-compression` when the library cannot be loaded
 */
export async function compressWithWasm(bytes: Uint8Array, level: number): Promise<Uint8Array> {
  const zstd = await loadZstd();
  const { _zstdClass: codec, _zstd: stream } = zstd;
  return run(zstd, bytes, codec.compressBound(bytes.byteLength), (to, from) => {
    stream.reset();
    stream.setCompressionLevel(level);
    const length = stream.compressChunk(to.ptr, to.size, from.ptr, from.size);
    if (codec.isError(length)) return length;
    const rest = stream.compressEnd(to.ptr + length, to.size - length);
    return codec.isError(rest) ? rest : length + rest;
  });
}

/**
 * Decompresses one frame of zstd, which cannot give more than it should.
 *
 * @param size - bytes that must come out
 * @throws EventError `unsupported-compression` when the library cannot be loaded
 * @throws Error, with what zstd says, when the frame is damaged
 */
export async function inflateWithWasm(frame: Uint8Array, size: number): Promise<Uint8Array> {
  const zstd = await loadZstd();
  const { _zstdClass: codec } = zstd;
  const result = run(zstd, frame, size, (to, from) =>
    codec.decompress(to.ptr, to.size, from.ptr, from.size),
  );
  if (result.byteLength === size) return result;
  throw new RangeError(`${result.byteLength} bytes come out`);
}

/** Copies bytes into the memory of the module, and what becomes of them out of it. */
function run(
  { _mainModule: memory, _zstdClass: codec }: ZstdModule,
  bytes: Uint8Array,
  most: number,
  work: (to: Room, from: Room) => number,
): Uint8Array {
  const rooms: Room[] = [];
  const take = (size: number): Room => {
    const room = memory.malloc(size);
    if (room.ptr === 0) throw new RangeError(`no memory for ${size} bytes`);
    rooms.push(room);
    return room;
  };
  try {
    const from = take(bytes.byteLength);
    const to = take(most);
    memory.heapView(from).set(bytes);
    const length = work(to, from);
    if (codec.isError(length)) throw new Error(codec.getErrorName(length));
    return memory.heapView({ ptr: to.ptr, size: length }).slice();
  } finally {
    for (const room of rooms) memory.free(room);
  }
}
