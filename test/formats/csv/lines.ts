import fc from "fast-check";

/** Lines of CSV, most of them events on a sensor of 640x480 in order of time. */
export function csvLines(maxLines = 60): fc.Arbitrary<string> {
  const x = fc.oneof(
    { weight: 20, arbitrary: fc.nat(639) },
    { weight: 1, arbitrary: fc.constantFrom(640, 65535, 65536, -1, 2 ** 32) },
  );
  const y = fc.oneof(
    { weight: 20, arbitrary: fc.nat(479) },
    { weight: 1, arbitrary: fc.constantFrom(480, 65535, 65536, -1, -(2 ** 33)) },
  );
  const polarity = fc.oneof(
    { weight: 20, arbitrary: fc.constantFrom("0", "1", "-1") },
    { weight: 1, arbitrary: fc.constantFrom("2", "-2", "", "01", "1.0", "true") },
  );
  // A step from the time of the event in front of it, or any text in its place.
  const step = fc.oneof(
    { weight: 20, arbitrary: fc.nat(1000).map(BigInt) },
    { weight: 1, arbitrary: fc.nat(1000).map((back) => BigInt(-back)) },
    { weight: 1, arbitrary: fc.bigInt({ min: -(2n ** 52n), max: 2n ** 52n }) },
    {
      weight: 1,
      arbitrary: fc.constantFrom("9223372036854775808", "1e3", "-", "", "0".repeat(20)),
    },
  );
  const event = fc.record({ x, y, step, polarity });
  const other = fc.oneof(
    fc.constantFrom("", "\r", "x,y,t,polarity", "1,2,3", "1,2,3,1,1", " 1,2,3,1", "\0", "1;2;3;1"),
    fc.nat(200).map((length) => "1".repeat(length)),
    fc.integer({ min: 55, max: 70 }).map((length) => `1,1,${"0".repeat(length - 7)}1,1`),
    fc.string({ unit: fc.constantFrom(..."0123456789-,\r x\0\xff"), maxLength: 80 }),
  );
  const line = fc.oneof({ weight: 10, arbitrary: event }, { weight: 1, arbitrary: other });
  const end = fc.constantFrom("\n", "\n", "\r\n");
  const last = fc.constantFrom("\n", "", "\r");
  return fc
    .tuple(fc.array(fc.tuple(line, end), { maxLength: maxLines, size: "max" }), last)
    .map(([list, behind]) => {
      let time = 0n;
      const lines = list.map(([content, lineEnd]) => {
        if (typeof content === "string") return content + lineEnd;
        if (typeof content.step === "bigint") time += content.step;
        const t = typeof content.step === "bigint" ? time : content.step;
        return `${content.x},${content.y},${t},${content.polarity}${lineEnd}`;
      });
      return lines.join("").replace(/\r?\n$/, behind);
    });
}
