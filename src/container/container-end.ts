import type { ByteSource } from "../source/byte-source.ts";
import { MINOR_VERSION, TRAILER_BYTES } from "./layout.ts";
import { damaged, unsupported } from "./problems.ts";
import type { ContainerReader } from "./reader.ts";
import type { ContainerEnd } from "./writer.ts";

/**
 * What a writer needs to know of a container to add to it.
 *
 * @throws EventError `damaged-data` where no trailer counts, `unsupported-format` for a newer version
 */
export async function endOf(reader: ContainerReader, source: ByteSource): Promise<ContainerEnd> {
  const { end, header, statistics } = reader;
  const path = source.name;
  if (header.minor > MINOR_VERSION) {
    throw unsupported("a newer version wrote this container: nothing can be added to it", {
      path,
      expected: `version ${header.major}.${MINOR_VERSION} or older`,
      found: `version ${header.major}.${header.minor}`,
      hint: "Add to it with a newer evarrow.",
    });
  }
  const hasDigest = header.checksums === "sha256";
  if (end === null || (hasDigest && end.digest === null)) {
    throw damaged("nothing can be added to a container that is not whole", {
      path,
      byteOffset: end?.trailer ?? reader.truncation?.byteOffset ?? source.byteLength,
      expected: end === null ? "a trailer" : "a digest",
      hint: "`repairContainer` makes a sound one of it.",
    });
  }
  const fileLength = end.trailer + TRAILER_BYTES;
  const digest = hasDigest && end.digest !== null ? end.digest : null;
  return {
    geometry: header.geometry,
    fileLength,
    trailer: end.trailer,
    index: await reader.index(),
    statistics,
    digest:
      digest === null
        ? null
        : { offset: digest, bytes: await source.read(digest, fileLength - digest) },
  };
}
