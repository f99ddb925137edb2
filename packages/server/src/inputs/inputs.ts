import { setMaxListeners } from "node:events";
import type { Readable } from "node:stream";
import type { Client } from "@falco-outputs/core";
import { invalidOption } from "../invalid-option.js";
import { itemsOf } from "../listen/address.js";
import { type HttpInputOptions, type HttpListener, listenHttp } from "../listen/http-listener.js";
import type { Logger } from "../logger.js";
import type { Router } from "../router.js";
import { assertReadable, type ReadAlertsOptions, readAlerts } from "./alerts.js";
import { FileInput } from "./file/file-input.js";
import type { FileInputOptions } from "./file/file-input-options.js";
import { createHttpHandler } from "./http.js";
import { type InputStats, Intake } from "./intake.js";
import { readLines } from "./lines.js";

/** Where alerts come from. */
export interface InputsOptions {
  /** Where Falco's `http_output` may post; `host:port` (port 0 takes a free one) or `unix:///path`. Default: nowhere. */
  http?: readonly (string | HttpInputOptions)[];
  /** Files that alerts are appended to, one a line: Falco's `file_output`. Default: none. */
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
  /** The servers that are read, by their names. */
  readonly #reading = new Map<string, Promise<void>>();

  constructor(router: Router, logger: Logger) {
    this.#router = router;
    this.#logger = logger;
    // They are counted even where nothing comes.
    for (const name of ["http", "lines"]) this.#intake(name);
    // Every server that is read listens to it.
    setMaxListeners(0, this.#stopping.signal);
  }

  /** Where alerts may be posted: URLs, and `unix:///path` for sockets. */
  get httpUrls(): readonly string[] {
    return this.#http.map(({ url }) => url);
  }

  /** @throws FalcoError or Error, see `startServer`. */
  async start({ http = [], files = [] }: InputsOptions): Promise<void> {
    for (const file of files) await this.#startFile(file);
    const intake = this.#intake("http");
    for (const item of itemsOf("inputs.http", http)) {
      this.#http.push(
        await listenHttp(item, (onRefused) => createHttpHandler(intake, onRefused), this.#logger),
      );
    }
  }

  readLines(stream: Readable): Promise<void> {
    return readLines(stream, this.#intake("lines"));
  }

  /** @throws FalcoError, see `FalcoOutputsServer.readAlerts`. */
  async readAlerts(client: Client, options: ReadAlertsOptions): Promise<void> {
    assertReadable(options);
    const { name, signal } = options;
    if (this.#reading.has(name)) {
      throw invalidOption(`readAlerts: name: ${JSON.stringify(name)} is read already, expected another one`);
    }
    const { signal: stopping } = this.#stopping;
    const ends = signal === undefined ? stopping : AbortSignal.any([stopping, signal]);
    const reading = readAlerts(client, options, ends, this.#intake(`grpc:${name}`), this.#logger);
    this.#reading.set(name, reading);
    try {
      await reading;
    } finally {
      this.#reading.delete(name);
    }
  }

  stats(): Record<string, InputStats> {
    return Object.fromEntries([...this.#intakes].map(([name, intake]) => [name, intake.stats()]));
  }

  /** Takes no more alerts. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await Promise.all([
      ...this.#http.map((listener) => listener.close()),
      ...this.#files.map((file) => file.stop()),
    ]);
    // Who called `readAlerts` has the error.
    await Promise.allSettled(this.#reading.values());
    for (const intake of this.#intakes.values()) intake.close();
  }

  async #startFile(options: FileInputOptions): Promise<void> {
    const name = `file:${options.path}`;
    if (this.#intakes.has(name)) {
      throw invalidOption(
        `inputs.files: path ${JSON.stringify(options.path)} stands there twice, expected it once`,
      );
    }
    this.#files.push(await FileInput.start(options, this.#intake(name), this.#logger));
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
