/** Any value as a short text for a message; never throws. */
export function show(value: unknown): string {
  if (typeof value === "bigint") return `${value}n`;
  if (typeof value === "number") return String(value); // JSON has no NaN
  try {
    const text = JSON.stringify(value, (_, inner) =>
      typeof inner === "bigint" ? `${inner}n` : inner,
    );
    return text ?? String(value);
  } catch {
    return Object.prototype.toString.call(value); // a cycle, or a toJSON that throws
  }
}
