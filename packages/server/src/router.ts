import { Priority } from "@falco-outputs/core";
import type { AlertBatch } from "./alert-batch.js";
import type { Appended } from "./log/alert-log.js";
import { type Matcher, severityMatcher } from "./log/filter/matcher.js";
import type { Output } from "./outputs/output.js";
import { selectAlerts } from "./select-alerts.js";

/** Is given each batch of alerts on its way to the outputs. It must not keep the bytes, nor throw. */
export type AlertObserver = (batch: AlertBatch) => void;

/** Passes what the inputs took to every output. */
export class Router {
  readonly #grpc: Output<Appended | Promise<Appended>>;
  readonly #outputs: readonly Output[];
  readonly #isSevere: Matcher | undefined;
  readonly #observe: AlertObserver | undefined;

  /**
   * @param leastSevere Less severe alerts go nowhere, as with Falco's `priority`.
   * @param observe Sees the alerts that are severe enough.
   */
  constructor(
    grpc: Output<Appended | Promise<Appended>>,
    outputs: readonly Output[],
    leastSevere: Priority,
    observe?: AlertObserver,
  ) {
    this.#grpc = grpc;
    this.#outputs = outputs;
    this.#observe = observe;
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
    const severe = this.#isSevere === undefined ? batch : selectAlerts(batch, this.#isSevere);
    if (severe.ends.length === 0) return undefined;
    this.#observe?.(severe);
    for (const output of this.#outputs) output.write(severe);
    return this.#grpc.write(severe);
  }
}
