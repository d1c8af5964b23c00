/** Whether an output holds what was written to it. */
import { platform } from "#platform";
import { EventError } from "../errors.ts";
import { formatGeometry, type SensorGeometry } from "../events/geometry.ts";
import type { EventMemory } from "../kernels/event-memory.ts";
import { OpenedRecording, openParts } from "../recording/recording.ts";
import { TilePass } from "../recording/tiles.ts";
import type { ReadableSink } from "../source/byte-sink.ts";
import type { ByteSource } from "../source/byte-source.ts";
import { DIGEST_BYTES_PER_EVENT, TileDigest } from "./digest.ts";

/** What two recordings of the same events and triggers share. */
export interface Fingerprint {
  readonly events: number;
  /** The canonical digest of the events. */
  readonly digest: string;
  readonly triggers: number;
  readonly triggerDigest: string;
}

/** Adds up a fingerprint tile by tile; all tiles are in the same memory. */
export class TileFingerprint {
  readonly #events = new TileDigest();
  /** One a column, so that the ends of the tiles do not show. */
  readonly #triggers = [platform.createSha256(), platform.createSha256(), platform.createSha256()];
  #triggerCount = 0;

  /** Takes the events and triggers of the tile in memory, which has the scratch space of a digest. */
  async add(tile: EventMemory): Promise<void> {
    await this.#events.add(tile);
    const { triggerCount } = tile;
    const { t, id, value } = tile.triggers;
    for (const [column, { buffer, byteOffset, BYTES_PER_ELEMENT }] of [t, id, value].entries()) {
      const bytes = new Uint8Array(buffer, byteOffset, triggerCount * BYTES_PER_ELEMENT);
      this.#triggers[column]?.update(bytes);
    }
    this.#triggerCount += triggerCount;
  }

  /** The fingerprint; nothing can be added after it. */
  finish(): Fingerprint {
    const { events, digest } = this.#events.finish();
    const triggerDigest = this.#triggers.map((hash) => hash.hex()).join("");
    return { events, digest, triggers: this.#triggerCount, triggerDigest };
  }
}

/** What an output is to hold; the geometry is null where none was written. */
interface Content extends Fingerprint {
  readonly geometry: SensorGeometry | null;
  /** Whether it was read with losses: a missing end, for example, behind all events. */
  readonly isDamaged?: boolean;
}

/**
 * Reads what was written and compares it with what was to be written.
 *
 * @throws EventError `verification-failed`
 */
export async function verifyOutput(
  sink: ReadableSink,
  expected: Content,
  signal: AbortSignal | undefined,
): Promise<void> {
  const found = await readOutput(sink, signal);
  const isSame =
    found.digest === expected.digest &&
    found.triggers === expected.triggers &&
    found.triggerDigest === expected.triggerDigest &&
    describe(found) === describe(expected);
  if (isSame) return;
  throw new EventError("verification-failed", "the output does not hold what the source does", {
    path: sink.name,
    expected: describe(expected),
    found: describe(found) === describe(expected) ? "other triggers" : describe(found),
    hint: HINT,
  });
}

const HINT = "The output was not kept. This is a bug in evarrow: please report it.";

async function readOutput(sink: ReadableSink, signal: AbortSignal | undefined): Promise<Content> {
  const source = await sink.written();
  try {
    return await contentOf(source, signal);
  } catch (cause) {
    if (signal?.aborted) throw cause;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new EventError("verification-failed", `the output cannot be read (${reason})`, {
      path: sink.name,
      hint: HINT,
      cause,
    });
  } finally {
    await source.close?.();
  }
}

async function contentOf(source: ByteSource, signal: AbortSignal | undefined): Promise<Content> {
  const recording = new OpenedRecording(await openParts(source, { signal }));
  try {
    const pass = new TilePass(recording, {
      polarityEncoding: recording.report.polarityEncoding,
      strict: false,
      columns: recording.columns,
      signal,
      triggers: true,
      scratchBytesPerEvent: DIGEST_BYTES_PER_EVENT,
    });
    const fingerprint = new TileFingerprint();
    const tiles = pass.tiles(() => Number.POSITIVE_INFINITY);
    for await (const tile of tiles) await fingerprint.add(tile);
    const losses = Object.keys(pass.report.firstAt).filter((kind) => kind !== "backwardStep");
    const isDamaged = losses.length > 0;
    return { ...fingerprint.finish(), geometry: recording.geometry, isDamaged };
  } finally {
    await recording.close();
  }
}

function describe({ events, digest, triggers, geometry, isDamaged = false }: Content): string {
  const sensor = geometry === null ? "no geometry" : `geometry ${formatGeometry(geometry)}`;
  const damage = isDamaged ? ", damaged" : "";
  return `${events} events with the digest ${digest}, ${triggers} triggers, ${sensor}${damage}`;
}
