import { once } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import { type FalcoOutputsServer, type Logger, type ServerStats, startServer } from "@falco-outputs/server";
import type { Command } from "commander";
import { type LoadedServing, loadServing } from "../config/load-serving.js";
import type { Upstream } from "../config/serving.js";
import { createLogger } from "../log.js";
import { stopSignal } from "../stop-signal.js";
import { UsageError } from "../usage-error.js";
import { readyLine } from "./ready-line.js";
import { addServeOptions, type ServeOptions, toServerOptions } from "./serve-options.js";
import { UpstreamClients } from "./upstream-clients.js";

/** How long subscribers may take to fetch what is queued when the only input has ended. */
const drainMs = 5_000;

export function addServeCommand(program: Command): void {
  addServeOptions(program.command("serve"))
    .description("Take Falco's alerts and serve them to gRPC subscribers")
    .addHelpText(
      "after",
      "\nIt logs to stderr, one JSON object a line; stdout is for alerts.\nSIGUSR1 and SIGHUP let the outputs open anew what they write to, after their files were rotated.",
    )
    .action(serve);
}

async function serve(options: ServeOptions): Promise<void> {
  const logger = createLogger();
  const { serving, located } = toServing(options, logger);
  const { server: serverOptions, stdin, upstreams } = serving;
  const stopped = stopSignal();
  await using clients = upstreamClients(upstreams, located);
  await using server = await startServer({ ...serverOptions, logger }).catch((error: unknown) => {
    throw located(error);
  });
  // As Falco does when a file is rotated.
  for (const signal of ["SIGUSR1", "SIGHUP"] as const) process.on(signal, () => server.reopenOutputs());
  clients.read(server, logger);
  logger.info(readyLine(server, serving), "ready");
  const ends: Promise<unknown>[] = [stopped.aborted ? Promise.resolve() : once(stopped, "abort")];
  if (stdin) {
    const lines = server.readLines(process.stdin).then(() => logger.info({}, "standard input has ended"));
    const fileCount = serverOptions.inputs?.files?.length ?? 0;
    const isOnlyInput = server.httpUrls.length === 0 && fileCount === 0 && upstreams.length === 0;
    const isServed = server.addresses.length > 0 || server.webUrl !== undefined;
    if (isOnlyInput) ends.push(lines.then(() => (isServed ? drain(server, stopped) : undefined)));
  }
  await Promise.race(ends);
  const stats = server.stats();
  await server.stop();
  // The outputs wrote on until then.
  logger.info(account({ ...stats, outputs: server.stats().outputs }), "stopped");
  // An input that is still open would keep the process.
  process.stdin.destroy();
}

function upstreamClients(upstreams: readonly Upstream[], located: LoadedServing["located"]): UpstreamClients {
  try {
    return new UpstreamClients(upstreams);
  } catch (error) {
    throw located(error);
  }
}

function toServing(
  { config, ...options }: ServeOptions,
  logger: Logger,
): Pick<LoadedServing, "serving" | "located"> {
  if (config === undefined) {
    const serving = { server: toServerOptions(options), stdin: options.stdin === true, upstreams: [] };
    return { serving, located: (error) => error };
  }
  const [other] = Object.keys(options);
  if (other !== undefined) {
    const flag = other.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
    throw new UsageError(`--${flag} and --config exclude each other: put it into ${config}`);
  }
  const { ignored, ...loaded } = loadServing(config);
  if (ignored.length > 0)
    logger.info({ config, ignored }, "keys of falco.yaml that mean nothing here are ignored");
  return loaded;
}

/**
 * What became of the alerts, in the shared queue, in all groups together, and in the broadcasts that there are now. The
 * names of groups are the subscribers' to choose, and may be many.
 */
function account({ appended, groups, broadcast, inputs, outputs: { grpc, ...outputs } }: ServerStats) {
  const { "": shared, ...named } = groups;
  const sum = (of: keyof ServerStats["broadcast"]) =>
    Object.values(named).reduce((total, group) => total + group[of], 0);
  return {
    appended,
    shared,
    groups: {
      count: Object.keys(named).length,
      members: sum("members"),
      delivered: sum("delivered"),
      redelivered: sum("redelivered"),
      filtered: sum("filtered"),
      lost: sum("lost"),
      waiting: sum("waiting"),
    },
    broadcast,
    inputs,
    outputs,
  };
}

/** Waits until nobody has anything left to take, but not for long: Falco waits for a program that it closes. */
async function drain(server: FalcoOutputsServer, stopped: AbortSignal): Promise<void> {
  const until = Date.now() + drainMs;
  for (;;) {
    const { groups, broadcast } = server.stats();
    const isWaiting = [...Object.values(groups), broadcast].some(({ waiting }) => waiting > 0);
    if (!isWaiting || stopped.aborted || Date.now() >= until) return;
    await delay(20);
  }
}
