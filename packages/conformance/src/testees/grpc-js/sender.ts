import type * as grpc from "@grpc/grpc-js";
import type { CallProgress, NeutralAlert, RequestStep } from "../../protocol.js";

type Stream = grpc.ClientDuplexStream<Record<string, unknown>, NeutralAlert>;

/** Sends a stream's requests as the steps say. */
export class Sender {
  readonly #stream: Stream;
  readonly #steps: RequestStep[];
  readonly #onProgress: (progress: CallProgress) => void;
  #requests = 0;
  #alerts = 0;
  #headers = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(stream: Stream, steps: readonly RequestStep[], onProgress: (progress: CallProgress) => void) {
    this.#stream = stream;
    this.#steps = [...steps];
    this.#onProgress = onProgress;
  }

  start(): void {
    this.#goOn();
  }

  headersCame(): void {
    this.#headers = true;
    this.#goOn();
  }

  alertCame(): void {
    this.#alerts++;
    this.#goOn();
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#steps.length = 0;
  }

  /** Takes the steps that can be taken now. */
  #goOn(): void {
    for (let step = this.#steps[0]; step !== undefined; step = this.#steps[0]) {
      if ("await_headers" in step && !this.#headers) return;
      if ("await_alerts" in step && this.#alerts < step.await_alerts) return;
      this.#steps.shift();
      if ("send" in step) this.#send(step.send);
      else if ("half_close" in step) this.#stream.end();
      else if ("send_every_ms" in step) this.#repeat(step.send_every_ms, () => true);
      else if ("send_when_idle_ms" in step) this.#repeat(step.send_when_idle_ms, this.#idle());
    }
  }

  #repeat(intervalMs: number, isDue: () => boolean): void {
    this.#timer = setInterval(() => {
      if (isDue()) this.#send({});
    }, intervalMs);
  }

  /** Whether no alert came since it was asked last. */
  #idle(): () => boolean {
    let seen = this.#alerts;
    return () => {
      const idle = seen === this.#alerts;
      seen = this.#alerts;
      return idle;
    };
  }

  #send(request: Record<string, unknown>): void {
    this.#stream.write(request);
    this.#onProgress({ requests: ++this.#requests });
  }
}
