import { execFileSync } from "node:child_process";
import { chmodSync, chownSync, lstatSync, mkdirSync, readFileSync, type Stats, unlinkSync } from "node:fs";
import { createConnection, type Server } from "node:net";
import { dirname } from "node:path";
import { isMainThread } from "node:worker_threads";
import { invalidOption } from "../invalid-option.js";

export interface UnixSocketOptions {
  path: string;
  /** Permissions of the socket. Default: 0o600. */
  mode?: number;
  /** Group that owns the socket, by name or number. Default: the process's. */
  group?: string | number;
}

export const defaultSocketMode = 0o600;
/** What the system's socket addresses hold. libuv would cut a longer path, and listen elsewhere. */
const maxPathBytes = process.platform === "linux" ? 107 : 103;

/**
 * Listens on a unix socket. A socket that nobody listens on any more is replaced; one that answers, or a file that is
 * no socket, never. The folder is created if need be.
 */
export async function listenUnix(
  server: Server,
  { path, mode = defaultSocketMode, group }: UnixSocketOptions,
): Promise<void> {
  const gid = group === undefined ? undefined : groupId(group);
  if (Buffer.byteLength(path) > maxPathBytes) {
    throw invalidOption(`cannot listen on ${path}: a socket's path has at most ${maxPathBytes} bytes`);
  }
  makeFolder(path);
  await removeStale(path);
  await new Promise<void>((resolve, reject) => {
    server.once("error", (cause) =>
      reject(new Error(`cannot listen on ${path}: ${cause.message}`, { cause })),
    );
    server.once("listening", resolve);
    // Binding happens within the call. The mask closes the moment until chmod; only a main thread may set it.
    const mask = isMainThread ? process.umask(0o777 & ~mode) : undefined;
    try {
      server.listen(path);
    } finally {
      if (mask !== undefined) process.umask(mask);
    }
  });
  chmodSync(path, mode);
  if (gid !== undefined) chownSync(path, process.getuid!(), gid);
}

function makeFolder(path: string): void {
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o755 });
  } catch (cause) {
    throw new Error(`cannot listen on ${path}: ${(cause as Error).message}`, { cause });
  }
}

async function removeStale(path: string): Promise<void> {
  const found = find(path);
  if (found === undefined) return;
  if (!found.isSocket()) throw new Error(`cannot listen on ${path}: a file that is no socket is there`);
  if (await answers(path)) throw new Error(`cannot listen on ${path}: another server listens there`);
  unlinkSync(path);
}

function find(path: string): Stats | undefined {
  try {
    return lstatSync(path, { throwIfNoEntry: false });
  } catch (cause) {
    throw new Error(`cannot listen on ${path}: ${(cause as Error).message}`, { cause });
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
      else reject(new Error(`cannot listen on ${path}: ${cause.message}`, { cause }));
    });
  });
}

function groupId(group: string | number): number {
  if (typeof group === "number") return group;
  const line = groupEntry(group);
  const id = line?.split(":")[2];
  if (id === undefined) throw invalidOption(`socket group: there is no group ${JSON.stringify(group)}`);
  return Number(id);
}

function groupEntry(group: string): string | undefined {
  try {
    return execFileSync("getent", ["group", group], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    });
  } catch {
    // Without getent, or with a group it does not know, the file says it.
    return readFileSync("/etc/group", "utf8")
      .split("\n")
      .find((line) => line.startsWith(`${group}:`));
  }
}
