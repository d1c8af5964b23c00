/** The one file that loads the plugins of h5wasm, and has it read what needs them. */
import { platform } from "#platform";
import { EventError } from "../../../errors.ts";
import { callLibrary, type LoadedLibrary, loadLibrary } from "../library.ts";
import { CHUNK_DATASET } from "./chunk-file.ts";
import type { ForeignProblem } from "./foreign-filters.ts";

/** Where its own file system has the plugins and the file at hand. */
const PLUGINS = "/evarrow-plugins";
const FILE = "/evarrow-chunks.h5";

let loading: Promise<H5wasm> | undefined;

/** h5wasm, with the plugins that were asked for. */
export class H5wasm {
  readonly #loaded: LoadedLibrary;
  readonly #plugins = new Map<string, Promise<void>>();

  private constructor(loaded: LoadedLibrary) {
    this.#loaded = loaded;
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
      const loaded = await loadLibrary();
      loaded.FS.mkdirTree(PLUGINS);
      loaded.module.insert_plugin_search_path(PLUGINS, 0);
      return new H5wasm(loaded);
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
      const bytes = await platform.readAsset(pluginAddress(base_url, file));
      this.#loaded.FS.writeFile(`${PLUGINS}/${file}`, bytes);
    } catch (cause) {
      const inBundle =
        "The filters of this file need it; a bundle needs the folder `plugins` of h5wasm-plugins beside it.";
      throw unavailable(`the plugin ${name} of h5wasm-plugins`, cause, inBundle);
    }
  }

  /** Reads all bytes of the dataset of a file made by `buildChunkFile`. */
  read(file: Uint8Array, byteLength: number): Uint8Array | ForeignProblem {
    const { FS } = this.#loaded;
    FS.writeFile(FILE, file);
    try {
      const { result, problem } = callLibrary(FS, () => this.#readDataset(byteLength));
      return result ?? { problem: problem ?? "what HDF5 cannot read" };
    } catch (cause) {
      // A plugin that calls what the library does not have.
      if (cause instanceof TypeError) return { problem: "a part of its own", isUnread: true };
      return { problem: cause instanceof Error ? cause.message : String(cause) };
    } finally {
      FS.unlink(FILE);
    }
  }

  /** The bytes; null when they cannot be read. */
  #readDataset(byteLength: number): Uint8Array | null {
    const { library, module } = this.#loaded;
    const file = new library.File(FILE, "r");
    const address = module._malloc(byteLength);
    if (address === 0) {
      file.close();
      return null;
    }
    try {
      const { file_id } = file;
      const to = BigInt(address);
      const status = module.get_dataset_data(file_id, CHUNK_DATASET, null, null, null, to);
      return status < 0 ? null : module.HEAPU8.slice(address, address + byteLength);
    } finally {
      module._free(address);
      file.close();
    }
  }
}

/**
 * Where a plugin is: in the package, or beside the file of a bundle that the package went into.
 *
 * @param baseUrl - what the package takes for its own folder: its address without the name of its module,
 *   which a bundle does not have
 */
function pluginAddress(baseUrl: string, file: string): string {
  const isModule = /\.[cm]?js(?:[?#].*)?$/.test(baseUrl);
  return new URL(`plugins/${file}`, isModule ? baseUrl : `${baseUrl}/`).href;
}

function unavailable(
  what: string,
  cause: unknown,
  hint = "The filters of this file need it.",
): EventError {
  return new EventError("unsupported-format", `${what} cannot be loaded`, {
    format: "hdf5",
    found: cause instanceof Error ? cause.message : String(cause),
    hint,
    cause,
  });
}
