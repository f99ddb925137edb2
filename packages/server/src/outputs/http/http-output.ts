import { Agent, type OutgoingHttpHeaders, validateHeaderValue } from "node:http";
import { Agent as TlsAgent } from "node:https";
import { promisify } from "node:util";
import { gzip } from "node:zlib";
import { OptionError, wholeNumber } from "@falco-outputs/core/options";
import { connectionError } from "../connection-error.js";
import type { NamedOutput } from "../selection.js";
import { type Attempt, type FormattedAlerts, Refused, type Sink } from "../sink.js";
import { type Answer, judge } from "./answer.js";
import { post } from "./post.js";
import { createTlsContext, type HttpTlsOptions } from "./tls-context.js";
import { readUrl } from "./url.js";

/** Posts each alert to a receiver, with the names and meaning of falco.yaml's `http_output`. */
export interface HttpOutputOptions extends HttpTlsOptions, NamedOutput {
  /** `http://` or `https://`. A user and a password in it become Basic authorization. */
  url: string;
  /** The User-Agent header. Default: "falcosecurity/falco". */
  userAgent?: string;
  /** Uses a connection again for the next alert. Default: false. */
  keepAlive?: boolean;
  /**
   * Compresses the bodies with gzip, and says so in Content-Encoding. Default: false. (Falco's `compress_uploads` asks
   * the receiver for compressed answers, and compresses nothing.)
   */
  compressUploads?: boolean;
  /** How many timeouts in a row an alert survives; at the next one it is given up. Default: 5. */
  maxConsecutiveTimeouts?: number;
}

const defaultUserAgent = "falcosecurity/falco";
const defaultMaxTimeouts = 5;
const compress = promisify(gzip);

/** One POST after the other, of one alert each, as libcurl sends them for Falco. */
export class HttpSink implements Sink {
  readonly maxAlerts = 1;
  readonly #options: HttpOutputOptions;
  readonly #url: URL;
  readonly #headers: OutgoingHttpHeaders;
  readonly #maxTimeouts: number;
  /** The receiver as logs name it: without the path and the query, which may hold a token. */
  readonly #where: string;
  #agent: Agent;
  /** How many attempts in a row timed out, and of what. */
  #timedOut: { alerts: FormattedAlerts; count: number } | undefined;

  /** @throws OptionError */
  constructor(options: HttpOutputOptions, json: boolean) {
    const { userAgent = defaultUserAgent } = options;
    this.#options = options;
    this.#url = readUrl(options.url);
    this.#where = this.#url.host;
    this.#headers = {
      "user-agent": checkUserAgent(userAgent),
      accept: "*/*",
      "content-type": json ? "application/json" : "text/plain",
      ...(options.compressUploads === true && { "content-encoding": "gzip" }),
    };
    this.#maxTimeouts = wholeNumber(
      "outputs.http.maxConsecutiveTimeouts",
      options.maxConsecutiveTimeouts,
      defaultMaxTimeouts,
      { least: 0 },
    );
    this.#agent = this.#createAgent();
  }

  async write(alerts: FormattedAlerts, { signal }: Attempt): Promise<void> {
    let answer: Answer;
    try {
      const target = { url: this.#url, agent: this.#agent, headers: this.#headers };
      answer = await post(target, await this.#body(alerts), signal);
    } catch (error) {
      if (signal.aborted) throw this.#late(alerts, signal.reason as Error);
      this.#timedOut = undefined;
      throw connectionError(this.#where, error as Error);
    }
    this.#timedOut = undefined;
    judge(answer, this.#where);
  }

  async reopen(): Promise<void> {
    const agent = this.#createAgent();
    this.#agent.destroy();
    this.#agent = agent;
  }

  async close(): Promise<void> {
    this.#agent.destroy();
  }

  async #body({ bytes, ends }: FormattedAlerts): Promise<Uint8Array> {
    const line = bytes.subarray(0, ends[0]! - 1);
    return this.#options.compressUploads === true ? await compress(line) : line;
  }

  #late(alerts: FormattedAlerts, reason: Error): Error {
    const count = this.#timedOut?.alerts === alerts ? this.#timedOut.count + 1 : 1;
    this.#timedOut = { alerts, count };
    if (count > this.#maxTimeouts) return new Refused(`${this.#where}: ${count} timeouts in a row`);
    return new Error(`${this.#where}: no answer: ${reason.message}`);
  }

  #createAgent(): Agent {
    // One after the other, so one connection; with `maxSockets`, Node would keep it alive also where it is not to.
    const options = this.#options.keepAlive === true ? { keepAlive: true, maxSockets: 1 } : {};
    if (this.#url.protocol === "http:") return new Agent(options);
    return new TlsAgent({
      ...options,
      secureContext: createTlsContext(this.#options),
      rejectUnauthorized: this.#options.insecure !== true,
    });
  }
}

function checkUserAgent(value: string): string {
  try {
    validateHeaderValue("user-agent", value);
    return value;
  } catch (cause) {
    throw new OptionError({
      option: "outputs.http.userAgent",
      got: value,
      expected: "what can stand in a header",
      cause,
    });
  }
}
