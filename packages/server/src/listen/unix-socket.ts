import { chmodSync, chownSync, lstatSync, mkdirSync, type Stats, unlinkSync } from "node:fs";
import { createConnection, type Server } from "node:net";
import { dirname } from "node:path";
import { isMainThread } from "node:worker_threads";
import { OptionError } from "@falco-outputs/core/options";
import { type KnownPermissions, ownerOnly } from "./socket-permissions.js";

export interface UnixSocketOptions {
  path: string;
  permissions: KnownPermissions;
  /** What the options that hold them are called, e.g. `listen[0]`. */
  option: string;
}

/** The longest path in a socket address. libuv would truncate a longer one, and listen elsewhere. */
const maxPathBytes = process.platform === "linux" ? 107 : 103;
/** Leaves a file's owner unchanged. */
const unchanged = -1;

/**
 * Listens on a unix socket. A socket that nobody listens on any longer is replaced; one that answers, or a file that
 * is not a socket, never. The folder is created if need be. When it fails, nothing listens.
 * @throws OptionError for a path or a group that cannot be used; Error for what is in the way.
 */
export async function listenUnix(server: Server, options: UnixSocketOptions): Promise<void> {
  const { path, option } = options;
  if (Buffer.byteLength(path) > maxPathBytes) {
    throw new OptionError({
      option: `${option}.address`,
      got: path,
      expected: `a socket's path of at most ${maxPathBytes} bytes`,
    });
  }
  makeFolder(path);
  await removeStale(path);
  await bind(server, path);
  try {
    permit(options);
  } catch (error) {
    // It removes the socket's file as well.
    await new Promise((resolve) => server.close(resolve));
    throw error;
  }
}

function bind(server: Server, path: string): Promise<void> {
  return new Promise<void>((resolve, reject) => {
    const fail = (cause: Error) => reject(cannotListen(path, cause));
    server.once("error", fail);
    server.once("listening", () => {
      server.off("error", fail);
      resolve();
    });
    // Binding happens within the call. Nobody else may connect before the permissions are set; only a main thread may
    // set the mask.
    const mask = isMainThread ? process.umask(0o777 & ~ownerOnly.mode) : undefined;
    try {
      server.listen(path);
    } finally {
      if (mask !== undefined) process.umask(mask);
    }
  });
}

function permit({ path, permissions: { mode, group }, option }: UnixSocketOptions): void {
  try {
    if (group !== undefined) chownSync(path, unchanged, group.id);
    chmodSync(path, mode);
  } catch (cause) {
    if (group === undefined || (cause as NodeJS.ErrnoException).code !== "EPERM")
      throw cannotListen(path, cause);
    const expected = "a group that the user of this process is a member of (only root may give others)";
    throw new OptionError({ option: `${option}.group`, got: group.given, expected, cause });
  }
}

function makeFolder(path: string): void {
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o755 });
  } catch (cause) {
    throw cannotListen(path, cause);
  }
}

async function removeStale(path: string): Promise<void> {
  const found = find(path);
  if (found === undefined) return;
  if (!found.isSocket()) throw new Error(`cannot listen on ${path}: a file that is not a socket is there`);
  if (await answers(path)) throw new Error(`cannot listen on ${path}: another server listens there`);
  unlinkSync(path);
}

function find(path: string): Stats | undefined {
  try {
    return lstatSync(path, { throwIfNoEntry: false });
  } catch (cause) {
    throw cannotListen(path, cause);
  }
}

function answers(path: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const socket = createConnection(path);
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", (cause: NodeJS.ErrnoException) => {
      if (cause.code === "ECONNREFUSED" || cause.code === "ENOENT") resolve(false);
      else reject(cannotListen(path, cause));
    });
  });
}

function cannotListen(path: string, cause: unknown): Error {
  return new Error(`cannot listen on ${path}: ${(cause as Error).message}`, { cause });
}
