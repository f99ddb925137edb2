import { type Alert, Code, FalcoError } from "@falco-outputs/node";
import { clientFlags, inFlags } from "../args/flags.js";
import { UsageError } from "../args/usage-error.js";
import { connect } from "../connection/connect.js";
import { wantsColor } from "../print/color.js";
import { createPrinter } from "../print/create-printer.js";
import { LineWriter } from "../print/line-writer.js";
import { stopSignal } from "../stop-signal.js";
import { type Alerts, alertsOf, isFalcosOwn } from "./alerts.js";
import { filtersOf } from "./filters-of.js";
import type { SubscribeOptions } from "./options.js";
import { printAlerts } from "./print-alerts.js";
import { StatusLines } from "./status-lines.js";
import { waitForServer } from "./wait-for-server.js";

/**
 * Prints alerts.
 * @param isGiven Whether an option stands on the command line.
 * @throws UsageError for options that cannot work; what the client throws.
 */
export async function subscribe(
  method: "sub" | "get",
  options: SubscribeOptions,
  isGiven: (option: string) => boolean,
): Promise<void> {
  const { since, until, last, count = Number.POSITIVE_INFINITY } = options;
  const filters = filtersOf(options);
  if (options.printFilters) {
    await (await import("./print-filters.js")).printFilters({ ...filters, since, until });
    return;
  }
  const asksServer = options.input === undefined;
  const takes = asksServer && (options.group !== undefined || options.shared === true);
  if (asksServer && options.acknowledge && !takes) {
    throw new UsageError("--acknowledge goes with --group or --shared: a look shares its alerts with nobody");
  }
  const printer = createPrinter({
    ...tableOf(options, isGiven),
    timeFormat: options.timeFormat,
    color: wantsColor(options.color, process.stdout),
    isLive: method === "sub" || options.follow === true || takes,
  });
  const writer = new LineWriter(process.stdout);
  const signal = AbortSignal.any([stopSignal(), writer.closed]);
  const print = (alerts: Alerts, onAlert?: (alert: Alert) => void) =>
    printAlerts(alerts, {
      printer,
      writer,
      count,
      ...(onAlert !== undefined && { onAlert }),
      acknowledges: options.acknowledge === true,
    });
  try {
    if (options.input !== undefined) {
      const { alertsIn } = await import("./input/alerts-in.js");
      await print(alertsIn(options.input, { filters, since, until, last, signal, isGiven }));
    } else {
      await printServed(method, options, { filters, signal, print });
    }
  } catch (error) {
    // Nobody misses what a `sub` began with, nor what nobody reads any more.
    if ((method === "sub" || writer.closed.aborted) && isCutShort(error)) return;
    throw isFalcosOwn(error) ? leavingOut(error, options) : inFlags(error, clientFlags);
  }
}

/** The format and its columns. What stands on the command line wins over a variable that does not go with it. */
function tableOf({ output, columns }: SubscribeOptions, isGiven: (option: string) => boolean) {
  const onlyColumns = isGiven("columns") && !isGiven("output");
  const onlyFormat = isGiven("output") && !isGiven("columns") && output !== "table";
  return { format: onlyColumns ? undefined : output, columns: onlyFormat ? undefined : columns };
}

interface Served {
  readonly filters: ReturnType<typeof filtersOf>;
  readonly signal: AbortSignal;
  readonly print: (alerts: Alerts, onAlert: (alert: Alert) => void) => Promise<void>;
}

async function printServed(
  method: "sub" | "get",
  options: SubscribeOptions,
  { filters, signal, print }: Served,
): Promise<void> {
  const { wait = false, shared = false, acknowledge = false, group, after, last, since, until } = options;
  const isWatched = method === "sub" && process.stderr.isTTY;
  const status = new StatusLines(isWatched ? greeting(options) : undefined);
  await using falco = connect(options);
  if (wait || options.timeout !== undefined) {
    const onFailure = (error: Error) => status.waiting(error);
    await waitForServer(falco, { retries: wait, timeoutMs: options.timeout, signal, onFailure });
  }
  const alerts = alertsOf(falco, {
    method,
    follows: method === "sub" || options.follow === true,
    filters,
    group,
    shared,
    acknowledge,
    after,
    last,
    since,
    until,
    signal,
    waits: wait,
    status,
  });
  await print(alerts, (alert) => status.printed(alert));
}

/** A terminal that stays empty looks like a failure. */
function greeting({ group, shared, after, last, since }: SubscribeOptions): string {
  const looksAhead = (group ?? shared ?? after ?? last ?? since) === undefined;
  return `connected; waiting for alerts${looksAhead ? " (--last N shows earlier ones)" : ""}`;
}

function isCutShort(error: unknown): boolean {
  return error instanceof FalcoError && error.code === Code.Canceled && !error.fromServer;
}

/** What Falco's own server cannot do, by the flags that ask for it. */
function leavingOut(error: Error & { tried: string | undefined }, options: SubscribeOptions): Error {
  const flags = (["group", "acknowledge", "after", "last", "since", "until", "follow"] as const)
    .filter((name) => options[name] !== undefined)
    .map((name) => `--${name}`);
  return new Error(
    `${error.tried}: this server is Falco's own, which has the shared queue only: leave out ${flags.join(" and ")}`,
    { cause: error },
  );
}
