import type { Alert, Loss, StreamStatus } from "@falco-outputs/node";
import { tell } from "../print/tell.js";

/** Says on stderr what becomes of a stream: one line a change. */
export class StatusLines {
  readonly #losses = new WeakMap<Alert, Loss>();
  readonly #greeting: string | undefined;
  #wasConnected = false;
  #isDown = false;

  /** @param greeting What is said when the connection is there for the first time; nothing without it. */
  constructor(greeting?: string) {
    this.#greeting = greeting;
  }

  get wasConnected(): boolean {
    return this.#wasConnected;
  }

  readonly onStatus = (status: StreamStatus): void => {
    switch (status.type) {
      case "connected":
      case "resumed":
        if (this.#isDown && this.#wasConnected) tell("resumed");
        if (!this.#wasConnected && this.#greeting !== undefined) tell(this.#greeting);
        this.#wasConnected = true;
        this.#isDown = false;
        return;
      case "disconnected":
        if (this.#wasConnected) this.#down("disconnected, trying again", status.error);
        else this.waiting(status.error);
        return;
      case "lost":
        this.#losses.set(status.alert, status.loss);
    }
  };

  /** The server is not there yet. */
  waiting(error: Error): void {
    this.#down("waiting for the server", error);
  }

  /** An alert is printed: if it is one that tells a loss, that is said. */
  printed(alert: Alert): void {
    const loss = this.#losses.get(alert);
    if (loss === undefined) return;
    const { lost, causeText } = loss;
    if (lost === undefined) tell(`lost alerts (${causeText}), how many is not known`);
    else tell(`lost ${lost} ${lost === 1n ? "alert" : "alerts"} (${causeText})`);
  }

  /** Attempts that fail as the one before change nothing. */
  #down(what: string, error: Error): void {
    if (!this.#isDown) tell(`${what}: ${error.message}`);
    this.#isDown = true;
  }
}
