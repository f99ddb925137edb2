import { constants, fstatSync, openSync } from "node:fs";
import { Socket } from "node:net";
import type { Writable } from "node:stream";

const stderr = 2;

/**
 * Standard error as a stream that does not wait for whoever reads it. A file and a terminal are waited for, as always in
 * Node.
 */
export function openStderr(): Writable {
  // As bigints: numbers are left behind in Node, where its module loader takes a pipe for part of the next path.
  if (!fstatSync(stderr, { bigint: true }).isFIFO()) return process.stderr;
  try {
    // Reopened, so that it is non-blocking for us only, and not for others who write to the pipe, such as Falco.
    const own = openSync("/proc/self/fd/2", constants.O_WRONLY | constants.O_NONBLOCK);
    return new Socket({ fd: own, readable: false });
  } catch {
    // No /proc, or a pipe of another user.
    return process.stderr;
  }
}
