import { isLoopback } from "@falco-outputs/core/address";
import { parseAddress } from "@falco-outputs/core/transport";
import type { HttpInputOptions, ListenOptions, ServerOptions } from "@falco-outputs/server";
import { readToken } from "../args/read-token.js";
import { UsageError } from "../args/usage-error.js";
import { defaultHttpAddresses, defaultListenAddress } from "../connection/default-address.js";
import type { ServeOptions } from "./options.js";

/** @throws UsageError for options that make no sense together. */
export function toServerOptions(options: ServeOptions): ServerOptions {
  const { stdin = false, capacity, logDir, falcoVersion, falcoUrl } = options;
  const http = options.http ?? (stdin ? undefined : defaultHttpAddresses());
  if (falcoVersion !== undefined && falcoUrl !== undefined) {
    throw new UsageError("--falco-version and --falco-url exclude each other");
  }
  return {
    listen: (options.listen ?? [defaultListenAddress()]).map((address) => toListenOptions(address, options)),
    ...(http !== undefined && { inputs: { http: http.map((address) => toHttpOptions(address, options)) } }),
    ...(capacity !== undefined && { maxAlerts: capacity }),
    ...(logDir !== undefined && { log: { directory: logDir } }),
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
      throw new UsageError(`--listen ${address} is a unix socket: --cert, --key and --ca do not apply`);
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
    `--http ${address} needs --cert, --key and --ca (mutual TLS), or --insecure-tcp, because other machines can reach it`,
  );
}

/** Whether other machines can reach what listens there. The server reports what is not an address. */
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
  const shared = {
    insecure: insecureTcp,
    ...(webToken !== undefined && { token: readToken("--web-token", webToken) }),
    ...(webOrigin !== undefined && { allowedOrigins: webOrigin }),
    ...(webCert !== undefined && webKey !== undefined && { tls: { cert: webCert, key: webKey } }),
  };
  return {
    web: web.map((address) => ({ address, ...shared })),
  };
}
