import { createReadStream } from "node:fs";
import type { Readable } from "node:stream";
import { filtering } from "@falco-outputs/core/options";
import { type Alert, alertFromJson, alertFromText, Code, FalcoError } from "@falco-outputs/node";
import { UsageError } from "../../args/usage-error.js";
import type { Filters } from "../filters-of.js";
import { lastOf } from "../last.js";
import { linesOf, maxLineLength } from "./lines.js";

export interface InputOptions {
  readonly filters: Filters;
  /** In nanoseconds since 1970, as `until`. */
  readonly since: bigint | undefined;
  readonly until: bigint | undefined;
  readonly last: number | undefined;
  readonly signal: AbortSignal;
  /** Whether an option stands on the command line. */
  readonly isGiven: (option: string) => boolean;
}

/** What is asked of a server. */
const serverFlags = {
  address: "--address",
  group: "--group",
  shared: "--shared",
  acknowledge: "--acknowledge",
  after: "--after",
  follow: "--follow",
  wait: "--wait",
  timeout: "--timeout",
};

/**
 * The alerts of a file that pass the filters, or of standard input ("-"): Falco's lines, in JSON or as text.
 * @throws UsageError for options that are for servers; Error for a file that cannot be read, and at its end for lines
 * that are not alerts; FalcoError with Canceled if the signal aborts.
 */
export async function* alertsIn(path: string, options: InputOptions): AsyncGenerator<Alert> {
  const flags = Object.entries(serverFlags).filter(([name]) => options.isGiven(name));
  if (flags.length > 0) {
    throw new UsageError(`--input asks no server: leave out ${flags.map(([, flag]) => flag).join(" and ")}`);
  }
  const { filters, since, until, last } = options;
  const { passes } = filtering({
    ...filters,
    ...(since !== undefined && { since }),
    ...(until !== undefined && { until }),
  });
  const rejected = new Rejected(path === "-" ? "standard input" : path);
  const alerts = passing(readAlerts(path, options.signal, rejected), passes);
  if (last === undefined) yield* alerts;
  else yield* (await lastOf(alerts, last)).alerts;
  rejected.check();
}

async function* passing(alerts: AsyncIterable<Alert>, passes: (alert: Alert, arrivedNs: bigint) => boolean) {
  for await (const alert of alerts) if (passes(alert, BigInt(Date.now()) * 1_000_000n)) yield alert;
}

async function* readAlerts(path: string, signal: AbortSignal, rejected: Rejected): AsyncGenerator<Alert> {
  const stream: Readable = path === "-" ? process.stdin : createReadStream(path);
  const stop = () => stream.destroy();
  signal.addEventListener("abort", stop);
  try {
    for await (const line of linesOf(stream)) {
      const alert = rejected.count(line);
      if (alert !== undefined) yield alert;
    }
  } catch (error) {
    if (!signal.aborted)
      throw new Error(`${rejected.name} cannot be read: ${(error as Error).message}`, { cause: error });
  } finally {
    signal.removeEventListener("abort", stop);
    stream.destroy();
  }
  if (signal.aborted) throw new FalcoError(`${rejected.name}: cut short`, Code.Canceled);
}

/** The lines that are not alerts. */
class Rejected {
  readonly name: string;
  #lines = 0;
  #rejected = 0;
  #first = "";

  constructor(name: string) {
    this.name = name;
  }

  /** The alert of a line; undefined if there is none. */
  count(line: string | undefined): Alert | undefined {
    this.#lines++;
    if (line?.trim() === "") return undefined;
    try {
      if (line === undefined) throw new Error(`it is longer than ${maxLineLength} characters`);
      return readLine(line);
    } catch (error) {
      if (this.#rejected++ === 0) this.#first = `line ${this.#lines}: ${(error as Error).message}`;
      return undefined;
    }
  }

  /** @throws Error if there were any. */
  check(): void {
    if (this.#rejected === 0) return;
    const what = this.#rejected === 1 ? "1 line is not an alert" : `${this.#rejected} lines are not alerts`;
    throw new Error(`${this.name}: ${what}: ${this.#first}`);
  }
}

/** @throws Error that says why it is not an alert. */
function readLine(line: string): Alert {
  if (line.trimStart().startsWith("{")) return alertFromJson(line);
  const alert = alertFromText(line.replace(/\r$/, ""));
  if (alert !== undefined) return alert;
  throw new Error("expected Falco's JSON, or text that begins with a time and a priority");
}
