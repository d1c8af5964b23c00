/** A frame that is skipped: fzstd keeps a short frame to itself until this much follows. */
const SKIPPED_FRAME = Uint8Array.of(0x50, 0x2a, 0x4d, 0x18, 16, 0, 0, 0, ...new Uint8Array(16));

/**
 * Decompresses one frame of zstd with fzstd, block by block, so that it is noticed in time when it
 * gives more than it should.
 *
 * @param size - bytes that must come out
 * @throws RangeError, or what fzstd throws
 */
export async function inflateWithFzstd(frame: Uint8Array, size: number): Promise<Uint8Array> {
  const { Decompress } = await import("fzstd");
  const result = new Uint8Array(size);
  let length = 0;
  const stream = new Decompress((chunk) => {
    length += chunk.byteLength;
    if (length > size) throw new RangeError(`more than ${size} bytes come out`);
    result.set(chunk, length - chunk.byteLength);
  });
  stream.push(frame.slice());
  stream.push(SKIPPED_FRAME.slice());
  if (length === size) return result;
  throw new RangeError(`${length} bytes come out`);
}
