import fc from "fast-check";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import {
  digestEvents,
  type EventDigest,
  type EventError,
  isEventError,
  loadStatistics,
  loadTable,
  sampleStatistics,
} from "../../src/node.ts";
import { openHttp } from "../../src/source/http.ts";
import { type WebAddress, webAddressOf } from "../../src/source/http-address.ts";
import {
  failure,
  type HttpAnswer,
  type HttpHandler,
  HttpServer,
  inRanges,
  without,
} from "../support/http-server.ts";
import { longRecording } from "../support/long-recording.ts";
import { SOAK } from "../support/soak.ts";

const FIRST_BYTES = 256 * 1024;

let server: HttpServer;
beforeAll(async () => {
  server = await HttpServer.start();
});
// Whatever happened, nothing is left open.
afterEach(async () => {
  await server.untilQuiet();
  server.forget();
});
afterAll(() => server.close());

const long = longRecording(5 * 1024 * 1024);

describe("an address", () => {
  it.each<[number, string, RegExp]>([
    [
      404,
      "source-not-found",
      /there is nothing at this address: found status 404 \(Not Found\)\.$/,
    ],
    [410, "source-not-found", /410/],
    [401, "source-unreadable", /refuses.*401.*login/],
    [403, "source-unreadable", /refuses.*403.*login/],
    [429, "source-unreadable", /429.*later/],
    [500, "source-unreadable", /expected status 200, found status 500 \(.*later/],
    [503, "source-unreadable", /503/],
    [204, "source-unreadable", /expected status 200, found status 204 \(No Content\)\.$/],
    [304, "source-unreadable", /304/],
    [400, "source-unreadable", /400 \(Bad Request\)\.$/],
  ])("that is answered with %d is %s", async (status, code, message) => {
    const body =
      status === 204 || status === 304 ? new Uint8Array(0) : Buffer.from("no".repeat(9999));
    const url = server.serve("/status", () => ({ status, body }));
    const error = await failure(loadTable(url));
    expect(error).toMatchObject({ code, path: url, byteOffset: undefined });
    expect(error.message).toMatch(message);
  });

  it.each<[string, () => string, RegExp]>([
    ["has no server", () => "http://127.0.0.1:1/a.raw", /cannot be reached \(bad port\)/],
    ["speaks no TLS", () => server.origin.replace("http:", "https:"), /cannot be reached \(.*SSL/],
    ["is closed at once", () => server.serve("/", () => "break"), /cannot be reached \(.+\)/],
  ])("that %s cannot be reached", async (_, url, message) => {
    const error = await failure(loadTable(url()));
    expect(error.code).toBe("source-unreadable");
    expect(error.message).toMatch(message);
    expect(error.message).not.toContain("\n");
    expect(error.cause).toBeInstanceOf(Error);
  });
});

describe("a server that gives another part than it was asked for", () => {
  const honest = inRanges(long);
  const total = long.byteLength;

  /** The first answer is good, the others are made bad. */
  function later(change: (answer: HttpAnswer) => HttpAnswer | "break" | "silence"): HttpHandler {
    return (asked) => (asked.number === 0 ? honest(asked) : change(honest(asked)));
  }
  const header = (name: string, value: string) =>
    later(({ headers, ...answer }) => ({ ...answer, headers: { ...headers, [name]: value } }));

  it.each<[string, HttpHandler, Partial<EventError>]>([
    [
      "another range",
      header("Content-Range", `bytes 7-9/${total}`),
      { found: `bytes 7-9/${total}` },
    ],
    [
      "no range",
      later((answer) => without("Content-Range", answer)),
      { found: "no Content-Range" },
    ],
    ["nonsense", header("Content-Range", "all of it"), { found: "all of it" }],
    [
      "an unknown length",
      later(({ headers, ...answer }) => ({
        ...answer,
        headers: { "Content-Range": headers?.["Content-Range"]?.replace(/\d+$/, "*") ?? "" },
      })),
      {},
    ],
    [
      "another length",
      later(({ headers, ...answer }) => ({
        ...answer,
        headers: { "Content-Range": headers?.["Content-Range"]?.replace(/\d+$/, "99") ?? "" },
      })),
      { expected: `${total} bytes in all`, found: "99 bytes in all" },
    ],
    ["another ETag", header("ETag", '"2"'), { expected: 'the ETag "1"', found: 'the ETag "2"' }],
    // Its damage is nothing that every Node tells, so it must not come to be decoded.
    [
      "an encoding",
      header("Content-Encoding", "gzip"),
      { found: "Content-Encoding gzip", expected: "no Content-Encoding, as before" },
    ],
    ["all of it", later(() => ({ status: 200, body: long })), { found: "status 200" }],
    ["nothing", later(() => ({ status: 404 })), { code: "source-not-found" }],
    ["an error", later(() => ({ status: 500 })), { found: "status 500 (Internal Server Error)" }],
    [
      "fewer bytes",
      later(({ headers, body, ...answer }) => ({
        ...answer,
        ...{ headers: headers ?? {}, body: body?.subarray(0, 1000) ?? long, chunked: true },
      })),
      { code: "source-too-short", found: "1000" },
    ],
    [
      "more bytes",
      later(({ headers, ...answer }) => ({ ...answer, headers: headers ?? {}, body: long })),
      { found: "more" },
    ],
    [
      "the half of it and goes",
      later(({ headers, body = long, ...answer }) => ({
        ...answer,
        headers: { ...headers, "Content-Length": String(body.byteLength) },
        body: body.subarray(0, body.byteLength >> 1),
        afterwards: "break",
      })),
      {},
    ],
    ["no answer and goes", later(() => "break"), {}],
  ])("%s", async (_, handler, expected) => {
    const url = server.serve("/bad.raw", handler);
    const error = await failure(loadTable(url));
    expect(error).toMatchObject({
      ...{ code: "source-unreadable", path: url, byteOffset: FIRST_BYTES },
      ...expected,
    });
    server.forget();
    expect((await failure(digestEvents(url))).code).toBe(error.code);
  });

  it("is found out at the first request, too", async () => {
    for (const range of [`bytes 1-262144/${total}`, `bytes 0-99/${total}`, "bytes 0-9/5", "?"]) {
      const url = server.serve("/bad.raw", (asked) => ({
        ...honest(asked),
        headers: { "Content-Range": range },
      }));
      const error = await failure(loadTable(url));
      expect(error).toMatchObject({ code: "source-unreadable", path: url });
    }
  });

  it("may lie about the length as it likes: no memory is taken for it", async () => {
    for (const lie of [2 ** 33, 2 ** 52]) {
      const url = server.serve("/large.raw", (asked) => {
        const { headers, ...answer } = honest(asked);
        const range = headers?.["Content-Range"]?.replace(/\d+$/, String(lie)) ?? "";
        return { ...answer, headers: { ...headers, "Content-Range": range } };
      });
      for (const load of [loadTable, digestEvents, loadStatistics, sampleStatistics]) {
        const error = await failure(load(url));
        expect(error).toMatchObject({ code: "source-unreadable", path: url });
      }
    }
  });

  it("tells a file that changed by its date where it has no ETag", async () => {
    const dates = ["Mon, 06 Jul 2026 10:00:00 GMT", "Mon, 06 Jul 2026 10:00:01 GMT"];
    const url = server.serve("/dated.raw", (asked) =>
      inRanges(long, { "Last-Modified": dates[Math.min(asked.number, 1)] ?? "" })(asked),
    );
    const error = await failure(loadTable(url));
    expect(error).toMatchObject({ code: "source-unreadable", found: `Last-Modified ${dates[1]}` });
    expect(error.message).toContain("the file was replaced while it was read");
  });

  it("does not mind an ETag that became weak, or a date beside the same ETag", async () => {
    const url = server.serve("/weak.raw", (asked) =>
      inRanges(long, { ETag: asked.number ? 'W/"1"' : '"1"', "Last-Modified": `${asked.number}` })(
        asked,
      ),
    );
    expect(await digestEvents(url)).toEqual(await digestEvents(long));
  });
});

/** Digests what is at an address, and does not wait long for more where Node would for ever. */
async function digestImpatiently(url: string): Promise<EventDigest> {
  const source = await openHttp(webAddressOf(url) as WebAddress, { silenceMs: 500 });
  return digestEvents(source).finally(() => source.close?.());
}

describe("an encoding that is damaged", () => {
  // Each ends otherwise in one Node or another: where less than all, or just all, has come by then.
  it.each([1000, 131_072, 200_000, 262_144])("is found out in %d bytes", async (length) => {
    for (const encoding of ["gzip", "br", "deflate"]) {
      const url = server.serve("/damaged.raw", () => ({
        status: 200,
        headers: { "Content-Encoding": encoding },
        body: long.subarray(0, length),
      }));
      const error = await failure(digestImpatiently(url));
      expect(error).toMatchObject({ code: "source-unreadable", path: url });
    }
  });
});

describe("whatever a server answers", () => {
  const text = new TextEncoder();
  const ranges = fc.oneof(
    fc.constant(undefined),
    fc
      .tuple(fc.nat(400_000), fc.nat(400_000), fc.option(fc.nat(2 ** 31)))
      .map(([start, end, total]) => `bytes ${start}-${end}/${total ?? "*"}`),
    fc.constantFrom("bytes */0", "bytes 0-9007199254740992/9007199254740993", "x", "bytes */99"),
  );
  const bodies = fc.constantFrom(
    "as asked",
    "cut",
    "longer",
    "none",
    "all",
  ) as fc.Arbitrary<string>;
  const answers = fc.record(
    {
      status: fc.constantFrom(200, 200, 203, 204, 206, 206, 206, 301, 404, 416, 418, 500, 504),
      range: ranges,
      body: bodies,
      chunked: fc.boolean(),
      encoding: fc.constantFrom("", "gzip", "identity", "br", "wrong"),
      etag: fc.constantFrom('"1"', '"2"', 'W/"1"'),
      breaks: fc.boolean(),
      length: fc.constantFrom("", "0", "100", "400000"),
    },
    { requiredKeys: [] },
  );

  it("it ends with the events or a typed error", { timeout: 300_000 * SOAK }, async () => {
    const bytes = long.subarray(0, 400_000);
    const expected = await digestEvents(bytes);
    let sound = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(fc.option(answers), { maxLength: 3 }), async (plan) => {
        server.forget();
        let isWhole = false;
        const url = server.serve("/any.raw", (asked) => {
          const honest = inRanges(bytes)(asked);
          const change = plan[asked.number];
          if (change === undefined || change === null) return honest;
          const { status = honest.status, body: kind, range, encoding, etag, length } = change;
          // Also where it was asked for the whole, as after a status of 416.
          isWhole ||= status === 200 || status === 203 || Boolean(encoding);
          const { body: rest = text.encode("nothing") } = honest;
          const body =
            new Map([
              ["cut", rest.subarray(0, rest.byteLength >> 1)],
              ["longer", Buffer.concat([rest, rest])],
              ["none", new Uint8Array(0)],
              ["all", bytes],
            ]).get(kind ?? "") ?? rest;
          const chunked = change.chunked ?? false;
          const headers: Record<string, string> = { ...honest.headers };
          if ("range" in change) delete headers["Content-Range"];
          if (range !== undefined) headers["Content-Range"] = range;
          if (encoding) headers["Content-Encoding"] = encoding;
          if (etag !== undefined) headers.ETag = etag;
          if (length && !chunked) headers["Content-Length"] = length;
          // A length that is not kept needs an end to the connection, or the client waits for more.
          const breaks = change.breaks || headers["Content-Length"] !== undefined;
          return { status, headers, body, chunked, afterwards: breaks ? "break" : "end" };
        });
        try {
          const { events } = await digestImpatiently(url);
          // A server that says it sends all, and ends where it says, cannot be found out.
          if (events === expected.events) sound++;
          else expect(isWhole).toBe(true);
        } catch (error) {
          if (!isEventError(error)) throw error;
          expect(error.path === undefined || error.path === url).toBe(true);
        }
        await server.untilQuiet();
      }),
      { numRuns: 80 * SOAK },
    );
    expect(sound).toBeGreaterThan(0);
  });
});
