/** The names that options can have. A list of them stands beside each type of options. */
import { nearest } from "./nearest.ts";

/** Names of options. */
export interface OptionNames {
  /**
   * `true`; the names inside, of an option that is a set of options itself; `false` for one that is
   * taken, but that nobody is told of.
   */
  readonly [name: string]: boolean | OptionNames;
}

/** Every name of `Options`. */
type NamesOf<Options> = { readonly [Name in keyof Options]-?: boolean | OptionNames };

/** No name beside those of `Options`, not even in what is spread. */
type NoOthers<Names, Options> = { readonly [Name in Exclude<keyof Names, keyof Options>]: never };

/**
 * Takes a list of the names of `Options`: one that is missing, or one too many, does not compile.
 *
 * @example
 * ```ts
 * const LOAD_NAMES = namesOf<LoadOptions>()({ ...OPEN_NAMES, columns: true, rebase: true });
 * ```
 */
export function namesOf<Options extends object>() {
  return <Names extends NamesOf<Options>>(names: Names & NoOthers<Names, Options>): Names => names;
}

/** A list of names, or options by their names, less those that another list has. */
export function without<Names extends object, Left extends object>(
  names: Names,
  left: Left,
): Omit<Names, keyof Left> {
  const kept = Object.entries(names).filter(([name]) => !Object.hasOwn(left, name));
  return Object.fromEntries(kept) as unknown as Omit<Names, keyof Left>;
}

/** A name that is not known, for an error. */
export interface UnknownName {
  /** With the option in front of it that it is inside of, for example `text.colums`. */
  readonly found: string;
  /** The name that may have been meant, or all that there are. */
  readonly hint: string;
}

/**
 * Looks for an option whose name is not known, inside of options, too. Only what an object has itself
 * counts, so that an instance of a class may be given.
 *
 * @param names - what there is
 * @param others - what is let pass beside it
 * @returns the first one; null when all are known
 */
export function unknownName(
  options: object,
  names: OptionNames,
  others: OptionNames = {},
  path = "",
): UnknownName | null {
  for (const [name, value] of Object.entries(options)) {
    const inside = ownOf(names, name);
    const insideOthers = ownOf(others, name);
    if (inside === undefined && insideOthers === undefined) {
      return { found: path + name, hint: hintFor(name, names, path) };
    }
    if (typeof value !== "object" || value === null || Array.isArray(value)) continue;
    const known = isList(inside) ? inside : insideOthers;
    if (!isList(known)) continue;
    const more = isList(insideOthers) ? insideOthers : undefined;
    const found = unknownName(value, known, more, `${path}${name}.`);
    if (found !== null) return found;
  }
  return null;
}

function ownOf(names: OptionNames, name: string): OptionNames[string] | undefined {
  return Object.hasOwn(names, name) ? names[name] : undefined;
}

function isList(names: OptionNames[string] | undefined): names is OptionNames {
  return typeof names === "object";
}

function hintFor(name: string, names: OptionNames, path: string): string {
  const told = Object.keys(names).filter((one) => names[one] !== false);
  const meant = nearest(name, told);
  if (meant !== undefined) return `Did you mean \`${path}${meant}\`?`;
  return `There ${told.length === 1 ? "is only" : "are"} ${told.map((one) => `\`${path}${one}\``).join(", ")}.`;
}
