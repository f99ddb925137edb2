// Nothing is imported here: the command's `forward`, which Falco may start for each alert, has no time for it.

/** Where a server listens. */
export type Address =
  | { kind: "unix"; path: string }
  /** `host` is a name or an IP address, an IPv6 one without its brackets. */
  | { kind: "tcp"; host: string; port: number };

/**
 * Reads an address as Falco and gRPC write it: `unix:///path`, `unix:path`, a plain path (anything with a slash), or
 * `host:port` (`[::1]:5060` for IPv6).
 * @returns Undefined for anything else.
 */
export function readAddress(text: string): Address | undefined {
  const path = text.startsWith("unix://")
    ? text.slice(7)
    : text.startsWith("unix:")
      ? text.slice(5)
      : undefined;
  if (path !== undefined || text.includes("/")) {
    const isPath = path !== "" && !/^[a-z]+:\/\//.test(path ?? text);
    return isPath ? { kind: "unix", path: path ?? text } : undefined;
  }
  const match = /^(?:\[([0-9A-Fa-f:.]+(?:%[\w.-]+)?)\]|([^:[\]\s?#@\\%<>^|]+)):(\d{1,5})$/.exec(text);
  const port = Number(match?.[3]);
  if (match === null || port > 65_535) return undefined;
  return { kind: "tcp", host: (match[1] ?? match[2])!, port };
}

/** The address as `readAddress` reads it. */
export function formatAddress(address: Address): string {
  if (address.kind === "unix")
    return address.path.startsWith("/") ? `unix://${address.path}` : `unix:${address.path}`;
  return `${address.host.includes(":") ? `[${address.host}]` : address.host}:${address.port}`;
}

/** Whether only this machine reaches what listens on a host: `localhost`, or a loopback address, without brackets. */
export function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || /^127\.\d+\.\d+\.\d+$/.test(host);
}
