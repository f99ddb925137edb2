import { create } from "@bufbuild/protobuf";
import { OutputsRequestSchema } from "../contract.js";
import type { Requests } from "./requests.js";

/** Asks Falco's own server for alerts, as it expects, while none comes. */
export class Polling {
  readonly #timer: ReturnType<typeof setInterval>;
  #isIdle = true;

  constructor(intervalMs: number, requests: Requests) {
    this.#timer = setInterval(() => {
      if (this.#isIdle) requests.send(create(OutputsRequestSchema));
      this.#isIdle = true;
    }, intervalMs);
  }

  /** Alerts came: the next poll can be left out. */
  skip(): void {
    this.#isIdle = false;
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}
