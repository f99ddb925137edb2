import { setMaxListeners } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable } from "node:stream";
import type { Transport } from "@connectrpc/connect";
import { type AlertInit, type Client, Code, FalcoError, Priority } from "@falco-outputs/core";
import { toPriority } from "@falco-outputs/core/codec";
import { milliseconds, wholeNumber } from "@falco-outputs/core/options";
import { formatAddress } from "@falco-outputs/core/transport";
import { type Administered, adminService } from "./admin/admin-service.js";
import { Admission, type Entrance } from "./admin/admission.js";
import { toStatus } from "./admin/status.js";
import { EvictedAlerts } from "./evicted-alerts.js";
import { shutdown } from "./grpc/deliver.js";
import { requestHandler, type ServedHere, type Services } from "./grpc/handler.js";
import { inProcessTransport } from "./grpc/in-process-transport.js";
import { Subscribers } from "./grpc/subscribers.js";
import { type FalcoVersion, falcoVersion } from "./grpc/version.js";
import type { ReadAlertsOptions } from "./inputs/grpc-input.js";
import { Inputs } from "./inputs/inputs.js";
import type { ReadLinesOptions } from "./inputs/lines.js";
import { itemsOf } from "./listen/address.js";
import { type GrpcListener, listenGrpc } from "./listen/grpc-listener.js";
import { listenWeb, type WebListener } from "./listen/web-listener.js";
import type { AlertLog } from "./log/alert-log.js";
import { openLog } from "./log/open-log.js";
import { type Logger, printableLogger, silent, Throttled } from "./logger.js";
import { createOutputs } from "./outputs/create-outputs.js";
import { GrpcOutput } from "./outputs/grpc-output.js";
import type { Output } from "./outputs/output.js";
import { toBatch } from "./published-alert.js";
import { Router } from "./router.js";
import type { FalcoOutputsServer, ServerStats } from "./server.js";
import type { ServerOptions } from "./server-options.js";

/** How long connections may take to end before they are cut. */
const graceMs = 1_000;
const defaultStallTimeoutMs = 300_000;
const defaultHeartbeatIntervalMs = 15_000;

/**
 * Starts a server.
 * @throws OptionError for an option that cannot work; LogDirectoryError for a directory of `log` that cannot be used;
 * Error for an address that is not available.
 */
export async function startServer(options: ServerOptions = {}): Promise<FalcoOutputsServer> {
  const { logger = silent, maxAlerts, maxBytes } = options;
  const losses = new EvictedAlerts(printableLogger(logger));
  const memory = {
    ...(maxAlerts !== undefined && { maxAlerts }),
    ...(maxBytes !== undefined && { maxBytes }),
    onLoss: (group: string, count: number) => losses.add(group, count),
  };
  const log = await openLog(memory, options.log, printableLogger(logger));
  const server = await construct(log, () => new RunningServer(options, log, losses));
  try {
    await server.start(options);
    return server;
  } catch (error) {
    await server.stop();
    throw error;
  }
}

/** Closes the log if the server cannot be made. */
async function construct(log: AlertLog, create: () => RunningServer): Promise<RunningServer> {
  try {
    return create();
  } catch (error) {
    await log.close();
    throw error;
  }
}

class RunningServer implements FalcoOutputsServer {
  readonly #logger: Logger;
  readonly #losses: EvictedAlerts;
  readonly #log: AlertLog;
  readonly #grpc: GrpcOutput;
  readonly #outputs: readonly Output[];
  readonly #router: Router;
  readonly #inputs: Inputs;
  readonly #subscribers = new Subscribers();
  readonly #services: Services;
  readonly #admin: Administered;
  readonly #startedAt = new Date();
  readonly #shutdown = new AbortController();
  readonly #unhandled: Throttled;
  readonly #listeners: GrpcListener[] = [];
  readonly #web: WebListener[] = [];
  readonly #falcoLiveness: ServerOptions["falcoLiveness"];
  #folder: string | undefined;
  #isStopping = false;
  #stopped: Promise<void> | undefined;

  constructor(options: ServerOptions, log: AlertLog, losses: EvictedAlerts) {
    const { logger = silent, stallTimeoutMs, heartbeatIntervalMs, falco, outputs = {}, admin } = options;
    const { priority = Priority.Debug, onAlerts, falcoLiveness } = options;
    this.#log = log;
    this.#losses = losses;
    this.#logger = printableLogger(logger);
    this.#falcoLiveness = falcoLiveness;
    // Every stream listens to it.
    setMaxListeners(0, this.#shutdown.signal);
    this.#unhandled = new Throttled((requests, reason) =>
      this.#logger.warn({ requests, reason }, "requests could not be handled"),
    );
    this.#services = {
      log: this.#log,
      subscribers: this.#subscribers,
      falco: falcoVersion(falco),
      stallTimeoutMs: milliseconds("stallTimeoutMs", stallTimeoutMs, defaultStallTimeoutMs),
      heartbeatIntervalMs: wholeNumber(
        "heartbeatIntervalMs",
        heartbeatIntervalMs,
        defaultHeartbeatIntervalMs,
        {
          least: 100,
          most: 3_600_000,
        },
      ),
    };
    this.#admin = {
      admission: new Admission(admin),
      status: () => this.#status(),
      forgetGroup: (name) => this.#log.forget(name),
    };
    this.#grpc = new GrpcOutput(this.#log);
    // Before the outputs, which nobody would close if it cannot work.
    const least = toPriority(priority);
    this.#outputs = createOutputs(outputs, this.#logger);
    this.#router = new Router(this.#grpc, this.#outputs, least, onAlerts);
    this.#inputs = new Inputs(this.#router, this.#logger);
  }

  get address(): string {
    const [first] = this.addresses;
    if (first === undefined) throw new Error("this server listens nowhere: use transport()");
    return first;
  }

  get addresses(): readonly string[] {
    return this.#listeners.map((listener) => listener.address);
  }

  get httpUrl(): string | undefined {
    return this.httpUrls.find((url) => url.startsWith("http"));
  }

  get httpUrls(): readonly string[] {
    return this.#inputs.httpUrls;
  }

  get webUrl(): string | undefined {
    return this.webUrls[0];
  }

  get webUrls(): readonly string[] {
    return this.#web.map(({ url }) => url);
  }

  /** @throws FalcoError or Error, see `startServer`. */
  async start({
    listen = [this.#privateSocket()],
    web = [],
    inputs = {},
    reflection = true,
  }: ServerOptions): Promise<void> {
    const handlerWith = (servedHere: ServedHere) =>
      requestHandler(this.#services, servedHere, this.#shutdown.signal, (reason) =>
        this.#unhandled.add(1, reason),
      );
    const handlerFor = (entrance: Entrance) =>
      handlerWith({ admin: adminService(this.#admin, entrance), reflection });
    for (const item of itemsOf("listen", listen)) {
      this.#listeners.push(await listenGrpc(item, handlerFor, this.#logger));
    }
    for (const item of itemsOf("web", web)) {
      this.#web.push(await listenWeb(item, handlerWith({}), this.#logger));
    }
    await this.#inputs.start(inputs);
  }

  async publish(alert: AlertInit | string | Uint8Array): Promise<bigint> {
    this.#assertRunning();
    const appended = await this.#router.route(toBatch(alert));
    return BigInt(appended?.first ?? 0);
  }

  async readLines(stream: Readable, options: ReadLinesOptions = {}): Promise<void> {
    this.#assertRunning();
    return this.#inputs.readLines(stream, options);
  }

  async readAlerts(client: Client, options: ReadAlertsOptions): Promise<void> {
    this.#assertRunning();
    return this.#inputs.readAlerts(client, options);
  }

  async waitForSubscribers(count: number): Promise<void> {
    this.#assertRunning();
    return this.#subscribers.waitFor(count);
  }

  transport(): Transport {
    return inProcessTransport(this.#services, adminService(this.#admin, "in-process"), this.#shutdown.signal);
  }

  stats(): ServerStats {
    return {
      ...this.#log.stats(),
      subscribers: this.#subscribers.count,
      streams: this.#subscribers.counts,
      delivered: this.#subscribers.delivered,
      evicted: this.#losses.count,
      listeners: [...[...this.#listeners, ...this.#web].map(({ state }) => state), ...this.#inputs.listeners],
      inputs: this.#inputs.stats(),
      outputs: Object.fromEntries(
        [this.#grpc, ...this.#outputs].map((output) => [output.name, output.stats()]),
      ),
    };
  }

  reopenOutputs(): void {
    for (const output of this.#outputs) output.reopen();
  }

  stop(): Promise<void> {
    this.#isStopping = true;
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  #assertRunning(): void {
    if (this.#isStopping) throw stopped();
  }

  async #status() {
    const facts = {
      startedAt: this.#startedAt,
      falcoVersion: await knownVersion(this.#services.falco),
      addresses: this.addresses,
      httpUrls: this.httpUrls,
      liveness: this.#falcoLiveness?.(),
    };
    return toStatus(facts, this.stats());
  }

  async #stop(): Promise<void> {
    this.#subscribers.close(stopped());
    await this.#inputs.stop();
    const written = Promise.all(this.#outputs.map((output) => output.close()));
    this.#shutdown.abort(shutdown);
    await Promise.all([...this.#listeners, ...this.#web].map((listener) => listener.close(graceMs)));
    await this.#grpc.close();
    await written;
    this.#losses.close();
    this.#unhandled.close();
    if (this.#folder !== undefined) rmSync(this.#folder, { recursive: true, force: true });
  }

  #privateSocket(): string {
    this.#folder = mkdtempSync(join(tmpdir(), "falco-outputs-"));
    return formatAddress({ kind: "unix", path: join(this.#folder, "falco.sock") });
  }
}

function stopped(): FalcoError {
  return new FalcoError("the server has stopped", Code.Unavailable);
}

/** Empty if it is not known. */
async function knownVersion(falco: FalcoVersion): Promise<string> {
  try {
    return (await falco()).version;
  } catch {
    return "";
  }
}
