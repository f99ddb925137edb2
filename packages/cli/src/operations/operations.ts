import {
  type AlertObserver,
  type FalcoOutputsServer,
  type Logger,
  listenOperations,
  type OperationsListener,
  type ServerOptions,
} from "@falco-outputs/server";
import { packageVersion } from "../package-version.js";
import { EventLoop } from "./event-loop.js";
import { EventSeries } from "./events/event-series.js";
import { exposed } from "./exposition.js";
import { FalcoWatch } from "./falco/liveness.js";
import { createMetrics } from "./metrics.js";
import type { OperationsOptions, WatchOptions } from "./options.js";
import { type Phase, readiness } from "./readiness.js";
import { handle } from "./requests.js";

/** How the command's server is watched: its operations listener, and whether Falco is alive. */
export class Operations implements AsyncDisposable {
  readonly #options: WatchOptions;
  readonly #logger: Logger;
  readonly #events: EventSeries;
  readonly #eventLoop = new EventLoop();
  #listener: OperationsListener | undefined;
  #phase: Phase = "starting";
  #server: FalcoOutputsServer | undefined;
  #falco: FalcoWatch | undefined;
  #lastAlertAt: number | undefined;

  private constructor(options: WatchOptions, logger: Logger) {
    this.#options = options;
    this.#logger = logger;
    this.#events = new EventSeries({
      labels: options.operations?.eventLabels,
      onOverflow: (maxSeries) =>
        logger.warn(
          { max_series: maxSeries },
          "falco_events has as many series as it may: alerts with new labels are counted together",
        ),
    });
  }

  /** @throws OptionError; Error for an address that is not available. */
  static async start(options: WatchOptions, logger: Logger): Promise<Operations> {
    const operations = new Operations(options, logger);
    if (options.operations !== undefined) await operations.#listen(options.operations);
    return operations;
  }

  /** Where it is asked; undefined without a listener. */
  get url(): string | undefined {
    return this.#listener?.url;
  }

  /** What the server is to be started with. */
  get serverOptions(): Pick<ServerOptions, "onAlerts" | "falcoLiveness"> {
    const { operations, falco } = this.#options;
    const isCounted = operations !== undefined || falco?.metricsIntervalMs !== undefined;
    return { falcoLiveness: () => this.#falco?.liveness, ...(isCounted && { onAlerts: this.#count }) };
  }

  /** The server is there. */
  watch(server: FalcoOutputsServer): void {
    this.#server = server;
    this.#phase = "running";
    const { falco } = this.#options;
    if (falco === undefined) return;
    const watched = {
      snapshots: () => this.#events.snapshots,
      accepted: () => sum(Object.values(server.stats().inputs).map(({ accepted }) => accepted)),
    };
    this.#falco = new FalcoWatch(falco, watched, this.#logger, (reason) => {
      if (falco.alert === true) void this.#raise(server, reason);
    });
  }

  /** From now on it is not ready. */
  stopping(): void {
    this.#phase = "stopping";
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#eventLoop.close();
    this.#falco?.close();
    await this.#listener?.close();
  }

  readonly #count: AlertObserver = ({ bytes, ends }) => {
    this.#lastAlertAt = Date.now();
    this.#events.count(bytes, ends);
  };

  async #listen({ listener, readyNeedsFalco = false }: OperationsOptions): Promise<void> {
    const stats = () => this.#server?.stats();
    const registry = createMetrics(
      {
        stats,
        version: packageVersion(),
        lastAlertAt: () => this.#lastAlertAt,
        falcoUp: () => upOf[this.#falco?.liveness.state ?? "unknown"],
        listeners: () => [
          ...(stats()?.listeners ?? []),
          ...(this.#listener === undefined ? [] : [this.#listener.state]),
        ],
      },
      this.#events,
    );
    const answers = {
      lateMs: () => this.#eventLoop.lateMs,
      readiness: () => readiness(this.#phase, stats(), this.#falco?.liveness, readyNeedsFalco),
      metrics: (accept: string | undefined) => exposed(registry, accept),
    };
    this.#listener = await listenOperations(
      "operations",
      listener,
      (request, response) => handle(answers, request, response),
      this.#logger,
    );
  }

  async #raise(server: FalcoOutputsServer, reason: string): Promise<void> {
    try {
      await server.publish({
        rule: "Falco is silent",
        priority: "Critical",
        source: "internal",
        output: `Falco is silent: ${reason}`,
        time: BigInt(Date.now()) * 1_000_000n,
      });
    } catch (error) {
      this.#logger.error(
        { reason: (error as Error).message },
        "the alert about Falco's silence was not taken",
      );
    }
  }
}

const upOf = { alive: 1, silent: 0, unknown: undefined } as const;

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
