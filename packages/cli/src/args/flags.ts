import { Code, FalcoError } from "@falco-outputs/core";
import { OptionError } from "@falco-outputs/core/options";
import { UsageError } from "./usage-error.js";

/** What flags call the API's options, whose paths are written here without indices. */
type Flags = Readonly<Record<string, string>>;

const tlsFlags = (block: string): Flags => ({
  [`${block}.tls`]: "--cert, --key and --ca",
  [`${block}.tls.ca`]: "--ca",
  [`${block}.tls.cert`]: "--cert",
  [`${block}.tls.key`]: "--key",
  [`${block}.insecure`]: "--insecure-tcp",
});

const listenerFlags = (block: string, flag: string): Flags => ({
  [block]: flag,
  [`${block}.address`]: flag,
  [`${block}.mode`]: "--socket-mode",
  [`${block}.group`]: "--socket-group",
  ...tlsFlags(block),
});

/** Those of `serve`. */
export const serveFlags: Flags = {
  ...listenerFlags("listen", "--listen"),
  ...listenerFlags("inputs.http", "--http"),
  web: "--web",
  "web.address": "--web",
  "web.token": "--web-token",
  "web.allowedOrigins": "--web-origin",
  "web.insecure": "--insecure-tcp",
  "web.tls": "--web-cert and --web-key",
  "web.tls.cert": "--web-cert",
  "web.tls.key": "--web-key",
  maxAlerts: "--capacity",
  "log.directory": "--log-dir",
  "falco.version": "--falco-version",
  "falco.webserver": "--falco-url",
};

/** Those of the commands that are clients. */
export const clientFlags: Flags = {
  address: "--address",
  tls: "--cert, --key and --ca",
  "tls.ca": "--ca",
  "tls.cert": "--cert",
  "tls.key": "--key",
  "tls.serverName": "--server-name",
  insecure: "--insecure-tcp",
  connectTimeoutMs: "--timeout",
  timeoutMs: "--timeout",
  group: "--group",
  after: "--after",
  acknowledge: "--acknowledge",
  follow: "--follow",
  since: "--since",
  until: "--until",
};

/** An error about options in the words of the command line, as a UsageError; any other as it is. */
export function inFlags(error: unknown, flags: Flags): unknown {
  const nameOf = (option: string) => flags[option.replace(/\[\d+\]/g, "")] ?? option;
  // A flag that switches something on has no value.
  if (error instanceof OptionError) {
    return new UsageError(error.describe(nameOf).replace(/(--insecure-tcp|--follow): true\b/g, "$1"));
  }
  // Options that make no sense together, in the server's own words.
  const isLocal = error instanceof FalcoError && error.code === Code.InvalidArgument && !error.fromServer;
  return isLocal ? new UsageError(error.message) : error;
}
