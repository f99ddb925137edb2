import type { Command } from "commander";
import { collect, parseCount, parseMode } from "../args/parsers.js";
import { defaultHttp } from "../connection/default-address.js";
import type { ServeOptions } from "./options.js";

export function addServeCommand(program: Command): void {
  addOptions(program.command("serve"))
    .description("Take Falco's alerts and serve them to gRPC subscribers")
    .addHelpText(
      "after",
      "\nIt logs to stderr, one JSON object per line; stdout is for alerts.\nSIGUSR1 and SIGHUP have the outputs reopen what they write to, after their files were rotated.\nUnder systemd (Type=notify, WatchdogSec=) it tells when it is ready, reopens files and stops, and that it is alive.",
    )
    .action(async (options: ServeOptions) => (await import("./serve.js")).serve(options));
}

function addOptions(command: Command): Command {
  return command
    .option(
      "-c, --config <file>",
      "what to serve, from a YAML file with falco.yaml's keys, instead of the options below",
    )
    .option("--print-config", "print what --config says, with defaults and without secrets, and end")
    .option(
      "--listen <addr>",
      "serve gRPC there: unix:///path, a path, or host:port; may be repeated (default: unix:///run/falco/falco.sock for root, else falco.sock in $XDG_RUNTIME_DIR or a temporary folder)",
      collect,
    )
    .option(
      "--http <addr>",
      `take what Falco's http_output or falco-outputs forward posts: host:port or unix:///path; may be repeated (default: ${defaultHttp} and falco-input.sock beside falco.sock, none with --stdin)`,
      collect,
    )
    .option(
      "--stdin",
      "take alerts from standard input, one per line; at its end the server waits up to 5 s for subscribers to fetch them, and ends, unless --http is given",
    )
    .option(
      "--cert <file>",
      "the server's certificate (mutual TLS, for --listen host:port, and --http host:port that others can reach)",
    )
    .option("--key <file>", "its private key")
    .option("--ca <file>", "the authorities that sign the clients' certificates")
    .option(
      "--insecure-tcp",
      "allow --listen host:port without TLS, and --http host:port that others can reach",
    )
    .option(
      "--capacity <count>",
      "how many alerts to retain; the oldest are dropped first (default: 100000)",
      parseCount,
    )
    .option(
      "--log-dir <dir>",
      "keep alerts and the groups' places in this directory, up to 1 GiB and for 7 days, so that a restart forgets nothing; one server at a time",
    )
    .option("--socket-mode <mode>", "permissions of unix sockets, octal (default: 0600)", parseMode)
    .option("--socket-group <group>", "group of unix sockets")
    .option("--falco-version <version>", "Falco's version, for those who ask, e.g. 0.44.1")
    .option("--falco-url <url>", "Falco's web server, to ask for its version, e.g. http://localhost:8765")
    .option("--web <host:port>", "serve browsers there, over Connect and gRPC-Web; may be repeated", collect)
    .option(
      "--web-token <file>",
      "file with the token that --web's clients show; needed where others can reach it",
    )
    .option("--web-origin <origin>", "origin of a page that may subscribe; may be repeated", collect)
    .option("--web-cert <file>", "certificate for --web")
    .option("--web-key <file>", "its private key");
}
