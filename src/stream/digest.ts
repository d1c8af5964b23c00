import { platform } from "#platform";
import type { EventMemory } from "../kernels/event-memory.ts";
import { packWasm } from "../kernels/generated/pack.ts";
import { instantiateKernel } from "../kernels/kernel.ts";
import * as layout from "../kernels/layout.ts";
import type { OpenedRecording } from "../recording/recording.ts";
import { TilePass } from "../recording/tiles.ts";
import { resolveLoad } from "./load-options.ts";
import { rememberReport } from "./report-of.ts";
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

/** Reads a whole recording for its digest. */
export async function digestRecording(
  recording: OpenedRecording,
  options: PassOptions = {},
): Promise<EventDigest> {
  const { tiles } = resolveLoad(recording, options);
  const pass = new TilePass(recording, {
    ...tiles,
    scratchBytesPerEvent: layout.PACKED_EVENT_BYTES,
  });
  pass.report.mode = "chunked";
  const hash = platform.createSha256();
  let on = 0;
  let kernel: PackKernel | undefined;
  for await (const tile of pass.tiles(() => Number.POSITIVE_INFINITY)) {
    kernel ??= await instantiateKernel<PackKernel>(packWasm, tile.memory);
    kernel.pack(tile.eventCount, tile.scratch.byteOffset);
    on += tile.field(layout.PACKED_ON);
    hash.update(packed(tile));
  }
  const result = { events: pass.report.events, on, digest: hash.hex().slice(0, 16) };
  rememberReport(result, pass.report);
  options.onReport?.(pass.report);
  return result;
}

function packed(tile: EventMemory): Uint8Array {
  return tile.scratch.subarray(0, tile.eventCount * layout.PACKED_EVENT_BYTES);
}
