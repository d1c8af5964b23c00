import type { ByteSource } from "../../../source/byte-source.ts";

/** Bytes of the file that are wanted, and what becomes of them. */
export interface Piece {
  readonly offset: number;
  readonly byteLength: number;
  /** Where they go as they are; without it they are borrowed by `use`. */
  readonly into?: Uint8Array | undefined;
  /** Bytes that `use` holds while it is under way. */
  readonly cost: number;
  use(bytes: Uint8Array): Promise<void> | void;
}

/** Pieces whose bytes are read at once. */
interface Span {
  readonly offset: number;
  end: number;
  cost: number;
  readonly pieces: Piece[];
}

/** Fewer bytes than these between two pieces are read with them. */
const MAX_GAP = 16384;
/** Pieces are joined up to so many bytes. */
const MAX_SPAN = 1024 * 1024;
/** Bytes that are read or worked on at the same time, unless a single piece takes more. */
const MAX_IN_FLIGHT = 24 * 1024 * 1024;

/**
 * Reads pieces of a source, in the order of their place: close ones at once, and several at the
 * same time.
 */
export async function readPieces(
  source: ByteSource,
  pieces: readonly Piece[],
  signal: AbortSignal | undefined,
): Promise<void> {
  const running = new Set<Promise<void>>();
  const failures: unknown[] = [];
  let inFlight = 0;
  for (const span of spansOf(pieces)) {
    while (running.size > 0 && inFlight + span.cost > MAX_IN_FLIGHT) await Promise.race(running);
    if (failures.length > 0 || signal?.aborted) break;
    inFlight += span.cost;
    const work = readSpan(source, span, signal)
      .catch((error) => void failures.push(error))
      .finally(() => {
        inFlight -= span.cost;
        running.delete(work);
      });
    running.add(work);
  }
  await Promise.all(running); // nothing goes on in memory that the caller uses again
  signal?.throwIfAborted();
  if (failures.length > 0) throw failures[0];
}

async function readSpan(
  source: ByteSource,
  { offset, end, pieces }: Span,
  signal: AbortSignal | undefined,
): Promise<void> {
  const into = pieces[0]?.into;
  const bytes = await source.read(offset, end - offset, { into, signal });
  const work: Promise<void>[] = [];
  try {
    for (const piece of pieces) {
      const start = piece.offset - offset;
      const using = piece.use(bytes.subarray(start, start + piece.byteLength));
      if (using !== undefined) work.push(using);
    }
  } finally {
    await Promise.allSettled(work);
  }
  await Promise.all(work);
}

function* spansOf(pieces: readonly Piece[]): Generator<Span> {
  let span: Span | null = null;
  for (const piece of pieces.toSorted((a, b) => a.offset - b.offset)) {
    const end = piece.offset + piece.byteLength;
    const isJoined =
      span !== null &&
      span.pieces[0]?.into === undefined &&
      piece.into === undefined &&
      piece.offset - span.end <= MAX_GAP &&
      end - span.offset <= MAX_SPAN;
    if (span !== null && isJoined) {
      span.end = Math.max(span.end, end);
      span.cost += piece.cost + piece.byteLength;
      span.pieces.push(piece);
    } else {
      if (span !== null) yield span;
      span = { offset: piece.offset, end, cost: piece.cost + piece.byteLength, pieces: [piece] };
    }
  }
  if (span !== null) yield span;
}
