/** Whether a value is a stream of Node, readable or writable, told without loading Node. */
export function isNodeStream(value: unknown): boolean {
  return typeof (value as { pipe?: unknown } | null | undefined)?.pipe === "function";
}
