import { parseAddress } from "@falco-outputs/node";
import type { HttpInputOptions, ListenOptions, ServerOptions } from "@falco-outputs/server";
import { type Command, InvalidArgumentError } from "commander";
import { defaultHttp, defaultHttpAddresses, defaultListenAddress } from "../default-address.js";
import { isLoopback } from "../loopback.js";
import { parseCount } from "../parse-count.js";
import { readToken } from "../read-token.js";
import { UsageError } from "../usage-error.js";

export interface ServeOptions {
  config?: string;
  listen?: string[];
  http?: string[];
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
  web?: string;
  webToken?: string;
  webOrigin?: string[];
  webCert?: string;
  webKey?: string;
}

export function addServeOptions(command: Command): Command {
  return command
    .option(
      "-c, --config <file>",
      "what to serve, from a YAML file with falco.yaml's keys, instead of the options below",
    )
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
      "take alerts from standard input, one a line; at its end the server waits up to 5 s for subscribers to fetch them, and ends, unless --http is given",
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
      "how many alerts to retain; beyond it the oldest are dropped (default: 100000)",
      parseCount,
    )
    .option("--socket-mode <mode>", "permissions of unix sockets, octal (default: 0600)", parseMode)
    .option("--socket-group <group>", "group of unix sockets")
    .option("--falco-version <version>", "what to answer who asks for Falco's version, e.g. 0.44.1")
    .option("--falco-url <url>", "Falco's web server, to ask for its version, e.g. http://localhost:8765")
    .option("--web <host:port>", "serve browsers there, over Connect and gRPC-Web")
    .option(
      "--web-token <file>",
      "file with the token that --web's clients show; a must where others can reach it",
    )
    .option("--web-origin <origin>", "origin of a page that may subscribe; may be repeated", collect)
    .option("--web-cert <file>", "certificate for --web")
    .option("--web-key <file>", "its private key");
}

/** @throws UsageError for options that make no sense together. */
export function toServerOptions(options: ServeOptions): ServerOptions {
  const { stdin = false, capacity, falcoVersion, falcoUrl } = options;
  const http = options.http ?? (stdin ? undefined : defaultHttpAddresses());
  if (falcoVersion !== undefined && falcoUrl !== undefined) {
    throw new UsageError("--falco-version and --falco-url exclude each other");
  }
  return {
    listen: (options.listen ?? [defaultListenAddress()]).map((address) => toListenOptions(address, options)),
    ...(http !== undefined && { inputs: { http: http.map((address) => toHttpOptions(address, options)) } }),
    ...(capacity !== undefined && { maxAlerts: capacity }),
    ...(falcoVersion !== undefined && { falco: { version: falcoVersion } }),
    ...(falcoUrl !== undefined && { falco: { webserver: falcoUrl } }),
    ...toWebOptions(options),
  };
}

function toListenOptions(address: string, options: ServeOptions): ListenOptions {
  const { cert, key, ca, insecureTcp = false } = options;
  if (parseAddress(address).kind === "unix") {
    const isAlone = options.listen?.length === 1 && !options.http?.some(isReachable);
    if (isAlone && (cert ?? key ?? ca) !== undefined) {
      throw new UsageError(`--listen ${address} is a unix socket, where --cert, --key and --ca have no use`);
    }
    return { address, ...permissionsOf(options) };
  }
  if (cert !== undefined && key !== undefined && ca !== undefined) return { address, tls: { cert, key, ca } };
  if ([cert, key, ca].every((file) => file === undefined) && insecureTcp) return { address, insecure: true };
  throw new UsageError(`--listen ${address} needs --cert, --key and --ca (mutual TLS), or --insecure-tcp`);
}

function toHttpOptions(address: string, options: ServeOptions): HttpInputOptions {
  const { cert, key, ca, insecureTcp = false } = options;
  if (!isReachable(address)) return { address, ...permissionsOf(options) };
  if (insecureTcp) return { address, insecure: true };
  if (cert !== undefined && key !== undefined && ca !== undefined) return { address, tls: { cert, key, ca } };
  throw new UsageError(
    `--http ${address}: other machines can reach it: it needs --cert, --key and --ca (mutual TLS), or --insecure-tcp`,
  );
}

/** Whether other machines can reach what listens there. What is no address is left to the server to tell. */
function isReachable(address: string): boolean {
  const host = /^(.*):\d+$/.exec(address)?.[1];
  return host !== undefined && !address.includes("/") && !isLoopback(host.replace(/^\[|\]$/g, ""));
}

function permissionsOf({ socketMode, socketGroup }: ServeOptions) {
  return {
    ...(socketMode !== undefined && { mode: socketMode }),
    ...(socketGroup !== undefined && { group: socketGroup }),
  };
}

function toWebOptions(options: ServeOptions): Pick<ServerOptions, "web"> {
  const { web, webToken, webOrigin, webCert, webKey, insecureTcp = false } = options;
  if (web === undefined) {
    if ((webToken ?? webOrigin ?? webCert ?? webKey) === undefined) return {};
    throw new UsageError("--web-token, --web-origin, --web-cert and --web-key go with --web");
  }
  if ((webCert === undefined) !== (webKey === undefined)) {
    throw new UsageError("--web-cert and --web-key go together");
  }
  return {
    web: {
      address: web,
      insecure: insecureTcp,
      ...(webToken !== undefined && { token: readToken("--web-token", webToken) }),
      ...(webOrigin !== undefined && { allowedOrigins: webOrigin }),
      ...(webCert !== undefined && webKey !== undefined && { tls: { cert: webCert, key: webKey } }),
    },
  };
}

function collect(value: string, previous: string[] = []): string[] {
  return [...previous, value];
}

function parseMode(text: string): number {
  if (/^[0-7]{3,4}$/.test(text)) return Number.parseInt(text, 8);
  throw new InvalidArgumentError("expected an octal mode, e.g. 0660.");
}
