/** What is refused of an append, and why. */
import { checkStatedMetadata, type StatedMetadata } from "../container/compose-metadata.ts";
import type { ContainerHeader } from "../container/header.ts";
import type { ContainerMetadata } from "../container/metadata.ts";
import type { ContainerOptions } from "../container/settings.ts";
import { EventError } from "../errors.ts";
import { COLUMN_NAMES } from "../events/columns.ts";
import type { WholeEventColumns } from "../events/from-table.ts";
import { formatGeometry, type SensorGeometry } from "../events/geometry.ts";
import type { PolarityEncoding } from "../events/polarity.ts";
import { show } from "../util/show.ts";

/** What the file has said once and for all. Their names are let pass, to be refused with a reason. */
export const FIXED_NAMES = {
  codec: true,
  checksum: true,
  deterministic: true,
  columns: true,
} as const;
/** The same of what is said of its metadata. */
export const FIXED_METADATA_NAMES = { include: true, exclude: true } as const;

/** All that is said of the file stays, so there is nothing to choose. */
export function checkAppendedMetadata(metadata: StatedMetadata | undefined): void {
  checkStatedMetadata(metadata);
  for (const name of namesIn(FIXED_METADATA_NAMES)) {
    const found = (metadata as StatedMetadata | undefined)?.[name];
    if (found === undefined) continue;
    throw new EventError("invalid-option", `metadata.${name} is not for an append`, {
      expected: "description, tags and custom",
      found: show(found),
    });
  }
}

/** Keys of both, the new ones in place of old ones of the same name. */
export function customOf(
  { custom: old }: ContainerMetadata,
  { custom }: Pick<ContainerMetadata, "custom"> = {},
): Pick<ContainerMetadata, "custom"> {
  return custom === undefined ? {} : { custom: { ...old, ...custom } };
}

/** @throws EventError `invalid-option` for what the file has said once and for all */
export function refuseFixed(options: object): void {
  for (const name of namesIn(FIXED_NAMES)) {
    const found = (options as ContainerOptions)[name];
    if (found === undefined) continue;
    throw new EventError("invalid-option", `${name} is what the container has`, {
      expected: `no ${name}`,
      found: show(found),
    });
  }
}

export function refuseColumns({ columns }: ContainerHeader, path: string | undefined): void {
  if (columns.length === COLUMN_NAMES.length) return;
  throw new EventError("not-encodable", "nothing can be added to a container of fewer columns", {
    ...{ path, format: "evb" },
    expected: COLUMN_NAMES.join(", "),
    found: columns.join(", "),
    hint: "Export the new events to a container of their own.",
  });
}

export function refuseGeometry(
  file: SensorGeometry | null,
  events: SensorGeometry | null,
  path: string | undefined,
): void {
  if (file === null || events === null) return;
  const [expected, found] = [formatGeometry(file), formatGeometry(events)];
  if (expected !== found) throw other("geometry", expected, found, path);
}

/** @param events - what was subtracted from their times; `first` for that of the first of them */
export function refuseZero(
  file: number,
  events: number | "first" | undefined,
  path: string | undefined,
): void {
  if (events === undefined || events === file) return;
  const said = (offset: number | "first"): string =>
    offset === "first"
      ? "times from their first event on"
      : `times from which ${offset} µs were subtracted`;
  throw other("time zero", said(file), said(events), path, "Load them without `rebase`.");
}

export function refuseEncoding(
  { polarityEncoding: expected }: ContainerHeader,
  found: PolarityEncoding,
  path: string | undefined,
): void {
  if (expected === found) return;
  const hint = `Load them with \`polarityEncoding: "${expected}"\`.`;
  throw other("polarity encoding", expected, found, path, hint);
}

/** Events that say nothing of their encoding. */
export function refuseValues(
  header: ContainerHeader,
  { polarity }: WholeEventColumns,
  path: string | undefined,
): void {
  const isZeroOne = header.polarityEncoding === "zero-one";
  if (!polarity.includes(isZeroOne ? -1 : 0)) return;
  refuseEncoding(header, isZeroOne ? "minus-one-one" : "zero-one", path);
}

function namesIn<Name extends string>(names: Readonly<Record<Name, true>>): Name[] {
  return Object.keys(names) as Name[];
}

function other(
  what: string,
  expected: string,
  found: string,
  path: string | undefined,
  hint?: string,
): EventError {
  const problem = `the events have another ${what} than the container`;
  return new EventError("not-encodable", problem, { path, format: "evb", expected, found, hint });
}
