import { setMaxListeners } from "node:events";
import type { Readable } from "node:stream";
import type { Client } from "@falco-outputs/core";
import { OptionError } from "@falco-outputs/core/options";
import { itemsOf } from "../listen/address.js";
import {
  type HttpInputOptions,
  type HttpListener,
  type HttpRequests,
  listenHttp,
} from "../listen/http-listener.js";
import type { ListenerState } from "../listen/listener.js";
import type { Logger } from "../logger.js";
import type { Router } from "../router.js";
import { BodyBudget } from "./body-budget.js";
import { FileInput } from "./file/file-input.js";
import type { FileInputOptions } from "./file/file-input-options.js";
import { assertReadable, type ReadAlertsOptions, readAlerts } from "./grpc-input.js";
import { createHttpHandlers } from "./http.js";
import { type InputStats, Intake } from "./intake.js";
import { type ReadLinesOptions, readLines } from "./lines.js";

/** Where alerts come from. */
export interface InputsOptions {
  /** Where Falco's `http_output` may post; `host:port` (port 0 takes a free one) or `unix:///path`. Default: nowhere. */
  http?: readonly (string | HttpInputOptions)[];
  /** Files that alerts are appended to, one per line: Falco's `file_output`. Default: none. */
  files?: readonly FileInputOptions[];
}

/** The inputs of a server. */
export class Inputs {
  readonly #router: Router;
  readonly #logger: Logger;
  readonly #intakes = new Map<string, Intake>();
  readonly #http: HttpListener[] = [];
  readonly #files: FileInput[] = [];
  readonly #stopping = new AbortController();
  /** The names of the servers that are read. */
  readonly #names = new Set<string>();
  /** Streams and servers that are read. */
  readonly #reading = new Set<Promise<void>>();

  constructor(router: Router, logger: Logger) {
    this.#router = router;
    this.#logger = logger;
    // They have counts even if nothing arrives.
    for (const name of ["http", "lines"]) this.#intake(name);
    // Every reader listens to it.
    setMaxListeners(0, this.#stopping.signal);
  }

  /** Where alerts may be posted: URLs, and `unix:///path` for sockets. */
  get httpUrls(): readonly string[] {
    return this.#http.map(({ url }) => url);
  }

  /** What is listened on for posts. */
  get listeners(): readonly ListenerState[] {
    return this.#http.map(({ state }) => state);
  }

  /** @throws FalcoError or Error, see `startServer`. */
  async start({ http = [], files = [] }: InputsOptions): Promise<void> {
    for (const [index, file] of files.entries()) await this.#startFile(file, `inputs.files[${index}]`);
    for (const item of itemsOf("inputs.http", http)) {
      const budget = new BodyBudget();
      const requests: HttpRequests = {
        handlers: (token, onRefused) => {
          const name = token === undefined ? "http" : `http:${token}`;
          return createHttpHandlers(this.#intake(name), budget, onRefused);
        },
        onStranger: () => this.#intake("http").refuse(),
      };
      this.#http.push(await listenHttp(item, requests, this.#logger));
    }
  }

  readLines(stream: Readable, { signal }: ReadLinesOptions): Promise<void> {
    return this.#read(readLines(stream, this.#intake("lines"), this.#endOf(signal)));
  }

  /** @throws FalcoError, see `FalcoOutputsServer.readAlerts`. */
  async readAlerts(client: Client, options: ReadAlertsOptions): Promise<void> {
    assertReadable(options);
    const { name, signal } = options;
    if (this.#names.has(name)) {
      throw new OptionError({
        option: "readAlerts.name",
        got: name,
        expected: "one that is not read already",
      });
    }
    this.#names.add(name);
    try {
      const intake = this.#intake(`grpc:${name}`);
      await this.#read(readAlerts(client, options, this.#endOf(signal), intake, this.#logger));
    } finally {
      this.#names.delete(name);
    }
  }

  stats(): Record<string, InputStats> {
    return Object.fromEntries([...this.#intakes].map(([name, intake]) => [name, intake.stats()]));
  }

  /** Takes no more alerts. Resolves when all reading has ended. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await Promise.all([
      ...this.#http.map((listener) => listener.close()),
      ...this.#files.map((file) => file.stop()),
    ]);
    // The caller has the error.
    await Promise.allSettled(this.#reading);
    for (const intake of this.#intakes.values()) intake.close();
  }

  /** Aborts when this server stops, or a caller's signal aborts. */
  #endOf(signal: AbortSignal | undefined): AbortSignal {
    const { signal: stopping } = this.#stopping;
    return signal === undefined ? stopping : AbortSignal.any([stopping, signal]);
  }

  async #read(reading: Promise<void>): Promise<void> {
    this.#reading.add(reading);
    try {
      await reading;
    } finally {
      this.#reading.delete(reading);
    }
  }

  async #startFile(options: FileInputOptions, option: string): Promise<void> {
    const name = `file:${options.path}`;
    if (this.#intakes.has(name)) {
      throw new OptionError({ option: `${option}.path`, got: options.path, expected: "each file only once" });
    }
    this.#files.push(await FileInput.start(options, option, this.#intake(name), this.#logger));
  }

  #intake(name: string): Intake {
    let intake = this.#intakes.get(name);
    if (intake === undefined) {
      intake = new Intake(this.#router, name, this.#logger);
      this.#intakes.set(name, intake);
    }
    return intake;
  }
}
