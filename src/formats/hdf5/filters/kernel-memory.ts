import { MAX_PAGES } from "../../../kernels/kernel.ts";

const PAGE_BYTES = 65536;

/** Memory of a kernel that takes what it is given and gives what comes out. */
export class KernelMemory {
  readonly memory: WebAssembly.Memory;
  /** All of it; another array after it has grown. */
  bytes: Uint8Array<ArrayBuffer>;
  /** Where the host's part begins: the first page is the kernel's own. */
  readonly start = PAGE_BYTES;

  constructor() {
    this.memory = new WebAssembly.Memory({ initial: 2, maximum: MAX_PAGES });
    this.bytes = new Uint8Array(this.memory.buffer as ArrayBuffer);
  }

  /** Makes sure that the host's part has so many bytes. */
  ensure(byteLength: number): void {
    const missing = this.start + byteLength - this.bytes.byteLength;
    if (missing <= 0) return;
    this.memory.grow(Math.ceil(missing / PAGE_BYTES));
    this.bytes = new Uint8Array(this.memory.buffer as ArrayBuffer);
  }
}
