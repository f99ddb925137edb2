import { type ChildProcess, spawn } from "node:child_process";
import type { Readable, Writable } from "node:stream";
import { LineSplitter } from "../../inputs/line-splitter.js";
import { ignoreErrors } from "../stream-writer.js";

/** How a process ended: its exit status, or the signal that ended it. */
export interface Exit {
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** How long a process may take to end after SIGTERM before it is killed, in milliseconds. */
const graceMs = 1_000;
/** How long its standard error is still read after the shell has ended, in milliseconds. */
const lastWordsMs = 100;
/** How much of a line on its standard error is logged, in bytes. */
const maxErrorBytes = 1024;

/** Those whose shell is running. They lead their own process groups, so signals from the terminal do not reach them. */
const running = new Set<ProcessGroup>();
/** When our process exits without waiting for them, as at a second signal, none is left. */
function killAll(): void {
  for (const group of running) group.killNow();
}

/**
 * A shell command as popen(3) runs it, `/bin/sh -c`, which leads a process group, so that all that it started can be
 * ended with it. It shares our standard output, as with Falco.
 */
export class ProcessGroup {
  readonly stdin: Writable;
  /** Resolves when the shell has ended, and was waited for; rejects if it could not be started. */
  readonly exit: Promise<Exit>;
  readonly #child: ChildProcess;
  #hasEnded = false;

  /**
   * @param onError Gets the lines that the command writes to its standard error, each truncated to 1 KiB.
   * @throws Error if the system cannot start another process.
   */
  constructor(command: string, onError: (line: string) => void) {
    const child = spawn("/bin/sh", ["-c", command], { detached: true, stdio: ["pipe", "inherit", "pipe"] });
    this.#child = child;
    if (running.size === 0) process.on("exit", killAll);
    running.add(this);
    this.exit = new Promise((resolve, reject) => {
      child.on("exit", (status, signal) => {
        this.#onEnd();
        child.stdin.destroy();
        // A background process of the command may keep its standard error open forever.
        setTimeout(() => child.stderr.destroy(), lastWordsMs).unref();
        resolve({ status, signal });
      });
      child.on("error", (error) => {
        if (child.pid !== undefined) return;
        this.#onEnd();
        reject(error);
      });
    });
    this.exit.catch(() => undefined);
    this.stdin = child.stdin;
    // Without free file descriptors they are missing, whatever the types say.
    if (child.stdin === undefined) throw new Error("no process can be started: too many open files");
    ignoreErrors(child.stdin);
    readErrors(child.stderr, onError);
  }

  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /**
   * Ends the group: SIGTERM, and SIGKILL when the shell has ended, or has not within a second. Resolves when it has,
   * or cannot be ended.
   */
  async terminate(): Promise<void> {
    if (this.#hasEnded) return;
    this.#signal("SIGTERM");
    await this.endsWithin(graceMs);
    await this.#killRest();
  }

  /** Ends the group at once: nothing more of what is in its pipe is read. */
  async kill(): Promise<void> {
    if (!this.#hasEnded) await this.#killRest();
  }

  /** The same, without knowing whether it has ended. */
  killNow(): void {
    this.#signal("SIGKILL");
  }

  #onEnd(): void {
    this.#hasEnded = true;
    running.delete(this);
    if (running.size === 0) process.off("exit", killAll);
  }

  async #killRest(): Promise<void> {
    this.killNow();
    await this.endsWithin(graceMs);
  }

  #signal(signal: NodeJS.Signals): void {
    if (this.#child.pid === undefined) return;
    try {
      process.kill(-this.#child.pid, signal);
    } catch {
      // The group has ended.
    }
  }

  /** Whether the shell ends in time. */
  async endsWithin(ms: number): Promise<boolean> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<false>((resolve) => {
      timer = setTimeout(resolve, ms, false);
    });
    const ended = this.exit.then(
      () => true,
      () => true,
    );
    const isInTime = await Promise.race([ended, late]);
    clearTimeout(timer);
    return isInTime;
  }
}

/** How a process failed; undefined for success. */
export function failureOf({ status, signal }: Exit): string | undefined {
  if (signal !== null) return `ended by ${signal}`;
  return status === 0 ? undefined : `exit status ${status}`;
}

/** Whether the shell reports that it did not find the program, or could not execute it (POSIX, "Exit Status for Commands"). */
export function isNotStarted({ status }: Exit): boolean {
  return status === 126 || status === 127;
}

function readErrors(stderr: Readable, onError: (line: string) => void): void {
  const splitter = new LineSplitter(
    64 * maxErrorBytes,
    (bytes, start, end) =>
      onError(Buffer.from(bytes.subarray(start, Math.min(end, start + maxErrorBytes))).toString()),
    () => onError("(a line that is too long)"),
  );
  stderr.on("data", (chunk: Buffer) => splitter.write(chunk));
  stderr.on("end", () => splitter.end());
  stderr.on("error", () => undefined);
}
