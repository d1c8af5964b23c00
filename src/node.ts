/** The default entry: `index.ts` on a platform that opens files by path and has Polars. */
export * from "./index.ts";
export { FileSource, openFile } from "./source/node/file.ts";
