import type { Dataset, File, Group } from "h5wasm";
import { EventError } from "../../../errors.ts";
import type { ScratchSpace } from "../../../source/scratch-space.ts";
import { callLibrary, type LoadedLibrary, loadLibrary } from "../library.ts";
import {
  CHUNK_EVENTS,
  DEFLATE_LEVEL,
  type WrittenAttributes,
  type WrittenColumn,
} from "./layout.ts";
import { ScratchNode } from "./scratch-node.ts";

/** A file that h5wasm puts together in scratch space. */
export class LibraryFile {
  readonly #loaded: LoadedLibrary;
  readonly #space: ScratchSpace;
  readonly #node: ScratchNode;
  readonly #file: File;
  /** Addresses in the library's memory. */
  readonly #reserved: number[] = [];
  #isOpen = true;

  private constructor(loaded: LoadedLibrary, space: ScratchSpace) {
    this.#loaded = loaded;
    this.#space = space;
    this.#node = new ScratchNode(loaded.FS, space);
    try {
      this.#file = this.#call(
        () => new loaded.library.File(this.#node.path, "w", { libver: ["earliest", "v108"] }),
      );
    } catch (error) {
      this.#node.remove();
      throw error;
    }
  }

  /**
   * Creates a file, and takes over the scratch space.
   *
   * @throws EventError `sink-unwritable`
   */
  static async create(space: ScratchSpace): Promise<LibraryFile> {
    try {
      return new LibraryFile(await loadLibrary(), space);
    } catch (cause) {
      space.close();
      throw cause instanceof EventError ? cause : unwritable("cannot be loaded", cause);
    }
  }

  /** Puts attributes on the root. */
  describe(attributes: WrittenAttributes): void {
    this.#describe(this.#file, attributes);
  }

  /** Makes a group of datasets without values. */
  addGroup(name: string, columns: readonly WrittenColumn[], attributes: WrittenAttributes): void {
    const group = this.#call(() => this.#file.create_group(name));
    this.#describe(group, attributes);
    for (const { name, Values, attributes: own = {} } of columns) {
      const data = new Values(0); // which says the type, too
      const chunks = { maxshape: [null], chunks: [CHUNK_EVENTS] };
      const filter = { compression: DEFLATE, compression_opts: [DEFLATE_LEVEL] };
      const options = { name, data, shape: [0], ...chunks, ...filter };
      this.#describe(
        this.#call(() => group.create_dataset(options)),
        own,
      );
    }
  }

  /** Reserves memory of the library's for values that are to be appended; returns its address. */
  reserve(byteLength: number): number {
    const address = this.#loaded.module._malloc(byteLength);
    if (address === 0) throw unwritable("has no memory left");
    this.#reserved.push(address);
    return address;
  }

  /** Copies bytes into memory that was reserved. */
  put(bytes: Uint8Array, address: number): void {
    this.#loaded.module.HEAPU8.set(bytes, address);
  }

  /** Appends values that were put at `address` to the dataset, which has `rows` so far. */
  append(dataset: string, rows: number, count: number, address: number): void {
    const { module } = this.#loaded;
    const id = this.#file.file_id;
    const [size, at] = [BigInt(count), BigInt(rows)];
    this.#call(() => check(module.resize_dataset(id, dataset, [at + size])));
    this.#call(() =>
      check(module.set_dataset_data(id, dataset, [size], [at], [1n], BigInt(address))),
    );
  }

  /**
   * Completes the file: the scratch space then holds all of it.
   *
   * @throws EventError `sink-unwritable`
   */
  complete(): void {
    this.#isOpen = false;
    try {
      this.#call(() => check(this.#file.close()));
    } finally {
      this.#release();
    }
  }

  /** Gives back everything, the scratch space too; a file that is not complete is given up. */
  close(): void {
    try {
      if (this.#isOpen) {
        this.#isOpen = false;
        this.#node.discard();
        callLibrary(this.#loaded.FS, () => this.#file.close());
        this.#release();
      }
    } catch {
      // It is given up for a better reason.
    } finally {
      this.#space.close();
    }
  }

  #release(): void {
    for (const address of this.#reserved.splice(0)) this.#loaded.module._free(address);
    this.#node.remove();
  }

  #describe(object: File | Group | Dataset, attributes: WrittenAttributes): void {
    for (const [name, value] of Object.entries(attributes)) {
      this.#call(() => object.create_attribute(name, value, typeof value === "number" ? [] : null));
    }
  }

  /** Calls the library, which says of most failures no more than a message. */
  #call<Result>(work: () => Result): Result {
    let called: { result: Result; problem: string | null };
    try {
      called = callLibrary(this.#loaded.FS, work);
    } catch (cause) {
      this.#node.throwFailure();
      throw unwritable("failed", cause);
    }
    this.#node.throwFailure();
    const { result, problem } = called;
    if (problem !== null) throw unwritable("failed", new Error(problem));
    return result;
  }
}

/** The filter of that name. */
const DEFLATE = 1;

function check(status: number): void {
  if (status < 0) throw new Error(`status ${status}`);
}

function unwritable(what: string, cause?: unknown): EventError {
  const reason = cause instanceof Error ? ` (${cause.message})` : "";
  return new EventError("sink-unwritable", `h5wasm, which writes HDF5, ${what}${reason}`, {
    format: "hdf5",
    cause,
  });
}
