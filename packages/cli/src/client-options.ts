import { type Client, createClient, parseAddress } from "@falco-outputs/node";
import { type Command, Option } from "commander";
import { defaultServerAddress } from "./default-address.js";
import { parseDuration } from "./parse-duration.js";
import { UsageError } from "./usage-error.js";

/** The options by which a command reaches a server. */
export interface ConnectionOptions {
  address?: string;
  cert?: string;
  key?: string;
  ca?: string;
  serverName?: string;
  insecureTcp?: boolean;
  /** In milliseconds. */
  timeout?: number;
}

export function addConnectionOptions(command: Command): Command {
  return command
    .optionsGroup("The server:")
    .addOption(
      new Option("-a, --address <addr>", "the server: unix:///path, a path, or host:port").env(
        "FALCO_OUTPUTS_ADDRESS",
      ),
    )
    .option("--cert <file>", "this client's certificate (mutual TLS, for host:port)")
    .option("--key <file>", "its private key")
    .option("--ca <file>", "the authorities that sign the server's certificate")
    .option("--server-name <name>", "the name in the server's certificate, if it is not the host's")
    .option("--insecure-tcp", "allow host:port without TLS")
    .option(
      "--timeout <duration>",
      "how long the server may take to answer, e.g. 500ms, 10s or 2m (default: 5s to connect)",
      parseDuration,
    );
}

export function connect(options: ConnectionOptions): Client {
  const {
    address = defaultServerAddress(),
    cert,
    key,
    ca,
    serverName,
    insecureTcp = false,
    timeout,
  } = options;
  const files = [cert, key, ca].filter((file) => file !== undefined);
  if (files.length > 0 && files.length < 3) throw new UsageError("--cert, --key and --ca go together");
  if (files.length === 0 && serverName !== undefined) {
    throw new UsageError("--server-name goes with --cert, --key and --ca");
  }
  if (files.length === 0 && !insecureTcp && parseAddress(address).kind === "tcp") {
    throw new UsageError(`--address ${address} needs --cert, --key and --ca (mutual TLS), or --insecure-tcp`);
  }
  return createClient({
    address,
    insecure: insecureTcp,
    ...(files.length > 0 && {
      tls: { cert: cert!, key: key!, ca: ca!, ...(serverName !== undefined && { serverName }) },
    }),
    ...(timeout !== undefined && { connectTimeoutMs: timeout }),
  });
}
