/**
 * Who may import whom. Reads import lines as text, so that it sees types, dynamic imports and
 * AssemblyScript alike, and judges them by the rules of the project's layout.
 */
import { posix } from "node:path";

/** One import of a file. */
export interface ImportLine {
  /** What stands between the quotes; null for an `import()` of something computed. */
  readonly specifier: string | null;
  /** `static` lines run before the file does, `dynamic` ones when reached, `type` ones never. */
  readonly kind: "static" | "dynamic" | "type";
}

/** The imports of every file, by its path from `src`, for example `events/table.ts`. */
export type ImportMap = ReadonlyMap<string, readonly ImportLine[]>;

/** From left to right; a name may import what stands to its left, never its neighbours. */
export const RANKS: readonly (readonly string[])[] = [
  ["util", "errors.ts", "version.ts"],
  ["events", "source"],
  ["platform", "kernels"],
  ["container"],
  ["dataframe", "formats", "bridges", "representations"],
  ["recording"],
  ["stream"],
  ["query"],
  ["api"],
  ["index.ts"],
  ["node.ts", "thread.ts"],
  ["cli"],
];

/** The only files that load apache-arrow, or parts of it, when they are loaded. */
const ARROW_FILES = ["events/schema.ts", "events/table.ts"];
const loadsArrow = (file: string): boolean =>
  ARROW_FILES.includes(file) ||
  (file.startsWith("formats/arrow/") && !/\/(?:format|layout)\.ts$/.test(file));

const COMMENT_OR_TEXT =
  /\/\*[\s\S]*?\*\/|\/\/[^\n]*|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|`(?:\\.|[^`\\])*`|(?<=[=(,:;!&|?{}]\s*)\/(?![*/])(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n])+\//g;
const IMPORT = /^[ \t]*import\s+(type\s+(?!from\b))?(?:[\w$*{},\s]+?\s*from\s*)?["']([^"']+)["']/gm;
const EXPORT =
  /^[ \t]*export\s+(type\s+)?(?:\*(?:\s*as\s+[\w$]+)?|\{[^}]*\})\s*from\s*["']([^"']+)["']/gm;
const DYNAMIC = /\bimport\s*\(\s*(?:["']([^"']+)["']|([^)\s]))/g;

/** The imports of one file, in the order static and type, then dynamic. */
export function importsOf(text: string): ImportLine[] {
  const code = text.replace(COMMENT_OR_TEXT, (part) =>
    part.startsWith("/*") || part.startsWith("//") ? "" : part,
  );
  const lines: ImportLine[] = [];
  for (const pattern of [IMPORT, EXPORT]) {
    for (const [, type, specifier = ""] of code.matchAll(pattern)) {
      lines.push({ specifier, kind: type === undefined ? "static" : "type" });
    }
  }
  for (const [, specifier] of code.matchAll(DYNAMIC)) {
    lines.push({ specifier: specifier ?? null, kind: "dynamic" });
  }
  return lines;
}

/** Every import that breaks a rule, as a sentence. */
export function violations(map: ImportMap): string[] {
  const found: string[] = [];
  for (const [file, lines] of map) {
    for (const { specifier, kind } of lines) {
      const complain = (why: string): void => {
        found.push(`${file} imports ${specifier ?? "something computed"}: ${why}`);
      };
      if (specifier === null) complain("nobody can check that");
      else if (specifier.startsWith(".") || specifier === "#platform") {
        judgeOwn(file, resolve(file, specifier), kind, complain);
      } else judgeForeign(file, specifier, kind, complain);
    }
  }
  return found;
}

/** The file that an import names, from `src`; `#platform` is the folder `platform`. */
export function resolve(file: string, specifier: string): string {
  if (specifier === "#platform") return "platform/platform.ts";
  const path = posix.join(posix.dirname(file), specifier);
  return /\.[cm]?[jt]s$/.test(path) ? path : `${path}.ts`; // AssemblyScript writes no extension
}

/**
 * Every file and package that runs when `entry` is loaded, before anything is called.
 *
 * @param platform - the file that `#platform` stands for
 */
export function staticClosure(map: ImportMap, entry: string, platform: string): Set<string> {
  const reached = new Set<string>();
  const visit = (file: string): void => {
    if (reached.has(file)) return;
    reached.add(file);
    for (const { specifier, kind } of map.get(file) ?? []) {
      if (kind !== "static" || specifier === null) continue;
      if (specifier === "#platform") visit(platform);
      else visit(specifier.startsWith(".") ? resolve(file, specifier) : specifier);
    }
  };
  visit(entry);
  return reached;
}

type Complain = (why: string) => void;

function judgeOwn(file: string, target: string, kind: ImportLine["kind"], complain: Complain) {
  const [from, to] = [nameOf(file), nameOf(target)];
  const [fromRank, toRank] = [rankOf(from), rankOf(to)];
  if (target.startsWith("../")) return complain("that is outside src");
  if (fromRank < 0) return complain(`${from} has no place in the order`);
  if (toRank < 0) return complain(`${to} has no place in the order`);

  // AssemblyScript compiles the constants of these into the kernels: the word and the shared memory
  // are drawn once, for both languages.
  const kernelConstants =
    file.startsWith("kernels/assembly/") &&
    (target === "kernels/layout.ts" || /^formats\/[^/]+\/layout\.ts$/.test(target));
  if (kernelConstants) return;

  if (from !== to && toRank > fromRank) complain(`${to} stands to the right of ${from}`);
  else if (from !== to && toRank === fromRank) complain(`${to} and ${from} do not know each other`);
  if (from === "cli" && to !== "cli" && target !== "node.ts") {
    complain("the command line uses node.ts and nothing else of the library");
  }
  const format = formatFolderOf(target);
  if (format !== null && formatFolderOf(file) !== format) {
    if (from === "formats" && formatFolderOf(file) !== null) {
      complain("no format imports another; what they share is a file beside them");
    } else if (file !== "formats/registry.ts" && file !== "index.ts") {
      complain("formats/registry.ts alone names a format");
    }
  }
  if (kind === "static" && loadsArrow(target) && !loadsArrow(file)) {
    complain("it loads apache-arrow: to be imported when needed, or as a type");
  }
}

function judgeForeign(file: string, name: string, kind: ImportLine["kind"], complain: Complain) {
  const runs = kind !== "type";
  const atTheEdge =
    /^(?:platform\/node(?:-\w+)?|thread)\.ts$/.test(file) || /^(?:source\/node|cli)\//.test(file);
  if (name.startsWith("#")) return complain("there is no such name");
  if (name.startsWith("node:")) {
    if (!atTheEdge) complain("only platform/node*.ts, source/node, thread.ts and cli know Node");
    return;
  }
  const library = name
    .split("/")
    .slice(0, name.startsWith("@") ? 2 : 1)
    .join("/");
  if (library === "nodejs-polars" && runs && file !== "platform/node.ts") {
    complain("only platform/node.ts loads Polars");
  }
  if (library === "nodejs-polars" && kind === "static") complain("Polars is loaded when needed");
  if (library === "apache-arrow" && kind === "static" && !loadsArrow(file)) {
    complain("only events/schema.ts, events/table.ts and formats/arrow load apache-arrow");
  }
}

/** `events` of `events/table.ts`, and `errors.ts` of itself. */
function nameOf(file: string): string {
  return file.split("/")[0] ?? file;
}

function rankOf(name: string): number {
  return RANKS.findIndex((names) => names.includes(name));
}

/** `evt2` of `formats/evt2/layout.ts`; null for files beside the folders. */
function formatFolderOf(file: string): string | null {
  return /^formats\/([^/]+)\//.exec(file)?.[1] ?? null;
}
