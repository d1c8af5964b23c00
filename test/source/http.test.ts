import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import {
  detectFormat,
  digestEvents,
  loadEvents,
  loadStatistics,
  loadTable,
  openRecording,
  reportOf,
  sampleStatistics,
} from "../../src/node.ts";
import { columnsOf, expectSameColumns } from "../support/expected-load.ts";
import {
  asAWhole,
  failure,
  type HttpHandler,
  HttpServer,
  inRanges,
  without,
} from "../support/http-server.ts";
import { longRecording } from "../support/long-recording.ts";

const MIB = 1024 * 1024;
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

/** Larger than the first block, and than what is read ahead. */
const long = longRecording(5 * MIB);
const short = long.slice(0, 100_000 - (100_000 % 4));

/** What all of it gives. */
const longColumns = columnsOf(await loadTable(long));
const longDigest = await digestEvents(long);

describe("every sample", () => {
  const folder = fileURLToPath(new URL("../../data-samples/", import.meta.url));
  const names = readdirSync(folder).filter((name) => !/\.(?:json|md)$/.test(name));

  it.each(names)("%s loads from an address as from its file", async (name) => {
    const { options: ofSample } = JSON.parse(readFileSync(`${folder}${name}.json`, "utf8"));
    const options = { ...ofSample, onMalformed: "skip" } as const;
    const bytes = readFileSync(folder + name);
    const expected = await loadTable(folder + name, options);
    const digest = await digestEvents(folder + name, options);
    const detection = await detectFormat(folder + name);
    for (const [path, handler, mode] of [
      [`/parts/${name}`, inRanges(bytes), "direct"],
      [`/whole/${name}`, asAWhole(bytes), null],
    ] as const) {
      const url = server.serve(path, handler);
      const table = await loadTable(url, options);
      expectSameColumns(columnsOf(table), columnsOf(expected));
      const report = reportOf(table);
      const same = mode === null ? { mode: report.mode } : {};
      // The length, which the mode may follow from, is not known of what comes as a whole.
      const { modeReason } = report;
      expect(report).toEqual({ ...reportOf(expected), sourceName: url, modeReason, ...same });
      expect(await digestEvents(new URL(url), options)).toEqual(digest);
      expect(await detectFormat(url)).toEqual(detection);
    }
  });
});

describe("a server that gives parts", () => {
  it("is asked once to open a recording, and once to load a short one", async () => {
    const url = server.serve("/short.raw", inRanges(short));
    expect((await loadEvents(url)).height).toBe((await loadTable(short)).numRows);
    expect(server.requests.map(({ range }) => range)).toEqual([{ start: 0, end: FIRST_BYTES }]);
    expect(server.requests[0]?.headers["accept-encoding"]).toBe("identity");
    server.forget();

    const recording = await openRecording(server.serve("/long.raw", inRanges(long)));
    expect(server.requests).toHaveLength(1);
    expect(recording.byteLength).toBe(long.byteLength);
    expect(recording.geometry).not.toBeNull();
    await recording.close();
  });

  it("is asked for large parts, each byte once", async () => {
    const url = server.serve("/long.raw", inRanges(long));
    const table = await loadTable(url);
    expectSameColumns(columnsOf(table), longColumns);
    const ranges = server.requests.map(({ range }) => range ?? { start: 0, end: 0 });
    expect(ranges.length).toBeLessThanOrEqual(4);
    let end = 0;
    for (const range of ranges) {
      expect(range.start).toBe(end);
      end = Math.min(range.end, long.byteLength);
    }
    expect(end).toBe(long.byteLength);
  });

  it("is asked for large parts of compressed recordings, too", async () => {
    const noise = Uint8Array.from({ length: 3 * MIB }, (_, at) => (at * at * 31 + (at >> 7)) & 255);
    const bytes = gzipSync(Buffer.concat([long, noise.subarray(0, noise.length & ~3)]), {
      level: 0,
    });
    const url = server.serve("/long.raw.gz", inRanges(bytes));
    const statistics = await loadStatistics(url);
    expect(statistics).toEqual(await loadStatistics(new Uint8Array(bytes)));
    // The first block twice: to judge it and to read it; then 0.5, 1, 2, 2, 2, ... MiB.
    expect(server.requests.length).toBeLessThanOrEqual(8);
  });

  it("is asked for few parts of a sample or a head", async () => {
    const large = longRecording(70 * MIB);
    const url = server.serve("/large.raw", inRanges(large));
    const statistics = await sampleStatistics(url);
    expect(statistics).toEqual(await sampleStatistics(large));
    expect(statistics.estimated).toBe(true);
    expect(server.requests.length).toBeLessThanOrEqual(10);
    server.forget();

    const recording = await openRecording(url);
    for await (const _ of recording.stream({ batchEvents: 10 })) break;
    await recording.close();
    expect(server.requests.length).toBeLessThanOrEqual(3);

    // Two threads have six parts of 1 MiB, which are read as long as none of them is decoded.
    const other = server.serve("/other.raw", inRanges(large));
    const fast = await openRecording(other);
    for await (const _ of fast.stream({ batchEvents: 10, threads: 2 })) break;
    await fast.close();
    const asked = server.requests.filter(({ path }) => path === "/other.raw");
    expect(Math.max(...asked.map(({ range }) => range?.end ?? 0))).toBeLessThan(12 * MIB);
  });

  it.each(["deflate.h5", "m3ed.h5", "ecf.hdf5"])("is asked little to open %s", async (name) => {
    const bytes = readFileSync(new URL(`../../data-samples/falling-bar.${name}`, import.meta.url));
    const recording = await openRecording(server.serve("/events.h5", inRanges(bytes)), {
      stream: name.startsWith("m3ed") ? "left" : undefined,
    });
    await recording.close();
    expect(server.requests.length).toBeLessThanOrEqual(2);
  });

  it("may serve several readers at once, on few connections", async () => {
    const url = server.serve("/long.raw", inRanges(long));
    const recording = await openRecording(url);
    const readers = Array.from({ length: 12 }, () => digestEvents(recording));
    const expected = longDigest;
    for (const digest of await Promise.all(readers)) expect(digest).toEqual(expected);
    await recording.close();
    expect(server.open.most).toBeLessThanOrEqual(6);
  });

  it("may have an empty file", async () => {
    const url = server.serve("/empty.raw", inRanges(new Uint8Array(0)));
    expect(await failure(loadTable(url))).toMatchObject({ code: "empty-source", path: url });
  });

  it.each<[string, HttpHandler]>([
    ["hides the parts", (asked) => without("Content-Range", inRanges(long)(asked))],
    [
      "does not know the length",
      (asked) => {
        const { headers, ...answer } = inRanges(long)(asked);
        const range = headers?.["Content-Range"]?.replace(/\d+$/, "*");
        return { ...answer, headers: range === undefined ? {} : { "Content-Range": range } };
      },
    ],
    [
      "takes parts of what it compressed",
      ({ range, ...asked }) => {
        const headers = { "Content-Encoding": "gzip" };
        return inRanges(gzipSync(long), headers)({ ...asked, range });
      },
    ],
    [
      "refuses parts",
      ({ range }) => (range === null ? { status: 200, body: long } : { status: 416 }),
    ],
  ])("that %s is read as a whole", async (_, handler) => {
    const url = server.serve("/odd.raw", handler);
    expect(await digestEvents(url)).toEqual(longDigest);
    expect(server.requests.map(({ range }) => range)).toEqual([
      { start: 0, end: FIRST_BYTES },
      null,
    ]);
  });
});

describe("a server that gives all or nothing", () => {
  it.each<[string, HttpHandler]>([
    ["says how much", asAWhole(long)],
    ["does not say how much", () => ({ status: 200, body: long, chunked: true })],
    ["compresses what it sends", asAWhole(gzipSync(long), { "Content-Encoding": "gzip" })],
    ["sends a file that is compressed", asAWhole(gzipSync(long))],
  ])("and %s is asked once", async (_, handler) => {
    const url = server.serve("/whole.raw", handler);
    const table = await loadTable(url);
    expectSameColumns(columnsOf(table), longColumns);
    expect(reportOf(table)).toMatchObject({ sourceName: url, mode: "chunked" });
    expect(server.requests).toHaveLength(1);
  });

  it("can be read once", async () => {
    const recording = await openRecording(server.serve("/whole.raw", asAWhole(long)));
    expect(recording.byteLength).toBeNull();
    for await (const _ of recording.stream({ batchEvents: 10 })) break;
    await expect(loadTable(recording)).rejects.toMatchObject({ code: "source-consumed" });
    await recording.close();
  });

  it("may have an empty file", async () => {
    const url = server.serve("/empty.raw", asAWhole(new Uint8Array(0)));
    expect(await failure(loadTable(url))).toMatchObject({ code: "empty-source", path: url });
  });

  it("and promises more than it sends is found out", async () => {
    const headers = { "Content-Length": String(long.byteLength + 1) };
    const url = server.serve("/cut.raw", () => ({
      ...{ status: 200, headers, body: long, afterwards: "break" },
    }));
    expect(await failure(loadTable(url))).toMatchObject({
      code: "source-unreadable",
      path: url,
      byteOffset: long.byteLength,
      expected: `${long.byteLength + 1} bytes`,
      found: `${long.byteLength}`,
    });
  });

  it("and closes early is found out, and what came is delivered", async () => {
    const body = long.subarray(0, 4 * MIB);
    const handler = () => ({ status: 200, body, chunked: true, afterwards: "break" }) as const;
    const recording = await openRecording(server.serve("/cut.raw", handler));
    let events = 0;
    const loop = async (): Promise<void> => {
      for await (const batch of recording.stream({ batchEvents: 1000 })) events += batch.numRows;
    };
    const error = await failure(loop());
    expect(error.code).toBe("source-unreadable");
    expect(error.message).toContain("the connection broke off");
    expect(events).toBeGreaterThan(0);
    await recording.close();
  });
});

describe("an address", () => {
  it("is named without what may be secret in it", async () => {
    const asked: (string | undefined)[] = [];
    server.serve("/dir/short.raw", (request) => {
      asked.push(request.headers.authorization, request.path);
      return inRanges(short)(request);
    });
    const { host } = new URL(server.origin);
    const secret = `http://me:pa%C3%9F%40@${host}/dir/short.raw?token=t0ken#part`;
    const table = await loadTable(secret);
    expect(reportOf(table).sourceName).toBe(`${server.origin}/dir/short.raw`);
    const authorization = `Basic ${Buffer.from("me:paß@").toString("base64")}`;
    expect(asked).toEqual([authorization, "/dir/short.raw?token=t0ken"]);

    for (const address of [
      `http://me:secret@${host}/none?secret`,
      "http://me:secret@127.0.0.1:1/a.raw?secret",
      "http://me:secret@[/a.raw?secret",
      "http://me:sec/ret@x y/a.raw?secret",
      new URL("ftp://me:secret@example.org/a.raw?secret"),
    ]) {
      const error = await failure(loadTable(address));
      expect(error.path).toMatch(/^(?:http|ftp):\/\/(?!me)/);
      expect(`${error.message} ${error.stack}`).not.toMatch(/sec\/?ret/);
    }
  });

  it("helps to tell a format only where the bytes cannot", async () => {
    const text = new TextEncoder().encode("1 2 3 0\n2 3 4 1\n".repeat(20));
    const inText = await detectFormat(server.serve("/a.txt", inRanges(text)));
    expect(inText.format).toBe("text");
    const misnamed = await detectFormat(`${server.serve("/a.csv", inRanges(short))}?x=.h5`);
    expect(misnamed).toMatchObject({ format: "evt2", confidence: "certain" });
    // DAT without a header is told by its name alone, if at all.
    const wrong = await failure(detectFormat(server.serve("/a.bin", inRanges(Buffer.alloc(64)))));
    expect(wrong.code).toBe("unknown-format");
  });

  it("may lead elsewhere", async () => {
    server.serve("/there.raw", inRanges(long));
    const url = server.serve("/here.raw", () => ({
      status: 302,
      headers: { Location: "/there.raw" },
    }));
    const table = await loadTable(url);
    expect(table.numRows).toBe(longColumns.x.length);
    expect(reportOf(table).sourceName).toBe(url);
    const round = server.serve("/round", () => ({ status: 302, headers: { Location: "/round" } }));
    expect(await failure(loadTable(round))).toMatchObject({ code: "source-unreadable" });
  });
});

describe("a signal", () => {
  const reason = { why: "no longer needed" };

  /** Aborts when the server is asked for the time that `at` says. */
  function abortAt(at: number, handler: HttpHandler): [HttpHandler, AbortSignal] {
    const controller = new AbortController();
    const aborting: HttpHandler = (asked) => {
      if (asked.number < at) return handler(asked);
      controller.abort(reason);
      return "silence";
    };
    return [aborting, controller.signal];
  }

  it.each([
    ["opening", 0, inRanges(long)],
    ["reading", 1, inRanges(long)],
    ["reading it as a whole", 1, (asked) => without("Content-Range", inRanges(long)(asked))],
  ] as [string, number, HttpHandler][])("stops %s", async (_, at, handler) => {
    const [aborting, signal] = abortAt(at, handler);
    await expect(loadTable(server.serve("/slow.raw", aborting), { signal })).rejects.toBe(reason);
  });

  it("stops a body that does not go on", async () => {
    for (const handler of [
      () => ({ status: 200, body: long.subarray(0, MIB), chunked: true, afterwards: "wait" }),
      (asked) => ({
        ...inRanges(long)(asked),
        body: long.subarray(0, 10),
        chunked: true,
        afterwards: "wait",
      }),
    ] as HttpHandler[]) {
      const controller = new AbortController();
      const url = server.serve("/stuck.raw", (asked) => {
        setTimeout(() => controller.abort(reason), 20);
        return handler(asked);
      });
      await expect(loadTable(url, { signal: controller.signal })).rejects.toBe(reason);
    }
  });

  it("that is aborted already asks nothing", async () => {
    const url = server.serve("/never.raw", () => "silence");
    await expect(loadTable(url, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    expect(server.requests).toEqual([]);
  });

  it("of one reader does not stop another, nor what is open", async () => {
    const opening = new AbortController();
    const compressed = gzipSync(long, { level: 0 });
    const url = server.serve("/shared.raw.gz", inRanges(compressed));
    const recording = await openRecording(url, { signal: opening.signal });
    opening.abort(reason);
    const controller = new AbortController();
    const stopped = digestEvents(recording, { signal: controller.signal }).catch((error) => error);
    const going = digestEvents(recording);
    controller.abort(reason);
    expect(await stopped).toBe(reason);
    expect(await going).toEqual(longDigest);
    await recording.close();
  });

  it("does not end what was opened as a whole under it", async () => {
    const opening = new AbortController();
    const url = server.serve("/whole.raw", asAWhole(long));
    const recording = await openRecording(url, { signal: opening.signal });
    opening.abort(reason);
    expect(await digestEvents(recording)).toEqual(longDigest);
    await recording.close();
  });
});

describe("closing", () => {
  it.each([
    ["parts", inRanges(long)],
    ["a whole", asAWhole(long)],
  ] as [string, HttpHandler][])("ends a loop over %s with an error", async (_, handler) => {
    const url = server.serve("/closed.raw", handler);
    const recording = await openRecording(url);
    const loop = async (): Promise<void> => {
      for await (const _ of recording.stream({ batchEvents: 1000 })) await recording.close();
    };
    expect(await failure(loop())).toMatchObject({ code: "source-unreadable", path: url });
    expect((await failure(recording.triggers())).code).toMatch(/^source-(?:unreadable|consumed)$/);
  });

  it("gives up what is under way", async () => {
    const url = server.serve("/stuck.raw", (asked) =>
      asked.number === 0 ? inRanges(long)(asked) : "silence",
    );
    const recording = await openRecording(url);
    const loading = failure(loadTable(recording));
    await expect.poll(() => server.requests.length).toBe(2);
    await recording.close();
    expect(await loading).toMatchObject({ code: "source-unreadable", path: url });
  });
});
