import { existsSync } from "node:fs";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { defaultAddress } from "@falco-outputs/node";

/** Where `serve` listens when it is not told: Falco's own socket for root, else one in the user's runtime folder. */
export function defaultListenAddress(): string {
  return process.getuid?.() === 0 ? defaultAddress : userAddress();
}

/** Where a subscriber looks when it is not told: Falco's own socket, else that of a server of the same user. */
export function defaultServerAddress(): string {
  const own = userAddress();
  return !existsSync(socketPath(defaultAddress)) && existsSync(socketPath(own)) ? own : defaultAddress;
}

function userAddress(): string {
  const runtime = process.env.XDG_RUNTIME_DIR;
  // In the shared temporary folder the socket gets a folder of its own, by the user's name.
  const folder =
    runtime !== undefined && runtime !== ""
      ? runtime
      : join(tmpdir(), `falco-outputs-${userInfo().username}`);
  return `unix://${join(folder, "falco.sock")}`;
}

function socketPath(address: string): string {
  return address.slice("unix://".length);
}
