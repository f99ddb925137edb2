import { UsageError } from "../args/usage-error.js";
import { isLoopback } from "../connection/loopback.js";
import type { NamedAddress } from "../connection/named-address.js";

/** Where to post, as `connect` of node:net takes it. */
export type Target = { path: string } | { host: string; port: number };

/**
 * Reads `unix:///path`, `unix:path`, a plain path, or `host:port` on a loopback address; the latter also as
 * `http://host:port/`, as the server logs it.
 * @throws UsageError for anything else.
 */
export function targetOf({ address, name }: NamedAddress): Target {
  const path = /^unix:(?:\/\/)?(.+)$/.exec(address)?.[1];
  if (path !== undefined) return { path };
  if (/^\.{0,2}\//.test(address)) return { path: address };
  const [, bracketed, named, digits] =
    /^(?:http:\/\/)?(?:\[([\da-f:.]+)\]|([^:/[\]\s]+)):(\d{1,5})\/?$/i.exec(address) ?? [];
  const host = bracketed ?? named;
  const port = Number(digits);
  if (host === undefined || port > 65_535) {
    throw new UsageError(
      `${name} ${JSON.stringify(address)}: expected unix:///path, or host:port of a loopback address`,
    );
  }
  if (!isLoopback(host)) {
    throw new UsageError(
      `${name} ${address}: forward posts without TLS, to this machine only: for another one, use Falco's http_output`,
    );
  }
  return { host, port };
}
