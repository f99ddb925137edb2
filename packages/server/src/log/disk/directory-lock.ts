import { randomBytes } from "node:crypto";
import { type FileHandle, open, readdir, rename, stat, unlink } from "node:fs/promises";
import { connect, createServer, type Server } from "node:net";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { LogDirectoryError } from "./log-directory-error.js";

/*
 * A process that has the directory listens on a unix socket in it. The kernel refuses connections once the process is
 * gone, however it went, and does so in every container that shares the directory, where process ids mean nothing.
 *
 * Each process has a socket of its own name, which appears when it listens already, and then looks for those of others:
 * of two processes, the one that comes second sees the first.
 */

const prefix = "lock-";
/** How often it is tried again: a process that is ending may take a moment. */
const attempts = 10;
const pauseMs = 100;
/** A socket that does not listen yet is younger than this. */
const startingMs = 60_000;
/** The longest path of a socket that each system takes, in bytes. */
const maxPathBytes = 100;

/** Keeps other processes of this machine away from a directory. */
export class DirectoryLock {
  readonly #directory: string;
  readonly #server: Server;
  readonly #name: string;

  private constructor(directory: string, server: Server, name: string) {
    this.#directory = directory;
    this.#server = server;
    this.#name = name;
  }

  /** @throws LogDirectoryError if another process has the directory, or no socket can be made in it. */
  static async take(directory: string): Promise<DirectoryLock> {
    for (let attempt = 1; ; attempt++) {
      const lock = await listen(directory).catch((error) => {
        throw new LogDirectoryError(directory, "access", "no socket can be made in it, to lock it", error);
      });
      const other = await removeDead(directory, lock.#name);
      if (other === undefined) return lock;
      await lock.release();
      if (attempt === attempts) {
        throw new LogDirectoryError(directory, "locked", `another process uses it (${other})`);
      }
      await setTimeout(pauseMs * (0.5 + Math.random()));
    }

    async function listen(path: string): Promise<DirectoryLock> {
      const name = `${prefix}${randomBytes(6).toString("hex")}`;
      const server = createServer((socket) => {
        socket.on("error", () => undefined);
        socket.end(String(process.pid)).unref();
      });
      await withShortPath(path, async (short) => {
        await new Promise<void>((resolve, reject) => {
          server.once("error", reject);
          server.listen(join(short, `new-${name}`), resolve);
        });
        server.unref();
      });
      await rename(join(path, `new-${name}`), join(path, name));
      return new DirectoryLock(path, server, name);
    }
  }

  /** Which process has the directory, as far as that can be told; undefined if none has. */
  static async holder(directory: string): Promise<string | undefined> {
    for (const name of await readdir(directory)) {
      const answer = name.startsWith(prefix) ? await askIn(directory, name) : undefined;
      if (answer !== undefined) return answer;
    }
    return undefined;
  }

  /** Whether nobody has taken the lock's file away. */
  async isHeld(): Promise<boolean> {
    return stat(join(this.#directory, this.#name)).then(
      () => true,
      () => false,
    );
  }

  async release(): Promise<void> {
    // First, so that nobody takes it for one that a crash left behind.
    await unlink(join(this.#directory, this.#name)).catch(() => undefined);
    this.#server.close();
  }
}

/** Removes the sockets that others left behind, and returns what one that is not dead says. */
async function removeDead(directory: string, own: string): Promise<string | undefined> {
  let other: string | undefined;
  for (const name of await readdir(directory)) {
    const isNew = name.startsWith(`new-${prefix}`);
    if (name === own || !(isNew || name.startsWith(prefix))) continue;
    const path = join(directory, name);
    const answer = await askIn(directory, name);
    const isStarting = isNew && (await ageMs(path)) < startingMs;
    if (answer === undefined && !isStarting) await unlink(path).catch(() => undefined);
    if (!isNew) other ??= answer;
  }
  return other;
}

function askIn(directory: string, name: string): Promise<string | undefined> {
  return withShortPath(directory, (short) => ask(join(short, name)));
}

async function ageMs(path: string): Promise<number> {
  return stat(path).then(
    ({ mtimeMs }) => Date.now() - mtimeMs,
    () => 0,
  );
}

/** What the process at a socket says; undefined if there is none. */
function ask(path: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    let said = "";
    const socket = connect(path);
    // A process that is stopped is still there.
    socket.setTimeout(200, () => socket.destroy());
    socket.on("data", (text) => {
      said = `process ${text}`;
    });
    socket.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "ECONNREFUSED" || error.code === "ENOENT") resolve(undefined);
    });
    socket.on("close", () => resolve(said || "which does not answer"));
  });
}

/** The path of a socket is limited to about 100 bytes: Linux has a shorter one for any directory that is open. */
async function withShortPath<T>(directory: string, use: (path: string) => Promise<T>): Promise<T> {
  if (Buffer.byteLength(directory) + 30 <= maxPathBytes) return use(directory);
  let handle: FileHandle | undefined;
  try {
    handle = await open(directory);
    return await use(`/proc/self/fd/${handle.fd}`);
  } finally {
    await handle?.close();
  }
}
