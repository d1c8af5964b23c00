/** Recordings on the web. Everything here goes through `fetch`, and runs anywhere. */
import { EventError } from "../errors.ts";
import { TaskLimit } from "../util/task-limit.ts";
import { untilAborted } from "../util/until-aborted.ts";
import {
  type ByteSource,
  type ReadOptions,
  type SequentialSource,
  tooShort,
} from "./byte-source.ts";
import type { WebAddress } from "./http-address.ts";
import {
  badStatus,
  brokenOff,
  checkPart,
  contentRange,
  discard,
  type FileVersion,
  isEncoded,
  type Part,
  readBody,
  request,
  tooLong,
  totalOf,
  versionOf,
} from "./http-response.ts";
import { ReadAheadSource } from "./read-ahead.ts";
import { StreamSource } from "./stream.ts";

/**
 * Bytes of the first request. A head of 64 KiB judges a recording; at 10 MB/s the rest costs 20 ms,
 * less than the next request would, and holds all of a small file.
 */
const FIRST_BYTES = 256 * 1024;
/**
 * How long a body that `fetch` decodes may give nothing. Node 20 and 22 leave the reader waiting for
 * ever where an encoding turns out to be damaged when the whole body is there: without a timer, a
 * program would end in silence.
 */
const SILENCE_MS = 60_000;
/** Requests at the same time: as many connections as browsers allow themselves to a server. */
const MAX_REQUESTS = 6;

interface HttpOptions {
  /** Ends the wait for the answer, not the reading that follows. */
  readonly signal?: AbortSignal | undefined;
  /** How long a body that `fetch` decodes may give nothing, in milliseconds. Default 60 s. */
  readonly silenceMs?: number;
}

/**
 * Opens what is at a web address, with one request for its first bytes. A server that gives parts
 * makes it a {@link ByteSource}, any other a {@link SequentialSource}.
 *
 * @throws EventError `source-not-found`, `source-unreadable`, `source-too-short`
 */
export async function openHttp(
  address: WebAddress,
  { signal, silenceMs = SILENCE_MS }: HttpOptions = {},
): Promise<ByteSource | SequentialSource> {
  const controller = new AbortController();
  try {
    return await untilAborted(open(address, controller, silenceMs), signal);
  } catch (error) {
    controller.abort(error);
    throw error;
  }
}

async function open(
  address: WebAddress,
  controller: AbortController,
  silenceMs: number,
): Promise<ByteSource | SequentialSource> {
  const { name } = address;
  const { signal } = controller;
  const streamOf = (response: Response) => new HttpStream(name, response, controller, silenceMs);
  const asked = { start: 0, end: FIRST_BYTES };
  const response = await request(address, asked, signal);
  const { status } = response;
  if (status === 200 || status === 203) return streamOf(response);
  if (status !== 206 && status !== 416) throw badStatus(name, null, response);

  const total = totalOf(response);
  if (status === 416 && total === 0) {
    discard(response);
    return new HttpSource(address, versionOf(response, 0));
  }
  // What is said of the part and of its encoding may be hidden from a page of another site.
  const isHidden = contentRange(response) === null || /\/\*$/.test(contentRange(response) ?? "");
  if (status === 206 && !isHidden && !isEncoded(response)) {
    const part = { start: 0, end: Math.min(asked.end, total ?? asked.end) };
    const version = versionOf(response, total ?? asked.end);
    checkPart(name, part, version, response);
    const first = new Uint8Array(part.end);
    await readBody(name, response, { start: 0, into: first, signal });
    return new ReadAheadSource(new HttpSource(address, version), first);
  }
  discard(response);
  const whole = await request(address, null, signal);
  if (whole.status !== 200 && whole.status !== 203) throw badStatus(name, null, whole);
  return streamOf(whole);
}

/** A file on a server that gives parts of it: every read is a request. */
export class HttpSource implements ByteSource {
  readonly byteLength: number;
  readonly name: string;
  readonly #address: WebAddress;
  readonly #version: FileVersion;
  readonly #limit = new TaskLimit(MAX_REQUESTS);
  readonly #running = new Set<AbortController>();
  #isClosed = false;

  constructor(address: WebAddress, version: FileVersion) {
    this.name = address.name;
    this.byteLength = version.total;
    this.#address = address;
    this.#version = version;
  }

  async read(
    offset: number,
    length: number,
    { into = new Uint8Array(length), signal }: ReadOptions = {},
  ): Promise<Uint8Array> {
    signal?.throwIfAborted();
    if (this.#isClosed) throw closed(this.name);
    const end = offset + length;
    if (end > this.byteLength) {
      throw tooShort(this.name, offset, length, Math.max(this.byteLength - offset, 0));
    }
    const target = into.subarray(0, length);
    if (length === 0) return target;
    const controller = new AbortController();
    this.#running.add(controller);
    try {
      const task = () => this.#fetch({ start: offset, end }, target, controller.signal);
      await untilAborted(this.#limit.run(task), signal);
      return target;
    } catch (error) {
      controller.abort(error); // whatever is left of the answer is not wanted
      throw error;
    } finally {
      this.#running.delete(controller);
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    for (const controller of this.#running) controller.abort(closed(this.name));
  }

  async #fetch(part: Part, into: Uint8Array, signal: AbortSignal): Promise<void> {
    const response = await request(this.#address, part, signal);
    checkPart(this.name, part, this.#version, response);
    await readBody(this.name, response, { start: part.start, into, signal });
  }
}

/** What a server gives that sends all or nothing. */
export class HttpStream implements SequentialSource {
  readonly name: string;
  readonly #body: StreamSource;
  readonly #controller: AbortController;
  /** Bytes that were promised; null where that is not said, or said of an encoding. */
  readonly #length: number | null;
  /** How long to wait for more; null where that is left to `fetch`. */
  readonly #silenceMs: number | null;
  #offset = 0;
  #isClosed = false;

  constructor(name: string, response: Response, controller: AbortController, silenceMs: number) {
    this.name = name;
    this.#silenceMs = isEncoded(response) ? silenceMs : null;
    this.#body = new StreamSource(response.body ?? new Blob().stream());
    this.#controller = controller;
    const length = response.headers.get("content-length") ?? "";
    // A page of another site does not see the encoding that the length may belong to.
    const isKnown = /^\d+$/.test(length) && !isEncoded(response) && response.type !== "cors";
    this.#length = isKnown ? Number(length) : null;
  }

  async next(into: Uint8Array): Promise<number> {
    if (this.#isClosed) throw closed(this.name);
    const length = this.#length;
    const offset = this.#offset;
    let count: number;
    try {
      count = await this.#nextInTime(into);
    } catch (cause) {
      if (this.#controller.signal.aborted) throw this.#controller.signal.reason;
      throw brokenOff(this.name, offset, cause, { expected: length, found: offset });
    }
    if (this.#isClosed) throw closed(this.name);
    this.#offset += count;
    if (length !== null && this.#offset > length) throw tooLong(this.name, 0, length);
    if (count === 0 && into.byteLength > 0 && length !== null && offset < length) {
      throw tooShort(this.name, 0, length, offset);
    }
    return count;
  }

  /** The next bytes of the body; aborts the request where they do not come in time. */
  async #nextInTime(into: Uint8Array): Promise<number> {
    const next = this.#body.next(into);
    if (this.#silenceMs === null) return next;
    const timer = setTimeout(() => {
      this.#controller.abort(silent(this.name, this.#offset, this.#silenceMs ?? 0));
    }, this.#silenceMs);
    try {
      return await untilAborted(next, this.#controller.signal);
    } finally {
      clearTimeout(timer);
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#body.close();
    this.#controller.abort(closed(this.name));
  }
}

function silent(name: string, byteOffset: number, silenceMs: number): EventError {
  return new EventError("source-unreadable", "an encoded body gives nothing more, and no end", {
    path: name,
    byteOffset,
    found: `nothing in ${silenceMs / 1000} s`,
    hint: "Its encoding may be damaged. Can the server send the file without `Content-Encoding`?",
  });
}

function closed(name: string): EventError {
  return new EventError("source-unreadable", "the connection is closed", {
    path: name,
    hint: "Read before the recording is closed.",
  });
}
