/**
 * Filters that are undone by the HDF5 library itself and its plugins: h5wasm, which is loaded when
 * the first of them is met. It is given a small file of its own, in its own memory, with the chunks
 * and the filters of the dataset; it never sees the file, nor any other.
 */
import { platform } from "#platform";
import { DEFLATE_FILTER, FLETCHER32_FILTER, LZF_FILTER, SHUFFLE_FILTER } from "../layout.ts";
import type { Filter } from "../structure/filter-pipeline.ts";
import { buildChunkFile, MAX_FILE_CHUNKS } from "./chunk-file.ts";
import { guarded, needsGuard, withoutGuard } from "./zstandard-guard.ts";

/** A chunk whose filters are to be undone. */
export interface ForeignChunk {
  readonly filters: readonly Filter[];
  /** The filters as the dataset's own message has them. */
  readonly filterMessage: Uint8Array;
  readonly filterMask: number;
  /** Bytes of the chunk without filters. */
  readonly chunkBytes: number;
  /** Its bytes in the file. */
  readonly stored: Uint8Array;
}

/** Why a chunk cannot be decoded. */
export interface ForeignProblem {
  readonly problem: string;
  /** Whether it is sound, but needs what the library or its plugins do not have. */
  readonly isUnread?: boolean;
}

/** Undoes filters that are not undone here. */
export interface ForeignFilters {
  decode(chunk: ForeignChunk): Promise<Uint8Array | ForeignProblem>;
}

/** What is known of a filter that the library undoes. */
interface ForeignFilter {
  /** The plugin, for one that is not part of the library. */
  readonly plugin?: string;
  /** Bytes that its output says it becomes, which the library would allocate unseen. */
  claimedBytes(stored: DataView, clientData: readonly number[]): number;
  /** What the plugin does not have and the output was made with; null for nothing. */
  unread?(stored: DataView): string | null;
}

const FOREIGN: Readonly<Record<number, ForeignFilter>> = {
  4: { claimedBytes: (stored) => stored.getUint32(0, true) }, // szip
  6: {
    // Scale-offset: number and bytes of elements are among what the filter was told.
    claimedBytes: (_, clientData) => (clientData[2] ?? 0) * (clientData[4] ?? 0),
  },
  32001: {
    plugin: "blosc",
    claimedBytes: (stored) => stored.getUint32(4, true),
    unread: unreadBloscCodec,
  },
  32004: { plugin: "lz4", claimedBytes: (stored) => Number(stored.getBigUint64(0)) },
  32008: {
    plugin: "bshuf",
    // With a compression inside, its bytes follow a header; without one they are as many as before.
    claimedBytes: (stored, clientData) =>
      (clientData[4] ?? 0) === 0 ? stored.byteLength : Number(stored.getBigUint64(0)),
  },
  32015: { plugin: "zstd", claimedBytes: zstdContentBytes },
  32026: { plugin: "blosc2", claimedBytes: blosc2ContentBytes },
};

/** Filters that are undone here, and by the library where they stand beside others. */
const OWN: Readonly<Record<number, { readonly plugin?: string }>> = {
  [DEFLATE_FILTER]: {},
  [SHUFFLE_FILTER]: {},
  [FLETCHER32_FILTER]: {},
  [LZF_FILTER]: { plugin: "lzf" },
};

/** What filters may add: checksums, headers of what does not compress. */
const SLACK = 512;
/** The most bytes that the library is asked to make at once. */
const MAX_BATCH_BYTES = 32 * 1024 * 1024;

/** Whether the library undoes a filter, and not this reader. */
export function isForeign(id: number): boolean {
  return id in FOREIGN;
}

/** Chunks that wait for each other, so that one small file serves many. */
interface Waiting {
  readonly chunk: ForeignChunk;
  readonly resolve: (result: Uint8Array | ForeignProblem) => void;
  readonly reject: (error: unknown) => void;
}

/** Undoes filters with h5wasm, many chunks at once. */
export class H5wasmFilters implements ForeignFilters {
  #waiting: Waiting[] = [];

  async decode(chunk: ForeignChunk): Promise<Uint8Array | ForeignProblem> {
    const problem = problemOf(chunk);
    if (problem !== null) return problem;
    return new Promise((resolve, reject) => {
      this.#waiting.push({ chunk, resolve, reject });
      // Those that come in the same turn are decoded together.
      if (this.#waiting.length === 1) platform.yieldToEventLoop().then(() => this.#flush());
    });
  }

  async #flush(): Promise<void> {
    const waiting = this.#waiting;
    this.#waiting = [];
    try {
      const { H5wasm } = await import("./h5wasm.ts");
      const plugins = waiting.flatMap(({ chunk }) => pluginsOf(chunk.filters));
      const library = await H5wasm.load(new Set(plugins));
      for (const batch of batchesOf(waiting)) {
        const chunks = batch.map(({ chunk }) => chunk);
        const results = decodeTogether(library, chunks);
        for (const [index, { resolve }] of batch.entries()) {
          resolve(results[index] ?? { problem: "nothing" });
        }
        await platform.yieldToEventLoop();
      }
    } catch (error) {
      for (const { reject } of waiting) reject(error);
    }
  }
}

/** Decodes chunks of one dataset; when that fails, one by one, to know which of them is damaged. */
function decodeTogether(
  library: { read(file: Uint8Array, byteLength: number): Uint8Array | ForeignProblem },
  chunks: readonly ForeignChunk[],
): (Uint8Array | ForeignProblem)[] {
  const [first] = chunks;
  if (first === undefined) return [];
  const { chunkBytes } = first;
  const hasGuard = needsGuard(first);
  const file = buildChunkFile(hasGuard ? chunks.map(guarded) : chunks);
  const result = library.read(file, chunkBytes * chunks.length);
  if (result instanceof Uint8Array) {
    return chunks.map((_, index) => {
      const bytes = result.subarray(index * chunkBytes, (index + 1) * chunkBytes);
      return hasGuard ? withoutGuard(bytes) : bytes;
    });
  }
  if (chunks.length === 1) return [result];
  return chunks.flatMap((chunk) => decodeTogether(library, [chunk]));
}

/** Chunks of the same dataset, as many as go into a file. */
function batchesOf(waiting: readonly Waiting[]): Waiting[][] {
  const batches: Waiting[][] = [];
  for (const one of waiting) {
    const { filterMessage, chunkBytes } = one.chunk;
    const batch = batches.findLast(([first]) => {
      return first?.chunk.filterMessage === filterMessage && first.chunk.chunkBytes === chunkBytes;
    });
    const most = Math.min(MAX_FILE_CHUNKS, Math.floor(MAX_BATCH_BYTES / chunkBytes));
    if (batch !== undefined && batch.length < most) batch.push(one);
    else batches.push([one]);
  }
  return batches;
}

function pluginsOf(filters: readonly Filter[]): string[] {
  return filters.flatMap(({ id }) => FOREIGN[id]?.plugin ?? OWN[id]?.plugin ?? []);
}

/** What is wrong with a chunk that can be told without the library; null when nothing is. */
function problemOf({
  filters,
  filterMask,
  stored,
  chunkBytes,
}: ForeignChunk): ForeignProblem | null {
  const applied = filters.filter((_, index) => ((filterMask >>> index) & 1) === 0);
  const unknown = applied.find(({ id }) => !(id in FOREIGN) && !(id in OWN));
  if (unknown !== undefined) {
    return { problem: `the filter ${unknown.name} (${unknown.id}) beside it` };
  }
  if (chunkBytes > MAX_BATCH_BYTES) return { problem: `a chunk of ${chunkBytes} bytes` };
  // The last filter's output is at hand. What others behind it hide is bounded by what they make.
  const last = applied.at(-1);
  const foreign = last === undefined ? undefined : FOREIGN[last.id];
  if (last === undefined || foreign === undefined) return null;
  const view = new DataView(stored.buffer, stored.byteOffset, stored.byteLength);
  let claimed: number;
  let unread: string | null;
  try {
    claimed = foreign.claimedBytes(view, last.clientData);
    unread = foreign.unread?.(view) ?? null;
  } catch {
    return { problem: `${stored.byteLength} bytes of ${last.name}` }; // too short for its header
  }
  // Where nothing in front of it changes the length, that is known.
  const isSameLength = applied.every(({ id }) => id === last.id || id === SHUFFLE_FILTER);
  const isRight = isSameLength ? claimed === chunkBytes : claimed <= chunkBytes + SLACK;
  if (isRight) return unread === null ? null : { problem: unread, isUnread: true };
  return claimed === Number.POSITIVE_INFINITY
    ? { problem: "what does not say how many bytes it becomes" }
    : { problem: `what becomes ${claimed} bytes` };
}

/** Codecs of Blosc that its plugin comes without, by their number in the header. */
const UNREAD_BLOSC_CODECS: Readonly<Record<number, string>> = { 2: "Snappy", 3: "zlib" };

function unreadBloscCodec(stored: DataView): string | null {
  const flags = stored.getUint8(2);
  const isStored = (flags & 2) !== 0; // as it was
  return isStored ? null : (UNREAD_BLOSC_CODECS[flags >> 5] ?? null);
}

/** What the header of a Zstandard frame says; without a size nothing bounds it. */
function zstdContentBytes(stored: DataView): number {
  if (stored.getUint32(0, true) !== 0xfd2fb528) return Number.POSITIVE_INFINITY;
  const descriptor = stored.getUint8(4);
  const isSingle = (descriptor & 0x20) !== 0;
  const dictionaryBytes = [0, 1, 2, 4][descriptor & 3] as number;
  const at = 5 + (isSingle ? 0 : 1) + dictionaryBytes;
  const width = descriptor >> 6;
  if (width === 0) return isSingle ? stored.getUint8(at) : Number.POSITIVE_INFINITY;
  if (width === 1) return stored.getUint16(at, true) + 256;
  return width === 2 ? stored.getUint32(at, true) : Number(stored.getBigUint64(at, true));
}

/** What a Blosc 2 frame says, or the plain chunk that the filter writes as well. */
function blosc2ContentBytes(stored: DataView): number {
  // A frame begins as MessagePack with the text "b2frame\0".
  const isFrame = stored.getUint32(2) === 0x62326672;
  return isFrame ? Number(stored.getBigUint64(30)) : stored.getUint32(4, true);
}
