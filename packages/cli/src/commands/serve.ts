import { once } from "node:events";
import { type FalcoOutputsServer, type Logger, type ServerStats, startServer } from "@falco-outputs/server";
import type { Command } from "commander";
import { type LoadedServing, loadServing } from "../config/load-serving.js";
import type { Serving, Upstream } from "../config/serving.js";
import { createLogger } from "../log.js";
import { stopSignal } from "../stop-signal.js";
import { UsageError } from "../usage-error.js";
import { drain } from "./drain.js";
import { readyLine } from "./ready-line.js";
import { addServeOptions, type ServeOptions, toServerOptions } from "./serve-options.js";
import { UpstreamClients } from "./upstream-clients.js";

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
  let reading = stdin ? readStandardInput(server, stopped, logger) : Promise.resolve();
  if (stdin && isOnlyInput(server, serving)) {
    const isServed = server.addresses.length > 0 || server.webUrl !== undefined;
    ends.push(reading.then(() => (isServed ? drain(server, stopped) : undefined)));
  } else {
    reading = reading.catch((error: Error) =>
      logger.error({ reason: error.message }, "standard input cannot be read"),
    );
  }
  await Promise.race(ends);
  const stats = server.stats();
  await server.stop();
  await reading;
  // The outputs wrote on until then.
  logger.info(account({ ...stats, outputs: server.stats().outputs }), "stopped");
  // An input that is still open would keep the process.
  process.stdin.destroy();
}

async function readStandardInput(
  server: FalcoOutputsServer,
  stopped: AbortSignal,
  logger: Logger,
): Promise<void> {
  await server.readLines(process.stdin, { signal: stopped });
  if (!stopped.aborted) logger.info({}, "standard input has ended");
}

/** Whether nothing more can come once standard input has ended. */
function isOnlyInput({ httpUrls }: FalcoOutputsServer, { server, upstreams }: Serving): boolean {
  const files = server.inputs?.files ?? [];
  return httpUrls.length === 0 && files.length === 0 && upstreams.length === 0;
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
