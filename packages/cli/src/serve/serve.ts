import { once } from "node:events";
import { type FalcoOutputsServer, type Logger, type ServerStats, startServer } from "@falco-outputs/server";
import { inFlags, serveFlags } from "../args/flags.js";
import { UsageError } from "../args/usage-error.js";
import type { LoadedServing } from "../config/load-serving.js";
import type { Serving } from "../config/serving.js";
import type { WatchOptions } from "../operations/options.js";
import { say } from "../print/line-writer.js";
import { stopSignal } from "../stop-signal.js";
import { drain } from "./drain.js";
import { openLog } from "./log/log.js";
import type { ServeOptions } from "./options.js";
import { readyLine } from "./ready-line.js";
import { onRotation } from "./rotation.js";
import { toServerOptions } from "./server-options.js";
import { findServiceManager } from "./systemd/find-service-manager.js";

export async function serve({ printConfig = false, ...options }: ServeOptions): Promise<void> {
  if (printConfig) return tellConfig(options.config);
  const { serving, located, ...notes } = await toServing(options);
  const { server: serverOptions, stdin } = serving;
  await using log = openLog();
  const { logger } = log;
  tellNotes(notes, logger);
  using manager = findServiceManager(process.env, logger);
  const stopped = stopSignal();
  const rotated = onRotation();
  await using clients = await upstreamClients(serving, located);
  await using operations = await startOperations(serving, located, logger);
  const observed = operations?.serverOptions;
  await using server = await startServer({ ...serverOptions, ...observed, logger }).catch(
    (error: unknown) => {
      throw located(error);
    },
  );
  operations?.watch(server);
  const status = `serving on ${[...server.addresses, ...server.httpUrls, ...server.webUrls].join(", ")}`;
  rotated(() => {
    manager?.reloading();
    server.reopenOutputs();
    manager?.ready(status);
  });
  clients?.read(server, logger);
  logger.info(
    { ...readyLine(server, serving), ...(operations?.url && { operations: operations.url }) },
    "ready",
  );
  manager?.ready(status);
  const ends: Promise<unknown>[] = [stopped.aborted ? Promise.resolve() : once(stopped, "abort")];
  let reading = stdin ? readStandardInput(server, stopped, logger) : Promise.resolve();
  if (stdin && isOnlyInput(server, serving)) {
    const isServed = server.addresses.length > 0 || server.webUrls.length > 0;
    ends.push(reading.then(() => (isServed ? drain(server, stopped) : undefined)));
  } else {
    reading = reading.catch((error: Error) =>
      logger.error({ reason: error.message }, "standard input cannot be read"),
    );
  }
  await Promise.race(ends);
  operations?.stopping();
  manager?.stopping("the outputs write what they hold");
  logger.info(
    {},
    "stopping: waiting for the outputs to write what they hold; a second signal ends the process at once",
  );
  const stats = server.stats();
  await server.stop();
  await reading;
  // The outputs were writing until then.
  logger.info(account({ ...stats, outputs: server.stats().outputs }), "stopped");
  // An input that is still open would keep the process alive.
  process.stdin.destroy();
}

async function tellConfig(config: string | undefined): Promise<void> {
  if (config === undefined) throw new UsageError("--print-config needs --config");
  const { printedConfig } = await import("../config/print-config.js");
  await say(printedConfig(config));
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

/** Loaded only if there are any: a server without them needs no client. */
async function upstreamClients({ upstreams }: Serving, located: LoadedServing["located"]) {
  if (upstreams.length === 0) return undefined;
  const { UpstreamClients } = await import("./upstream-clients.js");
  try {
    return new UpstreamClients(upstreams);
  } catch (error) {
    throw located(error);
  }
}

/** Loaded only if the server is watched. */
async function startOperations({ watch }: Serving, located: LoadedServing["located"], logger: Logger) {
  if (watch.operations === undefined && watch.falco === undefined) return undefined;
  const { Operations } = await import("../operations/operations.js");
  return Operations.start(watch, logger).catch((error: unknown) => {
    throw located(error);
  });
}

/** Whoever names Falco's web server has it watched. */
function watchOf({ falcoUrl }: ServeOptions): WatchOptions {
  return falcoUrl === undefined ? {} : { falco: { url: falcoUrl } };
}

async function toServing({ config, ...options }: ServeOptions): Promise<LoadedServing & { config?: string }> {
  if (config === undefined) {
    const server = toServerOptions(options);
    return {
      serving: {
        server,
        stdin: options.stdin === true,
        upstreams: [],
        watch: watchOf(options),
        items: {},
        byDefault: [],
      },
      ignored: [],
      warnings: [],
      located: (error) => inFlags(error, serveFlags),
      locate: (message) => message,
    };
  }
  const [other] = Object.keys(options);
  if (other !== undefined) {
    const flag = other.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
    throw new UsageError(`--${flag} and --config exclude each other: set it in ${config} instead`);
  }
  const { loadServing } = await import("../config/load-serving.js");
  return { config, ...loadServing(config) };
}

function tellNotes(
  { config, ignored, warnings }: Pick<LoadedServing, "ignored" | "warnings"> & { config?: string },
  logger: Logger,
): void {
  if (ignored.length > 0) {
    logger.info({ config, ignored }, "keys of falco.yaml that have no meaning here are ignored");
  }
  for (const warning of warnings) logger.warn({ config }, warning);
}

/**
 * What became of the alerts, in the shared queue, in all groups together, and in the current broadcasts. Subscribers
 * choose the names of groups, of which there may be many.
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
