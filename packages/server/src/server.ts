import { setMaxListeners } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import type { Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { createRouterTransport, type Transport } from "@connectrpc/connect";
import { type AlertInit, formatAddress, parseAddress } from "@falco-outputs/core";
import { acceptEncoded, contentOf, encodeContent, encodeLine } from "@falco-outputs/core/codec";
import { shutdown } from "./grpc/deliver.js";
import { connectOptions, requestHandler, routes, type Services } from "./grpc/handler.js";
import { Subscribers } from "./grpc/subscribers.js";
import type { FalcoVersionSource } from "./grpc/version.js";
import { createHttpInput } from "./inputs/http.js";
import { type InputStats, Intake, toBatch } from "./inputs/intake.js";
import { readLines } from "./inputs/lines.js";
import { invalidOption } from "./invalid-option.js";
import { type GrpcListener, type ListenOptions, listenGrpc } from "./listen/grpc-listener.js";
import { isLoopback, listenTcp } from "./listen/tcp.js";
import { listenWeb, type WebListener, type WebOptions } from "./listen/web-listener.js";
import type { AlertLog, LogStats } from "./log/alert-log.js";
import { MemoryLog } from "./log/memory-log.js";
import { type Logger, silent, Throttled } from "./logger.js";

export interface ServerOptions {
  /** Where gRPC is served. Default: a unix socket of its own in a private temporary folder. */
  listen?: readonly (string | ListenOptions)[];
  /** Where Falco's `http_output` may post, `host:port` (port 0 takes a free one). Default: nowhere. */
  http?: string | HttpInputOptions;
  /** Where browsers are served, over Connect and gRPC-Web. Default: nowhere. */
  web?: WebOptions;
  /** How many alerts are retained at the most. Default: 100,000. */
  maxAlerts?: number;
  /** How much memory they take at the most, in bytes; at least 4 MiB. Default: 128 MiB. */
  maxBytes?: number;
  /**
   * How long a stream may go without any progress before it is ended, in milliseconds: a write that the peer does not
   * read, or an acknowledgement that does not come. Default: 300,000.
   */
  stallTimeoutMs?: number;
  /** Where Falco's version is known from. Default: nowhere, and `version` answers UNAVAILABLE. */
  falco?: FalcoVersionSource;
  /** Default: silence. */
  logger?: Logger;
}

export interface HttpInputOptions {
  address: string;
  /** Allows an address that other machines can reach: whoever does may raise alerts. */
  insecure?: boolean;
}

export interface ServerStats extends LogStats {
  /** Streams that receive alerts now. */
  readonly subscribers: number;
  readonly inputs: Readonly<Record<"http" | "lines", InputStats>>;
}

/** A running server. */
export interface FalcoOutputsServer {
  /** The first address at which gRPC is served, as clients take it. */
  readonly address: string;
  /** All of them. */
  readonly addresses: readonly string[];
  /** The URL for Falco's `http_output.url`; undefined without an http input. */
  readonly httpUrl: string | undefined;
  /** The `baseUrl` for clients in a browser; undefined without a listener for them. */
  readonly webUrl: string | undefined;
  /**
   * Queues an alert: its parts, a line of Falco's (JSON or text), or an encoded `falco.outputs.response`.
   * Gives its sequence number.
   * @throws FalcoError with InvalidArgument for what is no alert.
   */
  publish(alert: AlertInit | string | Uint8Array): Promise<bigint>;
  /** Queues what a stream of Falco's lines brings; resolves when it ends. What is no alert is counted and logged. */
  readLines(stream: Readable): Promise<void>;
  /** Resolves when exactly `count` streams receive alerts. */
  waitForSubscribers(count: number): Promise<void>;
  /** A transport to this server that needs no socket, for `createClient` of `@falco-outputs/core`. */
  transport(): Transport;
  stats(): ServerStats;
  /**
   * Stops taking alerts, ends every stream and lets go of every address. Alerts that are still queued are gone.
   */
  stop(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** How long connections may take to end before they are cut. */
const graceMs = 1_000;
const defaultStallTimeoutMs = 300_000;

/**
 * Starts a server.
 * @throws FalcoError with InvalidArgument that says which option is wrong; Error for an address that cannot be had.
 */
export async function startServer(options: ServerOptions = {}): Promise<FalcoOutputsServer> {
  const server = new Running(options);
  try {
    await server.start(options);
    return server;
  } catch (error) {
    await server.stop();
    throw error;
  }
}

class Running implements FalcoOutputsServer {
  readonly #logger: Logger;
  readonly #losses: Throttled;
  readonly #log: AlertLog;
  readonly #subscribers = new Subscribers();
  readonly #services: Services;
  readonly #shutdown = new AbortController();
  readonly #intakes: Record<"http" | "lines", Intake>;
  readonly #listeners: GrpcListener[] = [];
  #web: WebListener | undefined;
  #http: Server | undefined;
  #folder: string | undefined;
  #stopped: Promise<void> | undefined;
  httpUrl: string | undefined;

  constructor({
    logger = silent,
    maxAlerts,
    maxBytes,
    stallTimeoutMs = defaultStallTimeoutMs,
    falco,
  }: ServerOptions) {
    this.#logger = logger;
    // Every stream listens to it.
    setMaxListeners(0, this.#shutdown.signal);
    this.#losses = new Throttled((lost, group) => {
      logger.warn(
        { lost, group },
        "the log is full: the oldest alerts were dropped before they were delivered",
      );
    });
    this.#log = new MemoryLog({
      ...(maxAlerts !== undefined && { maxAlerts }),
      ...(maxBytes !== undefined && { maxBytes }),
      onLoss: (group, count) => this.#losses.add(count, group),
    });
    this.#services = { log: this.#log, subscribers: this.#subscribers, falco, stallTimeoutMs };
    this.#intakes = {
      http: new Intake(this.#log, "http", logger),
      lines: new Intake(this.#log, "lines", logger),
    };
  }

  get address(): string {
    const [first] = this.addresses;
    if (first === undefined) throw new Error("this server listens nowhere: use transport()");
    return first;
  }

  get addresses(): readonly string[] {
    return this.#listeners.map((listener) => listener.address);
  }

  get webUrl(): string | undefined {
    return this.#web?.url;
  }

  /** @throws FalcoError or Error, see `startServer`. */
  async start({ listen = [this.#privateSocket()], web, http }: ServerOptions): Promise<void> {
    const handler = requestHandler(this.#services, this.#shutdown.signal, this.#logger);
    for (const item of listen) {
      const options = typeof item === "string" ? { address: item } : item;
      this.#listeners.push(await listenGrpc(options, handler, this.#logger));
    }
    if (web !== undefined) this.#web = await listenWeb(web, handler, this.#logger);
    if (http !== undefined) await this.#startHttp(typeof http === "string" ? { address: http } : http);
  }

  async publish(alert: AlertInit | string | Uint8Array): Promise<bigint> {
    const { first } = await this.#log.append(toBatch([encode(alert)]));
    return BigInt(first);
  }

  readLines(stream: Readable): Promise<void> {
    return readLines(stream, this.#intakes.lines);
  }

  waitForSubscribers(count: number): Promise<void> {
    return this.#subscribers.waitFor(count);
  }

  transport(): Transport {
    return createRouterTransport(routes(this.#services), {
      router: { ...connectOptions, shutdownSignal: this.#shutdown.signal },
    });
  }

  stats(): ServerStats {
    const { http, lines } = this.#intakes;
    return {
      ...this.#log.stats(),
      subscribers: this.#subscribers.count,
      inputs: { http: http.stats(), lines: lines.stats() },
    };
  }

  stop(): Promise<void> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  async #stop(): Promise<void> {
    const http = this.#http;
    if (http?.listening === true) {
      await new Promise((resolve) => {
        http.close(resolve);
        http.closeIdleConnections();
        setTimeout(() => http.closeAllConnections(), graceMs).unref();
      });
    }
    this.#shutdown.abort(shutdown);
    const listeners = [...this.#listeners, ...(this.#web === undefined ? [] : [this.#web])];
    await Promise.all(listeners.map((listener) => listener.close(graceMs)));
    await this.#log.close();
    for (const intake of Object.values(this.#intakes)) intake.close();
    this.#losses.close();
    if (this.#folder !== undefined) rmSync(this.#folder, { recursive: true, force: true });
  }

  async #startHttp({ address: text, insecure = false }: HttpInputOptions): Promise<void> {
    const address = /[/]/.test(text) || !/:\d+$/.test(text) ? undefined : parseAddress(text);
    if (address?.kind !== "tcp") throw invalidOption(`http: ${JSON.stringify(text)}, expected host:port`);
    if (!isLoopback(address.host) && !insecure) {
      throw invalidOption(
        `http: other machines can reach ${JSON.stringify(text)}: use a loopback address, or allow it (insecure: true; --insecure-tcp)`,
      );
    }
    const http = createHttpInput(this.#intakes.http);
    const bound = await listenTcp(http, address.host, address.port);
    this.#http = http;
    http.on("error", (error) =>
      this.#logger.error({ address: bound, reason: error.message }, "a listener failed"),
    );
    this.httpUrl = `http://${bound}/`;
  }

  #privateSocket(): string {
    this.#folder = mkdtempSync(join(tmpdir(), "falco-outputs-"));
    return formatAddress({ kind: "unix", path: join(this.#folder, "falco.sock") });
  }
}

function encode(alert: AlertInit | string | Uint8Array): Uint8Array {
  if (typeof alert === "string") return encodeLine(alert);
  return alert instanceof Uint8Array ? acceptEncoded(alert) : encodeContent(contentOf(alert));
}
