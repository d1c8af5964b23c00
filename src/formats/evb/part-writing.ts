import type { EventMemory } from "../../kernels/event-memory.ts";
import type { EventWriter, WriterFacts } from "../writer.ts";
import type { EvbPart } from "./format.ts";
import { addTile, TriggerBuffer } from "./tiles.ts";

/** Makes a writer that adds one recording to a container, and leaves it to be ended by others. */
export function createPartWriter(
  memory: EventMemory,
  facts: WriterFacts,
  part: EvbPart,
): EventWriter {
  const triggers = new TriggerBuffer();
  const { writer } = part;
  return {
    leftOut: { events: 0, triggers: 0 },
    start: () => part.start?.(facts, memory) ?? [],
    write() {
      part.onTile?.(memory);
      return addTile(writer, memory, triggers);
    },
    async finish() {
      const pieces = await triggers.flush(writer);
      if (part.finish) pieces.push(...(await part.finish()));
      return pieces;
    },
  };
}
