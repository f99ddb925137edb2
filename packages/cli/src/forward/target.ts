import { isLoopback, readAddress } from "@falco-outputs/core/address";
import { UsageError } from "../args/usage-error.js";
import type { NamedAddress } from "../connection/named-address.js";

/** Where to post, for `connect` of node:net. */
export type Target = { path: string } | { host: string; port: number };

/**
 * Reads `unix:///path`, `unix:path`, a plain path, or `host:port` on a loopback address; the latter also as
 * `http://host:port/`, as the server logs it.
 * @throws UsageError for anything else.
 */
export function targetOf({ address, name }: NamedAddress): Target {
  const target = readAddress(address.replace(/^http:\/\/([^/]+)\/?$/i, "$1"));
  if (target === undefined) {
    throw new UsageError(
      `${name} ${JSON.stringify(address)}: expected unix:///path, or host:port of a loopback address`,
    );
  }
  if (target.kind === "unix") return { path: target.path };
  const { host, port } = target;
  if (!isLoopback(host)) {
    throw new UsageError(
      `${name} ${address}: alerts are posted without TLS, to this machine only: for another one, use Falco's http_output`,
    );
  }
  return { host, port };
}
