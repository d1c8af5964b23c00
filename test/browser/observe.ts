/**
 * What a caller sees of one recording, as plain JSON. The same code runs in Node and, bundled, in
 * the browser, so that the two can be compared.
 */
import type { ContainerOptions, EventTable } from "../../src/index.ts";

/** The library, whichever entry it was loaded from. */
export type Library = typeof import("../../src/index.ts");

/** What {@link observe} saw. */
export type Observation = Awaited<ReturnType<typeof observe>>;

/** Calls the library with a recording in every form that a browser has. */
export async function observe(library: Library, file: File) {
  const table = await library.loadTable(file);
  const rebased = await library.loadTable(file, { rebase: true, columns: ["t", "polarity"] });
  const recording = await library.openRecording(file);
  const batchRows: number[] = [];
  for await (const batch of recording.stream({ batchEvents: 30_000 })) {
    batchRows.push(batch.numRows);
  }
  const triggers = await recording.triggers();
  await recording.close();
  return {
    detection: await library.detectFormat(file),
    table: describeTable(table),
    report: library.reportOf(table),
    rebased: describeTable(rebased),
    recording: {
      format: recording.format,
      geometry: recording.geometry,
      header: recording.header,
      report: recording.report,
      batchRows,
      triggers: triggers.toArray().map((row) => String(row)),
    },
    digest: await library.digestEvents(file),
    streamDigests: [
      await library.digestEvents(file.stream()),
      await library.digestEvents(inPieces(new Uint8Array(await file.arrayBuffer()), 10_007)),
    ],
    statistics: await library.loadStatistics(file),
    compressed: await observeCompressed(library, file),
  };
}

/** What a caller sees of a file of rows, read from a `File` and from a stream that is put aside. */
export async function observeRows(library: Library, file: File) {
  const table = await library.loadTable(file);
  return {
    table: describeTable(table),
    report: library.reportOf(table),
    digests: [await library.digestEvents(file), await library.digestEvents(file.stream())],
  };
}

/** Compact containers that are written here, by presets, and read again. */
export async function observeExported(library: Library, file: File) {
  const exported = [];
  for (const options of [
    { preset: "balanced" },
    { preset: "size" },
    { codec: "deflate" },
  ] satisfies ContainerOptions[]) {
    const parts: Uint8Array<ArrayBuffer>[] = [];
    const target = { write: async (bytes: Uint8Array) => void parts.push(bytes.slice()) };
    const recording = await library.openRecording(file);
    const { bytes } = await library.exportEvents(recording, target, options);
    await recording.close();
    const written = await library.openRecording(new File(parts, "written.evb"));
    const codec = new Map(written.header).get("evarrow.codec");
    const { digest } = await library.digestEvents(written);
    await written.close();
    exported.push({ digest, codec, bytes });
  }
  return exported;
}

/** The same recording in gzip, zstd and a zip, whole and cut. */
async function observeCompressed(library: Library, file: File) {
  const bytes = new Uint8Array(await file.arrayBuffer());
  const gzip = file.stream().pipeThrough(new CompressionStream("gzip"));
  const gzipped = new Uint8Array(await new Response(gzip).arrayBuffer());
  const forms = [
    new File([gzipped], "a.raw.gz"),
    new File([storedZstd(bytes)], "a.zst"),
    new File([zipOf(gzipped)], "a.zip"),
  ];
  const observed = [];
  for (const form of forms) {
    const cut = await library.loadTable(form.slice(0, form.size - 1)).then(
      (table) => library.reportOf(table).compressionDamage?.kind,
      (error) => (library.isEventError(error) ? error.code : String(error)),
    );
    observed.push({
      detection: await library.detectFormat(form),
      digest: await library.digestEvents(form),
      streamDigest: await library.digestEvents(form.stream()),
      // How much gzip makes of a file is up to the platform.
      cut,
    });
  }
  return observed;
}

/** A zip of one file, whose data are those of gzip. */
function zipOf(gzip: Uint8Array): Uint8Array<ArrayBuffer> {
  const data = gzip.subarray(10, -8);
  const trailer = new DataView(gzip.buffer, gzip.byteOffset + gzip.byteLength - 8);
  const numbers = [trailer.getUint32(0, true), data.byteLength, trailer.getUint32(4, true)];
  const little = (value: number, length: number): number[] =>
    Array.from({ length }, (_, at) => Math.floor(value / 256 ** at) % 256);
  const about = [20, 0, 0, 0, 8, 0, 0, 0, 0x21, 0]; // version, flags, Deflate, time and date
  const common = [...about, ...numbers.flatMap((value) => little(value, 4)), 5, 0, 0, 0];
  const name = [...new TextEncoder().encode("a.raw")];
  const local = [0x50, 0x4b, 3, 4, ...common, ...name];
  const record = [0x50, 0x4b, 1, 2, 20, 0, ...common, ...Array(14).fill(0), ...name];
  const end = [...little(record.length, 4), ...little(local.length + data.byteLength, 4), 0, 0];
  const start = [0x50, 0x4b, 5, 6, 0, 0, 0, 0, 1, 0, 1, 0];
  return Uint8Array.from([...local, ...data, ...record, ...start, ...end]);
}

/** A frame of zstd whose blocks are stored. */
function storedZstd(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const blockBytes = 100_000;
  const parts: number[] = [0x28, 0xb5, 0x2f, 0xfd, 0, 7 << 3];
  for (let at = 0; at < bytes.byteLength; at += blockBytes) {
    const block = bytes.subarray(at, at + blockBytes);
    const header = block.byteLength * 8 + (at + blockBytes >= bytes.byteLength ? 1 : 0);
    parts.push(header & 255, (header >> 8) & 255, header >> 16, ...block);
  }
  return Uint8Array.from(parts);
}

/** The digest of what is in a file or at an address, or the code of the error. */
export async function digestOrCode(library: Library, file: File | URL) {
  try {
    return (await library.digestEvents(file)).digest;
  } catch (error) {
    if (!library.isEventError(error)) throw error;
    return error.code;
  }
}

/** What a conversion writes that is put together before it is handed over. */
export async function observeWritten(library: Library, file: File) {
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  const written = new Response(readable).arrayBuffer();
  const conversion = await library.convertRecording(file, writable, { format: "hdf5" });
  const bytes = new Uint8Array(await written);
  return {
    conversion,
    checksum: checksum(bytes),
    digest: await library.digestEvents(bytes),
  };
}

/** What the calls that a browser cannot serve answer. */
export async function observeRefusals(library: Library, file: File) {
  return {
    loadEvents: await refusal(library, () => library.loadEvents(file)),
    openPath: await refusal(library, () => library.openRecording("recording.raw")),
  };
}

async function refusal(library: Library, call: () => Promise<unknown>) {
  try {
    await call();
    return null;
  } catch (error) {
    if (!library.isEventError(error)) throw error;
    return { code: error.code, hint: error.hint };
  }
}

/** A stream whose pieces are all there at once, and cut words apart. */
function inPieces(bytes: Uint8Array, length: number): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start(controller) {
      for (let offset = 0; offset < bytes.byteLength; offset += length) {
        controller.enqueue(bytes.slice(offset, offset + length));
      }
      controller.close();
    },
  });
}

function describeTable(table: EventTable) {
  return {
    rows: table.numRows,
    schema: table.schema.fields.map(String),
    metadata: [...table.schema.metadata],
    first: String(table.get(0)),
    last: String(table.get(table.numRows - 1)),
    checksums: table.schema.names.map((name) => checksum(table.getChild(name)?.toArray() ?? [])),
  };
}

/** Depends on every value and on their order. */
function checksum(values: Iterable<number | bigint>): number {
  let sum = 0;
  for (const value of values) {
    sum = (Math.imul(sum, 31) + Number(BigInt.asIntN(32, BigInt(value)))) | 0;
  }
  return sum;
}
