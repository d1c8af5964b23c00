import { unsupported } from "../problems.ts";
import type { Block } from "./block.ts";
import type { MetadataReader } from "./metadata-reader.ts";
import { type HeaderMessage, readObjectHeader } from "./object-header.ts";

/** A shared message that names another that names another is not followed for ever. */
const MAX_STEPS = 4;

/**
 * The body of a message, wherever it stands: a datatype with a name of its own stands in the header
 * of an object.
 *
 * @throws EventError `unsupported-format` for messages in the heap that files may have for them
 */
export async function bodyOf(
  reader: MetadataReader,
  message: HeaderMessage,
  steps = MAX_STEPS,
): Promise<Block> {
  if (!message.isShared) return message.body;
  const offset = sharedAt(message.body);
  const messages = steps > 0 ? await readObjectHeader(reader, offset, "a shared message") : [];
  const found = messages.find(({ type }) => type === message.type);
  if (found !== undefined) return bodyOf(reader, found, steps - 1);
  throw message.body.damaged(`a message of type ${message.type} at byte ${offset}`, "none");
}

/** Where the object header is that holds the message. */
export function sharedAt(block: Block): number {
  const version = block.version(1, 2, 3);
  const type = block.u8();
  if (version === 3 && type === 1) {
    throw unsupported("a message stands in the heap of shared messages", {
      path: block.file.path,
      byteOffset: block.offset,
      hint: "Copy the file with `h5repack`.",
    });
  }
  if (version === 1) block.skip(6);
  return block.definedAddress();
}
