import {
  closeSync,
  constants,
  fstatSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readFileSync,
  writeSync,
} from "node:fs";
import { createServer, type Server } from "node:net";
import { dirname } from "node:path";
import { OptionError } from "@falco-outputs/core/options";
import { ownerOnly } from "../../listen/socket-permissions.js";
import { listenUnix } from "../../listen/unix-socket.js";
import { type Logger, Throttled } from "../../logger.js";
import type { Position } from "./position.js";
import { fromRecord, isRecord, toRecord } from "./position-record.js";

const stateMode = 0o600;
/** More than a state file ever has, in bytes: what is larger is another file, and must not be overwritten. */
const maxStateBytes = 4096;

/** Where a file input keeps its position from one start to the next. */
export class StateFile {
  readonly #fd: number;
  readonly #lock: Server;
  readonly #failures: Throttled;
  /** What the file held when it was opened; undefined if there was none, or nothing that can be used. */
  readonly position: Position | undefined;

  private constructor(fd: number, lock: Server, path: string, logger: Logger) {
    this.#fd = fd;
    this.#lock = lock;
    this.#failures = new Throttled((failed, reason) =>
      logger.error({ state: path, failed, reason }, "a file input's position cannot be saved"),
    );
    this.position = read(fd, path, logger);
  }

  /**
   * Opens the file, creates it if need be (mode 0600), and locks it: `PATH.lock` is a unix socket on which its owner
   * listens, so that the system lets go of it however the owner ends.
   * @param option What the option is called, e.g. `inputs.files[0].state`.
   * @throws OptionError if it cannot be written, is not a state file, or another input has it.
   */
  static async open(path: string, logger: Logger, option: string): Promise<StateFile> {
    const fd = open(path, option);
    const lock = createServer((socket) => socket.destroy());
    try {
      await listenUnix(lock, { path: `${path}.lock`, permissions: ownerOnly, option });
      return new StateFile(fd, lock, path, logger);
    } catch (cause) {
      lock.close();
      closeSync(fd);
      throw new OptionError({
        option,
        got: path,
        expected: `a file of its own, which can be locked (${(cause as Error).message})`,
        cause,
      });
    }
  }

  /**
   * Writes the position, before it returns: who appends lines and saves in one turn of the event loop has saved when
   * the lines leave the process, whatever ends it.
   */
  save(position: Position): void {
    try {
      writeSync(this.#fd, toRecord(position), 0, undefined, 0);
    } catch (error) {
      this.#failures.add(1, (error as Error).message);
    }
  }

  async close(): Promise<void> {
    closeSync(this.#fd);
    this.#failures.close();
    await new Promise((resolve) => this.#lock.close(resolve));
  }
}

function open(path: string, option: string): number {
  let fd: number | undefined;
  try {
    mkdirSync(dirname(path), { recursive: true });
    fd = openSync(path, constants.O_RDWR | constants.O_CREAT | constants.O_NONBLOCK, stateMode);
    const stats = fstatSync(fd);
    if (!stats.isFile()) throw new Error("it is not a regular file");
    if (stats.size > maxStateBytes || !isRecord(readFileSync(path, "latin1"))) {
      throw new Error("it is another file, which holds no position");
    }
    return fd;
  } catch (cause) {
    if (fd !== undefined) closeSync(fd);
    throw new OptionError({
      option,
      got: path,
      expected: `a file that can be written (${(cause as Error).message})`,
      cause,
    });
  }
}

function read(fd: number, path: string, logger: Logger): Position | undefined {
  const text = readFileSync(fd, "utf8");
  if (text === "") return undefined;
  try {
    return fromRecord(text);
  } catch (error) {
    logger.warn(
      { state: path, reason: (error as Error).message },
      "a file input's state cannot be read, and is started again: lines may come twice or be missing",
    );
    ftruncateSync(fd);
    return undefined;
  }
}
