import { CONTINUATION_MESSAGE, SHARED_FLAG } from "../layout.ts";
import type { Block } from "./block.ts";
import type { MetadataReader } from "./metadata-reader.ts";

/** A message of an object header. */
export interface HeaderMessage {
  readonly type: number;
  /** Whether its body tells where it stands, and not what it says. */
  readonly isShared: boolean;
  readonly body: Block;
}

/** Attributes of more than 64 KB stand elsewhere; headers of this size are none. */
const MAX_HEADER_BYTES = 16 * 1024 * 1024;
/** The prefix of either version is not larger. */
const MOST_PREFIX_BYTES = 64;

/**
 * Reads the messages of an object header, those of its continuations included.
 *
 * @param what - what messages call the object
 * @throws EventError `invalid-header`
 */
export async function readObjectHeader(
  reader: MetadataReader,
  offset: number,
  what: string,
): Promise<HeaderMessage[]> {
  const header = `the header of ${what}`;
  const prefix = await reader.blockUpTo(offset, MOST_PREFIX_BYTES, header);
  const isNew = prefix.bytes[0] === 0x4f; // "O" of the signature
  const parts = new Parts(reader, header);
  if (!isNew) {
    prefix.version(1);
    prefix.skip(1 + 2 + 4); // number of messages, references
    const length = prefix.u32();
    parts.add(offset + 16, length, 0);
    return parts.messages((block, found) => readMessages(block, 8, false, header, found));
  }
  prefix.signature("OHDR");
  prefix.version(2);
  const flags = prefix.u8();
  if (flags & 0x20) prefix.skip(16); // times
  if (flags & 0x10) prefix.skip(4); // limits of attribute storage
  const length = prefix.uint(1 << (flags & 3));
  const hasOrder = (flags & 4) !== 0;
  parts.add(offset, prefix.at + length + 4, prefix.at);
  return parts.messages((block, found) => {
    if (block.offset !== offset) block.signature("OCHK");
    const messages = block.part(block.remaining - 4);
    block.checksum();
    readMessages(messages, 4 + (hasOrder ? 2 : 0), true, header, found);
  });
}

/** The parts of a header: the first, and its continuations. */
class Parts {
  readonly #reader: MetadataReader;
  readonly #header: string;
  readonly #parts: { offset: number; length: number; start: number }[] = [];
  readonly #seen = new Set<number>();
  #bytes = 0;

  constructor(reader: MetadataReader, header: string) {
    this.#reader = reader;
    this.#header = header;
  }

  add(offset: number, length: number, start: number): void {
    this.#parts.push({ offset, length, start });
  }

  async messages(read: (block: Block, found: HeaderMessage[]) => void): Promise<HeaderMessage[]> {
    const messages: HeaderMessage[] = [];
    for (const { offset, length, start } of this.#parts) {
      // Copied, since objects may be kept, and the pages of the reader not with them.
      const block = (await this.#reader.block(offset, length, this.#header)).copy();
      this.#bytes += length;
      if (this.#seen.has(offset) || this.#bytes > MAX_HEADER_BYTES) {
        throw block.damaged(`at most ${MAX_HEADER_BYTES} bytes in parts`, "more, or a circle");
      }
      this.#seen.add(offset);
      block.at = start;
      const found: HeaderMessage[] = [];
      read(block, found);
      for (const message of found) {
        if (message.type !== CONTINUATION_MESSAGE) messages.push(message);
        else this.add(message.body.definedAddress(), message.body.length(), 0);
      }
    }
    return messages;
  }
}

/** Reads the messages of one part; bytes behind them that fill no message are a gap. */
function readMessages(
  block: Block,
  prefixBytes: number,
  isNew: boolean,
  header: string,
  found: HeaderMessage[],
): void {
  while (block.remaining >= prefixBytes) {
    const start = block.at;
    const type = isNew ? block.u8() : block.u16();
    const length = block.u16();
    const flags = block.u8();
    block.at = start + prefixBytes;
    const body = block.part(length, `a message in ${header}`);
    found.push({ type, isShared: (flags & SHARED_FLAG) !== 0, body });
  }
}
