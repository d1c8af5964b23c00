import {
  AsyncByteQueue,
  Message,
  type RecordBatch,
  RecordBatchFileWriter,
  type Schema,
} from "apache-arrow";
import type { EventTypes } from "../../events/schema.ts";
import type { EventBatch } from "../../events/table.ts";

/** Makes an Arrow file batch by batch. */
export interface ArrowWriter {
  /**
   * Adds a batch, whose memory may be overwritten afterwards.
   *
   * @returns the bytes that come next in the file
   */
  write(batch: EventBatch): Uint8Array[];
  /** The last bytes of the file, the footer; nothing can be added after them. */
  finish(): Uint8Array[];
}

/**
 * Makes a writer of the Arrow IPC file format. It keeps no more than the place of every batch.
 * The format has no place for triggers.
 *
 * @param schema - the columns and the metadata of the file
 */
export function createArrowWriter(schema: Schema<EventTypes>): ArrowWriter {
  const sink = new CopyingSink();
  const writer = new FileWriter<EventTypes>();
  writer.reset(sink, schema);
  return {
    write(batch) {
      writer.write(batch as RecordBatch<EventTypes>);
      return sink.take();
    },
    finish() {
      writer.finish();
      return sink.take();
    },
  };
}

/** Takes what a writer writes, to be copied before the memory it is in changes. */
class CopyingSink extends AsyncByteQueue {
  #parts: Uint8Array[] = [];

  override write(part: Uint8Array): void {
    this.#parts.push(part);
  }

  /** All that was written since the last call, copied together. */
  take(): Uint8Array[] {
    const parts = this.#parts;
    this.#parts = [];
    const length = parts.reduce((total, part) => total + part.byteLength, 0);
    if (length === 0) return [];
    const bytes = new Uint8Array(length);
    let at = 0;
    for (const part of parts) {
      bytes.set(part, at);
      at += part.byteLength;
    }
    return [bytes];
  }
}

/**
 * apache-arrow writes the schema into the footer alone. The format has it in front of the batches,
 * too, and only with it there can the batches of a file be read whose end is missing.
 */
class FileWriter<Types extends EventTypes> extends RecordBatchFileWriter<Types> {
  protected override _writeSchema(schema: Schema<Types>) {
    return super._writeSchema(schema)._writeMessage(Message.from(schema as never));
  }
}
