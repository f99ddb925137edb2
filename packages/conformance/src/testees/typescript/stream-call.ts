import type {
  AcknowledgedStream,
  Alert,
  Client,
  GetOptions,
  StreamStatus,
  SubOptions,
} from "@falco-outputs/node";
import type { CallLine, CallProgress, NeutralAlert, NeutralStatus } from "../../protocol.js";
import { neutralAlert, neutralStatus } from "./neutral.js";

/** A `sub` or a `get`, and what it has seen so far. */
export class StreamCall {
  readonly #line: CallLine;
  readonly #onProgress: (progress: CallProgress) => void;
  readonly #cancelled: AbortSignal;
  readonly #alerts: NeutralAlert[] = [];
  readonly #statuses: NeutralStatus[] = [];
  /** Those to acknowledge by hand, by their places. */
  readonly #held = new Map<number, Alert>();
  readonly #order: number[];

  constructor(line: CallLine, onProgress: (progress: CallProgress) => void, cancelled: AbortSignal) {
    this.#line = line;
    this.#onProgress = onProgress;
    this.#cancelled = cancelled;
    this.#order = [...(line.acknowledge ?? [])];
  }

  get seen(): { alerts: NeutralAlert[]; statuses: NeutralStatus[] } {
    return { alerts: this.#alerts, statuses: this.#statuses };
  }

  async run(client: Client): Promise<"ended" | "cancelled"> {
    const { report_progress, cancel_after_alerts } = this.#line;
    const stream = this.#stream(client);
    for await (const alert of stream) {
      const count = this.#alerts.push(neutralAlert(alert));
      if (report_progress === true) this.#onProgress({ alerts: count });
      this.#held.set(count, alert);
      this.#acknowledge(stream);
      if (count === cancel_after_alerts) return "cancelled";
    }
    return this.#cancelled.aborted ? "cancelled" : "ended";
  }

  #stream(client: Client): AcknowledgedStream {
    // What the types would refuse has to be refused all the same when it comes from JavaScript.
    const options: unknown = this.#options();
    if (this.#line.method === "get") return client.get(options as GetOptions) as AcknowledgedStream;
    return client.sub(options as SubOptions & { acknowledge: "manual" });
  }

  #options(): Record<string, unknown> {
    const {
      request = {},
      acknowledge,
      filter_locally,
      reconnect,
      timeout_ms,
      headers,
      report_progress,
    } = this.#line;
    const { after, acknowledged, min_priority, ...rest } = request;
    const acknowledges = acknowledged === undefined ? {} : { acknowledge: true };
    return {
      ...rest,
      ...(min_priority !== undefined && { minPriority: min_priority }),
      ...(after !== undefined && { after: BigInt(after as string) }),
      ...(acknowledge === undefined ? acknowledges : { acknowledge: "manual" }),
      ...(filter_locally !== undefined && { filterLocally: filter_locally }),
      ...(timeout_ms !== undefined && { timeoutMs: timeout_ms }),
      ...(headers && { headers }),
      // A wait is nothing that a case is about.
      reconnect: reconnect === true ? { initialDelayMs: 10, maxDelayMs: 100 } : false,
      signal: this.#cancelled,
      onStatus: (status: StreamStatus) => {
        const statuses = this.#statuses.push(neutralStatus(status, this.#alerts.length));
        if (report_progress === true) this.#onProgress({ statuses });
      },
    };
  }

  #acknowledge(stream: AcknowledgedStream): void {
    for (let place = this.#order[0]; place !== undefined; place = this.#order[0]) {
      const alert = this.#held.get(place);
      if (alert === undefined) return;
      this.#order.shift();
      stream.acknowledge(alert);
    }
  }
}
