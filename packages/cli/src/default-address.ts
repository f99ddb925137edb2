import { existsSync, lstatSync, mkdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { defaultAddress } from "@falco-outputs/node";

/** Where `serve` listens when it is not told: Falco's own socket for root, else one in a folder of the user's own. */
export function defaultListenAddress(): string {
  if (process.getuid?.() === 0) return defaultAddress;
  const folder = userFolder();
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  assertOwn(folder);
  return socketAddress(folder);
}

/** Where a subscriber looks when it is not told: Falco's own socket, else that of a server of the same user. */
export function defaultServerAddress(): string {
  const folder = userFolder();
  if (existsSync(defaultAddress.slice("unix://".length)) || !existsSync(join(folder, "falco.sock"))) {
    return defaultAddress;
  }
  assertOwn(folder);
  return socketAddress(folder);
}

function userFolder(): string {
  const runtime = process.env.XDG_RUNTIME_DIR;
  return runtime !== undefined && runtime !== ""
    ? runtime
    : join(tmpdir(), `falco-outputs-${process.getuid?.() ?? "user"}`);
}

/** Whoever can write to the folder could put a socket of theirs there, and read alerts or forge them. */
function assertOwn(folder: string): void {
  const { uid, mode } = lstatSync(folder);
  const isDirectory = (mode & 0o170_000) === 0o040_000;
  if (isDirectory && uid === (process.getuid?.() ?? uid) && (mode & 0o022) === 0) return;
  throw new Error(
    `${folder}: others own this folder or can write to it: remove it, or name an address (--listen, --address)`,
  );
}

function socketAddress(folder: string): string {
  return `unix://${join(folder, "falco.sock")}`;
}
