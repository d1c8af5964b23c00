/** The one file that loads h5wasm, the HDF5 library in WebAssembly, and its plugins. */
import { platform } from "#platform";
import { EventError } from "../../../errors.ts";
import { CHUNK_DATASET } from "./chunk-file.ts";
import type { ForeignProblem } from "./foreign-filters.ts";

/** Where its own file system has the plugins and the file at hand. */
const PLUGINS = "/evarrow-plugins";
const FILE = "/evarrow-chunks.h5";
const MESSAGES = "/evarrow-messages.txt";
/** What the library prints to: the plugins, too. */
const PRINTED_TO = [1, 2] as const;

type Library = typeof import("h5wasm");
type Module = Awaited<Library["ready"]>;
/** Its types leave out the open files, by their number. */
type FileSystem = Module["FS"] & { streams: unknown[] };

let loading: Promise<H5wasm> | undefined;

/** h5wasm, with the plugins that were asked for. */
export class H5wasm {
  readonly #library: Library;
  readonly #module: Module;
  readonly #plugins = new Map<string, Promise<void>>();

  private constructor(library: Library, module: Module) {
    this.#library = library;
    this.#module = module;
  }

  /**
   * Loads the library, once, and plugins.
   *
   * @throws EventError `unsupported-format` when they cannot be loaded
   */
  static async load(plugins: ReadonlySet<string>): Promise<H5wasm> {
    loading ??= H5wasm.#loadLibrary();
    loading.catch(() => {
      loading = undefined;
    });
    const library = await loading;
    await Promise.all([...plugins].map((name) => library.#loadPlugin(name)));
    return library;
  }

  static async #loadLibrary(): Promise<H5wasm> {
    try {
      const library = await import("h5wasm");
      const module = await library.ready;
      module.FS.mkdirTree(PLUGINS);
      module.insert_plugin_search_path(PLUGINS, 0);
      return new H5wasm(library, module);
    } catch (cause) {
      throw unavailable("h5wasm", cause);
    }
  }

  #loadPlugin(name: string): Promise<void> {
    let plugin = this.#plugins.get(name);
    if (plugin === undefined) {
      plugin = this.#addPlugin(name);
      plugin.catch(() => this.#plugins.delete(name));
      this.#plugins.set(name, plugin);
    }
    return plugin;
  }

  async #addPlugin(name: string): Promise<void> {
    try {
      // @ts-expect-error: the package comes without types
      const { base_url }: { base_url: string } = await import("h5wasm-plugins");
      const file = `libH5Z${name}.so`;
      const bytes = await platform.readAsset(`${base_url}/plugins/${file}`);
      this.#module.FS.writeFile(`${PLUGINS}/${file}`, bytes);
    } catch (cause) {
      throw unavailable(`the plugin ${name} of h5wasm-plugins`, cause);
    }
  }

  /** Reads all bytes of the dataset of a file made by `buildChunkFile`. */
  read(file: Uint8Array, byteLength: number): Uint8Array | ForeignProblem {
    const FS = this.#module.FS as FileSystem;
    FS.writeFile(FILE, file);
    // What the library and its plugins say of a failure is caught for as long as this takes.
    const messages = FS.open(MESSAGES, "w+");
    const streams = PRINTED_TO.map((number) => FS.streams[number]);
    for (const number of PRINTED_TO) FS.streams[number] = messages;
    try {
      const result = this.#readDataset(byteLength);
      return result ?? { problem: problemIn(FS.readFile(MESSAGES, { encoding: "utf8" })) };
    } catch (cause) {
      return { problem: cause instanceof Error ? cause.message : String(cause) };
    } finally {
      for (const [index, number] of PRINTED_TO.entries()) FS.streams[number] = streams[index];
      FS.close(messages);
      FS.unlink(MESSAGES);
      FS.unlink(FILE);
    }
  }

  /** The bytes; null when they cannot be read. */
  #readDataset(byteLength: number): Uint8Array | null {
    const file = new this.#library.File(FILE, "r");
    const address = this.#module._malloc(byteLength);
    if (address === 0) {
      file.close();
      return null;
    }
    try {
      const { file_id } = file;
      const to = BigInt(address);
      const status = this.#module.get_dataset_data(file_id, CHUNK_DATASET, null, null, null, to);
      return status < 0 ? null : this.#module.HEAPU8.slice(address, address + byteLength);
    } finally {
      this.#module._free(address);
      file.close();
    }
  }
}

/** The innermost of the messages that HDF5 gives for a failure. */
function problemIn(messages: string): string {
  const lines = messages.match(/in \w+\(\): .*/g);
  return lines?.at(-1)?.replace(/^in /, "") ?? "what HDF5 cannot read";
}

function unavailable(what: string, cause: unknown): EventError {
  return new EventError("unsupported-format", `${what} cannot be loaded`, {
    format: "hdf5",
    found: cause instanceof Error ? cause.message : String(cause),
    hint: "The filters of this file need it.",
    cause,
  });
}
