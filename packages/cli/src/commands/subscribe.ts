import type { Command } from "commander";
import { connect } from "../client-options.js";
import { wantsColor } from "../print/color.js";
import { formatAlert } from "../print/format.js";
import { LineWriter } from "../print/line-writer.js";
import { stopSignal } from "../stop-signal.js";
import { alertsOf, isFalcosOwn } from "../subscribe/alerts.js";
import { filterOf } from "../subscribe/filter-options.js";
import { addSubscribeOptions, type SubscribeOptions } from "../subscribe/options.js";
import { StatusLines } from "../subscribe/status-lines.js";
import { waitForServer } from "../subscribe/wait-for-server.js";
import { UsageError } from "../usage-error.js";

const looking =
  "A look takes nothing away: every subscriber gets all alerts, unless --group or --shared says otherwise.";

export function addSubscribeCommands(program: Command): void {
  add(program, "sub", "Print alerts as they arrive, until interrupted");
  add(program, "get", "Print the alerts that the server retains, oldest first, and end");
}

function add(program: Command, method: "sub" | "get", description: string): void {
  addSubscribeOptions(program.command(method), method)
    .description(`${description}. ${looking}`)
    .action((options: SubscribeOptions) => subscribe(method, options));
}

async function subscribe(method: "sub" | "get", options: SubscribeOptions): Promise<void> {
  const { shared = false, acknowledge = false, wait = false, count = Number.POSITIVE_INFINITY } = options;
  if (acknowledge && !shared && options.group === undefined) {
    throw new UsageError("--acknowledge goes with --group or --shared: a look shares its alerts with nobody");
  }
  const color = wantsColor(options.color, process.stdout);
  const writer = new LineWriter(process.stdout);
  const signal = AbortSignal.any([stopSignal(), writer.closed]);
  const status = new StatusLines();
  await using falco = connect(options);
  if (wait || options.timeout !== undefined) {
    const onFailure = (error: Error) => status.waiting(error);
    await waitForServer(falco, { retries: wait, timeoutMs: options.timeout, signal, onFailure });
  }
  const alerts = alertsOf(falco, {
    method,
    follows: method === "sub" || options.follow === true,
    filter: filterOf(options),
    group: options.group,
    shared,
    acknowledge,
    after: options.after,
    last: options.last,
    signal,
    waits: wait,
    status,
  });
  let printed = 0;
  try {
    for await (const alert of alerts) {
      status.printed(alert);
      // What could not be written stays unacknowledged, and goes to another subscriber.
      if (!(await writer.write(formatAlert(alert, options.output, color)))) break;
      alerts.acknowledge?.(alert);
      if (++printed >= count) break;
    }
  } catch (error) {
    throw isFalcosOwn(error) ? inFlags(error, options) : error;
  }
}

/** What Falco's own server cannot do, by the flags that ask for it. */
function inFlags(error: Error & { tried: string | undefined }, options: SubscribeOptions): Error {
  const flags = (["group", "acknowledge", "after", "last"] as const)
    .filter((name) => options[name] !== undefined)
    .map((name) => `--${name}`);
  return new Error(
    `${error.tried}: this server is Falco's own, which has the shared queue only: leave out ${flags.join(" and ")}`,
    { cause: error },
  );
}
