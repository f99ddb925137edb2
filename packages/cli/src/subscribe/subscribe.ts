import { Code, FalcoError } from "@falco-outputs/node";
import { clientFlags, inFlags } from "../args/flags.js";
import { UsageError } from "../args/usage-error.js";
import { connect } from "../connection/connect.js";
import { wantsColor } from "../print/color.js";
import { formatAlert } from "../print/format.js";
import { LineWriter } from "../print/line-writer.js";
import { stopSignal } from "../stop-signal.js";
import { alertsOf, isFalcosOwn } from "./alerts.js";
import { filterOf } from "./filter-of.js";
import type { SubscribeOptions } from "./options.js";
import { StatusLines } from "./status-lines.js";
import { waitForServer } from "./wait-for-server.js";

/** Prints alerts. @throws UsageError for options that cannot work; what the client throws. */
export async function subscribe(method: "sub" | "get", options: SubscribeOptions): Promise<void> {
  const { shared = false, acknowledge = false, wait = false, count = Number.POSITIVE_INFINITY } = options;
  if (acknowledge && !shared && options.group === undefined) {
    throw new UsageError("--acknowledge goes with --group or --shared: a look shares its alerts with nobody");
  }
  const filter = filterOf(options);
  const color = wantsColor(options.color, process.stdout);
  const writer = new LineWriter(process.stdout);
  const signal = AbortSignal.any([stopSignal(), writer.closed]);
  const isWatched = method === "sub" && process.stderr.isTTY;
  const status = new StatusLines(isWatched ? greeting(options) : undefined);
  await using falco = connect(options);
  if (wait || options.timeout !== undefined) {
    const onFailure = (error: Error) => status.waiting(error);
    await waitForServer(falco, { retries: wait, timeoutMs: options.timeout, signal, onFailure });
  }
  let printed = 0;
  try {
    const alerts = alertsOf(falco, {
      method,
      follows: method === "sub" || options.follow === true,
      filter,
      group: options.group,
      shared,
      acknowledge,
      after: options.after,
      last: options.last,
      signal,
      waits: wait,
      status,
    });
    for await (const alert of alerts) {
      status.printed(alert);
      // What could not be written stays unacknowledged, and goes to another subscriber.
      if (!(await writer.write(formatAlert(alert, options.output, color)))) break;
      if (acknowledge) alerts.acknowledge?.(alert);
      if (++printed >= count) break;
    }
  } catch (error) {
    // Nobody misses what a `sub` began with, nor what nobody reads any more.
    if ((method === "sub" || writer.closed.aborted) && isCutShort(error)) return;
    throw isFalcosOwn(error) ? leavingOut(error, options) : inFlags(error, clientFlags);
  }
}

/** A terminal that stays empty looks like a failure. */
function greeting({ group, shared, after, last }: SubscribeOptions): string {
  const looksAhead = (group ?? shared ?? after ?? last) === undefined;
  return `connected; waiting for alerts${looksAhead ? " (--last N shows earlier ones)" : ""}`;
}

function isCutShort(error: unknown): boolean {
  return error instanceof FalcoError && error.code === Code.Canceled && !error.fromServer;
}

/** What Falco's own server cannot do, by the flags that ask for it. */
function leavingOut(error: Error & { tried: string | undefined }, options: SubscribeOptions): Error {
  const flags = (["group", "acknowledge", "after", "last", "follow"] as const)
    .filter((name) => options[name] !== undefined)
    .map((name) => `--${name}`);
  return new Error(
    `${error.tried}: this server is Falco's own, which has the shared queue only: leave out ${flags.join(" and ")}`,
    { cause: error },
  );
}
