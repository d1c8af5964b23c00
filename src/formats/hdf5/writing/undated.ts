import { type ByteSource, tooShort } from "../../../source/byte-source.ts";
import type { ScratchSpace } from "../../../source/scratch-space.ts";
import { Hdf5File } from "../file.ts";
import { MODIFICATION_TIME_MESSAGE } from "../layout.ts";
import { readObjectHeader } from "../structure/object-header.ts";

/** A version and three bytes that are reserved stand in front of the seconds since 1970. */
const SECONDS_OFFSET = 4;
const SECONDS_BYTES = 4;

/**
 * Takes out of a complete file when its datasets were written, which the library cannot be told to
 * leave out: the same events give the same bytes.
 *
 * @throws EventError `sink-unwritable`; whatever reading the file throws, which would be a bug
 */
export async function removeTimes(space: ScratchSpace): Promise<void> {
  const file = await Hdf5File.open(sourceOf(space));
  for (const object of await file.list()) {
    if (object.kind !== "dataset") continue;
    const messages = await readObjectHeader(file.reader, object.byteOffset, object.path);
    for (const { type, body } of messages) {
      if (type !== MODIFICATION_TIME_MESSAGE) continue;
      space.write(new Uint8Array(SECONDS_BYTES), body.offset + SECONDS_OFFSET);
    }
  }
}

/** Scratch space as it is to be read by what reads files. */
function sourceOf(space: ScratchSpace): ByteSource {
  const { byteLength } = space;
  return {
    byteLength,
    async read(offset, length, { into } = {}) {
      const bytes = into?.subarray(0, length) ?? new Uint8Array(length);
      const count = space.read(bytes, offset);
      if (count < length) throw tooShort(undefined, offset, length, count);
      return bytes;
    },
  };
}
