import { once } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import { Code, createClient, FalcoError } from "@falco-outputs/node";
import { type FalcoOutputsServer, type Logger, type ServerStats, startServer } from "@falco-outputs/server";
import type { Command } from "commander";
import { inKeys } from "../config/in-keys.js";
import { readConfig } from "../config/read-config.js";
import { type Serving, servingOf } from "../config/serving.js";
import { createLogger } from "../log.js";
import { stopSignal } from "../stop-signal.js";
import { UsageError } from "../usage-error.js";
import { addServeOptions, type ServeOptions, toServerOptions } from "./serve-options.js";

/** How long subscribers may take to fetch what is queued when the only input has ended. */
const drainMs = 5_000;

export function addServeCommand(program: Command): void {
  addServeOptions(program.command("serve"))
    .description("Take Falco's alerts and serve them to gRPC subscribers")
    .action(serve);
}

async function serve(options: ServeOptions): Promise<void> {
  const logger = createLogger();
  const { server: serverOptions, stdin, upstreams } = toServing(options, logger);
  const stopped = stopSignal();
  await using server = await startServer({ ...serverOptions, logger }).catch((error: Error) => {
    const isOurs =
      options.config !== undefined && error instanceof FalcoError && error.code === Code.InvalidArgument;
    throw isOurs ? new UsageError(`${options.config}: ${inKeys(error.message)}`) : error;
  });
  // As Falco does when a file is rotated.
  for (const signal of ["SIGUSR1", "SIGHUP"] as const) process.on(signal, () => server.reopenOutputs());
  const clients = upstreams.map(({ client }) => createClient(client));
  for (const [index, { name, group }] of upstreams.entries()) {
    server
      .readAlerts(clients[index]!, { name, ...(group !== undefined && { group }) })
      .catch((error: Error) =>
        logger.error({ input: `grpc:${name}`, reason: error.message }, "an input has ended"),
      );
  }
  const files = serverOptions.inputs?.files ?? [];
  const outputs = Object.keys(server.stats().outputs).filter((name) => name !== "grpc");
  logger.info(
    {
      listen: server.addresses,
      ...(server.httpUrls.length > 0 && { http: server.httpUrls }),
      ...(server.webUrl !== undefined && { web: server.webUrl }),
      ...(stdin && { stdin }),
      ...(files.length > 0 && { files: files.map(({ path }) => path) }),
      ...(upstreams.length > 0 && { servers: upstreams.map(({ name }) => name) }),
      ...(outputs.length > 0 && { outputs }),
    },
    "ready",
  );
  const ends: Promise<unknown>[] = [stopped.aborted ? Promise.resolve() : once(stopped, "abort")];
  if (stdin) {
    const lines = server.readLines(process.stdin).then(() => logger.info({}, "standard input has ended"));
    const isOnlyInput = server.httpUrl === undefined && files.length === 0 && upstreams.length === 0;
    if (isOnlyInput) ends.push(lines.then(() => drain(server, stopped)));
  }
  await Promise.race(ends);
  const stats = server.stats();
  await server.stop();
  for (const client of clients) await client.close();
  // The outputs wrote on until then.
  logger.info(account({ ...stats, outputs: server.stats().outputs }), "stopped");
  // An input that is still open would keep the process.
  process.stdin.destroy();
}

function toServing({ config, ...options }: ServeOptions, logger: Logger): Serving {
  if (config === undefined) {
    return { server: toServerOptions(options), stdin: options.stdin === true, upstreams: [] };
  }
  const [other] = Object.keys(options);
  if (other !== undefined) {
    const flag = other.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
    throw new UsageError(`--${flag} and --config exclude each other: put it into ${config}`);
  }
  const { config: read, ignored } = readConfig(config);
  if (ignored.length > 0)
    logger.info({ config, ignored }, "keys of falco.yaml that mean nothing here are ignored");
  return servingOf(read);
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
