import type { Command } from "commander";
import { parseDuration } from "../args/parsers.js";

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
    .option(
      "-a, --address <addr>",
      "the server: unix:///path, a path, or host:port (default: unix:///run/falco/falco.sock, or that of a server of the same user)",
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
