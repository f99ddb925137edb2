import type { Alert } from "../alert-message.js";
import type { FalcoError } from "../error.js";

/** What becomes of a stream. */
export type StreamStatus =
  /** An attempt begins; counts from 1, and again after each success. */
  | { readonly type: "connecting"; readonly attempt: number }
  /** The server answered for the first time. Falco's own does so only with its first alert. */
  | { readonly type: "connected" }
  /** The connection was lost, or an attempt failed; another one follows in `retryInMs`. */
  | { readonly type: "disconnected"; readonly error: FalcoError; readonly retryInMs: number }
  /** The server answers again; the stream goes on where it was, as far as its mode allows. */
  | { readonly type: "resumed" }
  /** Alerts were lost; the alert that tells it comes next. */
  | { readonly type: "lost"; readonly loss: Loss; readonly alert: Alert };

/** Which alerts a subscriber misses for good. */
export interface Loss {
  /**
   * `overflow`: the server's bound reached them before the group took them. `slow`: before this broadcast read them.
   * `restart`: they were in a log that the server has no more, and nobody knows how many.
   */
  readonly cause: string;
  /** How many; undefined after a restart. */
  readonly lost: bigint | undefined;
  readonly firstSequence: bigint | undefined;
  readonly lastSequence: bigint | undefined;
}

/** Reads the alert with which our server tells a loss: one without a sequence number. */
export function lossOf({ sequence, outputFields }: Alert): Loss | undefined {
  if (sequence !== 0n) return undefined;
  const { cause, lost, first_sequence, last_sequence } = outputFields;
  if (cause === undefined) return undefined;
  return {
    cause,
    lost: toBigInt(lost),
    firstSequence: toBigInt(first_sequence),
    lastSequence: toBigInt(last_sequence),
  };
}

function toBigInt(text: string | undefined): bigint | undefined {
  return text !== undefined && /^\d{1,20}$/.test(text) ? BigInt(text) : undefined;
}
