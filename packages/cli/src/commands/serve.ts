import { once } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import { type FalcoOutputsServer, type ServerStats, startServer } from "@falco-outputs/server";
import type { Command } from "commander";
import { createLogger } from "../log.js";
import { stopSignal } from "../stop-signal.js";
import { addServeOptions, type ServeOptions, toServerOptions } from "./serve-options.js";

/** How long subscribers may take to fetch what is queued when the only input has ended. */
const drainMs = 5_000;

export function addServeCommand(program: Command): void {
  addServeOptions(program.command("serve"))
    .description("Take Falco's alerts and serve them to gRPC subscribers")
    .action(serve);
}

async function serve(options: ServeOptions): Promise<void> {
  const serverOptions = toServerOptions(options);
  const logger = createLogger();
  const stopped = stopSignal();
  await using server = await startServer({ ...serverOptions, logger });
  logger.info(
    {
      listen: server.addresses,
      ...(server.httpUrls.length > 0 && { http: server.httpUrls }),
      ...(server.webUrl !== undefined && { web: server.webUrl }),
      ...(options.stdin === true && { stdin: true }),
    },
    "ready",
  );
  const ends: Promise<unknown>[] = [stopped.aborted ? Promise.resolve() : once(stopped, "abort")];
  if (options.stdin === true) {
    const lines = server.readLines(process.stdin).then(() => logger.info({}, "standard input has ended"));
    if (serverOptions.inputs?.http === undefined) ends.push(lines.then(() => drain(server, stopped)));
  }
  await Promise.race(ends);
  const stats = server.stats();
  await server.stop();
  logger.info(account(stats), "stopped");
  // An input that is still open would keep the process.
  process.stdin.destroy();
}

/**
 * What became of the alerts, in the shared queue, in all groups together, and in the broadcasts that there are now. The
 * names of groups are the subscribers' to choose, and may be many.
 */
function account({ appended, groups, broadcast, inputs }: ServerStats) {
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
