import { Code, FalcoError } from "./error.js";

/** Where a server listens. */
export type Address =
  | { kind: "unix"; path: string }
  /** `host` is a name or an IP address, an IPv6 one without its brackets. */
  | { kind: "tcp"; host: string; port: number };

/**
 * Reads an address as Falco and gRPC write it: `unix:///path`, `unix:path`, a plain path (anything with a slash), or
 * `host:port` (`[::1]:5060` for IPv6).
 * @throws FalcoError with InvalidArgument
 */
export function parseAddress(text: string): Address {
  const path = text.startsWith("unix://")
    ? text.slice(7)
    : text.startsWith("unix:")
      ? text.slice(5)
      : undefined;
  if (path !== undefined || text.includes("/")) {
    if (path !== "" && !/^[a-z]+:\/\//.test(path ?? text)) return { kind: "unix", path: path ?? text };
  } else {
    const match = /^(?:\[([0-9A-Fa-f:.]+(?:%[\w.-]+)?)\]|([^:[\]\s?#@\\%<>^|]+)):(\d{1,5})$/.exec(text);
    const port = Number(match?.[3]);
    if (match !== null && port <= 65_535) return { kind: "tcp", host: (match[1] ?? match[2])!, port };
  }
  throw new FalcoError(
    `address: ${JSON.stringify(text)}, expected unix:///path, a path with a slash, or host:port`,
    Code.InvalidArgument,
  );
}

/** The address as `parseAddress` reads it. */
export function formatAddress(address: Address): string {
  if (address.kind === "unix")
    return address.path.startsWith("/") ? `unix://${address.path}` : `unix:${address.path}`;
  return `${address.host.includes(":") ? `[${address.host}]` : address.host}:${address.port}`;
}
