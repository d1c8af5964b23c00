import { platform } from "#platform";
import { EventError } from "../errors.ts";
import { COLUMN_NAMES } from "../events/columns.ts";
import { namesOf } from "../util/option-names.ts";
import { show } from "../util/show.ts";
import { VERSION } from "../version.ts";
import { type ContainerMetadata, checkFields } from "./metadata.ts";

/** What a user says of a container, and what goes into it of all that is known. */
export interface StatedMetadata extends Pick<ContainerMetadata, "description" | "tags" | "custom"> {
  /**
   * The metadata that are written: names of fields (`"source"`), parts of them (`"source.name"`,
   * `"custom.operator"`), or the beginning of either with a `*` behind it (`"custom.lens*"`). `columns`
   * and `timeOffset`, without which the events would be others, are always written. Default: all.
   */
  include?: readonly string[] | undefined;
  /** Of these, those that are not written, in the same words. Default: none. */
  exclude?: readonly string[] | undefined;
}

/** The names of {@link StatedMetadata}. */
export const STATED_NAMES = namesOf<StatedMetadata>()({
  description: true,
  tags: true,
  custom: true,
  include: true,
  exclude: true,
});

/** Fields in the order of the file. */
const FIELDS = [
  ...["createdBy", "createdAt", "platform", "description", "tags", "custom", "columns"],
  ...["source", "timeOffset", "report"],
] as readonly (keyof ContainerMetadata)[];
/** What the events need to be understood. */
const NEEDED: readonly string[] = ["columns", "timeOffset"];
/** Fields whose parts have names. */
const DIVIDED: readonly string[] = ["custom", "source", "report"];

/**
 * Puts together what a container says of itself.
 *
 * @param known - of the events; what the user says replaces it
 * @param isDeterministic - leaves out when and on what it is written
 * @throws EventError `invalid-option`
 */
export function composeMetadata(
  known: ContainerMetadata,
  stated: StatedMetadata = {},
  isDeterministic = false,
): ContainerMetadata {
  const { include, exclude, ...said } = stated;
  const isWanted = wantedBy(stated);
  const all: ContainerMetadata = {
    createdBy: `evarrow ${VERSION}`,
    ...(!isDeterministic && { createdAt: new Date().toISOString(), platform: platform.name }),
    ...known,
    ...said,
    columns: known.columns ?? COLUMN_NAMES,
  };
  const chosen = FIELDS.flatMap((name): [string, unknown][] => {
    const value = all[name];
    if (value === undefined) return [];
    if (!DIVIDED.includes(name)) return isWanted(name) ? [[name, value]] : [];
    const parts = Object.entries(value).filter(([part]) => isWanted(`${name}.${part}`));
    const isEmpty = parts.length === 0 && Object.keys(value).length > 0;
    return isEmpty ? [] : [[name, Object.fromEntries(parts)]];
  });
  return Object.fromEntries(chosen) as ContainerMetadata;
}

/**
 * Names of what a container does not say though its sources do, since they do not agree on it: without
 * what the user says in its place, or does not want.
 *
 * @param differing - `description`, `custom.KEY`
 */
export function leftUnsaid(differing: readonly string[], stated: StatedMetadata = {}): string[] {
  const isWanted = wantedBy(stated);
  const isSaid = (name: string): boolean =>
    (name.startsWith("custom.") ? stated.custom : stated.description) !== undefined;
  return differing.filter((name) => isWanted(name) && !isSaid(name));
}

function wantedBy({ include = ["*"], exclude = [] }: StatedMetadata): (name: string) => boolean {
  const [isIncluded, isExcluded] = [matcherOf("include", include), matcherOf("exclude", exclude)];
  return (name) => NEEDED.includes(name) || (isIncluded(name) && !isExcluded(name));
}

/**
 * Checks what a user says, whose names are known: what a reader would refuse is not written.
 *
 * @throws EventError `invalid-option`
 */
export function checkStatedMetadata(stated: StatedMetadata | undefined): void {
  if (stated === undefined) return;
  if (!isPlain(stated)) throw wrong("metadata", "an object", stated);
  const { include, exclude, custom, ...others } = stated;
  if (include !== undefined) matcherOf("include", include);
  if (exclude !== undefined) matcherOf("exclude", exclude);
  if (custom !== undefined && !isPlain(custom)) {
    throw wrong("metadata.custom", "a plain object of strings", custom);
  }
  checkFields({ ...others, custom }, (name, expected, found) =>
    wrong(`metadata.${name}`, expected, found),
  );
}

/** A Map or an array would lose what it holds on its way into JSON. */
function isPlain(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  const prototype = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

function wrong(name: string, expected: string, found: unknown): EventError {
  return new EventError("invalid-option", `${name} is not known`, { expected, found: show(found) });
}

/** Says whether a field, or a part of one, is named. */
function matcherOf(option: string, patterns: readonly string[]): (name: string) => boolean {
  const isList = Array.isArray(patterns) && patterns.every((one) => typeof one === "string");
  const unknown = isList ? patterns.find((pattern) => !isKnown(pattern)) : patterns;
  if (unknown !== undefined) {
    const expected = `names of ${FIELDS.join(", ")}, or of parts of ${DIVIDED.join(", ")}; with a * at the end, or without`;
    throw wrong(`metadata.${option}`, expected, unknown);
  }
  return (name) =>
    patterns.some((pattern) =>
      pattern.endsWith("*")
        ? name.startsWith(pattern.slice(0, -1))
        : name === pattern || name.startsWith(`${pattern}.`),
    );
}

/** Whether there can be a field or a part that is meant: a slip would write what nobody wants. */
function isKnown(pattern: string): boolean {
  const [field = "", part] = pattern.split(/\.(.*)/s);
  if (part !== undefined) return DIVIDED.includes(field);
  if (!field.endsWith("*")) return (FIELDS as readonly string[]).includes(field);
  return FIELDS.some((name) => name.startsWith(field.slice(0, -1)));
}
