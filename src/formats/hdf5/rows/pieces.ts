import type { ByteSource } from "../../../source/byte-source.ts";
import { untilAborted } from "../../../util/until-aborted.ts";
import type { AheadChunk } from "../../ahead.ts";
import type { PieceBudget } from "./working-bytes.ts";

/** Bytes of the file that are wanted, and what becomes of them. */
export interface Piece {
  readonly offset: number;
  readonly byteLength: number;
  /** Where they go as they are; without it they are borrowed by `use`. */
  readonly into?: Uint8Array | undefined;
  /** Bytes that `use` holds while it is under way. */
  readonly cost: number;
  use(bytes: Uint8Array): Promise<void> | void;
  /** Where another thread decompresses them: what becomes of the result then. */
  readonly ahead?: { readonly chunk: AheadChunk; use(inflated: Uint8Array): void } | undefined;
}

/** Buffers that are used again: new memory costs more than reading into it. */
export class BufferPool {
  readonly budget: PieceBudget;
  readonly #free: Uint8Array[] = [];

  constructor(budget: PieceBudget) {
    this.budget = budget;
  }

  /** A buffer of at least so many bytes. */
  take(byteLength: number): Uint8Array {
    const { spanBytes } = this.budget;
    if (byteLength > spanBytes) return new Uint8Array(byteLength);
    return this.#free.pop() ?? new Uint8Array(spanBytes);
  }

  give(buffer: Uint8Array): void {
    const { spanBytes, freeBuffers } = this.budget;
    const isUsual = buffer.byteLength === spanBytes;
    if (isUsual && this.#free.length < freeBuffers) this.#free.push(buffer);
  }
}

/** Pieces whose bytes are read at once. */
interface Span {
  readonly offset: number;
  end: number;
  cost: number;
  readonly pieces: Piece[];
  /** Where the bytes go as they are. */
  into: Uint8Array | undefined;
}

/** Fewer bytes than these between two pieces are read with them. */
const MAX_GAP = 16384;

/**
 * Reads pieces of a source, in the order of their place: close ones at once, and several at the
 * same time. One that fails does not keep the others from being read: which fails first is chance.
 *
 * @param fail - told what goes wrong with a piece
 * @throws what reading the source throws
 */
export async function readPieces(
  source: ByteSource,
  pieces: readonly Piece[],
  buffers: BufferPool,
  signal: AbortSignal | undefined,
  fail: (error: unknown, piece: Piece) => void,
): Promise<void> {
  const running = new Set<Promise<void>>();
  const failures: unknown[] = [];
  const { inFlightBytes } = buffers.budget;
  let inFlight = 0;
  for (const span of spansOf(pieces, buffers.budget)) {
    const cost = heldFor(span, buffers.budget);
    while (running.size > 0 && inFlight + cost > inFlightBytes) await Promise.race(running);
    if (failures.length > 0 || signal?.aborted) break;
    inFlight += cost;
    const work = readSpan(source, span, buffers, signal, fail)
      .catch((error) => void failures.push(error))
      .finally(() => {
        inFlight -= cost;
        running.delete(work);
      });
    running.add(work);
  }
  await Promise.all(running); // nothing goes on in memory that the caller uses again
  signal?.throwIfAborted();
  if (failures.length > 0) throw failures[0];
}

/**
 * Uses pieces that other threads decompress.
 *
 * @param fail - told what goes wrong with a piece
 * @returns those that have to be read after all
 */
export async function takeAhead(
  pieces: readonly Piece[],
  signal: AbortSignal | undefined,
  fail: (error: unknown, piece: Piece) => void,
): Promise<Piece[]> {
  const left: Piece[] = [];
  for (const piece of pieces) {
    if (piece.ahead === undefined) continue;
    const { chunk, use } = piece.ahead;
    const inflated = await untilAborted(chunk.bytes(), signal);
    try {
      if (inflated === null) left.push(piece);
      else use(inflated);
    } catch (error) {
      fail(error, piece);
    } finally {
      chunk.release();
    }
  }
  return left;
}

async function readSpan(
  source: ByteSource,
  { offset, end, pieces, into }: Span,
  buffers: BufferPool,
  signal: AbortSignal | undefined,
  fail: (error: unknown, piece: Piece) => void,
): Promise<void> {
  const length = end - offset;
  const buffer = into ?? buffers.take(length);
  const work: Promise<void>[] = [];
  try {
    const bytes = await source.read(offset, length, { into: buffer, signal });
    for (const piece of pieces) {
      const start = piece.offset - offset;
      const use = async () => piece.use(bytes.subarray(start, start + piece.byteLength));
      work.push(use().catch((error: unknown) => fail(error, piece)));
    }
  } finally {
    await Promise.all(work);
    if (into === undefined) buffers.give(buffer);
  }
}

/** Bytes that are held for a span: its buffer is no smaller than any other. */
function heldFor({ offset, end, cost, into }: Span, { spanBytes }: PieceBudget): number {
  return into === undefined ? cost + Math.max(spanBytes - (end - offset), 0) : cost;
}

function* spansOf(pieces: readonly Piece[], budget: PieceBudget): Generator<Span> {
  let span: Span | null = null;
  for (const piece of pieces.toSorted((a, b) => a.offset - b.offset)) {
    const end = piece.offset + piece.byteLength;
    const joined: Uint8Array | undefined | null = span === null ? null : join(span, piece, budget);
    if (span !== null && joined !== null) {
      span.end = Math.max(span.end, end);
      span.cost += piece.cost + piece.byteLength;
      span.pieces.push(piece);
      span.into = joined;
      continue;
    }
    if (span !== null) yield span;
    const cost = piece.cost + piece.byteLength;
    span = { offset: piece.offset, end, cost, pieces: [piece], into: piece.into };
  }
  if (span !== null) yield span;
}

/** Where the bytes of a span and another piece go together; null when they are not joined. */
function join(
  span: Span,
  { offset, byteLength, into, cost }: Piece,
  { spanBytes, inFlightBytes }: PieceBudget,
): Uint8Array | undefined | null {
  if (span.into === undefined && into === undefined) {
    const isClose = offset - span.end <= MAX_GAP && offset + byteLength - span.offset <= spanBytes;
    // All pieces of a span are worked on at once.
    return isClose && span.cost + cost + byteLength <= inFlightBytes ? undefined : null;
  }
  if (span.into === undefined || into === undefined || offset !== span.end) return null;
  // Chunks often lie one behind the other, in the file as in the column.
  const { buffer, byteOffset, byteLength: bytesBefore } = span.into;
  const isBehind = into.buffer === buffer && into.byteOffset === byteOffset + bytesBefore;
  return isBehind ? new Uint8Array(buffer, byteOffset, bytesBefore + byteLength) : null;
}
