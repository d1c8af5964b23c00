/** Files of text in every dialect, most of their lines events on a sensor of 640x480. */
import fc from "fast-check";
import type { TextOptions } from "../../../src/index.ts";
import type { TextReferenceDialect } from "../../reference/text.ts";
import { latin1Bytes } from "../../support/evt2-words.ts";

/** A file, how it is written, and what a caller has to say for it to be read so. */
export interface TextFile {
  bytes: Uint8Array<ArrayBuffer>;
  dialect: TextReferenceDialect;
  text: TextOptions;
}

type Column = TextReferenceDialect["columns"][number];

interface Style extends TextReferenceDialect {
  separator: string;
  /** How most times are written. */
  time: "whole" | "decimals" | "scientific";
  /** How OFF and ON are. */
  polarity: readonly [off: string, on: string];
  end: string;
  preamble: string;
  header: boolean;
  comment: string | undefined;
}

/** Orders that the kernel has a way of its own for. */
const USUAL_ORDERS: Column[][] = [
  ["t", "x", "y", "polarity"],
  ["x", "y", "polarity", "t"],
  ["x", "y", "t", "polarity"],
];

const styles: fc.Arbitrary<Style> = fc
  .record({
    separator: fc.constantFrom(" ", " ", ",", ",", "\t", ";", "|"),
    order: fc.oneof(
      fc.shuffledSubarray<Column>(["t", "x", "y", "polarity"], { minLength: 4 }),
      fc.constantFrom<Column[]>(...USUAL_ORDERS),
    ),
    extra: fc.oneof(fc.constant([]), fc.array(fc.nat(6), { maxLength: 2 })),
    timeUnit: fc.constantFrom("s", "s", "us", "us", "ms", "ns"),
    time: fc.constantFrom("whole", "whole", "decimals", "decimals", "scientific"),
    polarity: fc.constantFrom(
      ["0", "1"] as const,
      ["0", "1"] as const,
      ["-1", "1"] as const,
      ["false", "true"] as const,
      ["0.0", "1e0"] as const,
    ),
    end: fc.constantFrom("\n", "\n", "\r\n"),
    byteOrderMark: fc.boolean(),
    comment: fc.constantFrom(undefined, undefined, "//", "rem"),
    firstPixel: fc.constantFrom(0, 0, 1),
    header: fc.boolean(),
  })
  .map(({ order, extra, byteOrderMark, ...style }) => {
    const columns = [...order];
    for (const at of extra) columns.splice(at, 0, null);
    const mark = style.comment ?? "#";
    const names = columns.map((column) => column ?? "label").join(style.separator);
    const lines = [`${mark} a comment`, ...(style.header ? [names] : []), `${mark}${mark}`, ""];
    return {
      ...style,
      timeUnit: style.timeUnit as TextReferenceDialect["timeUnit"],
      firstPixel: style.firstPixel as 0 | 1,
      time: style.time as Style["time"],
      columns,
      comments: style.comment === undefined ? ["#", "%"] : [style.comment],
      skip: style.header ? 1 : 0,
      preamble: (byteOrderMark ? "\xef\xbb\xbf" : "") + lines.join(style.end),
    };
  });

/** Numbers at the edges of what is one, and other text. */
const odd = fc.constantFrom(
  ...["", "-", "+", ".", "e", "1e", "1e+", "--1", "1-", "1.2.3", "1e2e3", "0x10", "nan", "inf"],
  ...["1.", ".5", "+7", "-0", "00000000000000000000012", "1e0", "120e-1", "12.000", "0.012e3"],
  ...["0.0000005", "-0.0000005", "0.5", "-0.5", "1.5", "-1.5", "0.49999999999999999999999999"],
  ...["9223372036854775807", "9223372036854775808", "-9223372036854775808"],
  ...["-9223372036854775809", "9223372036854.775807", "9223372036854.7758074999"],
  ...["9223372036854.7758075", "-9223372036854.7758085", "-9223372036854.77580850001"],
  ...["18446744073709551616", "1e18", "1e19", "1e300", "-1e300", "1e-300", "1e99999", "0e99999"],
  ...['"7"', "'8'", '"1.5"', '"9', '9"', '""', '"', "'3\"", '"true"', '" 7"'],
  ...["true", "TRUE", "False", "tru", "falsy", "yes", "1\0", "\xb5", "1_000", "1 2"],
);

function pixel(below: number): fc.Arbitrary<string> {
  return fc.oneof(
    { weight: 40, arbitrary: fc.nat(below - 1).map(String) },
    { weight: 1, arbitrary: fc.constantFrom(below, 9999, 10000, 65535, 65536, -1).map(String) },
    { weight: 1, arbitrary: fc.nat(below - 1).map((value) => `0000${value}`) },
    { weight: 1, arbitrary: odd },
  );
}

/** Microseconds in a unit, exactly, with further digits behind the last. */
function timeText(us: bigint, { timeUnit, time }: Style, further: string): string {
  const places = { s: 6, ms: 3, us: 0, ns: -3 }[timeUnit];
  const sign = us < 0n ? "-" : "";
  const value = (us < 0n ? -us : us) * 10n ** BigInt(Math.max(-places, 0));
  const digits = value.toString().padStart(Math.max(places, 0) + 1, "0");
  const cut = digits.length - Math.max(places, 0);
  const [whole, decimals] = [digits.slice(0, cut), digits.slice(cut)];
  if (time === "whole") return sign + whole;
  const all = decimals + further;
  if (time === "decimals") return all === "" ? `${sign}${whole}` : `${sign}${whole}.${all}`;
  return `${sign}${whole[0]}.${whole.slice(1)}${all}e+${String(whole.length - 1).padStart(2, "0")}`;
}

function eventLine(style: Style): fc.Arbitrary<(t: bigint) => [line: string, t: bigint]> {
  const step = fc.oneof(
    { weight: 40, arbitrary: fc.nat(1000).map(BigInt) },
    { weight: 2, arbitrary: fc.nat(1000).map((back) => BigInt(-back)) },
    { weight: 1, arbitrary: fc.bigInt({ min: -(2n ** 52n), max: 2n ** 52n }) },
  );
  const label = fc.oneof(
    fc.nat().map(String),
    fc.constantFrom("", "a b", "x", "1.5", "9".repeat(30)),
  );
  return fc
    .record({
      x: pixel(640),
      y: pixel(480),
      step,
      further: fc.constantFrom("", "", "0", "000", "4", "5", "50", "499", "500000001", "9999999"),
      odd: fc.option(odd, { freq: 40 }),
      on: fc.boolean(),
      polarity: fc.option(odd, { freq: 40 }),
      labels: fc.array(label, { minLength: 2, maxLength: 2 }),
      blank: fc.option(fc.constantFrom(" ", "  ", "\t"), { freq: 20 }),
    })
    .map((event) => (before) => {
      const t = before + event.step;
      const fields = {
        x: event.x,
        y: event.y,
        t: event.odd ?? timeText(t, style, event.further),
        polarity: event.polarity ?? style.polarity[event.on ? 1 : 0],
      };
      let labels = 0;
      const columns = style.columns.map((name) =>
        name === null ? (event.labels[labels++] ?? "") : fields[name],
      );
      const blank = event.blank ?? "";
      const line = columns.join(`${blank}${style.separator}`);
      return [event.blank === null ? line : `${blank}${line}${blank}`, t];
    });
}

function otherLine(style: Style): fc.Arbitrary<string> {
  const mark = style.comments?.[0] ?? "#";
  const unit = fc.constantFrom(..."0123456789-.eE \t,;|x\0\xff#%/\r", style.separator);
  return fc.oneof(
    fc.constantFrom("", " ", "\t", mark, ` ${mark} a comment`, "1,2,3", "1 2 3 1 5 6 7", "\0"),
    fc.constantFrom("x,y,t,polarity", style.separator, style.separator.repeat(3), "#", "%", "/"),
    fc.nat(1200).map((length) => "1".repeat(length)),
    fc.integer({ min: 500, max: 520 }).map((length) => " ".repeat(length)),
    fc.integer({ min: 500, max: 520 }).map((length) => mark.padStart(length)),
    fc.integer({ min: 500, max: 2000 }).map((length) => mark.padEnd(length, "-")),
    fc
      .integer({ min: 495, max: 520 })
      .map((length) => ["1", "1", "1"].join(style.separator).padStart(length, "0")),
    fc.string({ unit, maxLength: 80 }),
  );
}

/** Files in any dialect; the first line is an event, so that it can be detected. */
export function textFiles(maxLines = 60): fc.Arbitrary<TextFile> {
  return styles.chain((style) => {
    const content = fc.oneof(
      { weight: 12, arbitrary: eventLine(style) },
      { weight: 1, arbitrary: otherLine(style) },
    );
    const end = fc.oneof(
      { weight: 20, arbitrary: fc.constant(style.end) },
      { weight: 1, arbitrary: fc.constantFrom("\n", "\r\n") },
    );
    const last = fc.constantFrom("\n", "", "\r");
    const start = fc.constantFrom<bigint[]>(0n, 0n, 5n, -3000n, 1_504_645_177_420_000n);
    return fc
      .tuple(start, fc.array(fc.tuple(content, end), { maxLength: maxLines, size: "max" }), last)
      .map(([from, list, behind]) => {
        let time = from;
        const fields = {
          x: "1",
          y: "2",
          t: timeText(time, style, ""),
          polarity: style.polarity[1],
        };
        const first = style.columns.map((name) => (name === null ? "7" : fields[name]));
        const lines = list.map(([line, lineEnd]) => {
          if (typeof line === "string") return line + lineEnd;
          const [text, t] = line(time);
          time = t;
          return text + lineEnd;
        });
        const data = `${first.join(style.separator)}${style.end}${lines.join("")}`;
        const bytes = latin1Bytes(style.preamble + data.replace(/\r?\n$/, behind));
        const { separator, columns, timeUnit, header, comment, firstPixel } = style;
        const text = { separator, columns, timeUnit, header, comment, firstPixel };
        return { bytes, dialect: style, text };
      });
  });
}
