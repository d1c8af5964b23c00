import { createRequire } from "node:module";
import { copyValues } from "../util/copy-values.ts";
import type { FrameInflater } from "./platform.ts";

/**
 * The module that @foxglove/wasm-zstd wraps. What that makes of it takes a new buffer for every frame, and V8 goes
 * through its heap for every 10 to 20 MB of those.
 */
interface ZstdModule {
  /** Its memory as it is now: it moves when more is taken. */
  readonly HEAPU8: Uint8Array;
  _malloc(bytes: number): number;
  _free(address: number): void;
  /** Returns how many bytes came out, negative where the frame is damaged or would give more. */
  _decompress(to: number, most: number, from: number, length: number): number;
}

let loading: Promise<FrameInflater | null> | undefined;

/** Loads zstd as WebAssembly, once; null where that fails. */
export function loadFrameInflater(): Promise<FrameInflater | null> {
  loading ??= load().catch(() => null);
  return loading;
}

async function load(): Promise<FrameInflater | null> {
  const make = createRequire(import.meta.url)("@foxglove/wasm-zstd/dist/wasm-zstd.js");
  const zstd = (await make()) as ZstdModule;
  const input = new Room(zstd);
  const output = new Room(zstd);
  return (frame, into) => {
    const from = input.take(frame.byteLength);
    const to = output.take(into.byteLength);
    if (from === 0 || to === 0) return false;
    zstd.HEAPU8.set(frame, from);
    if (zstd._decompress(to, into.byteLength, from, frame.byteLength) !== into.byteLength)
      return false;
    copyValues(zstd.HEAPU8.subarray(to, to + into.byteLength), into, 0);
    return true;
  };
}

/** Memory of the module that grows to what was asked for most. */
class Room {
  readonly #zstd: ZstdModule;
  #address = 0;
  #bytes = 0;

  constructor(zstd: ZstdModule) {
    this.#zstd = zstd;
  }

  /** The address of so many bytes; 0 where there is no memory for them. */
  take(bytes: number): number {
    if (bytes <= this.#bytes) return this.#address;
    if (this.#address !== 0) this.#zstd._free(this.#address);
    this.#address = this.#zstd._malloc(bytes);
    this.#bytes = this.#address === 0 ? 0 : bytes;
    return this.#address;
  }
}
