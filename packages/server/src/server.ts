import type { Readable } from "node:stream";
import type { Transport } from "@connectrpc/connect";
import type { AlertInit, Client } from "@falco-outputs/core";
import type { Mode } from "./grpc/subscribers.js";
import type { ReadAlertsOptions } from "./inputs/grpc-input.js";
import type { InputStats } from "./inputs/intake.js";
import type { ReadLinesOptions } from "./inputs/lines.js";
import type { ListenerState } from "./listen/listener.js";
import type { LogStats } from "./log/alert-log.js";
import type { OutputStats } from "./outputs/output.js";

export interface ServerStats extends LogStats {
  /** Streams that receive alerts now. */
  readonly subscribers: number;
  /** The same, by whose alerts they receive. */
  readonly streams: Readonly<Record<Mode, number>>;
  /**
   * Alerts that streams were given since the start, by mode. What was not acknowledged and went to another stream counts
   * each time.
   */
  readonly delivered: Readonly<Record<Mode, number>>;
  /** Alerts that the log's bound evicted before the shared queue or a group had them, since the start. */
  readonly evicted: number;
  /** What it listens on: gRPC, browsers and posts. */
  readonly listeners: readonly ListenerState[];
  /**
   * By the input's name: `http`, `http:NAME` (what was posted with the token of that name), `lines` (what `readLines`
   * read), `file:PATH`, `grpc:NAME` (what `readAlerts` read).
   */
  readonly inputs: Readonly<Record<string, InputStats>>;
  /** By the output's name: `grpc`, and those of Falco's old outputs that are on, as `http` or `http:NAME`. */
  readonly outputs: Readonly<Record<string, OutputStats>>;
}

/** A running server. */
export interface FalcoOutputsServer {
  /** The first address at which gRPC is served, in the form for clients. */
  readonly address: string;
  /** All of them. */
  readonly addresses: readonly string[];
  /** The URL for Falco's `http_output.url`; undefined without an http input on TCP. */
  readonly httpUrl: string | undefined;
  /** Where alerts may be posted: all URLs, and `unix:///path` for sockets. */
  readonly httpUrls: readonly string[];
  /** The first `baseUrl` for clients in a browser; undefined without a listener for them. */
  readonly webUrl: string | undefined;
  /** All of them. */
  readonly webUrls: readonly string[];
  /**
   * Queues an alert: its parts, a line of Falco's (JSON or text), or an encoded `falco.outputs.response`.
   * Returns its sequence number; 0 if `priority` keeps it out.
   * @throws FalcoError with InvalidArgument for what is not an alert, Unavailable once the server stops.
   */
  publish(alert: AlertInit | string | Uint8Array): Promise<bigint>;
  /**
   * Queues what a stream of Falco's lines brings. Resolves when the stream ends; also when the signal or this server
   * ends the reading: the stream stays open then, and an incomplete line is dropped. What is not an alert is counted and
   * logged.
   * @throws FalcoError with Unavailable once the server has stopped; the stream's error.
   */
  readLines(stream: Readable, options?: ReadLinesOptions): Promise<void>;
  /**
   * Brings in the alerts of another server: one of ours, as a member of a group that acknowledges what was taken here,
   * or a Falco from 0.24 to 0.43, from its shared queue. It reconnects by itself when the connection is lost, and
   * resolves when the signal, the client or this server ends it; the client stays open. Many may be read at once.
   * @throws FalcoError with InvalidArgument for a name that is read already, Unavailable once this server has stopped; the
   * other server's refusal.
   */
  readAlerts(client: Client, options: ReadAlertsOptions): Promise<void>;
  /**
   * Resolves when exactly `count` streams receive alerts.
   * @throws FalcoError with Unavailable when the server stops before, or has stopped.
   */
  waitForSubscribers(count: number): Promise<void>;
  /**
   * A transport to this server that needs no socket, for `createClient` of `@falco-outputs/core`. Once the server has
   * stopped, its calls fail with FailedPrecondition: no server will ever answer again, so clients do not retry.
   */
  transport(): Transport;
  stats(): ServerStats;
  /** Has each output reopen what it writes to, e.g. a file that was rotated. */
  reopenOutputs(): void;
  /**
   * Stops taking alerts: `readLines` and `readAlerts` end, `publish` and `waitForSubscribers` reject. Lets the outputs
   * write what they have queued, within their time limit, ends every stream and frees every address. Alerts that are
   * still queued for gRPC are lost, unless the log is on a disk.
   */
  stop(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}
