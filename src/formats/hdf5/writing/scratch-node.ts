import type { ScratchSpace } from "../../../source/scratch-space.ts";
import type { LibraryFiles } from "../library.ts";

/** A regular file, for its owner. */
const MODE = 0o100600;
const BLOCK_BYTES = 4096;

/** What a file of the library's file system is made of. */
interface FileNode {
  readonly id: number;
  readonly mode: number;
  node_ops: object;
  stream_ops: object;
}

let count = 0;

/**
 * Scratch space as a file that the HDF5 library writes. The library never hears that a write failed:
 * most of its calls say nothing of that, and it does not close the file then at the first try. The
 * failure is to be asked for after every call instead, and nothing is kept from then on.
 */
export class ScratchNode {
  /** Where the library finds it. */
  readonly path: string;
  readonly #FS: LibraryFiles;
  readonly #node: FileNode;
  #space: ScratchSpace | null;
  #failure: unknown;

  constructor(FS: LibraryFiles, space: ScratchSpace) {
    const name = `evarrow-output-${count++}.h5`;
    this.path = `/${name}`;
    this.#FS = FS;
    this.#space = space;
    this.#node = FS.createNode(FS.lookupPath("/", {}).node, name, MODE, 0) as FileNode;
    this.#node.node_ops = this.#nodeOperations();
    this.#node.stream_ops = this.#streamOperations();
  }

  /** Throws what the scratch space threw. */
  throwFailure(): void {
    if (this.#failure !== undefined) throw this.#failure;
  }

  /** Keeps nothing from now on, whatever the library writes. */
  discard(): void {
    this.#space = null;
  }

  /** Takes the file away from the library, which has closed it. */
  remove(): void {
    this.#FS.destroyNode(this.#node);
  }

  #do(work: (space: ScratchSpace) => number | undefined): number {
    try {
      return (this.#space && work(this.#space)) ?? 0;
    } catch (cause) {
      this.#failure ??= cause;
      this.discard();
      return 0;
    }
  }

  #byteLength(): number {
    return this.#do((space) => space.byteLength);
  }

  #nodeOperations() {
    return {
      getattr: ({ id, mode }: FileNode) => {
        const size = this.#byteLength();
        const [atime, mtime, ctime] = [new Date(), new Date(), new Date()];
        const owner = { nlink: 1, uid: 0, gid: 0, rdev: 0 };
        const blocks = Math.ceil(size / BLOCK_BYTES);
        const times = { atime, mtime, ctime };
        return { dev: 1, ino: id, mode, ...owner, size, ...times, blksize: BLOCK_BYTES, blocks };
      },
      setattr: (_: FileNode, { size }: { size?: number }) => {
        if (size !== undefined) this.#do((space) => void space.resize(size));
      },
    };
  }

  #streamOperations() {
    return {
      llseek: ({ position }: { position: number }, offset: number, whence: number) =>
        offset + (whence === SEEK_CUR ? position : whence === SEEK_END ? this.#byteLength() : 0),
      read: (_: object, memory: Uint8Array, at: number, length: number, position: number) =>
        this.#do((space) => space.read(part(memory, at, length), position)),
      write: (_: object, memory: Uint8Array, at: number, length: number, position: number) => {
        this.#do((space) => void space.write(part(memory, at, length), position));
        return length;
      },
    };
  }
}

const SEEK_CUR = 1;
const SEEK_END = 2;

/** The library's memory comes as signed bytes. */
function part(memory: Uint8Array | Int8Array, at: number, length: number): Uint8Array {
  return new Uint8Array(memory.buffer, memory.byteOffset + at, length);
}
