import { contentOf, encodeContent } from "@falco-outputs/core/codec";
import type { Slice } from "./alert-log.js";
import { unnumberedFrame } from "./slab.js";

/**
 * Why alerts were lost: `overflow`, the bound reached them before a group's members took them; `slow`, before a
 * broadcast subscriber read them; `disk`, they cannot be read from the disk; `restart`, they were in another log or only
 * in the memory of a server that crashed, and their number is unknown.
 */
export type LossCause = "overflow" | "slow" | "disk" | "restart";

export interface Loss {
  readonly cause: LossCause;
  /** Undefined after a restart. */
  readonly range: { readonly lost: number; readonly first: number; readonly last: number } | undefined;
}

/** The losses that a subscriber has not been told about, merged: one of another log, and one of this log. */
export class PendingLoss {
  #restart: Loss | undefined;
  #counted: Loss | undefined;

  get isEmpty(): boolean {
    return this.#restart === undefined && this.#counted === undefined;
  }

  /** What is to be reported, in that order. */
  get all(): readonly Loss[] {
    return [this.#restart, this.#counted].filter((loss) => loss !== undefined);
  }

  add(loss: Loss): void {
    const { range } = loss;
    if (range === undefined) {
      this.#restart = loss;
      return;
    }
    const known = this.#counted?.range;
    this.#counted =
      known === undefined
        ? loss
        : {
            cause: loss.cause,
            range: {
              lost: known.lost + range.lost,
              first: Math.min(known.first, range.first),
              last: Math.max(known.last, range.last),
            },
          };
  }

  /** The loss to report next. */
  take(): Loss | undefined {
    const loss = this.#restart ?? this.#counted;
    if (this.#restart !== undefined) this.#restart = undefined;
    else this.#counted = undefined;
    return loss;
  }
}

/** The alert that reports a loss. It is in no log and has no sequence number. */
export function lossSlice({ cause, range }: Loss): Slice {
  const text =
    range === undefined
      ? "the server has another log than before: what was not delivered from that one is lost"
      : `${range.lost === 1 ? "1 alert was" : `${range.lost} alerts were`} lost, with sequence numbers from ${range.first} to ${range.last}`;
  const alert = encodeContent(
    contentOf({
      rule: "Falco Outputs internal: alerts lost",
      priority: "Warning",
      source: "internal",
      output: `Falco Outputs internal: ${text} (${cause})`,
      outputFields: {
        cause,
        ...(range && { lost: range.lost, first_sequence: range.first, last_sequence: range.last }),
      },
    }),
  );
  return { bytes: unnumberedFrame(alert), count: 1 };
}
