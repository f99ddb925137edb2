import { Priority } from "@falco-outputs/core";
import { type AlertBatch, joinPieces, type Pieces, pieceAt } from "./alert-batch.js";
import type { Appended } from "./log/alert-log.js";
import { type Matcher, severityMatcher } from "./log/filter/matcher.js";
import type { Output } from "./outputs/output.js";

/** Passes what the inputs took to every output. */
export class Router {
  readonly #grpc: Output<Appended | Promise<Appended>>;
  readonly #outputs: readonly Output[];
  readonly #isSevere: Matcher | undefined;

  /** @param leastSevere Less severe alerts go nowhere, as with Falco's `priority`. */
  constructor(grpc: Output<Appended | Promise<Appended>>, outputs: readonly Output[], leastSevere: Priority) {
    this.#grpc = grpc;
    this.#outputs = outputs;
    if (leastSevere !== Priority.Debug) this.#isSevere = severityMatcher(leastSevere);
  }

  /** Whether an output writes the lines that alerts came from. */
  get wantsLines(): boolean {
    return this.#outputs.length > 0;
  }

  /** Whether an output is crowded, see `Output.isCrowded`. */
  get isCrowded(): boolean {
    return this.#outputs.some((output) => output.isCrowded);
  }

  /** Returns the sequence numbers in the log; undefined if no alert was severe enough. */
  route(batch: AlertBatch): Appended | Promise<Appended> | undefined {
    const severe = this.#isSevere === undefined ? batch : select(batch, this.#isSevere);
    if (severe.ends.length === 0) return undefined;
    for (const output of this.#outputs) output.write(severe);
    return this.#grpc.write(severe);
  }
}

function select(batch: AlertBatch, isSevere: Matcher): AlertBatch {
  const kept: number[] = [];
  let start = 0;
  for (const [index, end] of batch.ends.entries()) {
    if (isSevere(batch.bytes, start, end)) kept.push(index);
    start = end;
  }
  if (kept.length === batch.ends.length) return batch;
  const pick = (pieces: Pieces) => joinPieces(kept.map((index) => pieceAt(pieces, index)));
  return {
    ...pick(batch),
    ...(batch.times && { times: kept.map((index) => batch.times![index]!) }),
    ...(batch.lines && { lines: pick(batch.lines) }),
  };
}
