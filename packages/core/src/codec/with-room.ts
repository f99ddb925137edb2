/**
 * `bytes` itself if it has at least `size`, else larger memory that begins with its first `used` bytes. The memory is
 * doubled, so that what comes in tiny pieces is not copied for each of them.
 */
export function withRoom(bytes: Uint8Array, used: number, size: number): Uint8Array {
  if (size <= bytes.length) return bytes;
  const larger = new Uint8Array(Math.max(size, 2 * bytes.length));
  larger.set(bytes.subarray(0, used));
  return larger;
}
