/** One request to a web server, what its answer says of itself, and its body. */
import { EventError } from "../errors.ts";
import { tooShort } from "./byte-source.ts";
import type { WebAddress } from "./http-address.ts";

/** Bytes of a file: the first, and the one behind the last. */
export interface Part {
  readonly start: number;
  readonly end: number;
}

/**
 * Asks for a part of what is at an address, or for all of it. What the server answers is not judged.
 *
 * @throws EventError `source-unreadable` when nothing comes back
 */
export async function request(
  { url, name, authorization }: WebAddress,
  part: Part | null,
  signal: AbortSignal,
): Promise<Response> {
  signal.throwIfAborted();
  const headers = new Headers();
  if (authorization !== null) headers.set("Authorization", authorization);
  // `fetch` adds "identity" to a request with a range. Browsers let nobody else say it.
  if (part === null) headers.set("Accept-Encoding", "identity");
  else headers.set("Range", `bytes=${part.start}-${part.end - 1}`);
  try {
    return await fetch(url, { headers, signal });
  } catch (cause) {
    signal.throwIfAborted();
    const hint =
      reasonOf(cause) === null
        ? "Is the address right? In a browser, its server also has to allow the request (CORS)."
        : undefined;
    throw new EventError("source-unreadable", withReason("the address cannot be reached", cause), {
      path: name,
      byteOffset: offsetOf(part),
      hint,
      cause,
    });
  }
}

/** The error for a status that gives no bytes. */
export function badStatus(name: string, part: Part | null, response: Response): EventError {
  const { status, statusText } = response;
  const place = { path: name, byteOffset: offsetOf(part), found: statusOf(status, statusText) };
  if (status === 404 || status === 410) {
    return new EventError("source-not-found", "there is nothing at this address", place);
  }
  if (status === 401 || status === 403) {
    return new EventError("source-unreadable", "the server refuses to give this", {
      ...place,
      hint: "Fetch it with the login or key it asks for, and give the response's body, a `ReadableStream`.",
    });
  }
  const isPassing = status >= 500 || status === 408 || status === 429;
  return new EventError("source-unreadable", "the server does not give the file", {
    ...place,
    expected: statusOf(part === null ? 200 : 206),
    hint: isPassing ? "It may do so later." : undefined,
  });
}

function statusOf(status: number, text = ""): string {
  return text === "" ? `status ${status}` : `status ${status} (${text})`;
}

/** The part that an answer says it holds, as the header has it; null where nothing is said. */
export function contentRange(response: Response): string | null {
  return response.headers.get("content-range");
}

/** Bytes in all, by an answer's `Content-Range`; null where it does not say a number. */
export function totalOf(response: Response): number | null {
  const [, digits] = /^bytes .*\/(\d+)$/i.exec(contentRange(response) ?? "") ?? [];
  const total = Number(digits);
  return Number.isSafeInteger(total) ? total : null;
}

/** Whether `fetch` decodes the body: then it is neither the bytes nor the length of the file. */
export function isEncoded(response: Response): boolean {
  const encoding = response.headers.get("content-encoding") ?? "";
  return !/^(?:identity)?$/i.test(encoding.trim());
}

/** What tells one state of a file from another, as far as the server says it. */
export interface FileVersion {
  readonly total: number;
  readonly etag: string | null;
  readonly lastModified: string | null;
}

/** The state of the file that an answer is a part of. */
export function versionOf(response: Response, total: number): FileVersion {
  const { headers } = response;
  // Whether an ETag is weak is a matter of who sends it.
  const etag = headers.get("etag")?.replace(/^W\//, "") ?? null;
  return { total, etag, lastModified: headers.get("last-modified") };
}

/**
 * Checks that an answer is the part that was asked for, of the file that was opened. `If-Range`
 * would leave the second to the server, but in a browser few servers allow to send it.
 *
 * @throws EventError `source-unreadable`, and `source-not-found` for a file that is gone
 */
export function checkPart(
  name: string,
  part: Part,
  version: FileVersion,
  response: Response,
): void {
  if (response.status === 200) {
    throw new EventError("source-unreadable", "the server no longer gives parts of the file", {
      path: name,
      byteOffset: part.start,
      expected: statusOf(206),
      found: statusOf(200),
      hint: "Was the file replaced while it was read?",
    });
  }
  if (response.status !== 206) throw badStatus(name, part, response);
  checkVersion(name, part, version, response);
  if (isEncoded(response)) {
    // Bytes of an encoding are not those of the file, and Node 22 may wait for ever for the end of one.
    throw new EventError("source-unreadable", "the server encodes a part of the file", {
      path: name,
      byteOffset: part.start,
      expected: "no Content-Encoding, as before",
      found: `Content-Encoding ${response.headers.get("content-encoding")}`,
      hint: "Can the server send the file without `Content-Encoding`?",
    });
  }
  const expected = `bytes ${part.start}-${part.end - 1}/${version.total}`;
  const found = contentRange(response);
  if (found?.toLowerCase() !== expected) {
    throw new EventError("source-unreadable", "the server gives another part than was asked for", {
      path: name,
      byteOffset: part.start,
      expected,
      found: found ?? "no Content-Range",
    });
  }
}

function checkVersion(name: string, part: Part, version: FileVersion, response: Response): void {
  const total = totalOf(response);
  const { etag, lastModified } = versionOf(response, total ?? version.total);
  const isTagged = version.etag !== null && etag !== null;
  const facts: [describe: (fact: unknown) => string, before: unknown, now: unknown][] = [
    [(bytes) => `${bytes} bytes in all`, version.total, total],
    [(tag) => `the ETag ${tag}`, version.etag, etag],
    // Where ETags say that it is the same, one of many servers may still have another date.
    [(date) => `Last-Modified ${date}`, version.lastModified, isTagged ? null : lastModified],
  ];
  for (const [describe, before, now] of facts) {
    if (before === null || now === null || before === now) continue;
    throw new EventError("source-unreadable", "the file was replaced while it was read", {
      path: name,
      byteOffset: part.start,
      expected: describe(before),
      found: describe(now),
      hint: "Open it again.",
    });
  }
}

/**
 * Fills `into` with a body that must be exactly as long.
 *
 * @param start - where in the file that is
 * @throws EventError `source-too-short` for a body that ends early, `source-unreadable` for one that
 *   breaks off or goes on
 */
export async function readBody(
  name: string,
  response: Response,
  { start, into, signal }: { start: number; into: Uint8Array; signal: AbortSignal },
): Promise<void> {
  const reader = response.body?.getReader();
  let filled = 0;
  for (;;) {
    let bytes: Uint8Array | undefined;
    try {
      bytes = (await reader?.read())?.value;
    } catch (cause) {
      signal.throwIfAborted();
      throw brokenOff(name, start, cause, { expected: into.byteLength, found: filled });
    }
    signal.throwIfAborted(); // `into` may have another use by now
    if (bytes === undefined) break;
    if (filled + bytes.byteLength > into.byteLength) {
      throw tooLong(name, start, into.byteLength);
    }
    into.set(bytes, filled);
    filled += bytes.byteLength;
  }
  if (filled < into.byteLength) throw tooShort(name, start, into.byteLength, filled);
}

/** The error of a connection that ends in the middle. */
export function brokenOff(
  name: string,
  byteOffset: number,
  cause: unknown,
  { expected, found }: { expected: number | null; found: number },
): EventError {
  return new EventError("source-unreadable", withReason("the connection broke off", cause), {
    path: name,
    byteOffset,
    ...(expected !== null && { expected: `${expected} bytes`, found: `${found}` }),
    hint: "Try again.",
    cause,
  });
}

/** The error of a body that does not end where it should. */
export function tooLong(name: string, byteOffset: number, expected: number): EventError {
  return new EventError("source-unreadable", "the server sends more than it promised", {
    path: name,
    byteOffset,
    expected: `${expected} bytes`,
    found: "more",
  });
}

/** Lets go of an answer whose body is not wanted. */
export function discard(response: Response): void {
  response.body?.cancel().catch(() => {}); // a body that failed is gone already
}

function offsetOf(part: Part | null): number | undefined {
  return part === null || part.start === 0 ? undefined : part.start;
}

function withReason(problem: string, cause: unknown): string {
  const reason = reasonOf(cause);
  return reason === null ? problem : `${problem} (${reason})`;
}

/** Why a request failed, where it is said: Node has it in the cause, browsers keep it to themselves. */
function reasonOf(error: unknown): string | null {
  const { cause } = error as { cause?: unknown };
  if (!(cause instanceof Error)) return null;
  const { code } = cause as { code?: unknown };
  // OpenSSL puts lines of its own source code into a message; several failures have none.
  const isMessage = cause.message !== "" && !cause.message.includes("\n");
  return isMessage || typeof code !== "string" ? cause.message : code;
}
