import { lzfWasm } from "../../../kernels/generated/lzf.ts";
import { instantiateKernel } from "../../../kernels/kernel.ts";
import { KernelMemory } from "./kernel-memory.ts";

interface LzfKernel {
  /** The address behind the last byte written; 0 when the input is damaged. */
  decompress(from: number, end: number, to: number, limit: number): number;
}

/** Bytes behind the output that the kernel may write. */
const SLACK = 32;

/** Undoes the filter LZF. */
export class LzfDecoder {
  readonly #memory: KernelMemory;
  readonly #kernel: LzfKernel;

  private constructor(memory: KernelMemory, kernel: LzfKernel) {
    this.#memory = memory;
    this.#kernel = kernel;
  }

  static async create(): Promise<LzfDecoder> {
    const memory = new KernelMemory();
    return new LzfDecoder(memory, await instantiateKernel<LzfKernel>(lzfWasm, memory.memory));
  }

  /** Decompresses; null when the bytes are damaged or give more than `most`. */
  decode(bytes: Uint8Array, most: number): Uint8Array | null {
    const from = this.#memory.start;
    const to = from + bytes.byteLength;
    this.#memory.ensure(to + most + SLACK - from);
    this.#memory.bytes.set(bytes, from);
    const end = this.#kernel.decompress(from, to, to, to + most) >>> 0;
    return end === 0 ? null : this.#memory.bytes.slice(to, end);
  }
}
