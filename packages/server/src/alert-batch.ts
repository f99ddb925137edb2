/**
 * Encoded alerts, end to end: alert i is `bytes` from `ends[i - 1]` (0 for the first) to `ends[i]`. Each is a
 * `falco.outputs.response` without a sequence number, of at most 1 MiB. A function that is given a batch may read it until it
 * returns, or until the promise that it returns is settled.
 */
export interface AlertBatch extends Pieces {
  /**
   * Their own times in microseconds since 1970, rounded down; NaN for an alert without one. Undefined: not known yet.
   */
  readonly times?: readonly number[];
  /**
   * The lines that they came from, without line ends; empty for an alert without one; undefined if no alert has one, or
   * no output needs them.
   */
  readonly lines?: Pieces;
}

/** Some bytes in pieces: piece i is `bytes` from `ends[i - 1]` (0 for the first) to `ends[i]`. */
export interface Pieces {
  readonly bytes: Uint8Array;
  readonly ends: readonly number[];
}

/** Pieces end to end. */
export function joinPieces(pieces: readonly Uint8Array[]): Pieces {
  let size = 0;
  const ends = pieces.map((piece) => (size += piece.length));
  const bytes = new Uint8Array(size);
  for (const [index, piece] of pieces.entries()) bytes.set(piece, ends[index]! - piece.length);
  return { bytes, ends };
}

/** The piece at `index`, in the same memory. */
export function pieceAt({ bytes, ends }: Pieces, index: number): Uint8Array {
  return bytes.subarray(index === 0 ? 0 : ends[index - 1]!, ends[index]!);
}
