/** Where lines and JSON go, and what keeps them harmless in a terminal. */
import type { Writable } from "node:stream";

/** A stream that may be a terminal. */
export type OutputStream = Writable & {
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
};

/** Whoever read our output has read enough, as `head -1` does. */
export class OutputClosed extends Error {}

/** Whoever read our output has left before it was whole, and a part of such a file is of no use. */
export class OutputCut extends Error {}

/** The output cannot be written: a full disk, for example. */
export class OutputFailed extends Error {}

/**
 * What the failed writing of a file is: where it was written into a pipe, standard output or one with a name,
 * whose reader has left, that lines of text may end anywhere, as with `head -1`, and other files may not.
 */
export function outputFailure(error: unknown, isText: boolean): unknown {
  const cause = error instanceof Error ? error.cause : undefined;
  return isBrokenPipe(cause) ? whenLeft(isText) : error;
}

function isBrokenPipe(error: unknown): boolean {
  return (error as NodeJS.ErrnoException | null | undefined)?.code === "EPIPE";
}

function whenLeft(isText: boolean): Error {
  return isText ? new OutputClosed() : new OutputCut();
}

/** Data to stdout, messages to stderr. */
export class Output {
  readonly stderr: OutputStream;
  readonly #stdout: OutputStream;

  constructor(stdout: OutputStream, stderr: OutputStream) {
    this.#stdout = stdout;
    this.stderr = stderr;
    // Failures are told by the callback of each write; unheard, the event would end the process.
    for (const stream of [stdout, stderr]) stream.on("error", () => {});
  }

  /** Lines of data; waits until the reader has taken them. */
  print(lines: readonly string[]): Promise<void> {
    return this.#write(lines.map((line) => `${visible(line)}\n`).join(""));
  }

  /** One value as JSON, on a line of its own. */
  printJson(value: unknown): Promise<void> {
    return this.#write(`${toJson(value)}\n`);
  }

  /** Bytes of a file, as they are. @param isText - whether a part of it is of use, too */
  printBytes(bytes: Uint8Array, isText: boolean): Promise<void> {
    return this.#write(bytes, isText);
  }

  /** Lines for the person at the terminal. That nobody hears them is no failure. */
  message(lines: readonly string[]): Promise<void> {
    const text = lines.map((line) => `${visible(line)}\n`).join("");
    return new Promise((resolve) => this.stderr.write(text, () => resolve()));
  }

  #write(text: string | Uint8Array, isText = true): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#stdout.write(text, (error) => {
        if (!error) resolve();
        else if (isBrokenPipe(error)) reject(whenLeft(isText));
        else reject(new OutputFailed(`the output cannot be written (${error.message})`));
      });
    });
  }
}

/** Control and formatting characters, and line separators: what could move a cursor or hide text. */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;
const NAMED_ESCAPES: Readonly<Record<string, string>> = { "\n": "\\n", "\r": "\\r", "\t": "\\t" };

/** Text as one line in which nothing acts on a terminal: such characters are shown as escapes. */
export function visible(text: string): string {
  return text.replace(UNPRINTABLE, (character) => {
    const code = character.codePointAt(0) ?? 0;
    const named = NAMED_ESCAPES[character];
    if (named !== undefined) return named;
    return code < 0x100 ? `\\x${code.toString(16).padStart(2, "0")}` : `\\u{${code.toString(16)}}`;
  });
}

/**
 * Compact JSON in which such characters are escaped, too; its meaning is the same. Times that no number
 * holds are text.
 */
export function toJson(value: unknown): string {
  const json = JSON.stringify(value, (_, field) =>
    typeof field === "bigint" ? String(field) : field,
  );
  return json.replace(UNPRINTABLE, (character) => {
    const units = Array.from({ length: character.length }, (_, at) => character.charCodeAt(at));
    return units.map((unit) => `\\u${unit.toString(16).padStart(4, "0")}`).join("");
  });
}
