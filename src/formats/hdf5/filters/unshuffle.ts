/** Undoes "shuffle" where it was not the first filter, or not told the type of the dataset. */
export function unshuffled(bytes: Uint8Array, elementBytes: number): Uint8Array {
  if (elementBytes <= 1) return bytes;
  const elements = Math.floor(bytes.byteLength / elementBytes);
  const result = bytes.slice(); // what fills no element stays at the end
  for (let byte = 0, from = 0; byte < elementBytes && elements > 0; byte++) {
    for (let to = byte; to < elements * elementBytes; to += elementBytes) {
      result[to] = bytes[from++] as number;
    }
  }
  return result;
}
