import type { Alert } from "../alert-message.js";
import type { FalcoError } from "../error.js";

/** What becomes of a stream. */
export type StreamStatus =
  /** An attempt begins; counts from 1, and again after each success. */
  | { readonly type: "connecting"; readonly attempt: number }
  /** The server answered for the first time. Falco's own does so only with its first alert. */
  | { readonly type: "connected" }
  /**
   * The connection was lost, or an attempt failed; another one follows in `retryInMs`. `lastHeardAt` is when this stream
   * last got anything from the server, a heartbeat included; absent if it never did.
   */
  | {
      readonly type: "disconnected";
      readonly error: FalcoError;
      readonly retryInMs: number;
      readonly lastHeardAt?: Date;
    }
  /** The server answers again; the stream goes on where it was, as far as its mode allows. */
  | { readonly type: "resumed" }
  /** Alerts were lost; the alert that tells it comes next. */
  | { readonly type: "lost"; readonly loss: Loss; readonly alert: Alert };

/** Which alerts a subscriber misses for good. */
export interface Loss {
  readonly cause: LossCause;
  /** The cause in the server's word, also where this client does not know it. */
  readonly causeText: string;
  /** How many; absent after a restart. */
  readonly lost?: bigint;
  readonly firstSequence?: bigint;
  readonly lastSequence?: bigint;
}

/**
 * `overflow`: the server's bound reached them before the group took them. `slow`: before this broadcast read them.
 * `disk`: they are in the server's log on a disk, and cannot be read. `restart`: they were in a log that the server no
 * longer has, and nobody knows how many. `unknown`: a server newer than this client knows another cause.
 */
export type LossCause = "overflow" | "slow" | "disk" | "restart" | "unknown";

const causes: readonly string[] = ["overflow", "slow", "disk", "restart"] satisfies LossCause[];

/** Reads the alert with which our server tells a loss: one without a sequence number. */
export function lossOf({ sequence, outputFields }: Alert): Loss | undefined {
  if (sequence !== 0n) return undefined;
  const { cause, lost, first_sequence, last_sequence } = outputFields;
  if (cause === undefined) return undefined;
  return {
    cause: causes.includes(cause) ? (cause as LossCause) : "unknown",
    causeText: cause,
    ...numberIn("lost", lost),
    ...numberIn("firstSequence", first_sequence),
    ...numberIn("lastSequence", last_sequence),
  };
}

function numberIn(name: string, text: string | undefined): Record<string, bigint> {
  return text !== undefined && /^\d{1,20}$/.test(text) ? { [name]: BigInt(text) } : {};
}
