/**
 * What the runner and a testee say to each other, one JSON text a line. README.md has it for other languages.
 */

/** Runner to testee. */
export type RunnerLine = CallLine | CancelLine;

/** One call. Absent members have no effect. */
export interface CallLine extends Target {
  /** Stands on every line that is about this call. */
  id: number;
  method: Method;
  /** The (first) request's fields by their names in the contract. Numbers of 64 bits are decimal text. */
  request?: Record<string, unknown>;
  /** Of `sub` and `get`: what to send and when. Absent: what the client sends by itself. */
  requests?: RequestStep[];
  headers?: Record<string, string>;
  timeout_ms?: number;
  /** Cancel the call as soon as so many alerts have arrived. */
  cancel_after_alerts?: number;
  /** Tell the runner of each alert, and of each status. */
  report_progress?: boolean;
  /** Of the shared queue: filter on the client's side, by the filter fields of `request`. */
  filter_locally?: boolean;
  /** Acknowledge by hand: the alerts at these places (1 is the first), in this order, each as soon as it is there. */
  acknowledge?: number[];
  /** Acknowledge by hand, once the stream was stopped by a cancel line: the alerts at these places, in this order. */
  acknowledge_when_stopped?: number[];
  /** How long a stream that was stopped may wait for acknowledgements. Absent: the client's default. */
  drain_timeout_ms?: number;
  /** Come back when the connection is lost. Absent: not at all. */
  reconnect?: boolean;
  /** Of `unknown`: the method's path. */
  path?: string;
  /** Of `read_alert`: a line of Falco's. */
  text?: string;
}

/** Cancels a call that is running. */
export interface CancelLine {
  id: number;
  cancel: true;
}

/** Where and how to connect. A testee keeps its client for as long as the lines name the same target. */
export interface Target {
  address: string;
  tls?: TlsFiles;
  authority?: string;
  compression?: "gzip";
}

export interface TlsFiles {
  ca: string;
  cert?: string;
  key?: string;
  server_name?: string;
}

export const methods = ["sub", "get", "subscribe", "version", "health", "unknown", "read_alert"] as const;
export type Method = (typeof methods)[number];

export type RequestStep =
  | { send: Record<string, unknown> }
  | { half_close: true }
  | { await_headers: true }
  | { await_alerts: number }
  /** Last step: an empty request again and again. */
  | { send_every_ms: number }
  /** Last step: an empty request whenever no alert came for so long. */
  | { send_when_idle_ms: number };

/** Testee to runner: any number of progress lines while a call runs, then one result. */
export type TesteeLine = { id: number } & ({ progress: CallProgress } | { result: CallResult });

/** How many there were so far. */
export type CallProgress = { requests: number } | { alerts: number } | { statuses: number };

export interface CallResult {
  status: { code: number; message: string };
  alerts?: NeutralAlert[];
  headers?: Record<string, string>;
  version?: Record<string, string | number>;
  health?: string;
  /** What the client told of its connection, in order. */
  statuses?: NeutralStatus[];
}

export const statusTypes = ["connecting", "connected", "disconnected", "resumed", "lost"] as const;
export type StatusType = (typeof statusTypes)[number];

export interface NeutralStatus {
  type: StatusType;
  /** How many alerts the call had reported before. */
  alerts: number;
  /** Of `lost`: as the fields of the alert that tells it. */
  loss?: Record<string, string>;
  /** Of `disconnected`: true if it says when the stream last heard from the server. */
  last_heard?: boolean;
}

/** An alert, the same in every language. */
export interface NeutralAlert {
  /** RFC 3339 in UTC with nine fraction digits; absent if the alert does not say. */
  time?: string;
  priority: number;
  source_deprecated: number;
  rule: string;
  output: string;
  output_fields: Record<string, string>;
  hostname: string;
  tags: string[];
  source: string;
  /** A 64-bit number as decimal text; absent if 0. */
  sequence?: string;
  /** Falco's JSON, if the client can make it. */
  json?: string;
}

/** `time` of a neutral alert. */
export function neutralTime(seconds: bigint, nanos: number): string {
  const whole = new Date(Number(seconds) * 1000).toISOString().slice(0, -5);
  return `${whole}.${String(nanos).padStart(9, "0")}Z`;
}
