/** The one file that loads h5wasm, the HDF5 library in WebAssembly. */

type Library = typeof import("h5wasm");
/** What the library shares with those who use it directly. */
export type LibraryModule = Awaited<Library["ready"]>;
/** Its types leave out much of the file system. */
export type LibraryFiles = LibraryModule["FS"] & {
  /** The open files, by their number. */
  readonly streams: unknown[];
  createNode(parent: unknown, name: string, mode: number, device: number): object;
  destroyNode(node: object): void;
};

/** The library, loaded. */
export interface LoadedLibrary {
  readonly library: Library;
  readonly module: LibraryModule;
  readonly FS: LibraryFiles;
}

const MESSAGES = "/evarrow-messages.txt";
/** What the library prints to: the plugins, too. */
const PRINTED_TO = [1, 2] as const;

let loading: Promise<LoadedLibrary> | undefined;

/** Loads the library, once; what goes wrong is thrown as it is. */
export async function loadLibrary(): Promise<LoadedLibrary> {
  loading ??= load();
  loading.catch(() => {
    loading = undefined;
  });
  return loading;
}

async function load(): Promise<LoadedLibrary> {
  const library = await import("h5wasm");
  const module = await library.ready;
  return { library, module, FS: module.FS as LibraryFiles };
}

/**
 * Calls the library. What it and its plugins say of failures goes to the standard output and error
 * of its own file system, and is caught for as long as this takes.
 *
 * @returns what came out, and the innermost of the messages; null when there is none
 */
export function callLibrary<Result>(
  FS: LibraryFiles,
  work: () => Result,
): { result: Result; problem: string | null } {
  const messages = FS.open(MESSAGES, "w+");
  const streams = PRINTED_TO.map((number) => FS.streams[number]);
  for (const number of PRINTED_TO) FS.streams[number] = messages;
  try {
    const result = work();
    return { result, problem: problemIn(FS.readFile(MESSAGES, { encoding: "utf8" })) };
  } finally {
    for (const [index, number] of PRINTED_TO.entries()) FS.streams[number] = streams[index];
    FS.close(messages);
    FS.unlink(MESSAGES);
  }
}

function problemIn(messages: string): string | null {
  if (messages === "") return null;
  const lines = messages.match(/in \w+\(\): .*/g);
  return lines?.at(-1)?.replace(/^in /, "") ?? messages.trim();
}
