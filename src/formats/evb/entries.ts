/** What a container says of itself as header lines, and back. */
import type { ContainerHeader } from "../../container/header.ts";
import type { ContainerMetadata } from "../../container/metadata.ts";

type Entry = readonly [key: string, value: string];

/** What other headers leave out: these lines are about the container, not about the recording. */
const PREFIX = "evarrow.";
const CUSTOM = `${PREFIX}custom.`;

/** Lines about the container, and behind them those of the recording that it was made from. */
export function entriesOf(header: ContainerHeader, metadata: ContainerMetadata): Entry[] {
  const { major, minor, codec, checksums, writer } = header;
  const { createdBy = writer, createdAt, platform, description, source, tags = [] } = metadata;
  const facts: [string, string | undefined][] = [
    ["version", `${major}.${minor}`],
    ["createdBy", createdBy],
    ["codec", codec],
    ["checksums", checksums],
    ["createdAt", createdAt],
    ["platform", platform],
    ["format", source?.format],
    ["sourceName", source?.name],
    ["description", description],
    ...tags.map((tag): [string, string] => ["tag", tag]),
  ];
  const own = facts.filter((fact): fact is [string, string] => fact[1] !== undefined);
  return [
    ...own.map(([key, value]): Entry => [PREFIX + key, value]),
    ...Object.entries(metadata.custom ?? {}).map(([key, value]): Entry => [CUSTOM + key, value]),
    ...(source?.header ?? []),
  ];
}

/** What lines of {@link entriesOf} say for a container that is made of that one. */
export function metadataIn(
  entries: readonly Entry[],
): Pick<ContainerMetadata, "description" | "tags" | "custom"> & { header: readonly Entry[] } {
  const valuesOf = (key: string) =>
    entries.filter(([name]) => name === PREFIX + key).map(([, value]) => value);
  const custom = entries
    .filter(([key]) => key.startsWith(CUSTOM))
    .map(([key, value]) => [key.slice(CUSTOM.length), value] as const);
  const [description] = valuesOf("description");
  const tags = valuesOf("tag");
  return {
    ...(description !== undefined && { description }),
    ...(tags.length > 0 && { tags }),
    ...(custom.length > 0 && { custom: Object.fromEntries(custom) }),
    header: entries.filter(([key]) => !key.startsWith(PREFIX)),
  };
}
