import { constants, fstatSync, openSync } from "node:fs";
import { Socket } from "node:net";
import type { Writable } from "node:stream";

const stderr = 2;

/**
 * Standard error as a stream that does not wait for whoever reads it. A file and a terminal are waited for, as always in
 * Node.
 */
export function openStderr(): Writable {
  if (!fstatSync(stderr).isFIFO()) return process.stderr;
  try {
    // Opened anew: that it does not block is then not so for the others who write to the pipe, Falco perhaps.
    const own = openSync("/proc/self/fd/2", constants.O_WRONLY | constants.O_NONBLOCK);
    return new Socket({ fd: own, readable: false });
  } catch {
    // No /proc, or a pipe of another user.
    return process.stderr;
  }
}
