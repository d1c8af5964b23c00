import {
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { afterAll, beforeEach, describe, expect, it } from "vitest";
import {
  type ConvertOptions,
  convertRecording,
  digestEvents,
  type LoadReport,
  loadTable,
  openRecording,
  type Progress,
  reportOf,
} from "../../src/node.ts";
import { referenceDigest } from "../reference/digest.ts";
import {
  CONVERTED,
  converted,
  madeEvt2,
  mixedScene,
  PAIRS,
  readAs,
  type Scene,
  type TestedFormat,
  triggersIn,
} from "../support/conversions.ts";
import type { PlainEvent, PlainTrigger } from "../support/encodings.ts";
import { itWithSharedData } from "../support/shared-data.ts";
import { SOAK } from "../support/soak.ts";
import { PieceSource, streamOf } from "../support/sources.ts";

const root = realpathSync(mkdtempSync(join(tmpdir(), "evarrow-convert-")));
afterAll(() => rmSync(root, { recursive: true, force: true }));
let folder = root;
beforeEach(() => {
  folder = mkdtempSync(join(root, "test-"));
});

/** Formats whose files say more than the test's own: what they were converted from. */
const HAS_METADATA = new Set(["arrow", "hdf5", "evb"]);

const digestOf = (events: readonly PlainEvent[]): string =>
  referenceDigest(events.map((event) => ({ ...event, t: BigInt(event.t) })));

/** A scene for many tests: its digest is computed once, and so is its recording in each format. */
function sharedScene<Shared extends Scene>(scene: Shared) {
  const recordings = new Map<string, Promise<Uint8Array<ArrayBuffer>>>();
  return {
    ...scene,
    digest: digestOf(scene.events),
    in: async (format: TestedFormat): Promise<Uint8Array<ArrayBuffer>> => {
      const made = recordings.get(format.id) ?? format.make(scene);
      recordings.set(format.id, made);
      return (await made).slice();
    },
  };
}

/** As `toEqual`, which takes long for thousands of small arrays. */
function expectSameTriggers(found: readonly PlainTrigger[], expected: readonly PlainTrigger[]) {
  expect(found.length).toBe(expected.length);
  const at = found.findIndex((trigger, index) => String(trigger) !== String(expected[index]));
  expect([at, found[at]]).toEqual([-1, undefined]);
}

/** Each source once and each target once: what comes between is the same for all. */
const NEAR = PAIRS.filter(({ from, to }) => from.id === to.id || from.id === "evt2");
const SOME = SOAK > 1 ? PAIRS : NEAR;

describe("a conversion", () => {
  const small = sharedScene(mixedScene(2500));

  it.each(SOME)("$name and back keeps events, triggers and geometry", async ({ from, to }) => {
    const { digest, ...scene } = small;
    const original = await small.in(from);
    const { bytes, conversion } = await converted(original, to.id, { verify: true });
    const triggers = from.keepsTriggers ? scene.triggers : [];
    expect(conversion).toEqual({
      format: to.id,
      events: scene.events.length,
      triggers: to.keepsTriggers ? triggers.length : 0,
      bytes: bytes.byteLength,
      leftOut: 0,
      triggersLeftOut: to.keepsTriggers ? 0 : triggers.length,
      geometryLeftOut: from.keepsGeometry && !to.keepsGeometry,
      digest,
    });
    expect(reportOf(conversion)).toMatchObject({
      format: readAs(from),
      firstAt: {},
      mode: "chunked",
    });
    expect(await digestEvents(bytes)).toMatchObject({ digest });
    expect(await triggersIn(bytes)).toEqual(to.keepsTriggers ? triggers : []);
    const recording = await openRecording(bytes);
    expect(recording.format).toBe(readAs(to));
    const keepsGeometry = from.keepsGeometry && to.keepsGeometry;
    expect(recording.geometry).toEqual(keepsGeometry ? scene.geometry : null);

    const back = await converted(bytes, from.id, { verify: true });
    expect(await digestEvents(back.bytes)).toMatchObject({ digest });
    // Words and lines come back byte by byte where nothing of them was left out on the way.
    const keepsAll =
      to.hasHeader || (to.keepsGeometry && !from.keepsTriggers) || readAs(from) === "text";
    if (!HAS_METADATA.has(from.id) && keepsAll)
      expect(Buffer.compare(back.bytes, original)).toBe(0);
  });

  it.each(SOME)("$name keeps any events", async ({ from, to }) => {
    const step = fc.oneof(
      { weight: 20, arbitrary: fc.nat(100) },
      { weight: 1, arbitrary: fc.nat(20_000_000) },
    );
    const part = fc.tuple(step, fc.nat(2047), fc.nat(2047), fc.integer({ min: 1, max: 40 }));
    const triggerSteps = fc.array(fc.tuple(fc.nat(1000), fc.nat(15)), { maxLength: 20 });
    await fc.assert(
      fc.asyncProperty(
        fc.array(part, { maxLength: 40 }),
        triggerSteps,
        fc.nat(2 ** 24),
        async (parts, steps, start) => {
          let t = start;
          const events = parts.flatMap(([by, x, y, count]) => {
            t += by;
            const run = Array.from({ length: count }, (_, at) => x + at).filter((at) => at < 2048);
            return run.map((at): PlainEvent => ({ t, x: at, y, p: x & 1 ? 1 : 0 }));
          });
          let at = start;
          const triggers = steps.map(([by, id]): PlainTrigger => {
            at += by;
            return [at, id, id & 1 ? 1 : 0];
          });
          const original = await from.make({ events, triggers });
          const { bytes } = await converted(original, to.id, { verify: true });
          expect(await digestEvents(bytes)).toMatchObject({ digest: digestOf(events) });
          const keepsTriggers = from.keepsTriggers && to.keepsTriggers;
          expect(await triggersIn(bytes)).toEqual(keepsTriggers ? triggers : []);
        },
      ),
      { numRuns: 2 * SOAK },
    );
  });

  it.each(NEAR)("$name takes an empty recording", async ({ from, to }) => {
    const original = await from.make({ events: [], geometry: { width: 64, height: 48 } });
    const { bytes, conversion } = await converted(original, to.id, { verify: true });
    expect(conversion).toMatchObject({ events: 0, triggers: 0, digest: digestOf([]) });
    expect(await digestEvents(bytes)).toMatchObject({ events: 0 });
    expect((await loadTable(bytes)).numRows).toBe(0);
    expect(Buffer.compare((await converted(original, to.id)).bytes, bytes)).toBe(0);
  });

  /** Made for the first test that wants it. */
  let large: ReturnType<typeof sharedScene> | undefined;
  const largeScene = () => {
    large ??= sharedScene({
      events: Array.from({ length: 530_000 }, (_, at): PlainEvent => {
        return { t: at * 3, x: (at * 7) % 1280, y: (at * 5) % 720, p: at & 1 ? 1 : 0 };
      }),
    });
    return large;
  };

  /** A part of it, which is as large in bytes where events take more of them. */
  let wide: ReturnType<typeof sharedScene> | undefined;
  const wideScene = () => {
    wide ??= sharedScene({ events: largeScene().events.slice(0, 270_000) });
    return wide;
  };

  it.each(NEAR)("$name takes more than a tile and more than a read", async ({ from, to }) => {
    const isWide = ["dat", "csv", "text", "arrow", "hdf5"].includes(from.id);
    const { events, digest, ...scene } = isWide ? wideScene() : largeScene();
    const path = join(folder, "large");
    writeFileSync(path, await scene.in(from));
    const out = join(folder, `out${to.ending}`);
    const conversion = await convertRecording(path, out, { verify: true });
    expect(conversion).toMatchObject({ digest, events: events.length });
    expect(readdirSync(folder).sort()).toEqual(["large", `out${to.ending}`]);
  });
});

describe("triggers", () => {
  const pairs = PAIRS.filter(({ from, to }) => from.keepsTriggers && to.keepsTriggers);

  it.each(pairs)("alone are kept: $name", async ({ from, to }) => {
    const triggers = Array.from({ length: 5 }, (_, at): PlainTrigger => [at * 1000, at, 1]);
    const original = await from.make({ events: [], triggers });
    const { bytes, conversion } = await converted(original, to.id, { verify: true });
    expect(conversion).toMatchObject({ events: 0, triggers: 5 });
    expect(await triggersIn(bytes)).toEqual(triggers);
  });

  const five = sharedScene({
    events: Array.from({ length: 5000 }, (_, at): PlainEvent => {
      return { t: 50_000 + at, x: 1, y: 2, p: 1 };
    }),
  });

  it.each(SOME.filter((pair) => pairs.includes(pair)))(
    "are kept however many there are: $name",
    async ({ from, to }) => {
      const { events, digest } = five;
      const many = (length: number, time: (at: number) => number) =>
        Array.from({ length }, (_, at): PlainTrigger => [time(at), at % 16, at & 1 ? 1 : 0]);
      for (const triggers of [
        // 2048 fill a tile: in one place, spread, in front of and behind all events.
        many(2048, () => 50_010),
        many(10_000, (at) => 45_000 + at),
        many(4097, (at) => at),
        many(2049, (at) => 60_000 + at),
      ]) {
        const original = await from.make({ events, triggers });
        const { bytes, conversion } = await converted(original, to.id, { verify: true });
        expect(conversion).toMatchObject({ events: 5000, triggers: triggers.length });
        expectSameTriggers(await triggersIn(bytes), triggers);
        expect(await digestEvents(bytes)).toMatchObject({ digest });
      }
    },
  );

  const losing = PAIRS.filter(({ from, to }) => from.keepsTriggers && !to.keepsTriggers);

  it.each(losing)("are counted where they have no place: $name", async ({ from, to }) => {
    const { conversion } = await converted(await from.make(mixedScene()), to.id, { verify: true });
    expect(conversion).toMatchObject({ triggers: 0, triggersLeftOut: 20, leftOut: 0 });
  });
});

describe("recordings that are there", () => {
  const samples = fileURLToPath(new URL("../../data-samples/", import.meta.url));
  const names = readdirSync(samples).filter((name) =>
    /\.(raw|dat|csv|txt|arrow)(\.gz)?$/.test(name),
  );

  it.each(names)("%s goes to other formats", async (name) => {
    const path = join(samples, name);
    const options = { onMalformed: "skip" } as const;
    const { digest } = await digestEvents(path, options);
    const triggers = await triggersIn(path, options);
    // Every other format in turn, and all of them where one may refuse the recording.
    const isAll = SOAK > 1 || /^(?:clock-wrap|no-geometry)/.test(name);
    const turn = names.indexOf(name) % 2;
    for (const to of CONVERTED.filter((_, at) => isAll || at % 2 === turn)) {
      const out = join(folder, `out${to.ending}`);
      // A clock of 34 bits at its end is beyond that of DAT, whose pixels are beyond all others'.
      const isLate = to.id === "dat" && name.startsWith("clock-wrap.evt2");
      if (isLate || (to.hasHeader && name === "no-geometry.dat")) {
        await expect(convertRecording(path, out)).rejects.toMatchObject({ code: "not-encodable" });
        expect(readdirSync(folder)).not.toContain(`out${to.ending}`);
        continue;
      }
      const conversion = await convertRecording(path, out, { ...options, verify: true });
      expect(conversion).toMatchObject({ digest });
      if (to.keepsTriggers) expectSameTriggers(await triggersIn(out), triggers);
    }
  });

  // Every target in turn; all of them in the soak, and of the shortest.
  for (const [index, [file, ending]] of (
    [
      ["evt2_sample.raw", ".evt2.raw"],
      ["evt3_sample.raw", ".evt3.raw"],
      ["openeb_cd.dat", ".dat"],
      ["ncars.dat", ".dat"],
    ] as const
  ).entries()) {
    const isAll = SOAK > 1 || file === "ncars.dat";
    for (const to of CONVERTED.filter((_, at) => isAll || at % 3 === index)) {
      itWithSharedData(`${file} goes to ${to.id} and back`, file, async (path, expected) => {
        const { digest } = expected;
        const out = join(folder, `out${to.ending}`);
        const back = join(folder, `back${ending}`);
        expect(await convertRecording(path, out, { verify: true })).toMatchObject({ digest });
        expect(await convertRecording(out, back)).toMatchObject({ events: expected.events });
        expect(await digestEvents(back)).toMatchObject({ digest });
        if (to.keepsTriggers) expectSameTriggers(await triggersIn(back), await triggersIn(path));
      });
    }
  }
});

describe("options", () => {
  const scene = mixedScene(500);
  const shared = sharedScene(scene);
  const { events, triggers } = scene;
  const first = events[0]?.t ?? 0;
  const movedDigest = digestOf(events.map((event) => ({ ...event, t: event.t - first })));
  const late = triggers.filter(([t]) => t >= first);
  const lateScene = sharedScene({ ...scene, triggers: late });

  it.each(SOME)("rebase puts the first event on 0: $name", async ({ from, to }) => {
    const original = await lateScene.in(from);
    const { bytes, conversion } = await converted(original, to.id, { rebase: true, verify: true });
    expect(conversion.digest).toBe(movedDigest);
    expect(reportOf(conversion).timeOffset).toBe(first);
    if (!from.keepsTriggers || !to.keepsTriggers) return;
    expect(await triggersIn(bytes)).toEqual(late.map(([t, id, value]) => [t - first, id, value]));
  });

  it.each(SOME)("geometry replaces the recording's: $name", async ({ from, to }) => {
    const original = await shared.in(from);
    const geometry = { width: 300, height: 200 };
    const { bytes, conversion } = await converted(original, to.id, { geometry, verify: true });
    const inside = events.filter(({ x, y }) => x < 300 && y < 200);
    expect(inside.length).toBeLessThan(events.length);
    expect(conversion).toMatchObject({
      events: inside.length,
      digest: digestOf(inside),
      geometryLeftOut: !to.keepsGeometry,
    });
    expect(reportOf(conversion).eventsOutsideGeometry).toBe(events.length - inside.length);
    expect((await openRecording(bytes)).geometry).toEqual(to.keepsGeometry ? geometry : null);
  });

  it.each(CONVERTED)("polarityEncoding is that of a CSV: from $id", async (from) => {
    const original = await shared.in(from);
    const polarities = async (options: ConvertOptions) => {
      const { bytes } = await converted(original, "csv", { ...options, verify: true });
      const lines = new TextDecoder().decode(bytes).trimEnd().split("\n").slice(1);
      return [...new Set(lines.map((line) => line.split(",")[3]))].sort();
    };
    expect(await polarities({})).toEqual(["0", "1"]);
    expect(await polarities({ polarityEncoding: "zero-one" })).toEqual(["0", "1"]);
    expect(await polarities({ polarityEncoding: "minus-one-one" })).toEqual(["-1", "1"]);
  });

  it.each(CONVERTED)("polarityEncoding changes nothing in words: $id", async (format) => {
    if (format.writesPolarity) return;
    const original = await shared.in(format);
    for (const polarityEncoding of ["zero-one", "minus-one-one"] as const) {
      const { bytes } = await converted(original, format.id, { polarityEncoding });
      expect(bytes).toEqual(original);
    }
  });

  it("strict of the opened recording holds, and that of the conversion replaces it", async () => {
    const csv = new TextEncoder().encode("x,y,t,polarity\n1,2,3,1\n1,2,2,1\n");
    const strictly = await openRecording(csv, { strict: true });
    await expect(converted(strictly, "evt2")).rejects.toMatchObject({ code: "data-loss" });
    const { conversion } = await converted(strictly, "evt2", { strict: false });
    expect(conversion.events).toBe(2);
  });

  it.each(SOME)("onReport and onProgress are told: $name", async ({ from, to }) => {
    const original = await shared.in(from);
    const reports: LoadReport[] = [];
    const seen: Progress[] = [];
    const { conversion } = await converted(original, to.id, {
      onReport: (report) => reports.push(report),
      onProgress: (progress) => seen.push(progress),
      verify: true,
    });
    expect(reports).toEqual([reportOf(conversion)]);
    expect(reports[0]).toMatchObject({ format: readAs(from), events: 500, timeOffset: 0 });
    expect(seen.at(-1)).toMatchObject({ bytesTotal: original.byteLength, events: 500 });
    expect(seen.at(-1)?.bytesRead).toBeLessThanOrEqual(original.byteLength);
  });

  it("endianness is the byte order of EVT 2.1", async () => {
    const original = await madeEvt2(scene);
    const little = await converted(original, "evt21", { verify: true });
    const legacy = await converted(original, "evt21", { verify: true, endianness: "legacy" });
    expect(legacy.bytes).not.toEqual(little.bytes);
    expect(legacy.conversion.digest).toBe(little.conversion.digest);
    const again = await converted(legacy.bytes, "evt21", { endianness: "little", verify: true });
    expect(again.bytes).toEqual(little.bytes);
    await expect(converted(original, "evt3", { endianness: "little" })).rejects.toMatchObject({
      code: "invalid-option",
    });
    await expect(
      converted(original, "evt21", { endianness: "big" as "little" }),
    ).rejects.toMatchObject({ code: "invalid-option" });
  });
});

describe("sources", () => {
  // More bytes than the first read takes, in every format.
  const scene = sharedScene(mixedScene(25_000));

  it.each(SOME)("may be read once only: $name", async ({ from, to }) => {
    const original = await scene.in(from);
    const { digest } = scene;
    const sources = [
      streamOf(original, 1000).stream,
      new PieceSource(original, () => 777),
      new Blob([original]),
    ];
    // Every format is read from each of them, and each target is written from one at least.
    const turn = CONVERTED.indexOf(to) % 3;
    const isAll = SOAK > 1 || from.id === to.id;
    for (const source of isAll ? sources : sources.slice(turn, turn + 1)) {
      const { conversion } = await converted(source, to.id, { verify: true });
      expect(conversion).toMatchObject({ digest, events: 25_000 });
    }
  });

  it("may be open, and stay so", async () => {
    const recording = await openRecording(await madeEvt2(scene));
    for (const { id } of CONVERTED) {
      const { conversion } = await converted(recording, id, { verify: true });
      expect(conversion.digest).toBe(scene.digest);
    }
    expect((await recording.triggers()).numRows).toBe(20);
    await recording.close();
  });

  const small = sharedScene(mixedScene());

  it.each(CONVERTED)("may be the file that is written: $id", async (format) => {
    const path = join(folder, `same${format.ending}`);
    writeFileSync(path, await small.in(format));
    const before = readFileSync(path);
    await convertRecording(path, path, { verify: true });
    expect(await digestEvents(path)).toMatchObject({ digest: small.digest });
    if (!HAS_METADATA.has(format.id)) expect(readFileSync(path).equals(before)).toBe(true);
    const other = join(folder, "other.evt2.raw");
    writeFileSync(other, before);
    await convertRecording(other, other);
    expect(readFileSync(other).subarray(0, 9).toString()).toBe("% evt 2.0");
    expect(await digestEvents(other)).toMatchObject({ digest: small.digest });
    expect(readdirSync(folder)).toHaveLength(2);
  });
});
