/** A web server on this machine that answers well or badly, as each test wants it. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, vi } from "vitest";
import { type EventError, isEventError } from "../../src/index.ts";

/** What was asked. */
export interface HttpRequest {
  /** Path and query. */
  readonly path: string;
  /** The header `Range`, parsed; null without one. */
  readonly range: { readonly start: number; readonly end: number } | null;
  readonly headers: IncomingMessage["headers"];
  /** How many requests for this path came before. */
  readonly number: number;
}

/** What is answered. */
export interface HttpAnswer {
  readonly status: number;
  /** `Content-Length` is the length of the body unless it is given; `chunked` leaves it out. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
  readonly chunked?: boolean;
  /** What happens behind the body. Default `"end"`. */
  readonly afterwards?: "end" | "break" | "wait";
}

/** Answers the requests for one path; "silence" is no answer at all, "break" a closed connection. */
export type HttpHandler = (
  request: HttpRequest,
) => HttpAnswer | "silence" | "break" | Promise<HttpAnswer>;

/** A server that knows ranges. */
export function inRanges(
  bytes: Uint8Array,
  headers: Readonly<Record<string, string>> = { ETag: '"1"' },
): (request: HttpRequest) => HttpAnswer {
  return ({ range }) => {
    if (range === null) return { status: 200, headers, body: bytes };
    const { byteLength } = bytes;
    if (range.start >= byteLength) {
      return { status: 416, headers: { ...headers, "Content-Range": `bytes */${byteLength}` } };
    }
    const end = Math.min(range.end, byteLength);
    return {
      status: 206,
      headers: { ...headers, "Content-Range": `bytes ${range.start}-${end - 1}/${byteLength}` },
      body: bytes.subarray(range.start, end),
    };
  };
}

/** A server that sends all of a file, whatever is asked for. */
export function asAWhole(
  bytes: Uint8Array,
  headers: Readonly<Record<string, string>> = {},
): (request: HttpRequest) => HttpAnswer {
  return () => ({ status: 200, headers, body: bytes });
}

/** Serves until it is closed, and keeps count of everything. */
export class HttpServer {
  /** What was asked since {@link forget}. */
  readonly requests: HttpRequest[] = [];
  readonly #server: Server;
  readonly #handlers = new Map<string, HttpHandler>();
  /** Answers that are under way. */
  readonly #open = new Set<ServerResponse>();
  #mostOpen = 0;

  private constructor() {
    this.#server = createServer((request, response) => {
      this.#answer(request, response).catch((error) => response.destroy(error));
    });
  }

  static async start(): Promise<HttpServer> {
    const server = new HttpServer();
    await new Promise<void>((resolve, reject) => {
      server.#server.once("error", reject).listen(0, "127.0.0.1", resolve);
    });
    return server;
  }

  /** Scheme, address and port. */
  get origin(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Answers that are under way now, and the most that ever were. */
  get open(): { now: number; most: number } {
    return { now: this.#open.size, most: this.#mostOpen };
  }

  /** Puts something at a path; returns its address. */
  serve(path: string, handler: HttpHandler): string {
    this.#handlers.set(path, handler);
    return `${this.origin}${path}`;
  }

  forget(): void {
    this.requests.length = 0;
    this.#mostOpen = 0;
  }

  /** Resolves when every answer has ended or was given up, and every connection rests or is gone. */
  async untilQuiet(): Promise<void> {
    await vi.waitUntil(() => this.#open.size === 0, { timeout: 30_000 });
  }

  /** Ends when no connection is in use: those that are hold the test up. */
  async close(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
      this.#server.closeIdleConnections();
    });
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.#open.add(response);
    this.#mostOpen = Math.max(this.#mostOpen, this.#open.size);
    response.once("close", () => this.#open.delete(response));
    const path = request.url ?? "/";
    const [, start, last] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? "") ?? [];
    const asked: HttpRequest = {
      path,
      range: start === undefined ? null : { start: Number(start), end: Number(last) + 1 },
      headers: request.headers,
      number: this.requests.filter((other) => other.path === path).length,
    };
    this.requests.push(asked);
    const handler = this.#handlers.get(path.replace(/\?.*/, ""));
    const answer = handler === undefined ? { status: 404 } : await handler(asked);
    if (answer === "silence") return;
    if (answer === "break") return void response.destroy();
    const { status, headers, body = new Uint8Array(0), chunked = false } = answer as HttpAnswer;
    const length = chunked ? {} : { "Content-Length": String(body.byteLength) };
    response.writeHead(status, { ...length, ...headers });
    const { afterwards = "end" } = answer as HttpAnswer;
    if (afterwards === "end") response.end(body);
    else response.write(body, () => void (afterwards === "break" && response.destroy()));
  }
}

/** An answer that leaves a header out. */
export function without(name: string, { headers, ...answer }: HttpAnswer): HttpAnswer {
  const kept = Object.entries(headers ?? {}).filter(([key]) => key !== name);
  return { ...answer, headers: Object.fromEntries(kept) };
}

/** The typed error that loading must end with. */
export async function failure(loading: Promise<unknown>): Promise<EventError> {
  const error = await loading.then(
    () => null,
    (caught: unknown) => caught,
  );
  expect(isEventError(error), String(error)).toBe(true);
  return error as EventError;
}
