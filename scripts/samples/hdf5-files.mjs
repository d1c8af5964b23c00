/**
 * HDF5 files for samples: through h5wasm with its filters, and through the writer of the tests for
 * what h5wasm does not write.
 */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import h5wasm from "h5wasm";
import { base_url as pluginsUrl } from "h5wasm-plugins";
import { rolldown } from "rolldown";

/** Where the file system of h5wasm has its plugins, and the file at hand. */
const PLUGINS = "/plugins";
const FILE = "/sample.h5";

/** What h5wasm takes as options of `create_dataset`. Chunks are given beside them. */
export const FILTERS = {
  deflate: { compression: 1, compression_opts: [6] },
  fletcher32: { compression: 3, compression_opts: [] },
  lzf: { compression: 32000, compression_opts: [] },
  /** Level 1, shuffle, Zstandard, as RVT has it. */
  blosc: { compression: 32001, compression_opts: [0, 0, 0, 0, 1, 1, 5] },
  lz4: { compression: 32004, compression_opts: [0] },
  zstd: { compression: 32015, compression_opts: [3] },
};

let loading;

/** h5wasm with the plugins of these filters. */
function library() {
  loading ??= h5wasm.ready.then((module) => {
    module.FS.mkdirTree(PLUGINS);
    module.insert_plugin_search_path(PLUGINS, 0);
    for (const name of ["lzf", "blosc", "lz4", "zstd"]) {
      const file = `libH5Z${name}.so`;
      const bytes = readFileSync(fileURLToPath(`${pluginsUrl}/plugins/${file}`));
      module.FS.writeFile(`${PLUGINS}/${file}`, bytes);
    }
    return module;
  });
  return loading;
}

/**
 * A file as h5wasm writes it. The same calls give the same bytes: HDF5 notes when each object was
 * made, which here is always 1970.
 *
 * @param {(file: import("h5wasm").File) => void} write
 * @param {"earliest" | "latest"} [version] of the format; h5py and openeb write the earliest
 */
export async function writtenByLibrary(write, version = "earliest") {
  const { FS } = await library();
  const { now } = Date;
  Date.now = () => 0;
  try {
    const file = new h5wasm.File(FILE, "w", { libver: [version, "latest"] });
    write(file);
    file.close();
  } finally {
    Date.now = now;
  }
  const bytes = Buffer.from(FS.readFile(FILE));
  FS.unlink(FILE);
  return bytes;
}

/** Adds attributes to a file, a group or a dataset: text, or 32-bit integers. */
export function addAttributes(to, attributes) {
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "string") to.create_attribute(name, value);
    else to.create_attribute(name, value, Array.isArray(value) ? [value.length] : [], "<i");
  }
}

/** A compound type with its members at the places that a program in C gives them. */
export function compoundType(members) {
  const INTEGER = 0;
  const described = members.map(([name, offset, size, signed]) => {
    const type = { type: INTEGER, size, signed, vlen: false, littleEndian: true };
    return { ...type, name, offset, shape: [], maxshape: [], chunks: null, total_size: 1 };
  });
  return { compound_type: { members: described, nmembers: described.length } };
}

/**
 * What the tests write HDF5 and ECF with, and h5wasm does not: chunks as they are given, booleans.
 *
 * @returns {Promise<typeof import("../../test/support/hdf5-writer.ts")
 *   & Pick<typeof import("../../test/reference/ecf.ts"), "encodeEcfReference">>}
 */
export async function testWriter() {
  return {
    ...(await importTypeScript("../../test/support/hdf5-writer.ts")),
    ...(await importTypeScript("../../test/reference/ecf.ts")),
  };
}

/** Imports a module that Node 20 cannot read as it is. */
async function importTypeScript(path) {
  const bundle = await rolldown({ input: fileURLToPath(new URL(path, import.meta.url)) });
  const { output } = await bundle.generate({ format: "esm" });
  await bundle.close();
  return import(`data:text/javascript,${encodeURIComponent(output[0].code)}`);
}
