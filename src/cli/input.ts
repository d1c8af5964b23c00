import { Readable } from "node:stream";
import type { EventSource } from "../node.ts";
import { STDIN } from "./args.ts";

/**
 * What FILE names: standard input, whatever it is (a file, a pipe, a socket), or a file by its path.
 */
export function inputOf(file: string): EventSource {
  if (file !== STDIN) return file;
  return Readable.toWeb(process.stdin) as ReadableStream<Uint8Array>;
}
