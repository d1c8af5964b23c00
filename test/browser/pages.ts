/**
 * The pages that the browser opens: one with the library and its dependencies in a bundle, one with
 * the files of the build as they are, found through an import map.
 */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { type OutputChunk, rolldown } from "rolldown";

/** Name of a page, and the folder it is served from. */
export type PageName = "bundled" | "bare";

export const PAGE_NAMES: readonly PageName[] = ["bundled", "bare"];

/** Where browsers find what the files of the build import. */
const IMPORT_MAP = {
  imports: {
    evarrow: "/dist/index.js",
    "#platform": "/dist/platform/browser.js",
    "apache-arrow": "/node_modules/apache-arrow/Arrow.dom.mjs",
    flatbuffers: "/node_modules/flatbuffers/mjs/flatbuffers.js",
    "json-with-bigint": "/node_modules/json-with-bigint/json-with-bigint.js",
    tslib: "/node_modules/tslib/tslib.es6.mjs",
    ...partsOfArrow(),
    "@noble/hashes/": "/node_modules/@noble/hashes/",
    h5wasm: "/node_modules/h5wasm/dist/esm/hdf5_hl.js",
    "h5wasm-plugins": "/node_modules/h5wasm-plugins/index.mjs",
    "@hpcc-js/wasm-zstd": "/node_modules/@hpcc-js/wasm-zstd/dist/index.js",
    fzstd: "/node_modules/fzstd/esm/index.mjs",
    "@zip.js/zip.js/": "/node_modules/@zip.js/zip.js/",
    "xxhash-wasm": "/node_modules/xxhash-wasm/esm/xxhash-wasm.js",
  },
};

/** The parts of apache-arrow that are imported by themselves. */
function partsOfArrow(): Record<string, string> {
  const file = new URL("../../src/formats/arrow/flatbuffers.ts", import.meta.url);
  const parts = readFileSync(file, "utf8").matchAll(/"(apache-arrow\/[\w/-]+)"/g);
  return Object.fromEntries([...parts].map(([, part]) => [part, `/node_modules/${part}.mjs`]));
}

/** Bundles the script of a page; `bare` leaves the library out. */
export async function bundlePage(name: PageName): Promise<OutputChunk[]> {
  const bundle = await rolldown({
    input: { page: fileURLToPath(new URL("page.mjs", import.meta.url)) },
    platform: "browser",
    resolve: { conditionNames: ["browser"] },
    external: name === "bare" ? ["evarrow"] : [],
  });
  try {
    const { output } = await bundle.generate({ format: "esm" });
    return output.filter((file) => file.type === "chunk");
  } finally {
    await bundle.close();
  }
}

/** A page that runs its script and tells the server of any failure on the way. */
export function pageHtml(name: PageName): string {
  const importMap = `<script type="importmap">${JSON.stringify(IMPORT_MAP)}</script>`;
  return `<!doctype html>
<title>${name}</title>
<script>
  const fail = (error) => fetch("result", { method: "POST", body: JSON.stringify({ error }) });
  const describe = (error) => String(error?.stack ?? error);
  addEventListener("unhandledrejection", (event) => fail(describe(event.reason)));
  // Capturing, since a script that cannot be loaded sends an event that does not bubble.
  addEventListener("error", (event) => fail(
    event.target === window ? describe(event.error ?? event.message) : "cannot load the script"
  ), true);
</script>
${name === "bare" ? importMap : ""}
<script type="module" src="page.js"></script>
`;
}

/** All pages in one, so that one start of the browser serves them. */
export function indexHtml(): string {
  const frames = PAGE_NAMES.map((name) => `<iframe src="/${name}/"></iframe>`);
  return `<!doctype html>\n<link rel="icon" href="data:,">\n${frames.join("\n")}\n`;
}
