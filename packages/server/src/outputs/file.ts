import { constants, statSync } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { dirname } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { OptionError } from "@falco-outputs/core/options";
import { untilAborted } from "../until-aborted.js";
import type { NamedOutput } from "./selection.js";
import type { Attempt, FormattedAlerts, Sink } from "./sink.js";

export interface FileOptions extends NamedOutput {
  /** Alerts are appended to it. It is created, but not its folder. */
  filename: string;
  /**
   * Keeps the file open until the outputs are reopened (`keep_alive`), instead of reopening it whenever alerts come.
   * Default: false.
   */
  keepAlive?: boolean;
  /** The mode of a file that is created, minus the umask. Default: 0o666, as in Falco. */
  mode?: number;
}

// Opening a FIFO must not wait for its reader.
const flags = constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_NONBLOCK;
const defaultMode = 0o666;
/** How often a full FIFO is tried again, in milliseconds. */
const fullPipeMs = 10;

/** The writing of some alerts. It may outlast the attempt that began it: a system call may hang. */
interface Job {
  readonly bytes: Uint8Array;
  /** How many whole lines are in the file. */
  written: number;
  /** Never rejects; resolves with the outcome. */
  done: Promise<Error | undefined>;
  hasEnded: boolean;
}

/**
 * The file output (falco.yaml's `file_output`). The file holds whole lines: a partial line that
 * was written when the disk became full is removed again. An alert counts as written when the kernel has it, not when it is on the disk.
 */
export class FileSink implements Sink {
  readonly maxAlerts = Number.POSITIVE_INFINITY;
  readonly #filename: string;
  readonly #keepAlive: boolean;
  readonly #mode: number;
  #file: FileHandle | undefined;
  /** How large the file is, in bytes, if only we write to it. */
  #size = 0;
  /** The rest of a partial line that could not be removed: it must be written first. */
  #rest: Uint8Array | undefined;
  /** Nothing else runs at the same time: a disk that hangs occupies one of Node's few threads, not all. */
  #job: Job | undefined;
  /** Whether the file must be reopened before the next line is written. */
  #isStale = false;
  /** The last reopening; never rejects. */
  #reopened: Promise<unknown> = Promise.resolve();

  /** @throws OptionError for a file name that cannot work. */
  constructor({ filename, keepAlive = false, mode = defaultMode }: FileOptions) {
    const option = "outputs.file.filename";
    if (filename === "" || filename.includes("\0")) {
      throw new OptionError({ option, got: filename, expected: "a path" });
    }
    if (isDirectory(filename)) {
      throw new OptionError({ option, got: filename, expected: "a file, not a directory" });
    }
    this.#filename = filename;
    this.#keepAlive = keepAlive;
    this.#mode = mode;
  }

  async write(alerts: FormattedAlerts, { signal, written }: Attempt): Promise<void> {
    let earlier = this.#job;
    if (earlier !== undefined) {
      await untilAborted(earlier.done, signal);
      // The alerts of another job were given up.
      if (!isSame(earlier.bytes, alerts.bytes)) earlier = undefined;
    }
    await untilAborted(this.#reopened, signal);
    const job = earlier ?? this.#start(alerts, signal);
    const error = await untilAborted(job.done, signal);
    this.#job = undefined;
    written(job.written);
    if (error !== undefined) throw this.#explained(error);
  }

  async reopen(signal: AbortSignal): Promise<void> {
    this.#isStale = true;
    // One that hangs continues in the old file; what comes after it opens the new one.
    if (this.#job !== undefined) await untilAborted(this.#job.done, signal);
    // At once, as in Falco: the program that rotates looks for the new file.
    const reopened: Promise<unknown> = this.#keepAlive ? this.#opened() : this.#closeStale();
    this.#reopened = reopened.catch(() => undefined);
    await untilAborted(reopened, signal);
  }

  async close(signal: AbortSignal): Promise<void> {
    const job = this.#job;
    const closed = Promise.all([job?.done, this.#reopened]).then(() => this.#closeFile());
    // A hanging write is abandoned; its file is closed when it ends.
    if (job?.hasEnded === false) closed.catch(() => undefined);
    else await untilAborted(closed, signal);
  }

  #start(alerts: FormattedAlerts, signal: AbortSignal): Job {
    const job: Job = { bytes: alerts.bytes, written: 0, done: Promise.resolve(undefined), hasEnded: false };
    const ended = (error?: Error) => {
      job.hasEnded = true;
      return error;
    };
    job.done = this.#append(alerts, job, signal).then(() => ended(), ended);
    this.#job = job;
    return job;
  }

  async #append({ bytes, ends }: FormattedAlerts, job: Job, signal: AbortSignal): Promise<void> {
    let file = await this.#opened();
    let at = 0;
    try {
      while (this.#rest !== undefined) {
        const count = await writeSome(file, this.#rest, signal);
        this.#size += count;
        this.#rest = count === this.#rest.length ? undefined : this.#rest.subarray(count);
      }
      file = await this.#opened();
      while (at < bytes.length) {
        const count = await writeSome(file, bytes.subarray(at), signal);
        at += count;
        this.#size += count;
        while (job.written < ends.length && ends[job.written]! <= at) job.written++;
      }
    } finally {
      const whole = job.written === 0 ? 0 : ends[job.written - 1]!;
      if (at > whole && !(await this.#cutOff(file, at - whole))) {
        // The line counts as written: its rest comes before everything else.
        this.#rest = bytes.subarray(at, ends[job.written]!);
        job.written++;
      }
      const isFailed = at < bytes.length;
      if ((!this.#keepAlive || isFailed) && this.#rest === undefined) await this.#closeFile();
    }
  }

  async #opened(): Promise<FileHandle> {
    await this.#closeStale();
    if (this.#file !== undefined) return this.#file;
    this.#file = await open(this.#filename, flags, this.#mode);
    this.#size = (await this.#file.stat()).size;
    return this.#file;
  }

  /** Closes a file that must be reopened, unless it ends with a partial line, which is completed first. */
  async #closeStale(): Promise<void> {
    if (this.#isStale && this.#rest === undefined) await this.#closeFile();
  }

  /** Removes the last `count` bytes from the file; false if they may not be ours, or it is a FIFO. */
  async #cutOff(file: FileHandle, count: number): Promise<boolean> {
    const status = await file.stat();
    if (!status.isFile() || status.size !== this.#size) return false;
    this.#size -= count;
    await file.truncate(this.#size);
    return true;
  }

  async #closeFile(): Promise<void> {
    const file = this.#file;
    this.#file = undefined;
    this.#rest = undefined;
    this.#isStale = false;
    await file?.close();
  }

  /** The error, with advice where there is some. */
  #explained(error: Error): Error {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT") {
      const reason = `the folder ${JSON.stringify(dirname(this.#filename))} does not exist`;
      return new Error(`file: ${JSON.stringify(this.#filename)}: ${reason}`, { cause: error });
    }
    if (code === "ENXIO") {
      return new Error(`file: ${JSON.stringify(this.#filename)}: nobody reads it`, { cause: error });
    }
    return error;
  }
}

/** Writes at least one byte; returns how many. Waits for a full FIFO. */
async function writeSome(file: FileHandle, bytes: Uint8Array, signal: AbortSignal): Promise<number> {
  for (;;) {
    try {
      const { bytesWritten } = await file.write(bytes);
      if (bytesWritten > 0) return bytesWritten;
      throw new Error("nothing could be written");
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EAGAIN") throw error;
      signal.throwIfAborted();
      await delay(fullPipeMs);
    }
  }
}

function isDirectory(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    // Missing, or not accessible: that may change, and each attempt reports what is wrong.
    return false;
  }
}

function isSame(one: Uint8Array, other: Uint8Array): boolean {
  return one.buffer === other.buffer && one.byteOffset === other.byteOffset;
}
