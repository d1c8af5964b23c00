import { platform } from "#platform";
import type { EventMemory } from "../kernels/event-memory.ts";
import { packWasm } from "../kernels/generated/pack.ts";
import { instantiateKernel } from "../kernels/kernel.ts";
import * as layout from "../kernels/layout.ts";
import type { OpenedRecording } from "../recording/recording.ts";
import { TilePass } from "../recording/tiles.ts";
import { tell } from "../util/tell.ts";
import { resolveLoad } from "./load-options.ts";
import { rememberReport } from "./report-of.ts";
import { EVERYTHING, type Selection } from "./selection.ts";
import type { PassOptions } from "./statistics.ts";

/**
 * What identifies the events of a recording whatever its format, chunks and polarity encoding:
 * two recordings with the same digest hold the same events in the same order.
 */
export interface EventDigest {
  readonly events: number;
  /** Events of polarity ON. */
  readonly on: number;
  /**
   * The first 16 hexadecimal digits of the SHA-256 over all events in order, each packed
   * little-endian as i64 t, u16 x, u16 y, u8 polarity (1 = ON).
   */
  readonly digest: string;
}

interface PackKernel {
  /** Packs the first `count` events of the columns at the address `out`. */
  pack(count: number, out: number): void;
}

/** Scratch space that {@link TileDigest} needs for every event of a tile. */
export const DIGEST_BYTES_PER_EVENT = layout.PACKED_EVENT_BYTES;

/** Adds up the digest of events tile by tile; all tiles are in the same memory. */
export class TileDigest {
  readonly #hash = platform.createSha256();
  #kernel: PackKernel | undefined;
  #events = 0;
  #on = 0;

  /** Takes the events of the tile in memory. */
  async add(tile: EventMemory): Promise<void> {
    this.#kernel ??= await instantiateKernel<PackKernel>(packWasm, tile.memory);
    const { eventCount, scratch } = tile;
    this.#kernel.pack(eventCount, scratch.byteOffset);
    this.#events += eventCount;
    this.#on += tile.field(layout.PACKED_ON);
    this.#hash.update(scratch.subarray(0, eventCount * DIGEST_BYTES_PER_EVENT));
  }

  /** The digest; nothing can be added after it. */
  finish(): EventDigest {
    return { events: this.#events, on: this.#on, digest: this.#hash.hex().slice(0, 16) };
  }
}

/**
 * Reads a recording for its digest.
 *
 * @param selection - which events, for queries
 */
export async function digestRecording(
  recording: OpenedRecording,
  options: PassOptions = {},
  selection: Selection = EVERYTHING,
): Promise<EventDigest> {
  const { tiles } = resolveLoad(recording, options);
  const scratchBytesPerEvent = DIGEST_BYTES_PER_EVENT;
  const pass = new TilePass(recording, { ...tiles, ...selection.tiles, scratchBytesPerEvent });
  pass.report.mode = "chunked";
  const digest = new TileDigest();
  for await (const tile of pass.tiles(() => Number.POSITIVE_INFINITY)) await digest.add(tile);
  const result = digest.finish();
  rememberReport(result, pass.report);
  tell(options.onReport, pass.report);
  return result;
}
