import type { Server } from "node:http";
import type { Readable } from "node:stream";
import { parseAddress } from "@falco-outputs/core";
import { invalidOption } from "../invalid-option.js";
import { isLoopback, listenTcp } from "../listen/tcp.js";
import type { Logger } from "../logger.js";
import type { Router } from "../router.js";
import { FileInput } from "./file/file-input.js";
import type { FileInputOptions } from "./file/file-input-options.js";
import { createHttpInput } from "./http.js";
import { type InputStats, Intake } from "./intake.js";
import { readLines } from "./lines.js";

/** Where alerts come from. */
export interface InputsOptions {
  /** Where Falco's `http_output` may post, `host:port` (port 0 takes a free one). Default: nowhere. */
  http?: string | HttpInputOptions;
  /** Files that alerts are appended to, one a line: Falco's `file_output`. Default: none. */
  files?: readonly FileInputOptions[];
}

export interface HttpInputOptions {
  address: string;
  /** Allows an address that other machines can reach: whoever does may raise alerts. */
  insecure?: boolean;
}

/** How long connections may take to end before they are cut. */
const graceMs = 1_000;

/** The inputs of a server. */
export class Inputs {
  readonly #router: Router;
  readonly #logger: Logger;
  readonly #intakes = new Map<string, Intake>();
  readonly #files: FileInput[] = [];
  #http: Server | undefined;
  httpUrl: string | undefined;

  constructor(router: Router, logger: Logger) {
    this.#router = router;
    this.#logger = logger;
    for (const name of ["http", "lines"]) this.#intake(name);
  }

  /** @throws FalcoError or Error, see `startServer`. */
  async start({ http, files = [] }: InputsOptions): Promise<void> {
    for (const file of files) await this.#startFile(file);
    if (http !== undefined) await this.#startHttp(typeof http === "string" ? { address: http } : http);
  }

  readLines(stream: Readable): Promise<void> {
    return readLines(stream, this.#intake("lines"));
  }

  stats(): Record<string, InputStats> {
    return Object.fromEntries([...this.#intakes].map(([name, intake]) => [name, intake.stats()]));
  }

  /** Takes no more alerts. */
  async stop(): Promise<void> {
    const files = this.#files.map((file) => file.stop());
    const http = this.#http;
    if (http?.listening === true) {
      await new Promise((resolve) => {
        http.close(resolve);
        http.closeIdleConnections();
        setTimeout(() => http.closeAllConnections(), graceMs).unref();
      });
    }
    await Promise.all(files);
    for (const intake of this.#intakes.values()) intake.close();
  }

  async #startFile(options: FileInputOptions): Promise<void> {
    const name = `file:${options.path}`;
    if (this.#intakes.has(name)) {
      throw invalidOption(`files: path ${JSON.stringify(options.path)} stands there twice, expected it once`);
    }
    this.#files.push(await FileInput.start(options, this.#intake(name), this.#logger));
  }

  async #startHttp({ address: text, insecure = false }: HttpInputOptions): Promise<void> {
    const address = /[/]/.test(text) || !/:\d+$/.test(text) ? undefined : parseAddress(text);
    if (address?.kind !== "tcp") throw invalidOption(`http: ${JSON.stringify(text)}, expected host:port`);
    if (!isLoopback(address.host) && !insecure) {
      throw invalidOption(
        `http: other machines can reach ${JSON.stringify(text)}: use a loopback address, or allow it (insecure: true; --insecure-tcp)`,
      );
    }
    const http = createHttpInput(this.#intake("http"));
    const bound = await listenTcp(http, address.host, address.port);
    this.#http = http;
    http.on("error", (error) =>
      this.#logger.error({ address: bound, reason: error.message }, "a listener failed"),
    );
    this.httpUrl = `http://${bound}/`;
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
