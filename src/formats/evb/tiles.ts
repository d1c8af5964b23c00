/** Tiles of a pass on their way into a container. */
import type { ContainerWriter } from "../../container/writer.ts";
import type { TriggerColumns } from "../../events/columns.ts";
import type { EventMemory } from "../../kernels/event-memory.ts";

/** Triggers of a segment: they are rare, and a segment is read whole. */
const SEGMENT_TRIGGERS = 65_536;

/** Adds the tile in memory; returns the bytes of the segments that are done. */
export async function addTile(
  writer: ContainerWriter,
  memory: EventMemory,
  triggers: TriggerBuffer,
): Promise<Uint8Array[]> {
  const pieces = await writer.add(memory.columns, 0, memory.eventCount);
  for (let at = 0; at < memory.triggerCount; ) {
    at += triggers.add(memory.triggers, at, memory.triggerCount);
    if (triggers.length === SEGMENT_TRIGGERS) pieces.push(...(await triggers.flush(writer)));
  }
  return pieces;
}

/** Triggers that wait for their segment to be full. */
export class TriggerBuffer {
  length = 0;
  #t = new BigInt64Array(0);
  #id = new Int16Array(0);
  #value = new Uint8Array(0);

  /** Takes triggers, as many as fit; returns how many. */
  add(from: TriggerColumns, start: number, end: number): number {
    if (this.#t.length === 0) {
      this.#t = new BigInt64Array(SEGMENT_TRIGGERS);
      this.#id = new Int16Array(SEGMENT_TRIGGERS);
      this.#value = new Uint8Array(SEGMENT_TRIGGERS);
    }
    const count = Math.min(end - start, SEGMENT_TRIGGERS - this.length);
    this.#t.set(from.t.subarray(start, start + count), this.length);
    this.#id.set(from.id.subarray(start, start + count), this.length);
    this.#value.set(from.value.subarray(start, start + count), this.length);
    this.length += count;
    return count;
  }

  /** Adds what it holds to a container. */
  async flush(writer: ContainerWriter): Promise<Uint8Array[]> {
    const { length } = this;
    this.length = 0;
    if (length === 0) return [];
    return writer.addTriggers({ length, t: this.#t, id: this.#id, value: this.#value });
  }
}
