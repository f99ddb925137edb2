import { isIPv6 } from "node:net";
import { hostname, networkInterfaces } from "node:os";
import { isLoopback } from "@falco-outputs/core/address";

/** Whether a connection to the host `to` may reach what listens on the host `on`, without resolving names. */
export function reaches(on: string, to: string): boolean {
  const [listening, connecting] = [canonical(on), canonical(to)];
  if (listening === connecting) return true;
  // A connection to "any address" reaches this machine.
  const isToSelf = isLoopback(connecting) || isAny(connecting);
  if (isLoopback(listening)) return isToSelf;
  const addresses = Object.values(networkInterfaces()).flatMap((list) =>
    list!.map(({ address }) => canonical(address)),
  );
  const isToName = connecting === canonical(hostname());
  if (isAny(listening)) return isToSelf || isToName || addresses.includes(connecting);
  return isToName && addresses.includes(listening);
}

function isAny(host: string): boolean {
  return host === "0.0.0.0" || host === "::";
}

/** A host in the canonical spelling of URLs, with IPv4-mapped IPv6 addresses as IPv4. */
function canonical(host: string): string {
  const bare = host.replace(/^\[(.*)\]$/, "$1").replace(/%.*$/, "");
  const url = `http://${isIPv6(bare) ? `[${bare}]` : bare}/`;
  const spelt = URL.canParse(url) ? new URL(url).hostname : bare.toLowerCase();
  const name = spelt.replace(/^\[(.*)\]$/, "$1").replace(/\.$/, "");
  const [, high, low] = /^::ffff:([\da-f]{1,4}):([\da-f]{1,4})$/.exec(name) ?? [];
  if (high === undefined || low === undefined) return name;
  const [upper, lower] = [Number.parseInt(high, 16), Number.parseInt(low, 16)];
  return `${upper >> 8}.${upper & 255}.${lower >> 8}.${lower & 255}`;
}
