import { once } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import { parseAddress } from "@falco-outputs/node";
import {
  type FalcoOutputsServer,
  type ListenOptions,
  type ServerOptions,
  startServer,
} from "@falco-outputs/server";
import { type Command, InvalidArgumentError } from "commander";
import { defaultListenAddress } from "../default-address.js";
import { createLogger } from "../log.js";
import { stopSignal } from "../stop-signal.js";
import { UsageError } from "../usage-error.js";
import { parseCount } from "./subscribe.js";

interface ServeOptions {
  listen?: string[];
  http?: string;
  stdin?: boolean;
  cert?: string;
  key?: string;
  ca?: string;
  insecureTcp?: boolean;
  capacity?: number;
  socketMode?: number;
  socketGroup?: string;
  falcoVersion?: string;
  falcoUrl?: string;
}

const defaultHttp = "127.0.0.1:5061";
/** How long subscribers may take to fetch what is queued when the only input has ended. */
const drainMs = 5_000;

export function addServeCommand(program: Command): void {
  program
    .command("serve")
    .description("Take Falco's alerts and serve them to gRPC subscribers")
    .option(
      "--listen <addr>",
      "serve gRPC there: unix:///path, a path, or host:port; may be repeated (default: unix:///run/falco/falco.sock for root, else falco.sock in $XDG_RUNTIME_DIR or a temporary folder)",
      collect,
    )
    .option(
      "--http <host:port>",
      `take what Falco's http_output posts (default: ${defaultHttp}, none with --stdin)`,
    )
    .option(
      "--stdin",
      "take alerts from standard input, one a line; at its end the server waits up to 5 s for subscribers to fetch them, and ends, unless --http is given",
    )
    .option("--cert <file>", "the server's certificate (mutual TLS, for --listen host:port)")
    .option("--key <file>", "its private key")
    .option("--ca <file>", "the authorities that sign the clients' certificates")
    .option(
      "--insecure-tcp",
      "allow --listen host:port without TLS, and --http on an address others can reach",
    )
    .option(
      "--capacity <count>",
      "how many alerts to retain; beyond it the oldest are dropped (default: 100000)",
      parseCount,
    )
    .option("--socket-mode <mode>", "permissions of unix sockets, octal (default: 0600)", parseMode)
    .option("--socket-group <group>", "group of unix sockets")
    .option("--falco-version <version>", "what to answer who asks for Falco's version, e.g. 0.44.1")
    .option("--falco-url <url>", "Falco's web server, to ask for its version, e.g. http://localhost:8765")
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
      ...(server.httpUrl !== undefined && { http: server.httpUrl }),
      ...(options.stdin === true && { stdin: true }),
    },
    "ready",
  );
  const ends: Promise<unknown>[] = [stopped.aborted ? Promise.resolve() : once(stopped, "abort")];
  if (options.stdin === true) {
    const lines = server.readLines(process.stdin).then(() => logger.info({}, "standard input has ended"));
    if (serverOptions.http === undefined) ends.push(lines.then(() => drain(server, stopped)));
  }
  await Promise.race(ends);
  const { subscribers, inputs, ...log } = server.stats();
  logger.info({ ...log, left: log.appended - log.delivered - log.lost, inputs }, "stopping");
  // An input that is still open would keep the process.
  process.stdin.destroy();
}

/** Waits until everything was taken, but not for long: Falco waits for a program that it closes. */
async function drain(server: FalcoOutputsServer, stopped: AbortSignal): Promise<void> {
  const until = Date.now() + drainMs;
  for (;;) {
    const { appended, delivered, lost } = server.stats();
    if (appended === delivered + lost || stopped.aborted || Date.now() >= until) return;
    await delay(20);
  }
}

function toServerOptions(options: ServeOptions): ServerOptions {
  const { stdin = false, insecureTcp = false, capacity, falcoVersion, falcoUrl } = options;
  const http = options.http ?? (stdin ? undefined : defaultHttp);
  if (falcoVersion !== undefined && falcoUrl !== undefined) {
    throw new UsageError("--falco-version and --falco-url exclude each other");
  }
  return {
    listen: (options.listen ?? [defaultListenAddress()]).map((address) => toListenOptions(address, options)),
    ...(http !== undefined && { http: { address: http, insecure: insecureTcp } }),
    ...(capacity !== undefined && { maxAlerts: capacity }),
    ...(falcoVersion !== undefined && { falco: { version: falcoVersion } }),
    ...(falcoUrl !== undefined && { falco: { webserver: falcoUrl } }),
  };
}

function toListenOptions(address: string, options: ServeOptions): ListenOptions {
  const { cert, key, ca, insecureTcp = false, socketMode, socketGroup } = options;
  if (parseAddress(address).kind === "unix") {
    if (options.listen?.length === 1 && (cert ?? key ?? ca) !== undefined) {
      throw new UsageError(`--listen ${address} is a unix socket, where --cert, --key and --ca have no use`);
    }
    return {
      address,
      ...(socketMode !== undefined && { mode: socketMode }),
      ...(socketGroup !== undefined && { group: socketGroup }),
    };
  }
  if (cert !== undefined && key !== undefined && ca !== undefined) return { address, tls: { cert, key, ca } };
  if ([cert, key, ca].every((file) => file === undefined) && insecureTcp) return { address, insecure: true };
  throw new UsageError(`--listen ${address} needs --cert, --key and --ca (mutual TLS), or --insecure-tcp`);
}

function collect(value: string, previous: string[] = []): string[] {
  return [...previous, value];
}

function parseMode(text: string): number {
  if (/^[0-7]{3,4}$/.test(text)) return Number.parseInt(text, 8);
  throw new InvalidArgumentError("expected an octal mode, e.g. 0660.");
}
