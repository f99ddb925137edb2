/** Where a stream is in the server's log: another connection goes on after it. */
export class Position {
  readonly #isBroadcast: boolean;
  /** The highest sequence number that the loop got or the server has looked at, or the place where the stream began. */
  #sequence: bigint | undefined;

  constructor({ broadcast }: { readonly broadcast: boolean }) {
    this.#isBroadcast = broadcast;
  }

  /** After which sequence number to go on; undefined if that is not known. */
  get sequence(): bigint | undefined {
    return this.#sequence;
  }

  /** @param sequence The place where the first connection starts, or, in another log, a later one; undefined from Falco itself. */
  startAt(sequence: bigint | undefined): void {
    this.#sequence = sequence;
  }

  /** Whether the loop got this alert before, of a connection that was lost. */
  isRepeated(sequence: bigint): boolean {
    return this.#isBroadcast && sequence !== 0n && this.#sequence !== undefined && sequence <= this.#sequence;
  }

  /** The loop gets this alert. */
  advance(sequence: bigint): void {
    if (this.#sequence === undefined ? sequence > 0n : sequence > this.#sequence) this.#sequence = sequence;
  }

  /** The server has looked at every alert up to here. In a group others may have got them, and fail. */
  scanned(sequence: bigint): void {
    if (this.#isBroadcast) this.advance(sequence);
  }
}
