import type { AcknowledgedStream, Alert, StreamStatus } from "@falco-outputs/node";
import type { CallLine, CallProgress, NeutralAlert, NeutralStatus } from "../../protocol.js";
import { filterOptions } from "./filter-options.js";
import { neutralAlert, neutralStatus } from "./neutral.js";

/** Of a client: what a case demands, it has to refuse itself, whatever its types would. */
export interface Streams {
  sub(options: object): AsyncIterable<Alert>;
  get(options: object): AsyncIterable<Alert>;
}

/** A `sub` or a `get`, and what it has seen so far. */
export class StreamCall {
  readonly #line: CallLine;
  readonly #toJson: (alert: Alert) => string;
  readonly #onProgress: (progress: CallProgress) => void;
  readonly #cancelled: AbortSignal;
  readonly #alerts: NeutralAlert[] = [];
  readonly #statuses: NeutralStatus[] = [];
  /** Those to acknowledge by hand, by their places. */
  readonly #held = new Map<number, Alert>();
  readonly #order: number[];

  constructor(
    line: CallLine,
    toJson: (alert: Alert) => string,
    onProgress: (progress: CallProgress) => void,
    cancelled: AbortSignal,
  ) {
    this.#line = line;
    this.#toJson = toJson;
    this.#onProgress = onProgress;
    this.#cancelled = cancelled;
    this.#order = [...(line.acknowledge ?? [])];
  }

  get seen(): { alerts: NeutralAlert[]; statuses: NeutralStatus[] } {
    return { alerts: this.#alerts, statuses: this.#statuses };
  }

  neutral(alert: Alert): NeutralAlert {
    return neutralAlert(alert, this.#toJson(alert));
  }

  async run(client: Streams): Promise<"ended" | "cancelled"> {
    const { report_progress, cancel_after_alerts } = this.#line;
    const stream = this.#line.method === "get" ? client.get(this.#options()) : client.sub(this.#options());
    for await (const alert of stream) {
      const count = this.#alerts.push(this.neutral(alert));
      if (report_progress === true) this.#onProgress({ alerts: count });
      this.#held.set(count, alert);
      this.#acknowledge(stream);
      if (count === cancel_after_alerts) return "cancelled";
    }
    for (const place of this.#line.acknowledge_when_stopped ?? []) {
      (stream as AcknowledgedStream).acknowledge(this.#held.get(place)!);
    }
    return this.#cancelled.aborted && !this.#isCompleteGet ? "cancelled" : "ended";
  }

  /** Whether the end of the loop says that everything came. */
  get #isCompleteGet(): boolean {
    return this.#line.method === "get" && this.#line.request?.follow !== true;
  }

  #options(): Record<string, unknown> {
    const {
      request = {},
      acknowledge = this.#line.acknowledge_when_stopped,
      filter_locally,
      reconnect,
      timeout_ms,
      headers,
      report_progress,
      drain_timeout_ms,
    } = this.#line;
    const { after, acknowledged, ...filtered } = request;
    const acknowledges = acknowledged === undefined ? {} : { acknowledge: true };
    return {
      ...filterOptions(filtered),
      ...(after !== undefined && { after: BigInt(after as string) }),
      ...(acknowledge === undefined ? acknowledges : { acknowledge: "manual" }),
      ...(filter_locally !== undefined && { filterLocally: filter_locally }),
      ...(timeout_ms !== undefined && { timeoutMs: timeout_ms }),
      ...(drain_timeout_ms !== undefined && { drainTimeoutMs: drain_timeout_ms }),
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

  #acknowledge(stream: AsyncIterable<Alert>): void {
    for (let place = this.#order[0]; place !== undefined; place = this.#order[0]) {
      const alert = this.#held.get(place);
      if (alert === undefined) return;
      this.#order.shift();
      (stream as AcknowledgedStream).acknowledge(alert);
    }
  }
}
