/** The build in a browser: it must answer there what it answers in Node. */
import { existsSync, readFileSync } from "node:fs";
import { tableToIPC } from "apache-arrow";
import type { OutputChunk } from "rolldown";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import * as evarrow from "../../src/node.ts";
import { madeByLibrary } from "../formats/hdf5/files.ts";
import { Chromium, findChromium } from "./chromium.ts";
import {
  type digestOrCode,
  type Observation,
  observe,
  observeExported,
  type observeRefusals,
  observeRows,
  observeWritten,
} from "./observe.ts";
import { PageServer, type Site } from "./page-server.ts";
import { bundlePage, indexHtml, PAGE_NAMES, type PageName, pageHtml } from "./pages.ts";

interface PageResult {
  observed: Observation;
  arrow: Awaited<ReturnType<typeof observeRows>>;
  evb: Awaited<ReturnType<typeof observeRows>>;
  exported: Awaited<ReturnType<typeof observeExported>>;
  hdf5: Awaited<ReturnType<typeof observeRows>>;
  blosc: Awaited<ReturnType<typeof digestOrCode>>;
  written: Awaited<ReturnType<typeof observeWritten>>;
  addresses: Awaited<ReturnType<typeof digestOrCode>>[];
  refused: Awaited<ReturnType<typeof observeRefusals>>;
}

const DEADLINE_MS = 45_000;
const SET_UP_MS = 60_000; // the machine may be busy with the other tests
const EVENTS = 100_000;

const projectRoot = new URL("../../", import.meta.url);
const executable = findChromium();
const isBuilt = existsSync(new URL("dist/index.js", projectRoot));

describeOrSkip("the browser bundle", isBuilt ? null : "not built, run `npm run build`", () => {
  let chunks: OutputChunk[];

  beforeAll(async () => {
    chunks = await bundlePage("bundled");
  }, SET_UP_MS);

  it("holds apache-arrow, and nothing of Polars or Node", () => {
    const modules = chunks.flatMap((chunk) => chunk.moduleIds);
    expect(modules.filter((id) => id.includes("/node_modules/apache-arrow/"))).not.toEqual([]);
    expect(modules.filter((id) => /nodejs-polars|\bnode:/.test(id))).toEqual([]);
    const fileNames = chunks.map((chunk) => chunk.fileName);
    const imports = chunks.flatMap((chunk) => [...chunk.imports, ...chunk.dynamicImports]);
    expect(imports.filter((name) => !fileNames.includes(name))).toEqual([]);
  });

  it("leaves apache-arrow and zstd for the first call that needs them", () => {
    const entry = chunks.find((chunk) => chunk.isEntry);
    const loaded = chunks.filter((chunk) => chunk === entry || importsOf(entry).has(chunk));
    const modules = loaded.flatMap((chunk) => chunk.moduleIds);
    expect(modules.filter((id) => id.endsWith("/dist/index.js"))).toHaveLength(1);
    expect(modules.filter((id) => /\/node_modules\/(apache-arrow|fzstd)\//.test(id))).toEqual([]);
    expect(modules.filter((id) => id.includes("wasm-zstd/dist"))).toEqual([]);
    const all = chunks.flatMap((chunk) => chunk.moduleIds);
    expect(all.filter((id) => id.includes("wasm-zstd/dist"))).toHaveLength(1);
  });

  /** The chunks that a chunk cannot start without. */
  function importsOf(chunk: OutputChunk | undefined, found = new Set<OutputChunk>()) {
    for (const name of chunk?.imports ?? []) {
      const imported = chunks.find((candidate) => candidate.fileName === name);
      if (imported === undefined || found.has(imported)) continue;
      found.add(imported);
      importsOf(imported, found);
    }
    return found;
  }
});

describeOrSkip("in Chromium", reasonToSkip(), () => {
  const recording = makeRecording(EVENTS);
  let server: PageServer<PageResult> | undefined;
  let chromium: Chromium | undefined;

  beforeAll(async () => {
    server = await PageServer.start(await makeSite(recording));
    chromium = await Chromium.start(executable ?? "", server.url);
  }, SET_UP_MS);

  afterAll(async () => {
    await chromium?.close();
    await server?.close();
  }, SET_UP_MS);

  describe.each([
    ["with everything in one bundle", "bundled"],
    ["with the files of the build and an import map", "bare"],
  ] as const)("%s", (_, page) => {
    it("reads a File as Node does", async () => {
      const expected = await observe(evarrow, new File([recording], "recording.raw"));
      expect(expected.table.rows).toBe(EVENTS);
      expect(expected.digest.events).toBe(EVENTS);
      expect(expected.streamDigests).toEqual([expected.digest, expected.digest]);
      expect(expected.compressed[1]?.digest).toEqual(expected.digest);
      expect(expected.compressed[2]?.digest).toEqual(expected.digest);
      expect(expected.compressed.map(({ cut }) => cut)).toEqual([
        "truncated",
        "truncated",
        "invalid-compression",
      ]);
      expect(new Map(expected.table.metadata).get("evarrow.sourceName")).toBe("recording.raw");
      expect(Object.keys(expected.report.firstAt)).toHaveLength(5);
      expect(expected.recording.triggers).toHaveLength(1);
      expect(expected.recording.batchRows).toEqual([30_000, 30_000, 30_000, 10_000]);

      const { observed } = await resultOf(page);
      expect(observed).toEqual(JSON.parse(JSON.stringify(expected)));
    });

    it("reads an Arrow file as Node does", async () => {
      const file = new File([await arrowOf(recording)], "events.arrow");
      const expected = await observeRows(evarrow, file);
      expect(expected.table.rows).toBe(EVENTS);
      expect(expected.digests[1]).toEqual(expected.digests[0]);
      const { arrow } = await resultOf(page);
      expect(arrow).toEqual(JSON.parse(JSON.stringify(expected)));
    });

    it("reads a compact container as Node does, and writes those that Node writes", async () => {
      const file = new File([await evbOf(recording)], "events.evb");
      const expected = await observeRows(evarrow, file);
      expect(expected.table.rows).toBe(EVENTS);
      const { evb, exported } = await resultOf(page);
      expect(evb).toEqual(JSON.parse(JSON.stringify(expected)));
      const { digest } = await evarrow.digestEvents(recording);
      const here = await observeExported(evarrow, new File([recording], "recording.raw"));
      for (const [at, codec] of ["zstd", "zstd", "deflate"].entries()) {
        const { bytes = 0, ...written } = exported[at] ?? {};
        expect(written).toEqual({ digest, codec });
        // Not to the byte: the versions of zstd may differ, and the libraries of deflate do.
        const most = codec === "zstd" ? 0.005 : 0.1;
        expect(Math.abs(bytes / (here[at]?.bytes ?? 0) - 1), `${at}`).toBeLessThan(most);
        expect(bytes).toBeLessThan(recording.byteLength);
      }
      expect(exported[1]?.bytes).toBeLessThan(exported[0]?.bytes ?? 0);
    });

    it("reads an HDF5 file as Node does, and Blosc by a plugin", async () => {
      const file = new File([await hdf5Of(recording, "gzip")], "events.h5");
      const expected = await observeRows(evarrow, file);
      expect(expected.table.rows).toBe(EVENTS);
      const { hdf5, blosc } = await resultOf(page);
      expect(hdf5).toEqual(JSON.parse(JSON.stringify(expected)));
      const { digest } = await evarrow.digestEvents(recording);
      expect(blosc).toEqual(digest);
    });

    it("reads web addresses, in parts and as a whole", async () => {
      const { digest } = await evarrow.digestEvents(recording);
      const { addresses } = await resultOf(page);
      expect(addresses).toEqual([digest, digest, digest]);
    });

    it("writes the HDF5 file that Node writes", async () => {
      const expected = await observeWritten(evarrow, new File([recording], "recording.raw"));
      expect(expected.digest).toEqual(await evarrow.digestEvents(recording));
      const { written } = await resultOf(page);
      expect(written).toEqual(JSON.parse(JSON.stringify(expected)));
    });

    it("names `loadTable` where Polars is asked for", async () => {
      const { refused } = await resultOf(page);
      expect(refused.loadEvents).toEqual({
        code: "polars-unavailable",
        hint: expect.stringContaining("loadTable"),
      });
    });

    it("refuses a path", async () => {
      const { refused } = await resultOf(page);
      expect(refused.openPath).toMatchObject({ code: "source-unsupported" });
    });
  });

  /** What a page found, or the reason why it sent nothing. */
  async function resultOf(page: PageName): Promise<PageResult> {
    if (server === undefined || chromium === undefined) throw new Error("nothing was started");
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<{ error: string }>((resolve) => {
      timer = setTimeout(resolve, DEADLINE_MS, { error: `no answer in ${DEADLINE_MS} ms` });
    });
    const ended = chromium.ended.then((error) => ({ error }));
    const message = await Promise.race([server.message(page), ended, late]);
    clearTimeout(timer);
    if ("result" in message) return message.result;
    const missing = `Paths not found: ${server.missing.join(", ") || "none"}`;
    throw new Error(`${page} page: ${message.error}\n${missing}\n${chromium.stderr}`);
  }
});

/** `describe`, skipped with the reason in its name and on the screen where there is one. */
function describeOrSkip(name: string, reason: string | null, tests: () => void): void {
  if (reason === null) {
    describe(name, tests);
    return;
  }
  console.warn(`skipped, ${name}: ${reason}`);
  describe.skip(`${name} (skipped: ${reason})`, tests);
}

function reasonToSkip(): string | null {
  if (!isBuilt) return "not built, run `npm run build`";
  if (executable !== null) return null;
  return "no Chromium, run `apt-get install chromium` or set CHROMIUM to the path of one";
}

async function makeSite(recording: Uint8Array): Promise<Site> {
  const files = new Map<string, string | Uint8Array>([
    ["/", indexHtml()],
    ["/recording.raw", recording],
    ["/events.arrow", await arrowOf(recording)],
    ["/events.evb", await evbOf(recording)],
    ["/events.h5", await hdf5Of(recording, "gzip")],
    ["/blosc.h5", await hdf5Of(recording, 32001)],
  ]);
  for (const name of PAGE_NAMES) {
    files.set(`/${name}/`, pageHtml(name));
    for (const chunk of await bundlePage(name)) files.set(`/${name}/${chunk.fileName}`, chunk.code);
  }
  // What the README has put beside a bundle.
  const plugin = "plugins/libH5Zblosc.so";
  const inPackage = new URL(`node_modules/h5wasm-plugins/${plugin}`, projectRoot);
  files.set(`/bundled/${plugin}`, readFileSync(inPackage));
  return { files, root: projectRoot, folders: ["/dist/", "/node_modules/"] };
}

/** The events of a recording as a compact container. */
async function evbOf(recording: Uint8Array): Promise<Uint8Array<ArrayBuffer>> {
  const parts: Uint8Array[] = [];
  const target = { write: async (bytes: Uint8Array) => void parts.push(bytes.slice()) };
  await evarrow.convertRecording(recording, target, { format: "evb" });
  return new Uint8Array(Buffer.concat(parts));
}

/** The events of a recording as an Arrow file. */
async function arrowOf(recording: Uint8Array): Promise<Uint8Array<ArrayBuffer>> {
  return tableToIPC(await evarrow.loadTable(recording), "file").slice();
}

/** The events of a recording as an HDF5 file, with a filter. */
async function hdf5Of(recording: Uint8Array, compression: "gzip" | number) {
  const table = await evarrow.loadTable(recording);
  return madeByLibrary((file) => {
    const group = file.create_group("events");
    for (const column of evarrow.COLUMN_NAMES) {
      const name = column === "polarity" ? "p" : column;
      const data = table.getChild(column)?.toArray() ?? [];
      const filter = {
        compression,
        compression_opts: compression === "gzip" ? 1 : [0, 0, 0, 0, 5],
      };
      group.create_dataset({ name, data, chunks: [8192], ...filter });
    }
  });
}

/** An EVT2 recording with this many events to keep, and losses of five kinds. */
function makeRecording(events: number): Uint8Array<ArrayBuffer> {
  const header = "% date 2024-01-01 00:00:00\n% evt 2.0\n% geometry 640x480\n% end\n";
  const words = [0x1000_0000]; // CD_ON before any time
  for (let n = 0; n < events - 1; n += 1) {
    if (n % 1000 === 0) words.push(0x8000_0000 + n / 100); // EVT_TIME_HIGH
    const type = n % 3 === 0 ? 0x0000_0000 : 0x1000_0000; // CD_OFF, CD_ON
    const timeLow = Math.floor((n % 1000) / 16);
    words.push(type + timeLow * 2 ** 22 + ((n * 7) % 640) * 2 ** 11 + ((n * 11) % 480));
  }
  words.push(0x8000_0001, 0x1000_0000); // CD_ON, a step back in time
  words.push(0x1000_0000 + 639 * 2 ** 11 + 480); // CD_ON below the sensor
  words.push(0xa000_0101); // EXT_TRIGGER, id 1, rising
  words.push(0x3000_0000); // no known type
  const cut = [1, 2, 3];
  return new Uint8Array([
    ...new TextEncoder().encode(header),
    ...new Uint8Array(Uint32Array.from(words).buffer),
    ...cut,
  ]);
}
