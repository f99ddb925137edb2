import { create } from "@bufbuild/protobuf";
import { OutputsRequestSchema } from "../contract.js";
import type { Requests } from "./requests.js";

/** Asks Falco's own server for alerts at a fixed interval, as it expects. */
export class Polling {
  readonly #timer: ReturnType<typeof setInterval>;

  constructor(intervalMs: number, requests: Requests) {
    this.#timer = setInterval(() => requests.send(create(OutputsRequestSchema)), intervalMs);
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}
