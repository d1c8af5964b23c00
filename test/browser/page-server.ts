/** A web server on this machine that serves files and takes the results that pages send. */
import { readFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";

const CONTENT_TYPES: Readonly<Record<string, string>> = {
  "": "text/html",
  ".html": "text/html",
  ".js": "text/javascript",
  ".mjs": "text/javascript",
};

/** What is served. */
export interface Site {
  /** Path to content. */
  readonly files: ReadonlyMap<string, string | Uint8Array>;
  /** The folder that holds `folders`. */
  readonly root: URL;
  /** Paths, each with a slash at both ends, under which files of the disk are served. */
  readonly folders: readonly string[];
}

/** What a page sends. */
export type PageMessage<Result> = { result: Result } | { error: string };

/** Serves one site until it is closed. */
export class PageServer<Result> {
  /** Paths that were asked for and are not there. */
  readonly missing: string[] = [];
  readonly #site: Site;
  readonly #server: Server;
  readonly #messages = new Map<string, PromiseWithResolver<PageMessage<Result>>>();

  private constructor(site: Site) {
    this.#site = site;
    this.#server = createServer((request, response) => {
      this.#answer(request, response).catch((error) => response.writeHead(500).end(String(error)));
    });
  }

  static async start<Result>(site: Site): Promise<PageServer<Result>> {
    const server = new PageServer<Result>(site);
    await new Promise<void>((resolve, reject) => {
      server.#server.once("error", reject).listen(0, "127.0.0.1", resolve);
    });
    return server;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/`;
  }

  /** The first message that the page of this folder sends. */
  message(page: string): Promise<PageMessage<Result>> {
    return this.#slot(page).promise;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname: path, search } = new URL(request.url ?? "/", this.url);
    if (request.method === "POST") {
      const page = path.split("/")[1] ?? "";
      this.#slot(page).resolve(JSON.parse(await text(request)));
      response.writeHead(204).end();
      return;
    }
    const content = this.#site.files.get(path) ?? (await this.#readFromFolder(path));
    if (content === undefined) {
      this.missing.push(path);
      response.writeHead(404).end();
      return;
    }
    if (search === "?parts" && typeof content !== "string") {
      sendPart(content, request, response);
      return;
    }
    const type = CONTENT_TYPES[/\.[^./]*$/.exec(path)?.[0] ?? ""] ?? "application/octet-stream";
    response.writeHead(200, { "Content-Type": type }).end(content);
  }

  async #readFromFolder(path: string): Promise<Uint8Array | undefined> {
    if (!this.#site.folders.some((folder) => path.startsWith(folder))) return undefined;
    return readFile(new URL(`.${path}`, this.#site.root)).catch(() => undefined);
  }

  #slot(page: string): PromiseWithResolver<PageMessage<Result>> {
    let slot = this.#messages.get(page);
    if (slot === undefined) {
      slot = withResolver();
      this.#messages.set(page, slot);
    }
    return slot;
  }
}

/** What the header `Range` asks for. */
function sendPart(content: Uint8Array, request: IncomingMessage, response: ServerResponse): void {
  const [, start, last] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? "") ?? [];
  const body = content.subarray(Number(start), Number(last) + 1);
  const range = `bytes ${start}-${Number(start) + body.byteLength - 1}/${content.byteLength}`;
  response.writeHead(206, { "Content-Range": range }).end(body);
}

interface PromiseWithResolver<Value> {
  promise: Promise<Value>;
  resolve(value: Value): void;
}

function withResolver<Value>(): PromiseWithResolver<Value> {
  let resolve: (value: Value) => void = () => {};
  const promise = new Promise<Value>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}
