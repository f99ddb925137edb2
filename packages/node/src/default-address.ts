import { existsSync, lstatSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

// Only Node's own modules are imported here: the command's `forward`, which Falco may start for each alert, has no time
// for more.

/** Where Falco's own server had its socket; ours has it there too when root starts it. */
export const falcoFolder = "/run/falco";
/** The name of the socket on which gRPC is served. */
export const grpcSocket = "falco.sock";

/** The folder for sockets of servers that this user starts. */
export function userFolder(): string {
  const runtime = process.env.XDG_RUNTIME_DIR;
  return runtime !== undefined && runtime !== ""
    ? runtime
    : join(tmpdir(), `falco-outputs-${process.getuid?.() ?? "user"}`);
}

/** The folder where a running server is looked for: Falco's, unless only the user's has a socket of this name. */
export function folderWith(socket: string): string {
  const folder = userFolder();
  return existsSync(join(falcoFolder, socket)) || !existsSync(join(folder, socket)) ? falcoFolder : folder;
}

/**
 * Whether nobody but this user can put a socket into a folder. Others would read alerts there, or forge them.
 * @throws Error if there is no such folder.
 */
export function isPrivate(folder: string): boolean {
  const { uid, mode } = lstatSync(folder);
  const isDirectory = (mode & 0o170_000) === 0o040_000;
  return isDirectory && uid === (process.getuid?.() ?? uid) && (mode & 0o022) === 0;
}

/** The address of a socket in a folder. */
export function socketAddress(folder: string, socket: string): string {
  return `unix://${join(folder, socket)}`;
}
