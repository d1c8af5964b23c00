/** How the memory of a pass is divided between its parts. */
import { eventMemoryBytes } from "../kernels/event-memory.ts";
import { passMemorySize } from "../recording/pass-memory.ts";
import type { OpenedRecording } from "../recording/recording.ts";

/** What can be made smaller when memory is scarce. */
export interface PassSizes {
  /** Bytes of each of the two input slots. */
  readonly readBufferBytes: number;
  /** The most events of a tile. */
  readonly tileEvents: number;
  /** The most events of a batch. */
  readonly chunkEvents: number;
  /** Bytes that a reader of rows holds. */
  readonly workingBytes: number;
}
type Part = keyof PassSizes;

/** A pass whose memory is planned. */
export interface PassNeeds {
  readonly recording: OpenedRecording;
  /** Bytes of an event in all batches that are held at the same time; 0 when none are. */
  readonly batchBytesPerEvent: number;
  /** Bytes that are held whatever the sizes are. */
  readonly fixedBytes: number;
}

const PARTS: readonly Part[] = ["chunkEvents", "workingBytes", "readBufferBytes", "tileEvents"];

/** Bytes that a pass of these sizes holds. */
export function heldBytes(needs: PassNeeds, sizes: PassSizes): number {
  const size = memorySizeOf(needs, sizes);
  const batches = batchBytes(needs, sizes);
  return Math.ceil(eventMemoryBytes(size) + batches + sizes.workingBytes + needs.fixedBytes);
}

/**
 * The sizes that are wanted or, where they take more than `most` bytes, smaller ones: again and
 * again the largest part is halved, down to the least sizes, whatever those take.
 */
export function fitSizes(
  needs: PassNeeds,
  wanted: PassSizes,
  least: PassSizes,
  most: number,
): PassSizes {
  let sizes = wanted;
  while (heldBytes(needs, sizes) > most) {
    const shrinkable = PARTS.filter((part) => sizes[part] > least[part]);
    if (shrinkable.length === 0) return sizes;
    const weights = weightsOf(needs, sizes);
    const largest = shrinkable.reduce((one, other) =>
      weights[other] > weights[one] ? other : one,
    );
    const halved = Math.max(Math.floor(sizes[largest] / 2), least[largest]);
    sizes = { ...sizes, [largest]: halved };
  }
  return sizes;
}

/** Bytes of each part. */
function weightsOf(needs: PassNeeds, sizes: PassSizes): Readonly<Record<Part, number>> {
  const size = memorySizeOf(needs, sizes);
  const withoutTile = eventMemoryBytes({ ...size, tileEvents: 0 });
  return {
    readBufferBytes: 2 * size.inputBytes,
    tileEvents: eventMemoryBytes(size) - withoutTile,
    chunkEvents: batchBytes(needs, sizes),
    workingBytes: sizes.workingBytes,
  };
}

/** Batches are no larger than the recording. */
function batchBytes({ recording, batchBytesPerEvent }: PassNeeds, sizes: PassSizes): number {
  const most = recording.mostEvents() ?? Number.POSITIVE_INFINITY;
  return Math.min(sizes.chunkEvents, Math.max(most, 1)) * batchBytesPerEvent;
}

function memorySizeOf({ recording }: PassNeeds, { readBufferBytes, tileEvents }: PassSizes) {
  return passMemorySize(recording, { inputBytes: readBufferBytes, tileEvents });
}
